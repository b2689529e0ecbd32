"""Dot-and-interval rows: one figure per row on a common scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from frontend.plots.scales import Scale, Tick, scale_over
from frontend.wording import Figure, figure, is_known


@dataclass(frozen=True)
class IntervalRow:
    """One figure to draw. `tone` is "", "good", "warn" or "bad"; `is_total` sets the row apart."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str = ""
    href: str = ""
    note: str = ""
    tone: str = ""
    is_total: bool = False


@dataclass(frozen=True)
class DrawnRow:
    row: IntervalRow
    figure: Figure
    dot: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True)
class IntervalRowsPlot:
    rows: list[DrawnRow]
    ticks: list[Tick]
    reference: str
    reference_label: str
    has_notes: bool


def interval_rows(
    rows: Sequence[IntervalRow],
    *,
    lower: float | None = None,
    upper: float | None = None,
    reference: float | None = None,
    reference_label: str = "",
    as_percent: bool = False,
) -> IntervalRowsPlot:
    """A dot with its interval per row on one common scale; undefined rows keep their place and say why.

    `reference` draws one vertical line through all rows (a target, the overall value).
    """
    ends = [value for row in rows for value in (row.value, row.low, row.high)]
    scale = scale_over([*ends, reference], lower, upper)
    return IntervalRowsPlot(
        rows=[_drawn(row, scale, as_percent) for row in rows],
        ticks=_percent_ticks(scale) if as_percent else scale.ticks(),
        reference="" if reference is None else scale.at(reference),
        reference_label=reference_label,
        has_notes=any(row.note for row in rows),
    )


def _drawn(row: IntervalRow, scale: Scale, as_percent: bool) -> DrawnRow:
    words = figure(row.value, row.low, row.high, row.n, reason=row.reason, as_percent=as_percent)
    if row.value is None or not is_known(row.value):
        return DrawnRow(row, words)
    start = end = ""
    if row.low is not None and row.high is not None and is_known(row.low) and is_known(row.high):
        start, end = scale.at(row.low), scale.at(row.high)
    return DrawnRow(row, words, scale.at(row.value), start, end)


def _percent_ticks(scale: Scale) -> list[Tick]:
    hundred = Scale(scale.lower * 100, scale.upper * 100)
    return [Tick(tick.at, f"{tick.label}\u202f%") for tick in hundred.ticks()]
