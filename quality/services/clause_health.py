"""Clause health: which clauses people cite, ask about and differ on, over the projects under one guideline.

Citations, findings and questions are of now. Disagreement is measured now in a small project, else as of its latest
analysis. Every share has its n and interval, or the reason why it has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.errors import NotFound
from annotation.models import Project
from guidelines.content import Clause, GuidelineContent
from guidelines.label_schema import Option, Question
from guidelines.models import Guideline, GuidelineVersion
from guidelines.selectors.versions import content_of, versions_of
from quality.models import AgreementFigure, Finding
from quality.ratings_loader import NoQuestions, load_labels
from quality.selectors.analyses import latest_analysis
from quality.selectors.clause_health import (
    Citations,
    citations,
    open_findings_by_clause,
    questions_by_clause,
)
from quality.services.agreement import AnalysisNeeded, agreement_table, database_now, is_small
from quality.services.clause_rows import MOST_PAIRS, Row, clause_rows
from quality.services.shares import share_of

COMPARED = ("choice", "choices")  # options of other types are marks and boxes, which are not compared as labels
NOT_CITED = "No option of the current version cites this clause, so no label can be tied to it."
NOT_COMPARED = "Its options belong to marks or boxes, which are not compared as labels."
NO_LABELS = "No label was made under this version."
NEEDS_ANALYSIS = "Too many labels to measure within a request: run an analysis of the project first."


@dataclass(frozen=True)
class ConfusedPair:
    """Two labels that people gave to the same items, and on how many. `values`: as `clause_rows` names them."""

    question: Question
    values: tuple[str, str]
    labels: tuple[str, str]
    n_items: int


@dataclass(frozen=True)
class ClauseHealth:
    """One clause. `cited`, `differ`: share_of rows; `pairs` only where the share is known."""

    clause: Clause
    options: tuple[tuple[Question, Option], ...]
    cited: Row
    differ: Row
    pairs: tuple[ConfusedPair, ...]
    questions: int
    findings: tuple[Finding, ...]
    is_current: bool = True

    @property
    def need(self) -> tuple[int, float, int]:
        """What is read first: open findings, then items on which people differ for certain, then questions."""
        low = self.differ["interval"][0] if self.differ["interval"] else 0.0
        return len(self.findings), low * self.differ["n"], self.questions


@dataclass(frozen=True)
class HealthTable:
    """All clauses of the current version, those in most need first; `unmeasured`: projects that need an analysis."""

    version: GuidelineVersion
    projects: tuple[Project, ...]
    labels: int
    naming: int
    rows: tuple[ClauseHealth, ...]
    unmeasured: tuple[Project, ...]


@dataclass(frozen=True)
class VersionPoint:
    """The agreement of one question under one version; `clause`: new, changed, removed or the same as before ("")."""

    version: GuidelineVersion
    clause: str
    row: Row | None
    reason: str = ""


@dataclass(frozen=True)
class History:
    """The agreement of a question that the clause decides, version by version, oldest first."""

    project: Project
    question: Question
    distance: str
    points: tuple[VersionPoint, ...]


@dataclass
class _Splits:
    n_items: int = 0
    n_differ: int = 0
    pairs: dict[tuple[str, str, str], int] = field(default_factory=dict)


def health_table(guideline: Guideline, projects: Sequence[Project]) -> HealthTable | None:
    """Every clause of the current version; None before the first publish."""
    version = versions_of(guideline).order_by("-sequence").first()
    if version is None:
        return None
    content = content_of(version)
    facts = _Facts(guideline, projects)
    rows = [facts.of(clause, content) for clause in content.clauses]
    rows.sort(key=lambda row: row.need, reverse=True)  # a stable sort: equal ones stay in the order of the text
    cited = facts.citations
    return HealthTable(version, tuple(projects), cited.labels, cited.naming, tuple(rows), tuple(facts.unmeasured))


def clause_health(guideline: Guideline, projects: Sequence[Project], key: str) -> ClauseHealth:
    """One clause, a retired one as its last version had it. NotFound for a key that no published version has."""
    for number, version in enumerate(versions_of(guideline).order_by("-sequence")):
        if any(clause["key"] == key for clause in version.content.get("clauses", [])):
            content = content_of(version)
            clause = next(clause for clause in content.clauses if clause.key == key)
            return _Facts(guideline, projects).of(clause, content, is_current=number == 0)
    raise NotFound


def clause_history(guideline: Guideline, projects: Sequence[Project], health: ClauseHealth) -> list[History]:
    """Agreement under each version of the questions whose options cite the clause, project by project."""
    versions = list(versions_of(guideline).order_by("sequence"))
    tied = {question.key: question for question, _option in health.options if question.type in COMPARED}
    changes = _changes_of(health.clause.key, versions)
    return [_history(project, question, versions, changes) for project in projects for question in tied.values()]


class _Facts:
    """Everything about all clauses, read once: two queries for citations, one each for findings and questions, and
    those of reading the labels of each project."""

    def __init__(self, guideline: Guideline, projects: Sequence[Project]) -> None:
        self.citations: Citations = citations(projects)
        self.findings = open_findings_by_clause(projects)
        self.questions = questions_by_clause(guideline)
        self.splits: dict[str, _Splits] = {}
        self.unmeasured: list[Project] = []
        for project in projects:
            rows = _rows_of(project)
            if rows is None:
                self.unmeasured.append(project)
            for question, row in rows or ():
                _add(self.splits.setdefault(row["clause"], _Splits()), question, row)

    def of(self, clause: Clause, content: GuidelineContent, *, is_current: bool = True) -> ClauseHealth:
        options = tuple(
            (question, option)
            for question in content.questions
            for option in question.options
            if clause.key in option.clauses
        )
        cited = self.citations.by_clause.get(clause.key, 0)
        splits = self.splits.get(clause.key, _Splits())
        differ = share_of(splits.n_differ, splits.n_items, counted="differ", share="share")
        differ |= self._no_figure(options, is_current, splits)
        return ClauseHealth(
            clause, options, share_of(cited, self.citations.naming, counted="cited", share="share"), differ,
            _pairs(splits, options) if differ["share"] is not None else (), self.questions.get(clause.key, 0),
            tuple(self.findings.get(clause.key, ())), is_current,
        )  # fmt: skip

    def _no_figure(self, options: tuple[tuple[Question, Option], ...], is_current: bool, splits: _Splits) -> Row:
        """A better reason than too few items, where there is one."""
        if not options or not is_current:
            return {"share": None, "interval": None, "undefined": NOT_CITED}
        if not any(question.type in COMPARED for question, _option in options):
            return {"undefined": NOT_COMPARED}
        return {"undefined": NEEDS_ANALYSIS} if self.unmeasured and not splits.n_items else {}


def _rows_of(project: Project) -> list[tuple[str, Row]] | None:
    """(question, row of a clause): measured now in a small project, else of the latest analysis, None without one."""
    if not is_small(project):
        analysis = latest_analysis(project, with_agreement=True)
        figures = AgreementFigure.objects.filter(analysis=analysis, by="clause").order_by("question", "position")
        return list(figures.values_list("question", "row")) or None  # none: measured before these were kept
    try:
        table = load_labels(project, as_of=database_now(), with_times=False)
    except NoQuestions:
        return []
    return [(question.key, row) for question in table.questions for row in clause_rows(table, question.key)]


def _add(splits: _Splits, question: str, row: Row) -> None:
    splits.n_items += row["n_items"]
    splits.n_differ += row["n_differ"]
    for a, b, n in row["pairs"]:
        splits.pairs[question, a, b] = splits.pairs.get((question, a, b), 0) + n


def _pairs(splits: _Splits, options: tuple[tuple[Question, Option], ...]) -> tuple[ConfusedPair, ...]:
    asked = {question.key: question for question, _option in options}
    known = [(entry, n) for entry, n in splits.pairs.items() if entry[0] in asked]
    most = sorted(known, key=lambda entry: -entry[1])[:MOST_PAIRS]
    return tuple(ConfusedPair(asked[q], (a, b), (_label(asked[q], a), _label(asked[q], b)), n) for (q, a, b), n in most)


def _label(question: Question, value: str) -> str:
    """What people call a value; a set by the names of what is in it."""
    names = {option.key: option.label for option in question.options}
    return names.get(value) or " + ".join(names.get(part, part) for part in value.split("|"))


def _changes_of(key: str, versions: Sequence[GuidelineVersion]) -> dict[int, str]:
    """What each version did to the clause, by id; nothing for those that left it as it was."""
    changes, before = {}, None
    for version in versions:
        now = next((clause for clause in version.content.get("clauses", []) if clause["key"] == key), None)
        if now != before:
            changes[version.pk] = "new" if before is None else "removed" if now is None else "changed"
        before = now
    return changes


def _history(
    project: Project, question: Question, versions: Sequence[GuidelineVersion], changes: dict[int, str]
) -> History:
    distance, rows, reason = "nominal", dict[str | None, Any](), NO_LABELS
    try:
        table = agreement_table(project, question=question.key, by="guideline_version")
    except AnalysisNeeded:
        reason = NEEDS_ANALYSIS
    else:
        distance, rows = table.distance, {row["group"]["guideline_version"]: row for row in table.rows}
    points = [
        VersionPoint(version, changes.get(version.pk, ""), rows.get(version.number), reason) for version in versions
    ]
    return History(project, question, distance, tuple(points))
