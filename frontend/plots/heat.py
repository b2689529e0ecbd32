"""Heat table: counts with a heat level each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from frontend.wording import percent, whole

HEAT_LEVELS = 5  # heat-0 (nothing) to heat-5; their colours keep the contrast of the text on them


@dataclass(frozen=True)
class HeatCell:
    count: int
    share: float | None
    level: int
    is_diagonal: bool
    title: str
    href: str = ""

    @property
    def text(self) -> str:
        return whole(self.count) if self.count else "\u00b7"


@dataclass(frozen=True)
class HeatRow:
    label: str
    cells: list[HeatCell]
    total: int


@dataclass(frozen=True)
class HeatTable:
    column_labels: list[str]
    rows: list[HeatRow]
    row_title: str = ""
    column_title: str = ""


def heat_table(
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    counts: Sequence[Sequence[int]],
    *,
    hrefs: Sequence[Sequence[str]] | None = None,
    row_title: str = "",
    column_title: str = "",
    is_square: bool = True,
) -> HeatTable:
    """Counts with a heat level each, by their share of the row.

    In a square table (confusions) the diagonal is agreement and is left cold: what is confused stands out.
    """
    totals = [sum(row) for row in counts]
    shares = [[c / total if total else None for c in row] for row, total in zip(counts, totals, strict=True)]
    hot = [s for r, row in enumerate(shares) for c, s in enumerate(row) if s and not (is_square and r == c)]
    hottest = max(hot, default=0.0)

    def cell(r: int, c: int) -> HeatCell:
        n, share = counts[r][c], shares[r][c]
        is_diagonal = is_square and r == c
        level = 0 if is_diagonal or not share else max(1, math.ceil(HEAT_LEVELS * share / hottest - 1e-9))
        title = f"{row_labels[r]} \u2192 {column_labels[c]}: {whole(n)} of {whole(totals[r])} ({percent(share)})"
        return HeatCell(n, share, level, is_diagonal, title, hrefs[r][c] if hrefs and n else "")

    rows = [
        HeatRow(label, [cell(r, c) for c in range(len(column_labels))], totals[r]) for r, label in enumerate(row_labels)
    ]
    return HeatTable(list(column_labels), rows, row_title, column_title)
