"""What pre-labels do to answers, in figures and a fair sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from frontend.plots import IntervalRow, IntervalRowsPlot, interval_rows
from frontend.wording import decimal
from quality.services.anchoring import Anchoring
from quality.services.shares import Row


@dataclass(frozen=True)
class AnchoringPart:
    """One question: the sentence that is the plot's title, and both shares."""

    question: str
    title: str
    plot: IntervalRowsPlot


def anchoring_parts(found: Anchoring, titles: Mapping[str, str]) -> list[AnchoringPart]:
    """A part a question; empty where no answer was given to an item with a pre-label."""
    return [_part(row, titles.get(row["question"], row["question"])) for row in found.rows]


def _part(row: Row, title: str) -> AnchoringPart:
    rows = [_share(_("Pre-label shown"), row["shown"]), _share(_("Held back"), row["held_back"])]
    return AnchoringPart(title, _sentence(row), interval_rows(rows, lower=0, upper=1, as_percent=True))


def _share(label: str, row: Row) -> IntervalRow:
    low, high = row["interval"] or (None, None)
    return IntervalRow(label, row["share"], low, high, row["n"], row["undefined"] or "")


def _sentence(row: Row) -> str:
    if row["difference"] is None:
        return _("Not enough data to say what pre-labels do to the answers")
    low, high = row["interval"]
    facts = {"points": _points(abs(row["difference"])), "low": _points(low), "high": _points(high)}
    if low <= 0 <= high:
        words = _("No sign that seeing the pre-label changes answers: a difference of %(low)s to %(high)s points")
    elif low > 0:
        words = _("Who sees the pre-label agrees with it %(points)s points more often (%(low)s to %(high)s)")
    else:
        words = _("Who sees the pre-label agrees with it %(points)s points less often (%(low)s to %(high)s)")
    return words % facts


def _points(share: float) -> str:
    """Percentage points."""
    return decimal(share * 100, 0)
