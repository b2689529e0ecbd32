import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from annotation.models import Project


class Analysis(models.Model):
    """One run over a project's labels: what it read, how it was set, when. Same input and seed, same figures."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="analyses")
    kinds = models.JSONField(help_text="agreement, bias, cohort_bias, hotspots ...")
    fdr = models.FloatField(default=0.05)
    as_of = models.DateTimeField(help_text="the instant whose labels it read")
    seed = models.BigIntegerField()
    input_sha256 = models.CharField(max_length=64)
    code_version = models.CharField(max_length=60)
    summary = models.JSONField(default=dict, help_text="counts, what was not tested and why")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "-as_of"], name="latest_analysis")]

    def __str__(self) -> str:
        return f"analysis of {self.project_id} as of {self.as_of}"


class AgreementFigure(models.Model):
    """One row of agreement of one analysis: a group of labels and everything measured on it (API.md, Quality)."""

    id = models.BigAutoField(primary_key=True)
    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="figures")
    question = models.CharField(max_length=60)
    by = models.CharField(max_length=80, help_text="overall, slice:<key>, label, annotator, pair ...")
    position = models.PositiveIntegerField()
    group = models.JSONField()
    row = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["analysis", "question", "by", "position"], name="one_figure_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.question} by {self.by}"
