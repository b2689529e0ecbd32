"""Lists of findings."""

from django.db.models import Count, QuerySet

from annotation.models import Project
from quality.models import Finding


def findings_to_read(project: Project, *, state: str | None = None, kind: str | None = None) -> QuerySet[Finding]:
    """A project's findings, those that touch most labels first; without the list of items they are about."""
    found = Finding.objects.filter(project=project)
    if state is not None:
        found = found.filter(state=state)
    if kind is not None:
        found = found.filter(kind=kind)
    return found.order_by("-weight", "pk").defer("evidence")


def finding_counts(project: Project) -> dict[tuple[str, str], int]:
    """How many findings there are by (state, kind). One query."""
    rows = Finding.objects.filter(project=project).values_list("state", "kind").annotate(n=Count("pk")).order_by()
    return {(state, kind): n for state, kind, n in rows}
