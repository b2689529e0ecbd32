from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from guidelines.models.guidelines import Guideline, GuidelineVersion


class Clarification(models.Model):
    """A question about what the guideline does not say, asked by somebody who works under it, and the lead's ruling.

    Questions that recur stand together: each later one names the first in `same_as`, and one ruling answers all that
    are open. A ruling is only told to those who asked, or becomes a precedent: in the draft, or at once in a minor
    version. Numbers are given under the lock of the guideline's row. That version and `same_as` are of the same
    guideline is kept by foreign keys over both columns (migration 0003).
    """

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        WITHDRAWN = "withdrawn"

    class Outcome(models.TextChoices):
        DRAFT = "draft"
        MINOR = "minor"
        ONLY_TOLD = "told"

    id = models.BigAutoField(primary_key=True)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="clarifications", db_index=False)
    number = models.PositiveIntegerField(help_text="1, 2, 3 ... in the guideline")
    clause = models.CharField(max_length=32, blank=True, help_text="key of the clause it is about; empty: no clause")
    question = models.CharField(max_length=2000)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="clarifications")
    asked_at = models.DateTimeField()
    version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    same_as = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="repeats", db_constraint=False
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField(null=True, help_text="ruled on, or withdrawn")
    ruling = models.CharField(max_length=2000, blank=True, help_text="Markdown")
    ruled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=5, choices=Outcome.choices, blank=True)
    precedent = models.CharField(max_length=32, blank=True, help_text="key of the precedent that the ruling became")
    published_in = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["guideline", "number"], name="one_clarification_per_number"),
            models.UniqueConstraint(fields=["guideline", "id"], name="clarifications_by_guideline"),
            models.CheckConstraint(condition=Q(number__gte=1), name="clarifications_are_numbered_from_1"),
            models.CheckConstraint(condition=~Q(question=""), name="a_clarification_asks_something"),
            models.CheckConstraint(
                condition=Q(same_as__isnull=True) | ~Q(same_as=F("id")), name="a_clarification_does_not_repeat_itself"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, ruling="", ruled_by__isnull=True, outcome="")
                | Q(state="withdrawn", closed_at__isnull=False, ruling="", ruled_by__isnull=True, outcome="")
                | Q(state="answered", closed_at__isnull=False, ruled_by__isnull=False)
                & ~Q(ruling="") & Q(outcome__in=["draft", "minor", "told"]),
                name="an_answered_clarification_has_its_ruling",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["draft", "minor"]) & ~Q(precedent="")
                | ~Q(outcome__in=["draft", "minor"]) & Q(precedent=""),
                name="a_ruling_in_the_guideline_is_a_precedent",
            ),
            models.CheckConstraint(
                condition=Q(outcome="minor", published_in__isnull=False)
                | ~Q(outcome="minor") & Q(published_in__isnull=True),
                name="a_ruling_published_at_once_says_where",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["guideline", "id"], condition=Q(state="open"), name="open_clarifications"),
            models.Index(fields=["asked_by", "asked_at"], name="clarifications_by_asker"),
        ]

    def __str__(self) -> str:
        return f"question {self.number} to {self.guideline_id}"

    @property
    def group_id(self) -> int:
        """The same for all questions that stand together."""
        return self.same_as_id or self.pk


class ClarificationNotice(models.Model):
    """Tells one person that a question was answered, until they have put it away."""

    class Reason(models.TextChoices):
        ASKED = "asked"
        SIMILAR = "similar"
        CITED = "cited"

    id = models.BigAutoField(primary_key=True)
    clarification = models.ForeignKey(Clarification, on_delete=models.PROTECT, related_name="notices", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="clarification_notices", db_index=False
    )
    reason = models.CharField(max_length=7, choices=Reason.choices)
    told_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clarification", "user"], name="one_notice_per_person"),
            models.CheckConstraint(
                condition=Q(reason__in=["asked", "similar", "cited"]), name="a_notice_says_why_it_came"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=Q(dismissed_at__isnull=True), name="notices_to_read")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} told of {self.clarification_id}"
