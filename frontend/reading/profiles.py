"""One annotator in figures and fair words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from frontend.plots import HeatTable, IntervalRow, IntervalRowsPlot, heat_table, interval_rows
from frontend.wording import count, decimal, percent, whole
from quality.ratings_loader import CodedQuestion


@dataclass(frozen=True)
class Pace:
    """The median time of a label; `compared` sets it beside the others' on the same items."""

    median: float | None
    compared: str
    n: int


@dataclass(frozen=True)
class ProfilePart:
    """What one question says of the person. Plots have a sentence as their title; None where there is nothing."""

    title: str
    n_labels: int
    agreement_title: str
    agreement: IntervalRowsPlot
    confusion_title: str
    confusion: HeatTable | None
    pace: Pace
    severity_title: str = ""
    severity: IntervalRowsPlot | None = None


def profile_part(row: Mapping[str, Any], question: CodedQuestion, agreement: Mapping[str, Any] | None) -> ProfilePart:
    """`row`: the profile's part of this question; `agreement`: the person's row of agreement with everybody else."""
    severity_title, severity = _severity(row, question)
    confusion_title, confusion = _confusion(row, question)
    agreed = _agreement_row(row, agreement)
    return ProfilePart(
        question.question.title, row["n_labels"], _agreement_title(agreed),
        interval_rows([agreed], lower=0, upper=1, as_percent=True), confusion_title, confusion, _pace(row["speed"]),
        severity_title, severity,
    )  # fmt: skip


def _agreement_row(row: Mapping[str, Any], agreement: Mapping[str, Any] | None) -> IntervalRow:
    label = _("Agrees with others")
    if agreement is None:
        return IntervalRow(
            label, row["agreement_with_others"], n=row["n_shared"], reason=_("Nobody else labeled the same items yet.")
        )
    low, high = agreement["interval"].get("percent_agreement") or (None, None)
    reason = agreement["undefined"].get("percent_agreement", "")
    return IntervalRow(label, agreement["percent_agreement"], low, high, agreement["n_shared_items"], reason)


def _agreement_title(row: IntervalRow) -> str:
    if row.value is None:
        return _("Not enough shared items to say how often others agree")
    return _("On items labeled by others too, %(share)s of the others' labels are the same") % {
        "share": percent(row.value)
    }


def _confusion(row: Mapping[str, Any], question: CodedQuestion) -> tuple[str, HeatTable | None]:
    """Others' labels in rows, the person's in columns; empty labels are left out."""
    table = [[row["confusion"].get(a, {}).get(b, 0.0) for b in question.keys] for a in question.keys]
    used = [k for k in range(len(question.keys)) if any(table[k]) or any(line[k] for line in table)]
    if not used:
        return "", None
    counts = [[round(table[a][b]) for b in used] for a in used]
    labels = [question.labels[k] for k in used]
    n, a, b = max(((table[a][b], a, b) for a in used for b in used if a != b), default=(0.0, 0, 0))
    title = _("Labels match those of the others") if n < 1 else _(
        "Most often: others say “%(a)s”, here it is “%(b)s” (about %(n)s labels)"
    ) % {"a": question.labels[a], "b": question.labels[b], "n": whole(round(n))}  # fmt: skip
    return title, heat_table(labels, labels, counts, row_title=_("Others say"), column_title=_("here"))


def _pace(speed: Mapping[str, Any]) -> Pace:
    times = speed["times_as_long_as_others"]
    compared = "" if times is None else _("%(times)s times as long as others on the same items") % {
        "times": decimal(times, 1)
    }  # fmt: skip
    return Pace(speed["median_seconds"], compared, speed["n"])


def _severity(row: Mapping[str, Any], question: CodedQuestion) -> tuple[str, IntervalRowsPlot | None]:
    found = row["severity"]
    if found is None:
        return "", None
    points, low, high = found["points"], found["low"], found["high"]
    if low <= 0 <= high:
        title = _("Rates like the others: the difference may be chance")
    else:
        way = _("higher") if points > 0 else _("lower")
        title = _("Rates %(points)s points %(way)s than others on the same items") % {
            "points": decimal(abs(points)), "way": way,
        }  # fmt: skip
    drawn = IntervalRow(_("Difference in points"), points, low, high, row["n_shared"])
    reach = max(abs(low), abs(high), 0.5)  # no difference stands in the middle
    return title, interval_rows(
        [drawn], lower=-reach, upper=reach, reference=0, reference_label=_("The dashed line is no difference")
    )


@dataclass(frozen=True)
class ControlPlot:
    """What gold or hidden repeats say of the person: a sentence, and a row a question."""

    title: str
    plot: IntervalRowsPlot


def gold_plot(gold: Mapping[str, Any], titles: Mapping[str, str]) -> ControlPlot | None:
    """First answers to known items; None before the first. With several questions, a row for all of them at once."""
    if not gold["n"]:
        return None
    rows = [_share_row(titles.get(key, key), row, "accuracy") for key, row in gold["questions"].items()]
    if len(rows) > 1:
        rows.append(_share_row(_("All questions right"), gold, "accuracy", is_total=True))
    title = _("%(right)s of %(n)s known answers are right") % {"right": whole(gold["right"]), "n": whole(gold["n"])}
    if gold["undefined"]:
        title = _("%(title)s; too few to judge by") % {"title": title}
    return ControlPlot(title, interval_rows(rows, lower=0, upper=1, as_percent=True))


def repeats_plot(consistency: Mapping[str, Any], titles: Mapping[str, str]) -> ControlPlot | None:
    """Items answered twice without knowing; None before the first."""
    if not consistency["questions"]:
        return None
    rows = [_share_row(titles.get(key, key), row, "share") for key, row in consistency["questions"].items()]
    n = count(consistency["n_items"], _("item"), _("items"))
    title = _("How often the answer was the same when they met the item again: %(n)s") % {"n": n}
    return ControlPlot(title, interval_rows(rows, lower=0, upper=1, as_percent=True))


def _share_row(label: str, row: Mapping[str, Any], share: str, *, is_total: bool = False) -> IntervalRow:
    low, high = row["interval"] or (None, None)
    return IntervalRow(label, row[share], low, high, row["n"], row["undefined"] or "", is_total=is_total)


@dataclass(frozen=True)
class PauseEvidence:
    """The figures on which a rule has paused somebody (the reason says them in words), and the items they got wrong."""

    plot: IntervalRowsPlot
    items: list[str]


def pause_evidence(evidence: Mapping[str, Any] | None) -> PauseEvidence | None:
    """None where a person has paused them, not a rule."""
    if not evidence:
        return None
    n, right, floor = evidence["n"], evidence["right"], evidence["floor"]
    row = IntervalRow(_("Known answers"), right / n, evidence["lower"], evidence["upper"], n, tone="bad")
    plot = interval_rows(
        [row], lower=0, upper=1, reference=floor, as_percent=True,
        reference_label=_("The dashed line is what the project asks for: %(floor)s") % {"floor": percent(floor)},
    )  # fmt: skip
    return PauseEvidence(plot, list(evidence["items"]))
