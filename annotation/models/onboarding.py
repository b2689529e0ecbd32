from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotation.models.items import Item
from annotation.models.members import Member
from annotation.models.projects import Project, Round


class Qualification(models.Model):
    """What a project asks of a newcomer before real work: gold items, answered well enough, in so many attempts."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="qualification")
    is_required = models.BooleanField(default=True)
    threshold = models.FloatField(default=0.8, help_text="share of the items that must be answered as the gold says")
    attempts = models.PositiveSmallIntegerField(default=2)
    shows_feedback = models.BooleanField(default=True, help_text="each answer is followed by the gold and its reason")
    again_after_major = models.BooleanField(default=False, help_text="a new meaning must be proven anew")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(threshold__gt=0, threshold__lte=1), name="threshold_is_a_share"),
            models.CheckConstraint(condition=Q(attempts__gte=1, attempts__lte=10), name="attempts_are_1_to_10"),
        ]

    def __str__(self) -> str:
        return f"qualification of {self.project_id}"


class QualificationItem(models.Model):
    """An item of the set. It has gold; whether it still has is checked when an attempt begins."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="+", db_constraint=False)

    def __str__(self) -> str:
        return f"qualification item {self.item_id}"


class QualificationAttempt(models.Model):
    """One person's go at the set under one major version. Its round holds the answers of everybody's n-th attempt."""

    class State(models.TextChoices):
        RUNNING = "running"
        PASSED = "passed"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    annotator = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="attempts", db_index=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="+")
    major = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    n_items = models.PositiveIntegerField(null=True)
    n_right = models.PositiveIntegerField(null=True)
    threshold = models.FloatField(help_text="as it was when the attempt began")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True, help_text="when the person was told how it ended")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["annotator", "major", "number"], name="one_attempt_per_number"),
            models.UniqueConstraint(
                fields=["annotator"], condition=Q(state="running"), name="one_running_attempt_per_annotator"
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True, n_items__isnull=True, n_right__isnull=True)
                | Q(
                    state__in=["passed", "failed"], ended_at__isnull=False, n_items__gte=1, n_right__isnull=False,
                    n_right__lte=F("n_items"),
                ),
                name="an_ended_attempt_has_a_score",
            ),
            models.CheckConstraint(
                condition=Q(shown_at__isnull=True) | Q(ended_at__isnull=False), name="only_an_ended_attempt_is_shown"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.annotator_id}"


class QualificationGrant(models.Model):
    """One more attempt than the project allows, given by the lead to one person under one major version."""

    id = models.BigAutoField(primary_key=True)
    annotator = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    major = models.PositiveIntegerField()
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    granted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"one more attempt for {self.annotator_id}"
