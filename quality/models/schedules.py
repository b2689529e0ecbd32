from typing import ClassVar

from django.db import models
from django.db.models import Q

from annotation.models import Project


class AnalysisSchedule(models.Model):
    """When a project is measured without being asked. A project without a row has these defaults."""

    project = models.OneToOneField(
        Project, on_delete=models.PROTECT, primary_key=True, related_name="analysis_schedule"
    )  # fmt: skip
    every_hours = models.PositiveSmallIntegerField(null=True, default=24, help_text="if there is a new label")
    after_labels = models.PositiveIntegerField(null=True, default=500, help_text="new since the last analysis")
    after_publish = models.BooleanField(default=True, help_text="at the first labels under a new version")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(every_hours__isnull=True) | Q(every_hours__gte=1, every_hours__lte=720),
                name="measured_every_hour_to_month",
            ),
            models.CheckConstraint(
                condition=Q(after_labels__isnull=True) | Q(after_labels__gte=10),
                name="measured_after_ten_labels_or_more",
            ),
        ]

    def __str__(self) -> str:
        return f"when {self.project_id} is measured"
