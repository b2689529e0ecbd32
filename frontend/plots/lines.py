"""A line with its interval band, for values in their order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from frontend.plots.scales import Scale, Tick, scale_over
from frontend.wording import Figure, figure, is_known


@dataclass(frozen=True)
class LinePoint:
    """One point in time; `mark` names an event there (a published version) and draws a vertical line."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str = ""
    mark: str = ""


@dataclass(frozen=True)
class DrawnPoint:
    point: LinePoint
    figure: Figure
    x: str
    y: str


@dataclass(frozen=True)
class LinePlot:
    """`line` and `band` are paths in a 100 x 100 view box, stretched to the plot; the rest is percentages."""

    points: list[DrawnPoint]
    line: str
    band: str
    ticks: list[Tick]
    marks: list[Tick]
    x_labels: list[Tick]
    reference: str
    reference_label: str


def line_plot(
    points: Sequence[LinePoint],
    *,
    lower: float | None = None,
    upper: float | None = None,
    reference: float | None = None,
    reference_label: str = "",
) -> LinePlot:
    """Values in their order with a band for the intervals; the line breaks where a value is undefined."""
    ends = [value for point in points for value in (point.value, point.low, point.high)]
    scale = scale_over([*ends, reference], lower, upper)
    across = Scale(0, max(1, len(points) - 1))

    def down(value: float) -> str:
        return f"{100 - float(scale.at(value)[:-1]):.2f}%"

    drawn = [
        DrawnPoint(
            point,
            figure(point.value, point.low, point.high, point.n, reason=point.reason),
            across.at(index),
            down(point.value) if point.value is not None and is_known(point.value) else "",
        )
        for index, point in enumerate(points)
    ]
    return LinePlot(
        points=drawn,
        line=" ".join(_line_path(run) for run in _runs(drawn)),
        band=" ".join(_band_path(run, down) for run in _runs(drawn)),
        ticks=[Tick(f"{100 - float(tick.at[:-1]):.2f}%", tick.label) for tick in scale.ticks(4)],
        marks=[Tick(d.x, d.point.mark, _anchor(d.x)) for d in drawn if d.point.mark],
        x_labels=spread([Tick(d.x, d.point.label, _anchor(d.x)) for d in drawn]),
        reference="" if reference is None else down(reference),
        reference_label=reference_label,
    )


def _runs(drawn: Sequence[DrawnPoint]) -> list[list[DrawnPoint]]:
    """Stretches of neighbouring defined points."""
    runs: list[list[DrawnPoint]] = [[]]
    for point in drawn:
        if point.y:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _line_path(run: Sequence[DrawnPoint]) -> str:
    return "M" + " L".join(f"{d.x[:-1]} {d.y[:-1]}" for d in run)


def _band_path(run: Sequence[DrawnPoint], down: Callable[[float], str]) -> str:
    known = [d for d in run if d.point.low is not None and d.point.high is not None]
    upper = [f"{d.x[:-1]} {down(d.point.high or 0.0)[:-1]}" for d in known]
    lower = [f"{d.x[:-1]} {down(d.point.low or 0.0)[:-1]}" for d in reversed(known)]
    return "M" + " L".join(upper + lower) + " Z" if len(known) > 1 else ""


def _anchor(x: str) -> str:
    share = float(x[:-1])
    return "start" if share < 8 else "end" if share > 92 else "middle"


def spread(labels: list[Tick], most: int = 6) -> list[Tick]:
    """First, last and a few evenly chosen labels between, so that they do not run into each other."""
    if len(labels) <= most:
        return labels
    chosen = {round(i * (len(labels) - 1) / (most - 1)) for i in range(most)}
    return [label for index, label in enumerate(labels) if index in chosen]
