from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models import Project
from quality.models.analyses import Analysis


class Finding(models.Model):
    """A tested statement: who or which clause, how big, how sure, which items.

    `key` is its identity over analyses (kind and subject): a later analysis updates it; one that looked again and no
    longer sees it resolves it. A lead's decision is a row of FindingEvent.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        DISMISSED = "dismissed"
        RESOLVED = "resolved"

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64, help_text="SHA-256 of kind and subject")
    subject = models.JSONField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    effect = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    p_value = models.FloatField(null=True)
    p_adjusted = models.FloatField(null=True)
    n = models.PositiveIntegerField()
    method = models.CharField(max_length=200)
    weight = models.FloatField(default=0, help_text="expected wrong labels: what is read first")
    facts = models.JSONField(default=dict, help_text="figures that the sentence and the page need")
    evidence = models.JSONField(default=list, help_text="external ids, what to read first in front")
    guideline_version = models.CharField(max_length=20, blank=True)
    first_analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="+")
    last_analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="findings")
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "key"], name="one_finding_per_subject"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "acknowledged", "dismissed", "resolved"]),
                name="finding_state_is_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["project", "state", "-weight"], name="findings_to_read_first")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class FindingEvent(models.Model):
    """A change of a finding: by an analysis (no actor) or by a person, with their note. Append-only.

    `figures` are those of the finding from then on: what was known at any past instant can be read again.
    """

    id = models.BigAutoField(primary_key=True)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=12)
    note = models.CharField(max_length=2000, blank=True)
    figures = models.JSONField(default=dict)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.finding_id} {self.state}"
