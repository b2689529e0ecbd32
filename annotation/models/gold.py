from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.items import Item
from annotation.models.projects import Project


class GoldLabel(models.Model):
    """A known answer to an item, with its reason. A changed one is a new row; the old gets `superseded_at`.

    Kept apart from items and tasks so that nothing an annotator receives can carry it.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="gold_labels")
    answer = models.JSONField()
    rationale = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(superseded_at__isnull=True), name="one_current_gold_per_item"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "id"], condition=Q(superseded_at__isnull=True), name="gold_by_project")
        ]

    def __str__(self) -> str:
        return f"gold of {self.item_id}"
