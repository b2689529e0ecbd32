"""What a lead sees first: the newest figures, what was looked at, and the open findings by their weight."""

from dataclasses import dataclass
from typing import Any

from annotation.models import Project
from annotation.selectors.labels import standing_answers
from operations.models import Job
from quality.models import AgreementFigure, Analysis, DatasetSnapshot, Finding
from quality.selectors.analyses import has_labels_since, latest_analysis


@dataclass(frozen=True)
class Measured:
    """The newest analysis with agreement (None before the first), whether labels came after it, and the last job."""

    analysis: Analysis | None
    is_stale: bool
    has_labels: bool
    job: Job | None


def last_measured(project: Project) -> Measured:
    analysis = latest_analysis(project, with_agreement=True)
    if analysis is not None:
        return Measured(analysis, has_labels_since(project, analysis.as_of), True, last_analysis_job(project))
    has_labels = standing_answers().filter(project=project, annotator_kind="human").exists()
    return Measured(None, False, has_labels, last_analysis_job(project))


def last_analysis_job(project: Project) -> Job | None:
    """The newest job that measures this project, whatever its state."""
    return Job.objects.filter(scope=f"project:{project.slug}", kind="analysis").order_by("-created_at").first()


def overall_rows(analysis: Analysis) -> list[tuple[str, dict[str, Any]]]:
    """(question, its row of agreement over everything) of an analysis. One query."""
    figures = AgreementFigure.objects.filter(analysis=analysis, by="overall").order_by("pk")
    return [(figure.question, figure.row) for figure in figures]


def weekly_rows(analysis: Analysis) -> dict[str, list[dict[str, Any]]]:
    """Rows of agreement week by week, oldest first, by question. One query."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for figure in AgreementFigure.objects.filter(analysis=analysis, by="week").order_by("question", "position"):
        rows.setdefault(figure.question, []).append(figure.row)
    return rows


def heaviest_findings(project: Project, most: int) -> tuple[list[Finding], int]:
    """The open findings that touch most labels, and how many are open in all. Two queries."""
    found = Finding.objects.filter(project=project, state=Finding.State.OPEN)
    return list(found.order_by("-weight", "pk")[:most]), found.count()


def newest_snapshot(project: Project) -> DatasetSnapshot | None:
    return DatasetSnapshot.objects.filter(project=project).order_by("-created_at").first()
