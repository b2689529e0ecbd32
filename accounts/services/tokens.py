import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.errors import FieldError, Forbidden, InvalidInput, NotFound
from accounts.models import ApiToken, User, hash_secret
from accounts.permissions import Scope
from accounts.prepared import Columns, Prepared, first_row
from accounts.services.audit import record_event

PREFIX = "concord_"  # a fixed prefix lets secret scanners recognise a leaked token
DEFAULT_LIFETIME = timedelta(days=365)
LONGEST_LIFETIME = timedelta(days=2 * 365)


def create_token(
    *,
    actor: User,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    user: User | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is stored nowhere. `user` other than the actor: owners only."""
    holder = user or actor
    if holder.pk != actor.pk and not actor.is_owner:
        raise Forbidden("Only an owner may make tokens for somebody else.")
    expires_at = expires_at or timezone.now() + DEFAULT_LIFETIME
    _check_token(name, scopes, expires_at)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=holder, name=name, digest=hash_secret(secret), scopes=sorted(set(scopes)),
            created_by=actor, expires_at=expires_at,
        )  # fmt: skip
        record_event(actor=actor, action="token.created", target=str(token.pk), facts={"scopes": token.scopes})
    return token, secret


def _check_token(name: str, scopes: Sequence[str], expires_at: datetime) -> None:
    errors = []
    known = [scope.value for scope in Scope]
    if not name.strip() or len(name) > 100:
        errors.append(FieldError("name", "length", "A name has 1 to 100 characters."))
    if not scopes or set(scopes) - set(known):
        errors.append(FieldError("scopes", "unknown", f"Name at least one scope of: {', '.join(known)}."))
    now = timezone.now()
    if not now < expires_at <= now + LONGEST_LIFETIME:
        errors.append(FieldError("expires_at", "range", "A token expires in the future, within two years."))
    if errors:
        raise InvalidInput(errors=errors)


def revoke_token(*, actor: User, token_id: int) -> None:
    """End a token of one's own (an owner: anybody's). Done twice it changes nothing."""
    with transaction.atomic():
        tokens = ApiToken.objects.select_for_update(no_key=True).filter(pk=token_id)
        token = (tokens if actor.is_owner else tokens.filter(user=actor)).first()
        if token is None:
            raise NotFound
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record_event(actor=actor, action="token.revoked", target=str(token.pk))


_TOKEN = Columns(ApiToken, "token")
_HOLDER = Columns(User, "holder")
_LIVE = Prepared(
    "concord_live_token",
    f"""
    SELECT {_TOKEN.sql}, {_HOLDER.sql}
    FROM accounts_apitoken token JOIN accounts_user holder ON holder.id = token.user_id
    WHERE token.digest = %(digest)s AND token.revoked_at IS NULL AND token.expires_at > clock_timestamp()
      AND holder.is_active
    """,  # noqa: S608  (our own names)
    {"digest": "varchar"},
)


def find_live_token(secret: str) -> ApiToken | None:
    """The usable token with this secret: not revoked, not expired, of an active user. Looked up by digest. One query,
    and never an answer from an earlier request: who has just been closed out is out."""
    row = first_row(_LIVE, {"digest": hash_secret(secret)})
    if row is None:
        return None
    token: ApiToken = _TOKEN.instance(row[: len(_TOKEN)])
    token.user = _HOLDER.instance(row[len(_TOKEN) :])
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=5):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)  # a write per request would be waste
    return token
