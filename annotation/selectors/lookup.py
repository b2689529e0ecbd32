"""What the pages of items need beside the items: whose answers, why each was handed out, which slices there are."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform

from annotation.models import Annotation, Item, Lease, Project
from annotation.selectors.labels import standing_answers

LOOKED_AT = 2000  # items whose slices are offered as suggestions; any other value can be typed
MOST_SUGGESTED = 40


def current_answers_of(items: Iterable[Item]) -> QuerySet[Annotation, tuple[int, dict[str, Any]]]:
    """(item id, answer) of every label that stands now. One query."""
    answers = standing_answers().filter(item__in=[item.pk for item in items])
    return answers.order_by("id").values_list("item_id", "answer")


def lease_history(item: Item) -> QuerySet[Lease]:
    """Every time the item was handed out: to whom, why, and how it ended. Oldest first."""
    leases = Lease.objects.filter(assignment__task__item=item)
    return leases.select_related("annotator", "guideline_version", "assignment__round").order_by("granted_at", "epoch")


def seen_slice_values(project: Project) -> dict[str, list[str]]:
    """Values of each slice among the newest items, for suggestions. One query at most."""
    if not project.slices:
        return {}
    columns = [KeyTextTransform(key, "meta") for key in project.slices]
    rows = list(Item.objects.filter(project=project).order_by("-pk").values_list(*columns)[:LOOKED_AT])
    return {
        key: sorted({row[place] for row in rows if row[place]})[:MOST_SUGGESTED]
        for place, key in enumerate(project.slices)
    }
