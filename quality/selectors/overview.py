from collections.abc import Collection

from django.db.models import Count

from quality.models import Finding


def open_finding_counts(project_ids: Collection[int]) -> dict[int, int]:
    """Open findings by project; a project without any is absent. One query."""
    rows = (
        Finding.objects.filter(project_id__in=project_ids, state=Finding.State.OPEN)
        .values_list("project_id")
        .annotate(n=Count("pk"))
    )
    return dict(rows)
