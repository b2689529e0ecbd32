"""Bars over time: one for each hour or day, from zero."""

from collections.abc import Sequence
from dataclasses import dataclass

from frontend.plots.lines import spread
from frontend.plots.scales import Scale, Tick, scale_over
from frontend.wording import whole


@dataclass(frozen=True)
class Bar:
    label: str
    value: int
    x: str
    y: str
    width: str
    height: str

    @property
    def text(self) -> str:
        return whole(self.value)


@dataclass(frozen=True)
class BarPlot:
    bars: list[Bar]
    ticks: list[Tick]
    x_labels: list[Tick]


def bar_plot(values: Sequence[tuple[str, int]]) -> BarPlot:
    """Counts in their order, a bar each with a little air between; an empty one keeps its place."""
    scale = scale_over([value for _, value in values], lower=0, upper=None if any(v for _, v in values) else 1)
    step = 100 / max(1, len(values))
    bars = [_bar(index, label, value, step, scale) for index, (label, value) in enumerate(values)]
    middles = [Tick(f"{(index + 0.5) * step:.2f}%", bar.label) for index, bar in enumerate(bars)]
    whole_ticks = [tick for tick in scale.ticks(4) if "." not in tick.label]
    return BarPlot(bars, [Tick(_from_below(tick.at), tick.label) for tick in whole_ticks], spread(middles))


def _bar(index: int, label: str, value: int, step: float, scale: Scale) -> Bar:
    height = scale.at(value)
    return Bar(label, value, f"{(index + 0.15) * step:.2f}%", _from_below(height), f"{0.7 * step:.2f}%", height)


def _from_below(at: str) -> str:
    return f"{100 - float(at[:-1]):.2f}%"
