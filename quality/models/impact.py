from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models import Item, Project
from guidelines.models import GuidelineVersion


class ImpactSample(models.Model):
    """Items drawn from what a draft may change, to be read before it is published. Same set and seed, same items.

    It speaks for the draft whose hash it has, against one version; another draft needs a sample of its own.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="impact_samples")
    base_version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+")
    draft_revision = models.PositiveIntegerField()
    draft_sha256 = models.CharField(max_length=64, help_text="of the draft's content: what was judged")
    reasons = models.JSONField(help_text="keys of the reasons whose items it was drawn from")
    n_items = models.PositiveIntegerField(help_text="items in the set it was drawn from")
    n_labels = models.PositiveIntegerField(help_text="labels in that set that may be invalid")
    labels_per_item = models.PositiveSmallIntegerField(help_text="how often an item would be asked again")
    median_seconds = models.FloatField(null=True, help_text="of a label of the project, when it was drawn")
    seed = models.BigIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "-id"], name="impact_samples_by_project")]

    def __str__(self) -> str:
        return f"sample {self.pk} of draft {self.draft_revision}"


class ImpactJudgement(models.Model):
    """One drawn item, and whether its labels stay under the draft."""

    class Verdict(models.TextChoices):
        STAYS = "stays"
        CHANGES = "changes"
        UNSURE = "unsure"

    id = models.BigAutoField(primary_key=True)
    sample = models.ForeignKey(ImpactSample, on_delete=models.PROTECT, related_name="judgements")
    position = models.PositiveIntegerField()
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, help_text="key of the reason it was drawn for")
    verdict = models.CharField(max_length=7, choices=Verdict.choices, blank=True)
    judged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["sample", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sample", "position"], name="one_item_per_place_of_a_sample"),
            models.UniqueConstraint(fields=["sample", "item"], name="an_item_is_drawn_once"),
            models.CheckConstraint(
                condition=Q(verdict__in=["", "stays", "changes", "unsure"]), name="impact_verdict_is_known"
            ),
            models.CheckConstraint(
                condition=Q(verdict="", judged_by__isnull=True, judged_at__isnull=True)
                | (~Q(verdict="") & Q(judged_by__isnull=False, judged_at__isnull=False)),
                name="a_verdict_has_its_judge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id} {self.position}: {self.verdict or 'open'}"
