"""When the labels asked for will be there, if people go on as they did. Pure: counts per day in, days out.

Work comes in bursts: weekends, holidays, a paused project. So the pace is that of days on which somebody worked, and
the share of such days among the last ones says how many calendar days that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from statistics import median, quantiles

ACTIVE_DAYS = 7  # so many days with work set the pace, the latest ones
LEAST_DAYS = 3  # fewer say nothing about how pace varies
SILENT_DAYS = 7
FURTHEST = 3650  # days; beyond that a date says nothing


@dataclass(frozen=True)
class Forecast:
    """Days from today until the last label, as the median day, a slow and a fast one have it; or the reason why not."""

    labels_left: int
    reason: str = ""
    pace: float | None = None  # labels on a day with work: the median
    slow_pace: float | None = None
    fast_pace: float | None = None
    days_with_work: int = 0
    days_looked_at: int = 0
    expected: date | None = None
    earliest: date | None = None
    latest: date | None = None


def forecast(labels_left: int, days: Sequence[tuple[date, int]]) -> Forecast:
    """`days`: calendar days without gaps, oldest first, today last, each with its number of answers.

    Today is not over and sets no pace. Days before the first answer do not count as idle ones.
    """
    if labels_left <= 0:
        return Forecast(0, "nothing_left")
    if not any(n for _, n in days[-SILENT_DAYS:]):
        return Forecast(labels_left, "nobody_answered")
    whole = list(days[:-1])
    while whole and not whole[0][1]:
        whole.pop(0)
    active = [n for _, n in whole if n]
    if len(active) < LEAST_DAYS:
        return Forecast(labels_left, "too_few_days", days_with_work=len(active), days_looked_at=len(whole))
    return _reckoned(labels_left, days[-1][0], active, len(whole))


def _reckoned(labels_left: int, today: date, active: list[int], looked_at: int) -> Forecast:
    latest = active[-ACTIVE_DAYS:]
    low, _, high = quantiles(latest, n=4, method="inclusive")
    share = len(active) / looked_at

    def end(pace: float) -> date | None:
        days = ceil(labels_left / (pace * share))
        return today + timedelta(days=days) if days <= FURTHEST else None

    middle = median(latest)
    return Forecast(
        labels_left, pace=middle, slow_pace=low, fast_pace=high, days_with_work=len(active), days_looked_at=looked_at,
        expected=end(middle), earliest=end(high), latest=end(low),
    )  # fmt: skip
