"""An impact, a trial and a sample in words and bars."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.plots import progress_bar
from frontend.plots.progress import Progress
from frontend.plots.scales import Scale
from frontend.reading.guideline_differences import Entry, ShownDifference
from frontend.wording import percent
from guidelines.content import GuidelineContent
from guidelines.label_mapping import OUTCOMES
from quality.services.impact import Impact, Row
from quality.services.impact_reasons import Reason
from quality.services.label_trial import Trial, TrialRow

WHY_LOST = {
    "retired": gettext_lazy("retired"),
    "unmapped": gettext_lazy("not mapped to any label"),
    "question_removed": gettext_lazy("its question is gone"),
    "type_changed": gettext_lazy("its question is of another type"),
    "scale_changed": gettext_lazy("its scale is another one"),
    "candidates_changed": gettext_lazy("its candidates are others"),
    "out_of_range": gettext_lazy("outside the new limits"),
    "wrong_number": gettext_lazy("too few or too many are left"),
    "field_changed": gettext_lazy("its question marks another field"),
    "split": gettext_lazy("split"),
    "no_version": gettext_lazy("no version has this label"),
    "unknown_label": gettext_lazy("its version never had it"),
    "unknown_question": gettext_lazy("its version never asked it"),
    "later_version": gettext_lazy("made under a later version"),
}


@dataclass(frozen=True)
class ShownRow:
    """One line: words, figures and a bar of its items against the largest."""

    key: str
    words: str
    detail: str
    row: Row
    bar: str
    is_chosen: bool = True


@dataclass(frozen=True)
class Breakdown:
    title: str
    name: str
    rows: list[ShownRow]


def reason_rows(impact: Impact) -> list[ShownRow]:
    """Every reason with a sentence, chosen or not."""
    labels = _option_names(impact.difference.before)
    found = impact.by_reason()
    scale = _scale(row for _, row in found)
    return [
        ShownRow(
            reason.key, _reason_words(reason, labels), _reason_detail(reason, labels), row, scale.at(row.n_items),
            reason in impact.reasons,
        )
        for reason, row in found
    ]  # fmt: skip


def breakdowns(impact: Impact) -> list[Breakdown]:
    """The chosen set by version, then by each slice."""
    parts = [Breakdown(_("By version"), _("Version"), _part_rows(impact.by_version(), _("no version named")))]
    parts += [
        Breakdown(_("By %(slice)s") % {"slice": key}, key, _part_rows(rows, _("none")))
        for key, rows in impact.by_slice().items()
    ]
    return [part for part in parts if len(part.rows) > 1]


def _part_rows(rows: Sequence[Row], unnamed: str) -> list[ShownRow]:
    scale = _scale(rows)
    return [ShownRow(row.name, row.name or unnamed, "", row, scale.at(row.n_items)) for row in rows]


def _scale(rows: Iterable[Row]) -> Scale:
    return Scale(0, max([1, *(row.n_items for row in rows)]))


def _option_names(content: GuidelineContent) -> dict[tuple[str, str], str]:
    return {(question.key, option.key): option.label for question in content.questions for option in question.options}


def _reason_words(reason: Reason, labels: Mapping[tuple[str, str], str]) -> str:
    name = labels.get((reason.question, reason.option), reason.option)
    if reason.kind == "option":
        return _("Labeled %(label)s, which changed") % {"label": name}
    if reason.kind == "neighbour":
        return _("Labeled %(label)s, which people take for a changed label") % {"label": name}
    if reason.kind == "question":
        return _("Answers to %(question)s, which asks for something else") % {"question": reason.question}
    if reason.kind == "cited":
        return _("Answers that cite clause %(clause)s") % {"clause": reason.clause}
    return _("Items about which somebody asked you, naming clause %(clause)s") % {"clause": reason.clause}


def _reason_detail(reason: Reason, labels: Mapping[tuple[str, str], str]) -> str:
    if reason.kind == "neighbour":
        parts = [
            _("%(changed)s beside it on %(both)s of %(shared)s shared items")
            % {"changed": labels.get((reason.question, key), key), "both": near.n_both, "shared": near.n_shared}
            for key, near in reason.beside.items()
        ]
        return "; ".join(parts)
    return ", ".join(each.replace("_", " ") for each in reason.what)


@dataclass(frozen=True)
class TrialBar:
    """One question: its answers by outcome, as parts of one bar."""

    title: str
    parts: list[tuple[str, str, str, int]]
    rows: list["ShownTrialRow"]
    n: int


@dataclass(frozen=True)
class ShownTrialRow:
    label: str
    outcome: str
    badge: str
    words: str
    row: TrialRow


BADGES = {"same": "", "certain": "badge-accent", "ambiguous": "badge-warn", "lost": "badge-bad"}


def outcome_words() -> dict[str, str]:
    return {
        "same": _("stay valid"), "certain": _("mapped with certainty"), "ambiguous": _("ambiguous"), "lost": _("lost"),
    }  # fmt: skip


def trial_bars(trial: Trial, before: GuidelineContent, after: GuidelineContent) -> list[TrialBar]:
    """A bar for each question that has answers, and its rows: what is lost first."""
    titles = {question.key: question.title for content in (before, after) for question in content.questions}
    names = _option_names(before) | _option_names(after)
    bars = []
    for key, rows in groupby(trial.rows, lambda row: row.question):
        own = list(rows)
        n = sum(row.n for row in own)
        shown = [_trial_row(row, _option_names(before), names) for row in own]
        bars.append(TrialBar(titles.get(key) or key, _parts(own, n), shown, n))
    return bars


def _parts(rows: Sequence[TrialRow], n: int) -> list[tuple[str, str, str, int]]:
    """(outcome, start, width, answers) of the parts of the bar."""
    scale, begin = Scale(0, max(1, n)), 0
    parts: list[tuple[str, str, str, int]] = []
    for outcome in OUTCOMES:
        count = sum(row.n for row in rows if row.outcome == outcome)
        if count:
            parts.append((outcome, scale.at(begin), scale.at(count), count))
        begin += count
    return parts


def _trial_row(
    row: TrialRow, before: Mapping[tuple[str, str], str], names: Mapping[tuple[str, str], str]
) -> ShownTrialRow:
    label = _("any answer") if row.label is None else before.get((row.question, row.label), row.label)
    to = [names.get((row.question, key), key) for key in row.to]
    words = _(" or ").join(to)
    if row.reason:
        why = WHY_LOST.get(row.reason, row.reason)
        words = f"{words} ({why})" if words else str(why)
    return ShownTrialRow(label, outcome_words()[row.outcome], BADGES[row.outcome], words, row)


def trial_totals(trial: Trial) -> list[tuple[str, str, int, str]]:
    """(outcome, words, answers, share) for the four outcomes."""
    words = outcome_words()
    return [
        (outcome, words[outcome], n, percent(n / trial.n_answers, trial.n_answers) if trial.n_answers else "")
        for outcome, n in trial.counts.items()
    ]


def reading_progress(n_judged: int, n_drawn: int) -> Progress:
    return progress_bar(n_judged, n_drawn)


def entries_for(difference: ShownDifference, reason: str) -> list[Entry]:
    """All that changed, with what the reason is about in front."""
    kind, _colon, rest = reason.partition(":")
    about = rest.replace("/", " · ", 1) if kind in {"option", "neighbour"} else rest
    entries = [*difference.questions, *difference.clauses, *difference.examples]
    return sorted(entries, key=lambda entry: entry.key != about)


def publish_url(slug: str, project: str, reasons: Sequence[str], labels_per_item: int) -> str:
    """The publish page with a re-label round for these reasons."""
    query: list[tuple[str, Any]] = [("relabel", project), ("labels_per_item", labels_per_item)]
    query += [("reasons", key) for key in reasons]
    return f"{reverse('guideline-publish', args=[slug])}?{urlencode(query)}"
