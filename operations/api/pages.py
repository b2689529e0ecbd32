"""Cursor pages: `{"results": [...], "next": url or null}`, ordered by a unique key, never by offset."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import FieldError, InvalidInput

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
PAGE_PARAMETERS = frozenset({"limit", "cursor"})


def check_parameters(request: Request, allowed: Sequence[str]) -> None:
    """Refuse any query parameter that is not on the list; one ending in `.` stands for its prefix."""
    prefixes = tuple(name for name in allowed if name.endswith("."))
    for name, values in request.query_params.lists():
        known = name in allowed or name in PAGE_PARAMETERS or (prefixes and name.startswith(prefixes))
        if not known or len(values) > 1 or "\x00" in values[0]:
            names = ", ".join(sorted({*allowed, *PAGE_PARAMETERS}))
            raise InvalidInput(errors=[FieldError(name[:80], "unknown_parameter", f"Allowed, once each: {names}.")])


def page_limit(request: Request) -> int:
    raw = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 6 and 1 <= int(raw) <= MAX_LIMIT):
        raise InvalidInput(errors=[FieldError("limit", "range", f"A whole number from 1 to {MAX_LIMIT}.")])
    return int(raw)


def page_cursor(request: Request) -> Any:
    """What the last page's last row was, or None. Signed for this very list, so that nobody steers a query with it."""
    raw = request.query_params.get("cursor")
    if raw is None:
        return None
    try:
        return signing.loads(raw, salt=f"page {request.path}")
    except signing.BadSignature as error:
        raise InvalidInput(errors=[FieldError("cursor", "cursor", "This cursor was not made by this list.")]) from error


def page_response(
    request: Request, rows: QuerySet[Any], render: Callable[[Any], dict[str, Any]], *, key: str = "pk"
) -> Response:
    """One page of `rows` in the order of the unique column `key` (`-key` for newest first)."""
    limit, after = page_limit(request), page_cursor(request)
    column = key.removeprefix("-")
    if after is not None:
        rows = rows.filter(**{f"{column}__{'lt' if key.startswith('-') else 'gt'}": after})
    found = list(rows.order_by(key)[: limit + 1])
    following = None
    if len(found) > limit:
        last = getattr(found[limit - 1], column)
        following = next_url(request, last if isinstance(last, int) else str(last))
    return Response({"results": [render(row) for row in found[:limit]], "next": following})


def next_url(request: Request, last: Any) -> str:
    query = request.query_params.copy()
    query["cursor"] = signing.dumps(last, salt=f"page {request.path}")
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
