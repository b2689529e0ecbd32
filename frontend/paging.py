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


def keyset_page(request: HttpRequest, rows: QuerySet[Any], *, size: int, newest_first: bool = False) -> KeysetPage:
    """The page of `rows` in the order of their id that `?after=` or `?before=` asks for; an odd value is page one."""
    after, before = _key(request, "after"), _key(request, "before")
    is_back = before is not None and after is None
    order = "-pk" if newest_first != is_back else "pk"
    edge = before if is_back else after
    if edge is not None:
        rows = rows.filter(**{"pk__lt" if order == "-pk" else "pk__gt": edge})
    found = list(rows.order_by(order)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if is_back:
        found.reverse()
    has_previous = has_more if is_back else edge is not None
    has_next = bool(found) if is_back else has_more
    return KeysetPage(
        found,
        _url(request, "before", found[0].pk) if has_previous and found else "",
        _url(request, "after", found[-1].pk) if has_next and found else "",
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
