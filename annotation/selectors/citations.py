"""Which stored answers name a clause as what decided them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from annotation.models import Annotation, Project
from guidelines.models import Guideline
from operations.strict_json.reading import is_one_line_text


@dataclass(frozen=True)
class Citations:
    """How often answers of one project cite a clause."""

    project: Project
    count: int
    last_at: datetime


def citations_of(guideline: Guideline, clause: str) -> list[Citations]:
    """The projects with answers that cite the clause, most citations first. Replaced answers count: they are stored."""
    if not is_one_line_text(clause):
        return []
    projects = {project.pk: project for project in Project.objects.filter(guideline=guideline)}
    citing = Annotation.objects.filter(project__in=projects, clauses__contains=[clause]).values("project")
    counted = citing.annotate(count=Count("pk"), last_at=Max("labeled_at")).order_by("-count", "project")
    return [Citations(projects[row["project"]], row["count"], row["last_at"]) for row in counted]
