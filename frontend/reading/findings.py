"""Findings in the words of a page: how big, how sure, by which method, who said what."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotation.models import Annotation, Member, Project
from frontend.reading.answers import Chip, shown_answers
from frontend.reading.guides import GuideClause, guide_of
from frontend.reading.payloads import PayloadView, payload_views
from frontend.wording import Figure, figure, p_value
from guidelines.label_schema import Question
from guidelines.selectors.access import current_version
from guidelines.selectors.clarifications import ClauseCounts, clarification_counts
from quality.models import Analysis, Finding, FindingEvent
from quality.selectors.evidence import EvidenceItem
from quality.sentences import finding_summary

STATE_BADGES = {"open": "bad", "acknowledged": "accent", "dismissed": "", "resolved": "good"}


def kind_words() -> dict[str, str]:
    return {
        "bias": _("Bias"), "cohort_bias": _("Group bias"), "hotspots": _("Unclear guideline"), "drift": _("Change"),
        "spam": _("Careless answers"), "collusion": _("Same answers"),
    }  # fmt: skip


def state_words() -> dict[str, str]:
    return {
        "open": _("open"), "acknowledged": _("acknowledged"), "dismissed": _("dismissed"), "resolved": _("resolved"),
    }  # fmt: skip


def method_words(kind: str) -> str:
    """How it was tested, for somebody who never read a paper."""
    return {
        "bias": _(
            "Each of their labels is compared with what others said of the same item, so that a hard or odd set of "
            "items cannot look like a habit."
        ),
        "cohort_bias": _(
            "The habits of the group's members are compared with everybody else's, person by person; shuffling who is "
            "in the group shows how often chance alone gives as much."
        ),
        "hotspots": _(
            "Items on which these two labels meet are counted against what their difficulty and the people's habits "
            "would give; and the same people must lean the same way again and again, which noise does not do."
        ),
        "drift": _("Their agreement with the others is followed over time and compared before and after one moment."),
        "spam": _("Their answers are compared with what the others' answers make likely for each item."),
        "collusion": _(
            "How often the two agree is compared with what each one's agreement with everybody else would give."
        ),
    }.get(kind, "")  # fmt: skip


def effect_words(
    unit: str | None, effect: float | None, low: float | None, high: float | None, n: int | None
) -> tuple[Figure, str]:
    """An effect with its interval, and the words behind the number."""
    factor = 100 if unit in {"share", "agreement"} else 1
    words = figure(
        None if effect is None else effect * factor, None if low is None else low * factor,
        None if high is None else high * factor, n,
    )  # fmt: skip
    unit_words = {
        "share": _("percentage points"), "agreement": _("percentage points"), "points": _("points on the scale"),
        "ratio": _("times as often as expected"), "kappa": _("agreement beyond chance (kappa)"),
    }.get(unit or "", "")  # fmt: skip
    return words, unit_words


def certainty(p_adjusted: float | None) -> str:
    """The adjusted p in words: the share of chance among findings this strong."""
    if p_adjusted is None:
        return _("No test was made.")
    for bound, words in (
        (0.001, _("Fewer than 1 in 1,000 findings as strong as this are chance.")),
        (0.01, _("Fewer than 1 in 100 findings as strong as this are chance.")),
        (0.05, _("Fewer than 1 in 20 findings as strong as this are chance.")),
    ):  # fmt: skip
        if p_adjusted < bound:
            return words
    return _("Chance may explain it.")


@dataclass(frozen=True)
class FindingRow:
    """A finding of the list."""

    finding: Finding
    kind: str
    sentence: str
    effect: Figure
    unit: str
    certainty: str
    p: str
    state: str
    state_kind: str


def finding_row(finding: Finding) -> FindingRow:
    effect, unit = effect_words(
        finding.facts.get("unit"), finding.effect, finding.low, finding.high, finding.n
    )  # fmt: skip
    return FindingRow(
        finding, kind_words().get(finding.kind, finding.kind), sentence_of(finding), effect, unit,
        certainty(finding.p_adjusted), "" if finding.p_adjusted is None else p_value(finding.p_adjusted),
        state_words()[finding.state], STATE_BADGES[finding.state],
    )  # fmt: skip


def sentence_of(finding: Finding) -> str:
    return finding_summary(finding.kind, finding.subject, finding.facts, finding.effect, finding.low, finding.high)


# --- what was looked for ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Untested:
    """Something that could not be tested, and why; with whom or where."""

    kind: str
    question: str
    reason: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class LookedFor:
    """How many tests of each kind each question had, and what was left out."""

    questions: list[str]
    rows: list[tuple[str, list[int]]]
    untested: list[Untested]
    notes: list[tuple[str, str]]


def looked_for(analysis: Analysis, titles: Mapping[str, str]) -> LookedFor:
    tested: dict[str, dict[str, int]] = analysis.summary["tested"]
    kinds = [kind for kind in kind_words() if any(kind in counts for counts in tested.values())]
    rows = [(kind_words()[kind], [counts.get(kind, 0) for counts in tested.values()]) for kind in kinds]
    notes = [(titles.get(note["question"], note["question"]), note["note"]) for note in analysis.summary["notes"]]
    return LookedFor([titles.get(key, key) for key in tested], rows, _untested(analysis, titles), notes)


def _untested(analysis: Analysis, titles: Mapping[str, str]) -> list[Untested]:
    names: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for entry in analysis.summary["not_tested"]:
        who = [entry["annotator"] or ""]
        who += [f"{key} = {value}" for part in ("cohort", "slice") for key, value in (entry[part] or {}).items()]
        title = titles.get(entry["question"], entry["question"])
        names[entry["kind"], title, entry["reason"]].append(", ".join(filter(None, who)))
    return [
        Untested(kind_words().get(kind, kind), question, reason, tuple(filter(None, who)))
        for (kind, question, reason), who in names.items()
    ]


# --- evidence --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Voice:
    """Somebody's part in an item: a letter or a name, and what they wrote with it."""

    name: str
    is_subject: bool
    cohort: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Camp:
    """Those who gave one label."""

    chip: Chip
    voices: list[Voice]


@dataclass(frozen=True)
class ShownEvidence:
    """An item of a finding: what it says, and per round who said what of it."""

    external_id: str
    payload: list[PayloadView]
    rounds: list[tuple[str, list[Camp]]]


def veils(project: Project, finding: Finding, names: Iterable[str]) -> dict[str, str]:
    """A letter for each person, the same on every page of this finding, in no order; the subject keeps its name."""

    def shuffled(name: str) -> str:
        return hashlib.sha256(f"{project.pseudonym_salt}:{finding.pk}:{name}".encode()).hexdigest()

    hidden = sorted(set(names) - subjects(finding), key=shuffled)
    return {name: _letters(number) for number, name in enumerate(hidden)}


def subjects(finding: Finding) -> set[str]:
    """The people that the finding itself names."""
    named = finding.subject.get("annotators") or [finding.subject.get("annotator")]
    return {name for name in named if name}


def _letters(number: int) -> str:
    """A, B ... Z, AA, AB ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def shown_evidence(
    finding: Finding, project: Project, items: Sequence[EvidenceItem], question: Question | None,
    hidden: Mapping[str, str],
) -> list[ShownEvidence]:  # fmt: skip
    return [
        ShownEvidence(
            entry.item.external_id, payload_views(project.fields, entry.item.payload),
            _rounds(finding, entry.answers, question, hidden),
        )
        for entry in items
    ]  # fmt: skip


def _rounds(
    finding: Finding, answers: Sequence[Annotation], question: Question | None, hidden: Mapping[str, str]
) -> list[tuple[str, list[Camp]]]:
    by_round: dict[str, list[Annotation]] = defaultdict(list)
    for answer in answers:
        by_round[answer.round.key].append(answer)
    return [
        (key if len(by_round) > 1 else "", _camps(finding, given, question, hidden)) for key, given in by_round.items()
    ]


def _camps(
    finding: Finding, answers: Sequence[Annotation], question: Question | None, hidden: Mapping[str, str]
) -> list[Camp]:
    """Those who said the same together, in the order of the schema, so that a split looks the same on every item."""
    camps: dict[tuple[int, str], tuple[Chip, list[Voice]]] = {}
    named, cohort_keys = subjects(finding), list(finding.subject.get("cohort") or {})
    for answer in answers:
        chip = _chip(answer, question, finding.subject.get("question", ""))
        if chip is not None:
            voice = _voice(answer, named, cohort_keys, hidden)
            camps.setdefault((chip.index or 0, chip.name), (chip, []))[1].append(voice)
    found = [Camp(chip, sorted(voices, key=lambda v: v.name)) for chip, voices in camps.values()]
    return sorted(found, key=lambda camp: (camp.chip.index or 0, camp.chip.name))


def _chip(answer: Annotation, question: Question | None, key: str) -> Chip | None:
    if key not in answer.answer:
        return None
    shown = shown_answers([question] if question else [], {key: answer.answer[key]})[0]
    if not shown.chips:
        return Chip(shown.text, None)
    if len(shown.chips) == 1:
        return shown.chips[0]
    return Chip(", ".join(chip.name for chip in shown.chips), None)


def _voice(answer: Annotation, named: set[str], cohort_keys: list[str], hidden: Mapping[str, str]) -> Voice:
    person: Member = answer.annotator
    cohort = ", ".join(str(person.cohorts[key]) for key in cohort_keys if key in person.cohorts)
    return Voice(hidden.get(person.name, person.name), person.name in named, cohort, answer.comment)


# --- clause and history ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownClause:
    """A clause of the current version, and whether the finding was made under another."""

    key: str
    title: str
    html: SafeString
    number: str
    examples: tuple[Any, ...]
    questions: ClauseCounts  # people asked what it does not say: evidence beside the figures


def clauses_behind(finding: Finding, project: Project) -> list[ShownClause]:
    """The clause of a hotspot, or those that the label of a bias leans on, as they are published now."""
    version = current_version(project.guideline)
    if version is None:
        return []
    guide = guide_of(project.guideline.title, version.pk, version.sha256)
    wanted = set(_clause_keys(finding, guide.questions))
    counts = clarification_counts(project.guideline_id)
    return [
        _clause(clause, version.number, counts.get(clause.key, ClauseCounts(0, 0)))
        for clause in guide.clauses
        if clause.key in wanted
    ]


def _clause(clause: GuideClause, number: str, questions: ClauseCounts) -> ShownClause:
    return ShownClause(clause.key, clause.title, clause.html, number, clause.examples, questions)


def _clause_keys(finding: Finding, questions: Sequence[Question]) -> list[str]:
    if clause := finding.subject.get("clause"):
        return [clause]
    label = finding.subject.get("label")
    options = [
        option for question in questions if question.key == finding.subject.get("question")
        for option in question.options
    ]  # fmt: skip
    return [key for option in options if option.key == label for key in option.clauses]


@dataclass(frozen=True)
class ShownEvent:
    """A line of a finding's history."""

    event: FindingEvent
    who: str
    what: str
    effect: Figure
    unit: str


def history_of(finding: Finding) -> list[ShownEvent]:
    """Newest first. One query."""
    events = finding.events.select_related("actor").order_by("-pk")[:100]
    return [_event(event) for event in events]


def _event(event: FindingEvent) -> ShownEvent:
    known = event.figures
    effect, unit = effect_words(
        known.get("unit"), known.get("effect"), known.get("low"), known.get("high"), known.get("n")
    )  # fmt: skip
    who = str(event.actor) if event.actor else _("Analysis")
    return ShownEvent(event, who, state_words().get(event.state, event.state), effect, unit)
