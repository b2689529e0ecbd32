"""The morning page in sentences, most urgent first. Figures come from selectors; here they become words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.permissions import Capability
from annotation.models import Project
from annotation.selectors.access import ProjectAccess
from annotation.selectors.progress import Progress, RoundProgress
from frontend import plots
from frontend.navigation import url_if_there
from frontend.wording import count, duration, p_value, whole
from guidelines.label_schema import Question
from guidelines.selectors.clarifications import open_groups
from quality.models import Analysis, Finding
from quality.selectors.headline import Measured
from quality.sentences import finding_summary

TENTATIVE = 0.667  # below it Krippendorff draws no conclusions (Content Analysis, chapter on reliability)


@dataclass(frozen=True)
class Action:
    label: str
    url: str
    is_main: bool = False


@dataclass(frozen=True)
class Sentence:
    """One thing to know, how sure it is, and what can be done. `tone` is bad, warn, info or good."""

    text: str
    tone: str
    title: str = ""
    facts: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()


def finding_sentence(finding: Finding, access: ProjectAccess) -> Sentence:
    text = finding_summary(
        finding.kind, finding.subject, finding.facts, finding.effect, finding.low, finding.high
    )  # fmt: skip
    return Sentence(text, "bad", finding_title(finding), tuple(_certainty(finding)), tuple(_steps(finding, access)))


def finding_title(finding: Finding) -> str:
    titles = {
        "bias": _("One person labels differently"), "cohort_bias": _("A group labels differently"),
        "hotspots": _("People split"), "drift": _("Somebody changed"), "spam": _("Answers that say nothing"),
        "collusion": _("Two people answer as one"),
    }  # fmt: skip
    question = finding.facts.get("question_title", "")
    title = titles.get(finding.kind, finding.kind)
    return f"{title}: {question}" if question else title


def _certainty(finding: Finding) -> Iterator[str]:
    if finding.weight >= 1 and finding.kind != "hotspots":  # whose sentence says it
        labels = count(round(finding.weight), _("label"), _("labels"))
        yield _("about %(labels)s likely wrong") % {"labels": labels}
    if finding.p_adjusted is not None:
        yield _("%(p)s after correction for all that was tested") % {"p": p_value(finding.p_adjusted)}
    yield f"n = {whole(finding.n)}"
    if finding.guideline_version:
        yield _("guideline %(number)s") % {"number": finding.guideline_version}


def _steps(finding: Finding, access: ProjectAccess) -> Iterator[Action]:
    slug, n = access.project.slug, len(finding.evidence)
    if url := url_if_there("finding", slug, finding.pk):
        yield Action(
            ngettext("Read %(n)s item", "Read %(n)s items", min(n, 5)) % {"n": min(n, 5)}, url, is_main=True
        )  # fmt: skip
    clause = finding.subject.get("clause") if access.allows(Capability.EDIT_GUIDELINE) else None
    if clause and (url := url_if_there("guideline-part", access.project.guideline.slug, "clause", clause)):
        yield Action(_("Edit %(clause)s") % {"clause": clause}, url)
    scope = len(finding.facts.get("scope") or ()) or n
    if access.allows(Capability.RELABEL) and (url := url_if_there("campaign-new", slug)):
        yield Action(_("Re-label %(n)s") % {"n": whole(scope)}, f"{url}?finding={finding.pk}")


def question_sentences(access: ProjectAccess) -> list[Sentence]:
    """What people asked that the guideline does not say, for who may answer. One query."""
    if not access.allows(Capability.EDIT_GUIDELINE):
        return []
    guideline = access.project.guideline
    waiting = open_groups(guideline)
    if not waiting:
        return []
    n_overdue = sum(group.is_overdue for group in waiting)
    words = count(len(waiting), _("question"), _("questions"))
    text = _("%(questions)s to the guideline without an answer; the longest waits %(age)s.") % {
        "questions": words, "age": duration(waiting[0].age),
    }  # fmt: skip
    facts = (_("%(n)s overdue") % {"n": n_overdue},) if n_overdue else ()
    action = Action(_("Answer them"), url_if_there("questions", guideline.slug), is_main=True)
    return [Sentence(text, "bad" if n_overdue else "warn", _("The guideline was asked"), facts, (action,))]


def setup_sentences(access: ProjectAccess, progress: Progress, has_version: bool, n_annotators: int) -> list[Sentence]:
    """What is still missing before anybody can label."""
    project, found = access.project, []
    if not has_version:
        url = url_if_there("guideline-edit", project.guideline.slug)
        may = access.allows(Capability.EDIT_GUIDELINE) and url
        found.append(Sentence(
            _("Labeling starts when its first version is published."), "warn", _("The guideline is a draft"),
            actions=(Action(_("Edit and publish it"), url, is_main=True),) if may else (),
        ))  # fmt: skip
    if not progress.items:
        url = url_if_there("import", project.slug)
        found.append(Sentence(
            _("Bring them as NDJSON or CSV; each becomes a task in the queue."), "warn", _("There are no items yet"),
            actions=(Action(_("Import items"), url, is_main=True),) if access.allows(Capability.IMPORT) else (),
        ))  # fmt: skip
    if not n_annotators:
        url = url_if_there("people", project.slug)
        found.append(Sentence(
            _("Add people who label; the same person may be in many projects."), "warn", _("Nobody labels here yet"),
            actions=(Action(_("Add people"), url, is_main=True),) if access.allows(Capability.MANAGE_MEMBERS) else (),
        ))  # fmt: skip
    return found


def standing_sentences(access: ProjectAccess, progress: Progress, n_paused: int) -> list[Sentence]:
    """What waits for a person: a project that stands still, tasks that everybody skipped, people on hold."""
    project, found = access.project, []
    if project.status != Project.Status.ACTIVE:
        found.append(_standing_still(access))
    needing = sum(each.needs_lead for each in progress.rounds)
    if needing:
        url = f"{url_if_there('items', project.slug)}?state=needs_lead"
        found.append(Sentence(
            _("Nobody who labels here can take them: all have skipped them or answered already."), "warn",
            ngettext("%(n)s task needs a lead", "%(n)s tasks need a lead", needing) % {"n": whole(needing)},
            actions=(Action(_("Look at them"), url, is_main=True),),
        ))  # fmt: skip
    if n_paused and access.allows(Capability.MANAGE_MEMBERS):
        found.append(Sentence(
            _("They get nothing from the queue until somebody resumes them."), "info",
            ngettext("%(n)s person is paused", "%(n)s people are paused", n_paused) % {"n": n_paused},
            actions=(Action(_("People"), url_if_there("people", project.slug)),),
        ))  # fmt: skip
    return found


def _standing_still(access: ProjectAccess) -> Sentence:
    is_paused = access.project.status == Project.Status.PAUSED
    text = _("What is held may still be answered; nothing new is handed out.") if is_paused else _(
        "Nothing is handed out or taken in any more. Labels and figures stay."
    )  # fmt: skip
    url = url_if_there("project-settings", access.project.slug)
    may = access.allows(Capability.MANAGE_PROJECT)
    title = _("The project is paused") if is_paused else _("The project is closed")
    return Sentence(text, "warn", title, actions=(Action(_("Settings"), url, is_main=True),) if may else ())


@dataclass(frozen=True)
class RoundBar:
    title: str
    progress: plots.Progress
    note: str


def round_bars(progress: Progress) -> list[RoundBar]:
    """A bar for each round that asks for labels."""
    return [
        RoundBar(_round_title(each), plots.progress_bar(each.labels, each.wanted, each.leased), _round_note(each))
        for each in progress.rounds
        if each.wanted
    ]


def _round_title(each: RoundProgress) -> str:
    if each.kind == "initial":
        return _("First labels")
    number = each.key.rpartition("-")[2]
    return _("Re-labeling %(number)s") % {"number": number} if each.kind == "relabel" else each.key


def _round_note(each: RoundProgress) -> str:
    parts = [_("%(done)s of %(tasks)s items done") % {"done": whole(each.done), "tasks": whole(each.tasks)}]
    if each.leased:
        parts.append(_("%(n)s in hand") % {"n": whole(each.leased)})
    if each.state == "closed":
        parts.append(_("closed"))
    return " · ".join(parts)


@dataclass(frozen=True)
class AgreementHeadline:
    """Agreement question by question on one scale, and in one sentence."""

    title: str
    plot: plots.IntervalRowsPlot


def agreement_headline(
    rows: Sequence[tuple[str, dict[str, Any]]], questions: Sequence[Question], url: str
) -> AgreementHeadline | None:
    if not rows:
        return None
    titles = {question.key: question.title for question in questions}
    drawn = [_interval_row(titles.get(key, key), key, row, url) for key, row in rows]
    plot = plots.interval_rows(drawn, upper=1, reference=TENTATIVE, reference_label=_(
        "The line is at 0.667: below it Krippendorff advises to draw no conclusions"
    ))  # fmt: skip
    return AgreementHeadline(_agreement_title(drawn), plot)


def _interval_row(title: str, key: str, row: dict[str, Any], url: str) -> plots.IntervalRow:
    value = main_alpha(row)
    low, high = row["interval"].get("krippendorff_alpha") or (None, None)
    reason = row["undefined"].get("krippendorff_alpha", "")
    tone = "bad" if high is not None and high < TENTATIVE else ""
    href = f"{url}?question={key}" if url else ""
    return plots.IntervalRow(title, value, low, high, row["n_shared_items"], reason, href, tone=tone)


def main_alpha(row: dict[str, Any]) -> float | None:
    """The alpha that speaks for the question: ordinal where there is one (ratings), else nominal."""
    alphas: dict[str, float | None] = row["krippendorff_alpha"]
    return alphas["ordinal"] if "ordinal" in alphas else alphas.get("nominal")


def _agreement_title(rows: Sequence[plots.IntervalRow]) -> str:
    known = sorted((row.value, row.label) for row in rows if row.value is not None)
    if not known:
        return _("Agreement cannot be measured yet")
    if len(known) == 1:
        return _("How far people agree on “%(question)s”") % {"question": known[0][1]}
    return _("People agree least on “%(question)s”") % {"question": known[0][1]}


def agreement_by_week(
    weekly: dict[str, list[dict[str, Any]]], published: Sequence[tuple[str, str]], questions: Sequence[Question]
) -> list[tuple[str, plots.LinePlot]]:
    """A line for each question with at least two weeks; `published` are (ISO week, version number)."""
    titles = {question.key: question.title for question in questions}
    marks: dict[str, str] = {}
    for week, number in published:
        marks[week] = f"{marks[week]}, {number}" if week in marks else number
    return [
        (titles.get(key, key), plots.line_plot([_week_point(row, marks) for row in rows], upper=1))
        for key, rows in weekly.items()
        if len(rows) > 1
    ]


def _week_point(row: dict[str, Any], marks: dict[str, str]) -> plots.LinePoint:
    low, high = row["interval"].get("krippendorff_alpha") or (None, None)
    reason = row["undefined"].get("krippendorff_alpha", "")
    week = str(row["group"].get("week", ""))
    return plots.LinePoint(week, main_alpha(row), low, high, row["n_shared_items"], reason, marks.get(week, ""))


@dataclass(frozen=True)
class Checked:
    """What the newest analysis looked at: by question (kind, number of tests), and what it could not test."""

    tests: int
    by_question: list[tuple[str, list[tuple[str, int]]]]
    not_tested: list[tuple[str, str, int]]
    notes: list[str]


def checked(analysis: Analysis, questions: Sequence[Question]) -> Checked:
    titles = {question.key: question.title for question in questions}
    kinds, tested = kind_words(), analysis.summary.get("tested", {})
    skipped: dict[tuple[str, str], int] = {}
    for entry in analysis.summary.get("not_tested", []):
        place = (kinds.get(entry["kind"], entry["kind"]), entry["reason"])
        skipped[place] = skipped.get(place, 0) + 1
    return Checked(
        sum(n for counts in tested.values() for n in counts.values()),
        [(titles.get(q, q), [(kinds.get(k, k), n) for k, n in counts.items() if n]) for q, counts in tested.items()],
        [(kind, reason, n) for (kind, reason), n in skipped.items()],
        [entry["note"] for entry in analysis.summary.get("notes", [])],
    )


def kind_words() -> dict[str, str]:
    return {
        "bias": _("bias of a person"), "cohort_bias": _("bias of a group"), "hotspots": _("pairs of labels"),
        "drift": _("change over time"), "spam": _("careless answers"), "collusion": _("copied answers"),
    }  # fmt: skip


def measuring_sentence(measured: Measured) -> Sentence | None:
    """Why the figures are missing or old; None when they are up to date."""
    if measured.analysis is None:
        if not measured.has_labels:
            return None
        return Sentence(
            _("Labels are in. Measure how far people agree and where they do not."), "info",
            _("Nothing has been measured yet"),
        )  # fmt: skip
    if measured.is_stale:
        return Sentence(
            _("Labels came or changed since then; figures and findings here are those of that moment."), "info",
            _("The figures are not the newest"),
        )  # fmt: skip
    return None
