"""The pair matrix in words and colours: who has labeled how many items beside whom."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.selectors.pairs import PairMatrix
from frontend.plots import HeatTable
from frontend.plots.heat import HEAT_LEVELS, HeatCell, HeatRow
from frontend.wording import count, whole

MOST_NAMED = 5


@dataclass(frozen=True)
class PairReading:
    """`connected` says whether everybody can be compared, `short` which pairs share too few; each with its tone."""

    heat: HeatTable
    connected: str
    is_connected: bool
    short: str
    is_short: bool
    pairs: list[tuple[str, str, int]]


def read_pairs(matrix: PairMatrix, wanted: int | None) -> PairReading:
    groups, short = matrix.groups, matrix.short_of(wanted or 1)
    return PairReading(
        heat=_heat(matrix), connected=_connected(groups), is_connected=len(groups) < 2,
        short=_short(short, len(matrix.people), wanted), is_short=bool(short), pairs=short,
    )  # fmt: skip


def _heat(matrix: PairMatrix) -> HeatTable:
    """Warmest is the pair that shares most; what one person alone has labeled stays cold."""
    names = [person.name for person in matrix.people]
    size = range(len(names))
    hottest = max((matrix.shared[a][b] for a in size for b in size if a != b), default=0)
    rows = [
        HeatRow(names[a], [_cell(names, matrix.shared[a][b], a, b, hottest) for b in size],
                sum(matrix.shared[a][b] for b in size if a != b))
        for a in size
    ]  # fmt: skip
    return HeatTable(names, rows)


def _cell(names: Sequence[str], shared: int, a: int, b: int, hottest: int) -> HeatCell:
    items = count(shared, _("item"), _("items"))
    if a == b:
        return HeatCell(
            shared, None, 0, is_diagonal=True, title=_("%(a)s: %(n)s labeled") % {"a": names[a], "n": items}
        )
    level = math.ceil(HEAT_LEVELS * shared / hottest) if shared else 0
    title = _("%(a)s and %(b)s: %(n)s both") % {"a": names[a], "b": names[b], "n": items}
    return HeatCell(shared, shared / hottest if hottest else None, level, is_diagonal=False, title=title)


def _connected(groups: Sequence[Sequence[str]]) -> str:
    if len(groups) < 2:
        return _("Everybody can be compared with everybody, directly or through others.")
    apart = "; ".join(_named(group) for group in groups[1:][:MOST_NAMED])
    more = len(groups) - 1 - MOST_NAMED
    words = _("%(n)s groups share no item with one another: apart from the largest there is %(apart)s")
    end = _(", and %(n)s more.") % {"n": more} if more > 0 else "."
    return words % {"n": len(groups), "apart": apart} + end


def _named(group: Sequence[str]) -> str:
    more = len(group) - MOST_NAMED
    return ", ".join(group[:MOST_NAMED]) + (_(" and %(n)s more") % {"n": more} if more > 0 else "")


def _short(short: Sequence[tuple[str, str, int]], n_people: int, wanted: int | None) -> str:
    pairs = n_people * (n_people - 1) // 2
    values = {"n": whole(len(short)), "all": count(pairs, _("pair"), _("pairs")), "wanted": wanted}
    if not short:
        words = (
            _("Each of %(all)s shares at least %(wanted)s items, as wanted.")
            if wanted
            else _("Each of %(all)s shares items.")
        )
        return words % values
    if not wanted:
        named = ", ".join(_("%(a)s and %(b)s") % {"a": a, "b": b} for a, b, _shared in short[:MOST_NAMED])
        return _("%(n)s of %(all)s share no item, among them %(pairs)s.") % (values | {"pairs": named})
    fewest = ", ".join(_("%(a)s and %(b)s (%(n)s)") % {"a": a, "b": b, "n": n} for a, b, n in short[:MOST_NAMED])
    words = _("%(n)s of %(all)s share fewer than %(wanted)s items; the fewest: %(pairs)s.")
    return words % (values | {"pairs": fewest})
