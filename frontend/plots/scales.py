"""Values to positions along a plot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from frontend.wording import decimal


@dataclass(frozen=True)
class Tick:
    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Scale:
    lower: float
    upper: float

    def at(self, value: float) -> str:
        """The position of a value, held inside the plot."""
        share = (value - self.lower) / (self.upper - self.lower)
        return f"{100 * min(1.0, max(0.0, share)):.2f}%"

    def ticks(self, most: int = 5) -> list[Tick]:
        step = _nice_step(self.upper - self.lower, most)
        decimals = max(0, -math.floor(math.log10(step)))
        first = math.ceil(self.lower / step - 1e-9)
        last = math.floor(self.upper / step + 1e-9)
        return [Tick(self.at(k * step), decimal(k * step, decimals)) for k in range(first, last + 1)]


def _nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 2.5, 5 x 10^k that cuts the span into at most `most` parts."""
    magnitude: float = 10.0 ** math.floor(math.log10(span / most))
    return next(f * magnitude for f in (1, 2, 5, 10) if span / (f * magnitude) <= most + 1e-9)


def scale_over(values: Sequence[float | None], lower: float | None = None, upper: float | None = None) -> Scale:
    """A scale with round ends over the known values; given ends are kept."""
    known = [value for value in values if value is not None and math.isfinite(value)] or [0.0, 1.0]
    low = min(known) if lower is None else lower
    high = max(known) if upper is None else upper
    if high - low < 1e-9:
        low, high = (low - 0.5 if lower is None else low), (high + 0.5 if upper is None else low + 1)
    step = _nice_step(high - low, 5)
    return Scale(
        math.floor(low / step + 1e-9) * step if lower is None else lower,
        math.ceil(high / step - 1e-9) * step if upper is None else upper,
    )
