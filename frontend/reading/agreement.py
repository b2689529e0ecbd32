"""Rows of agreement as a person reads them: names, plots, and one sentence that says what a plot shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.plots import IntervalRow, IntervalRowsPlot, LinePlot, LinePoint, interval_rows, line_plot
from frontend.wording import Figure, decimal, figure, percent
from quality.ratings_loader import CodedQuestion
from quality.services.agreement import AgreementTable
from quality.services.agreement_row import METRICS, Row, main_distance

# Krippendorff (Content Analysis, ch. on reliability): below 0.667 draw no conclusions, from 0.8 on rely on it.
TENTATIVE, RELIABLE = 0.667, 0.8
CHANCE_CORRECTED = frozenset(METRICS) - {"percent_agreement"}

METRIC_NAMES: dict[str, Any] = {
    "krippendorff_alpha": gettext_lazy("Krippendorff's alpha"),
    "percent_agreement": gettext_lazy("Share of pairs that agree"),
    "gwet_ac1": gettext_lazy("Gwet's AC1"),
    "gwet_ac2": gettext_lazy("Gwet's AC2"),
    "cohen_kappa_mean_pairwise": gettext_lazy("Cohen's kappa, mean of pairs"),
    "cohen_kappa_weighted": gettext_lazy("Weighted kappa, mean of pairs"),
    "fleiss_kappa": gettext_lazy("Fleiss' kappa"),
    "conger_kappa": gettext_lazy("Conger's kappa"),
}
ORDINAL_ONLY = {"gwet_ac2", "cohen_kappa_weighted"}


@dataclass(frozen=True)
class Reading:
    """One figure of a row: value, interval, n, or the reason why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str

    @property
    def words(self) -> Figure:
        return figure(self.value, self.low, self.high, self.n, reason=self.reason)


def metrics_of(question: CodedQuestion) -> list[str]:
    """The metrics offered for a question, the one that speaks for it first."""
    return [name for name in METRIC_NAMES if question.is_ordinal or name not in ORDINAL_ONLY]


def read_metric(row: Row, metric: str, distance: str) -> Reading:
    """One metric of a row. Alpha is that of `distance`, nominal where a row has no other (one label against all)."""
    if metric == "krippendorff_alpha":
        value = row["krippendorff_alpha"].get(distance, row["krippendorff_alpha"].get("nominal"))
    else:
        value = row.get(metric)
    low, high = row["interval"].get(metric) or (None, None)
    return Reading(value, low, high, row["n_shared_items"], row["undefined"].get(metric, ""))


def grouping_words(by: str) -> str:
    """What the rows of a table are."""
    name, _colon, key = by.partition(":")
    if name in {"slice", "cohort"}:
        return key
    return {
        "overall": _("Everything"), "label": _("Label"), "annotator": _("Annotator"), "pair": _("Pair"),
        "guideline_version": _("Guideline version"), "week": _("Week"),
    }[name]  # fmt: skip


def grouping_menu(by: str) -> str:
    """A grouping as the switch names it."""
    name, _colon, key = by.partition(":")
    if name == "cohort":
        return _("%(key)s (people)") % {"key": key}
    return _("Overall") if name == "overall" else grouping_words(by)


def group_name(by: str, group: Mapping[str, Any], question: CodedQuestion) -> str:
    """A row's name in words."""
    name, _colon, key = by.partition(":")
    if name in {"slice", "cohort"}:
        return str(group[key])
    if name == "label":
        return dict(zip(question.keys, question.labels, strict=True)).get(group["label"], str(group["label"]))
    if name == "pair":
        return " · ".join(group["annotators"])
    if name == "guideline_version":
        return group["guideline_version"] or _("none named")
    return {"overall": _("Everything"), "annotator": str(group.get("annotator")), "week": str(group.get("week"))}[name]


@dataclass(frozen=True)
class GroupPlot:
    """A grouping drawn: rows on one scale, or a line over the weeks."""

    title: str
    name: str
    measure: str
    note: str
    rows: IntervalRowsPlot | None = None
    line: LinePlot | None = None


def group_plot(
    table: AgreementTable, question: CodedQuestion, metric: str, hrefs: Mapping[str, str], overall: Row | None = None,
    marks: Mapping[str, str] | None = None,
) -> GroupPlot:  # fmt: skip
    """The plot of a table; `hrefs` by row name, `marks` by week: what was published then."""
    distance, by = main_distance(question), table.by
    names = [group_name(by, row["group"], question) for row in table.rows]
    readings = [read_metric(row, metric, distance) for row in table.rows]
    title = plot_title(by, names, readings, metric)
    measure, note = str(METRIC_NAMES[metric]), _plot_note(table, readings, metric)
    if by == "week" and len(readings) > 1:
        points = [
            LinePoint(name, r.value, r.low, r.high, r.n, r.reason, mark=(marks or {}).get(name, ""))
            for name, r in zip(names, readings, strict=True)
        ]
        return GroupPlot(title, grouping_words(by), measure, note, line=line_plot(points, upper=1, **_line(metric)))
    rows = [_interval_row(name, r, hrefs.get(name, "")) for name, r in zip(names, readings, strict=True)]
    if overall is not None:
        rows.insert(0, _total(read_metric(overall, metric, distance)))
    plot = interval_rows(rows, upper=1, as_percent=metric == "percent_agreement", **_line(metric))
    return GroupPlot(title, grouping_words(by), measure, note, rows=plot)


def _interval_row(name: str, r: Reading, href: str) -> IntervalRow:
    return IntervalRow(name, r.value, r.low, r.high, r.n, r.reason, href)


def _total(r: Reading) -> IntervalRow:
    return IntervalRow(_("Everything"), r.value, r.low, r.high, r.n, r.reason, is_total=True)


def _line(metric: str) -> dict[str, Any]:
    """The line that tells what is commonly taken as usable; a share of agreeing pairs has none."""
    if metric not in CHANCE_CORRECTED:
        return {}
    label = _("The dashed line is at 0.667: below it, common practice draws no conclusions (Krippendorff)")
    return {"reference": TENTATIVE, "reference_label": label}


def _plot_note(table: AgreementTable, readings: Sequence[Reading], metric: str) -> str:
    parts = [_("n: items with two labels or more.")]
    if table.by == "annotator":
        parts[0] = _("Each person against everybody else; n: their items that somebody else labeled too.")
    if readings and all(r.value is None or r.low is None for r in readings):
        parts.append(_("This figure has no interval here; the share of pairs that agree has one."))
    extra = [row["note"] for row in table.rows if row["note"] and table.by == "pair"]
    return " ".join(parts + extra[-1:])


def plot_title(by: str, names: Sequence[str], readings: Sequence[Reading], metric: str) -> str:
    """One sentence: who agrees least, and whether the intervals bear it out."""
    known = sorted(
        ((r.value, name, r) for name, r in zip(names, readings, strict=True) if r.value is not None),
        key=lambda entry: (entry[0], entry[1]),
    )
    if not known:
        return _("Nothing here can be measured yet")
    if len(names) == 1:
        return _("So far there is one group, “%(name)s”: %(value)s") % {
            "name": names[0], "value": _short(known[0][2], metric),
        }  # fmt: skip
    if len(known) == 1:
        return _("Only “%(name)s” can be measured: %(value)s") % {
            "name": known[0][1], "value": _short(known[0][2], metric),
        }  # fmt: skip
    (_v, low_name, lowest), (_w, high_name, highest) = known[0], known[-1]
    words = {
        "low": low_name, "high": high_name, "least": _short(lowest, metric), "most": _short(highest, metric),
        "what": _places(by),
    }  # fmt: skip
    if lowest.high is None or highest.low is None:
        return _("Agreement goes from %(least)s (%(low)s) to %(most)s (%(high)s)") % words
    if lowest.high < highest.low:
        return _("Agreement is lowest for “%(low)s” (%(least)s) and highest for “%(high)s” (%(most)s)") % words
    return _parted(known, words, metric)


def _parted(known: Sequence[tuple[float, str, Reading]], words: dict[str, str], metric: str) -> str:
    """The two whose intervals lie furthest apart, if any two do not overlap."""
    bounded = [(name, r, r.low, r.high) for _v, name, r in known if r.low is not None and r.high is not None]
    low_name, lower, _l, least_high = min(bounded, key=lambda entry: entry[3])
    high_name, higher, most_low, _h = max(bounded, key=lambda entry: entry[2])
    if least_high >= most_low:
        return _("No clear difference between %(what)s: all intervals overlap") % words
    return _("Agreement is lower for “%(low)s” (%(least)s) than for “%(high)s” (%(most)s)") % {
        "low": low_name, "least": _short(lower, metric), "high": high_name, "most": _short(higher, metric),
    }  # fmt: skip


def _places(by: str) -> str:
    name, _colon, key = by.partition(":")
    return {
        "slice": _("values of %(key)s") % {"key": key}, "cohort": _("groups by %(key)s") % {"key": key},
        "label": _("labels"), "annotator": _("people"), "pair": _("pairs of people"),
        "guideline_version": _("guideline versions"), "week": _("weeks"), "overall": _("groups"),
    }[name]  # fmt: skip


def _short(r: Reading, metric: str) -> str:
    if r.value is None:
        return ""
    return percent(r.value) if metric == "percent_agreement" else decimal(r.value)


def headline_sentence(row: Row, question: CodedQuestion) -> str:
    """The headline for somebody who never read a paper: how often people agree, and whether one can rely on it."""
    alpha = read_metric(row, "krippendorff_alpha", main_distance(question))
    agreed = row.get("percent_agreement")
    if alpha.value is None or agreed is None:
        return alpha.reason or _("There is nothing to measure yet.")
    sentence = _("Two people who label the same item agree %(share)s of the time.")
    if question.is_ordinal:
        sentence = _(
            "Two people give the very same rating %(share)s of the time; a near miss counts less than a far one."
        )
    first = sentence % {"share": percent(agreed)}
    return f"{first} {_verdict(alpha)}"


def _verdict(alpha: Reading) -> str:
    if alpha.low is None or alpha.high is None:
        return _("There are too few labels, or too few different ones, to say how far to trust that.")
    if alpha.low >= RELIABLE:
        return _("Beyond what chance explains, that is enough to rely on single labels.")
    if alpha.low >= TENTATIVE:
        return _("Beyond what chance explains, that is enough for tentative conclusions.")
    if alpha.high < TENTATIVE:
        return _("Beyond what chance explains, that is too little to rely on single labels.")
    return _("Beyond what chance explains, that may or may not be enough: more shared items will tell.")
