from typing import ClassVar

from django.db import models
from django.db.models import Q

from annotation.models.items import ImportBatch, Item
from annotation.models.members import Member
from annotation.models.projects import Project


class Prediction(models.Model):
    """What a model says of an item. It is no annotation: it fills no seat and enters no figure of agreement.

    The pair (model, kind) is tied to the member's row, so that only a model can have predictions (migration 0010).
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="predictions", db_constraint=False)
    model = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="predictions", db_constraint=False)
    model_kind = models.CharField(max_length=5, default=Member.Kind.MODEL)
    model_version = models.CharField(max_length=100)
    model_family = models.CharField(max_length=100, blank=True)
    answer = models.JSONField()
    score = models.FloatField(null=True)
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item", "model", "model_version"], name="one_prediction_per_item_model_and_version"
            ),
            models.CheckConstraint(condition=Q(model_kind="model"), name="only_models_predict"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=1), name="score_is_from_0_to_1"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["project", "id"], name="predictions_by_project")]

    def __str__(self) -> str:
        return f"{self.model_id} on {self.item_id}"
