"""What the latest analysis says, and whether labels came after it."""

from datetime import datetime

from django.db.models import Q

from annotation.models import Annotation, Project, Round
from quality.models import AgreementFigure, Analysis


def latest_analysis(project: Project, *, with_agreement: bool = False) -> Analysis | None:
    """The analysis of the newest instant (not of the newest wall time: a slow one that ends late is not news)."""
    analyses = Analysis.objects.filter(project=project)
    if with_agreement:
        analyses = analyses.filter(kinds__contains=["agreement"])
    return analyses.order_by("-as_of", "-created_at").first()


def has_labels_since(project: Project, as_of: datetime) -> bool:
    """Whether a label of a person came, or was replaced, after that instant."""
    news = Q(created_at__gt=as_of) | Q(superseded_at__gt=as_of)
    return Annotation.objects.filter(
        news, project=project, annotator_kind="human", round__kind__in=Round.LABELING
    ).exists()


def stored_figures(analysis: Analysis, question: str, by: str) -> list[AgreementFigure]:
    return list(analysis.figures.filter(question=question, by=by).order_by("position"))
