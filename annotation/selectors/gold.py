from django.db.models import QuerySet

from annotation.models import GoldLabel, Item


def gold_of(item: Item) -> QuerySet[GoldLabel]:
    """The item's gold answers, superseded ones too, oldest first."""
    return GoldLabel.objects.filter(item=item).select_related("created_by").order_by("created_at", "id")
