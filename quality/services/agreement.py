"""Agreement as asked for: from the latest analysis, or measured at once where the project is small."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.errors import Conflict, FieldError, InvalidInput
from annotation.models import Project
from quality.models import Analysis
from quality.ratings_loader import LATEST, CodedQuestion, LabelTable, count_labels, load_labels, load_questions
from quality.selectors.analyses import has_labels_since, latest_analysis, stored_figures
from quality.services.agreement_groups import scope_for
from quality.services.agreement_row import METRICS, Row, main_distance, only_metric
from quality.services.agreement_rows import agreement_rows
from quality.services.labels_across import Across, load_across

SMALL_PROJECT = 20_000  # labels that are read and measured within a request
PLAIN_GROUPINGS = ("overall", "label", "annotator", "pair", "guideline_version", "week")


class AnalysisNeeded(Conflict):
    code = "analysis_needed"
    sentence = (
        f"With more than {SMALL_PROJECT} labels this is not measured within a request. "
        "Start an analysis (POST analyses/) and ask again; it stores the default round and min_n."
    )


@dataclass(frozen=True)
class AgreementTable:
    """Rows of one question by one grouping, with what they rest on."""

    question: str
    by: str
    round: str
    as_of: datetime
    is_stale: bool
    analysis: Analysis | None
    distance: str
    rounds: dict[str, int]
    rows: list[Row]
    across: Across | None = None


def agreement_table(
    project: Project,
    *,
    question: str | None = None,
    by: str = "overall",
    round_key: str = LATEST,
    metric: str | None = None,
    min_n: int | None = None,
    across_versions: bool = False,
) -> AgreementTable:
    """The agreement of one question by one grouping (API.md, `GET agreement`).

    The latest analysis if it holds what is asked for; otherwise measured now, up to 20,000 labels. Raises
    AnalysisNeeded beyond that, InvalidInput for a question, grouping, metric or round that there is not.
    `across_versions` compares labels of all majors as the newest version calls them; always measured now.
    """
    asked = _question(project, question)
    check_grouping(project, by)
    if metric is not None and metric not in METRICS:
        raise InvalidInput(errors=[FieldError("metric", "unknown", f"Allowed: {', '.join(METRICS)}.")])
    table = None
    if round_key == LATEST and min_n is None and not across_versions:
        table = _stored(project, asked, by)
    if across_versions:
        table = _measured_across(project, asked, by, round_key, min_n)
    table = table or _measured(project, asked, by, round_key, min_n)
    if metric is not None:
        table.rows[:] = [only_metric(row, metric) for row in table.rows]
    return table


def groupings_of(project: Project, table: LabelTable | None = None) -> list[str]:
    """Every grouping this project has figures by; cohorts only where a table of labels tells which there are."""
    cohorts = sorted({key for cohorts in table.cohorts for key in cohorts}) if table else []
    slices = [f"slice:{key}" for key in project.slices]
    return ["overall", *slices, *PLAIN_GROUPINGS[1:], *(f"cohort:{key}" for key in cohorts)]


def check_grouping(project: Project, by: str) -> None:
    name, colon, key = by.partition(":")
    if by in groupings_of(project) or (name == "cohort" and colon and key and len(key) <= 60 and key.isprintable()):
        return
    allowed = ", ".join([*groupings_of(project), "cohort:<key>"])
    raise InvalidInput(errors=[FieldError("by", "unknown", f"Allowed: {allowed}.")])


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]


def is_small(project: Project) -> bool:
    return count_labels(project, up_to=SMALL_PROJECT + 1) <= SMALL_PROJECT


def _question(project: Project, key: str | None) -> CodedQuestion:
    questions = load_questions(project, database_now())
    if key is None and len(questions) == 1:
        return questions[0]
    for question in questions:
        if question.key == key:
            return question
    names = ", ".join(question.key for question in questions)
    raise InvalidInput(errors=[FieldError("question", "unknown", f"Name one of: {names}.")])


def _stored(project: Project, question: CodedQuestion, by: str) -> AgreementTable | None:
    analysis = latest_analysis(project, with_agreement=True)
    if analysis is None:
        return None
    is_known = question.key in analysis.summary["questions"] and by in analysis.summary["groupings"]
    figures = stored_figures(analysis, question.key, by)
    if not figures and not is_known:
        return None
    return AgreementTable(
        question.key, by, scope_for(by, LATEST), analysis.as_of, has_labels_since(project, analysis.as_of), analysis,
        main_distance(question), analysis.summary["rounds"], [figure.row for figure in figures],
    )  # fmt: skip


def _measured(project: Project, question: CodedQuestion, by: str, round_key: str, min_n: int | None) -> AgreementTable:
    if not is_small(project):
        raise AnalysisNeeded
    as_of = database_now()
    table = load_labels(project, as_of=as_of, scope=scope_for(by, round_key))
    rows: list[Row] = agreement_rows(table, question.key, by, min_n=min_n)
    return AgreementTable(
        question.key, by, table.scope, as_of, False, None, main_distance(question), table.items_per_round(), rows
    )


def _measured_across(
    project: Project, question: CodedQuestion, by: str, round_key: str, min_n: int | None
) -> AgreementTable:
    if not is_small(project):
        raise AnalysisNeeded
    as_of = database_now()
    table, across = load_across(project, question.key, as_of=as_of, scope=scope_for(by, round_key))
    rows: list[Row] = agreement_rows(table, question.key, by, min_n=min_n)
    for row in rows:
        row["note"] = " ".join(filter(None, (row["note"], across.note)))
    return AgreementTable(
        question.key, by, table.scope, as_of, False, None, main_distance(question), table.items_per_round(), rows,
        across,
    )  # fmt: skip


def agreement_body(table: AgreementTable) -> dict[str, Any]:
    """The table as the API says it."""
    return {
        "question": table.question, "by": table.by, "round": table.round, "as_of": table.as_of,
        "stale": table.is_stale, "analysis": str(table.analysis.pk) if table.analysis else None,
        "alpha": table.distance, "items_per_round": table.rounds, "results": table.rows, "next": None,
    } | ({"across_versions": asdict(table.across)} if table.across else {})  # fmt: skip
