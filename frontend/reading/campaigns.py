"""What a re-label campaign changed, in sentences and on one axis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from frontend.plots import IntervalRow, IntervalRowsPlot, interval_rows
from frontend.reading.agreement import Reading, read_metric
from frontend.wording import Figure, decimal, figure, percent
from guidelines.label_schema import Question, RatingQuestion
from quality.models import RelabelCampaign


@dataclass(frozen=True)
class QuestionReport:
    """One question before and after on the same items, and how many majorities changed."""

    title: str
    change: str
    share: IntervalRowsPlot
    alpha_title: str
    alpha: IntervalRowsPlot
    flips: str
    flip_rate: Figure


@dataclass(frozen=True)
class ShownReport:
    """`verdict` answers the campaign's reason; `tone` is good where the problem is gone."""

    verdict: str
    tone: str
    questions: list[QuestionReport]
    n_items: int
    is_cut_short: bool
    hotspot: IntervalRowsPlot | None = None
    hotspot_title: str = ""
    hotspot_note: str = ""


def shown_report(campaign: RelabelCampaign, questions: Sequence[Question]) -> ShownReport:
    report: dict[str, Any] = campaign.report or {}
    asked = {question.key: question for question in questions}
    first = campaign.finding.subject.get("question") if campaign.finding else None
    order = sorted(report["questions"], key=lambda key: (key != first, key))
    shown = [_question(asked.get(key), key, report["questions"][key]) for key in order]
    verdict, tone = _verdict(report, asked, shown)
    plot, title = _hotspot_plot(report["hotspot"], asked)
    return ShownReport(
        verdict, tone, shown, report["n_items_relabeled"], report["is_cut_short"], plot, title,
        _hotspot_note(report, first, campaign.labels_per_item),
    )  # fmt: skip


def _hotspot_note(report: Mapping[str, Any], key: str | None, labels_per_item: int) -> str:
    """What n is; and that fewer labels per item than before make splits rarer by themselves."""
    note = _("n: items with two labels or more.")
    before = report["questions"].get(key, {}).get("before", {})
    had = before.get("n_labels", 0) / max(before.get("n_items", 0), 1)
    if had <= labels_per_item + 0.25:
        return note
    caution = _("Before, an item had %(had)s labels, now %(now)s: with fewer labels, splits are rarer by themselves.")
    return f"{note} {caution % {'had': decimal(had, 1), 'now': labels_per_item}}"


def _verdict(report: Mapping[str, Any], asked: Mapping[str, Question], shown: list[QuestionReport]) -> tuple[str, str]:
    hotspot = report["hotspot"]
    if not report["n_items_relabeled"]:
        return _("No item got all its new labels, so there is nothing to compare."), "warn"
    if hotspot is None:
        return (shown[0].change if shown else _("No question can be compared.")), "info"
    words = _hotspot_words(hotspot, asked)
    if hotspot["is_closed"]:
        sentence = _(
            "The hotspot is closed: on the same items, splits between “%(a)s” and “%(b)s” fell from %(before)s to "
            "%(after)s, more than chance explains."
        )  # fmt: skip
        return sentence % words, "good"
    sentence = _(
        "The hotspot is not closed: on the same items, splits between “%(a)s” and “%(b)s” went from %(before)s to "
        "%(after)s, and the intervals still overlap."
    )  # fmt: skip
    return sentence % words, "warn"


def _hotspot_words(hotspot: Mapping[str, Any], asked: Mapping[str, Question]) -> dict[str, str]:
    question = asked.get(hotspot["question"])
    names = {option.key: option.label for option in question.options} if question else {}
    a, b = (names.get(label, label) for label in hotspot["labels"])
    return {
        "a": a, "b": b, "before": percent(hotspot["before"]["share"]), "after": percent(hotspot["after"]["share"]),
    }  # fmt: skip


def _hotspot_plot(
    hotspot: Mapping[str, Any] | None, asked: Mapping[str, Question]
) -> tuple[IntervalRowsPlot | None, str]:
    if hotspot is None:
        return None, ""
    rows = [_share_row(_("Before"), hotspot["before"]), _share_row(_("After"), hotspot["after"])]
    title = _("Items split between “%(a)s” and “%(b)s”: %(before)s before, %(after)s after")
    return interval_rows(rows, lower=0, upper=1, as_percent=True), title % _hotspot_words(hotspot, asked)


def _share_row(name: str, share: Mapping[str, Any]) -> IntervalRow:
    low, high = share["interval"] or (None, None)
    return IntervalRow(name, share["share"], low, high, share["n"], _("No item carries two labels."))


def _question(question: Question | None, key: str, parts: Mapping[str, Any]) -> QuestionReport:
    distance = "ordinal" if isinstance(question, RatingQuestion) else "nominal"
    shares = [read_metric(parts[when], "percent_agreement", distance) for when in ("before", "after")]
    alphas = [read_metric(parts[when], "krippendorff_alpha", distance) for when in ("before", "after")]
    flips = parts["flip_rate"]
    low, high = flips["interval"] or (None, None)
    return QuestionReport(
        question.title if question else key, _change(shares, percent), _before_after(shares, as_percent=True),
        _change(alphas, decimal), _before_after(alphas, as_percent=False), _flip_words(flips),
        figure(flips["share"], low, high, flips["n"], as_percent=True, reason=_("No item had a majority both times.")),
    )  # fmt: skip


def _before_after(readings: Sequence[Reading], *, as_percent: bool) -> IntervalRowsPlot:
    rows = [
        IntervalRow(name, r.value, r.low, r.high, r.n, r.reason)
        for name, r in zip((_("Before"), _("After")), readings, strict=True)
    ]
    return interval_rows(rows, upper=1, as_percent=as_percent)


def _change(readings: Sequence[Reading], words: Any) -> str:
    """Whether agreement moved, and whether the intervals bear it out."""
    before, after = readings
    if before.value is None or after.value is None:
        reason = before.reason if before.value is None else after.reason
        return _("Before and after cannot be compared: %(reason)s") % {"reason": reason}
    values = {"before": words(before.value), "after": words(after.value)}
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return _("Agreement went from %(before)s to %(after)s; labels vary too little for two intervals") % values
    if after.low > before.high:
        return _("Agreement rose from %(before)s to %(after)s on the same items") % values
    if after.high < before.low:
        return _("Agreement fell from %(before)s to %(after)s on the same items") % values
    return _("No clear change: %(before)s before and %(after)s after, the intervals overlap") % values


def _flip_words(flips: Mapping[str, Any]) -> str:
    if not flips["n"]:
        return _("No item had a majority both before and after.")
    sentence = ngettext(
        "The label of %(count)s of %(n)s item changed.", "The label of %(count)s of %(n)s items changed.", flips["n"]
    ) % {"count": flips["count"], "n": flips["n"]}  # fmt: skip
    if not flips["undecided"]:
        return sentence
    tied = ngettext("%(n)s more was tied.", "%(n)s more were tied.", flips["undecided"]) % {"n": flips["undecided"]}
    return f"{sentence} {tied}"
