"""Pages of long lists by the key of the row at their edge, never by offset: as fast on page 1000 as on page 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

MOST = 2**63 - 1


@dataclass(frozen=True)
class KeysetPage:
    """Rows with the addresses of their neighbours; "" where there is none."""

    rows: Sequence[Any]
    previous_url: str
    next_url: str


def keyset_page(
    request: HttpRequest, rows: QuerySet[Any], *, size: int, newest_first: bool = False, key: str = "pk"
) -> KeysetPage:
    """The page of `rows` in the order of a unique number, their id, that `?after=` or `?before=` asks for; an odd
    value is page one."""
    after, before = _key(request, "after"), _key(request, "before")
    is_back = before is not None and after is None
    is_down = newest_first != is_back
    edge = before if is_back else after
    if edge is not None:
        rows = rows.filter(**{f"{key}__{'lt' if is_down else 'gt'}": edge})
    found = list(rows.order_by(f"-{key}" if is_down else key)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if is_back:
        found.reverse()
    has_previous = has_more if is_back else edge is not None
    has_next = bool(found) if is_back else has_more
    return KeysetPage(
        found,
        _url(request, "before", getattr(found[0], key)) if has_previous and found else "",
        _url(request, "after", getattr(found[-1], key)) if has_next and found else "",
    )


def _key(request: HttpRequest, name: str) -> int | None:
    raw = request.GET.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 20 and int(raw) <= MOST else None


def _url(request: HttpRequest, name: str, key: int) -> str:
    query = request.GET.copy()
    for edge in ("after", "before"):
        query.pop(edge, None)
    query[name] = str(key)
    return f"{request.path}?{query.urlencode()}"
