"""Whose lease, whose annotation: the membership under which a user may go on with one of their own."""

import uuid

from accounts.errors import Forbidden, NotFound
from accounts.models import User
from accounts.permissions import Capability, role_allows
from accounts.prepared import Columns, Prepared, first_row
from annotation.models import Member

_COLUMNS = Columns(Member, "member", ["id", "project_id", "user_id", "name", "kind", "role", "is_active"])
_MEMBER = f"""
    SELECT {_COLUMNS.sql} FROM annotation_member member
    JOIN {{table}} mine ON mine.annotator_id = member.id
    WHERE mine.{{key}} = %(key)s AND member.user_id = %(user)s AND member.is_active
"""  # noqa: S608  (our own names)
_TYPES = {"key": "uuid", "user": "bigint"}
_WITH_LEASE = Prepared("concord_of_lease", _MEMBER.format(table="annotation_lease", key="id"), _TYPES)
_WITH_ANNOTATION = Prepared(
    "concord_of_annotation", _MEMBER.format(table="annotation_annotation", key="public_id"), _TYPES
)


def member_with_lease(user: User, lease_id: str) -> Member:
    """The user's membership that was given this lease; NotFound for anybody else's as for none. One query."""
    return _own(user, _WITH_LEASE, lease_id)


def member_with_annotation(user: User, annotation_id: str) -> Member:
    """The user's membership that gave this answer; NotFound likewise. One query."""
    return _own(user, _WITH_ANNOTATION, annotation_id)


def _own(user: User, statement: Prepared, key: str) -> Member:
    row = first_row(statement, {"key": _uuid(key), "user": user.pk})
    if row is None:
        raise NotFound
    member: Member = _COLUMNS.instance(row)
    if not (user.is_owner or role_allows(member.role, Capability.LABEL)):
        raise Forbidden
    return member


def _uuid(raw: str) -> uuid.UUID:
    try:
        return uuid.UUID(raw)
    except ValueError as error:
        raise NotFound from error
