"""Whose lease, whose annotation: the membership under which a user may go on with one of their own."""

import uuid

from accounts.errors import Forbidden, NotFound
from accounts.models import User
from accounts.permissions import Capability, role_allows
from annotation.models import Member


def member_with_lease(user: User, lease_id: str) -> Member:
    """The user's membership that was given this lease; NotFound for anybody else's as for none. One query."""
    return _own(user, leases=_uuid(lease_id))


def member_with_annotation(user: User, annotation_id: str) -> Member:
    """The user's membership that gave this answer; NotFound likewise. One query."""
    return _own(user, annotations__public_id=_uuid(annotation_id))


def _own(user: User, **condition: uuid.UUID) -> Member:
    member = Member.objects.filter(user=user, is_active=True, **condition).first()
    if member is None:
        raise NotFound
    if not (user.is_owner or role_allows(member.role, Capability.LABEL)):
        raise Forbidden
    return member


def _uuid(raw: str) -> uuid.UUID:
    try:
        return uuid.UUID(raw)
    except ValueError as error:
        raise NotFound from error
