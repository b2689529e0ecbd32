from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models import Project, Round
from guidelines.models import GuidelineVersion
from quality.models.findings import Finding


class RelabelCampaign(models.Model):
    """A re-label round with its reason: scope, version, and agreement before and after on the same items."""

    class State(models.TextChoices):
        RUNNING = "running"
        CLOSED = "closed"

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="campaigns")
    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="campaign")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns")
    key = models.CharField(max_length=100, help_text="started twice with one key it is one campaign")
    scope = models.JSONField(help_text="how the items were chosen")
    reason = models.CharField(max_length=1000)
    guideline_version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+")
    n_items = models.PositiveIntegerField()
    labels_per_item = models.PositiveSmallIntegerField()
    before = models.JSONField(help_text="agreement on these items before it started")
    report = models.JSONField(null=True, blank=True, help_text="set when it closes: before, after, flip rate")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "key"], name="one_campaign_per_key"),
            models.CheckConstraint(
                condition=Q(state="running", closed_at__isnull=True, report__isnull=True)
                | Q(state="closed", closed_at__isnull=False, report__isnull=False),
                name="a_closed_campaign_has_its_report",
            ),
        ]

    def __str__(self) -> str:
        return f"campaign {self.pk}"
