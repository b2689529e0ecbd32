from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from guidelines.models import Guideline


class Project(models.Model):
    """A body of items labeled under one guideline."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        CLOSED = "closed"

    id = models.BigAutoField(primary_key=True)
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="projects")
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ACTIVE)
    fields = models.JSONField(default=list, help_text='payload fields shown to annotators: [{"key", "type"}]')
    slices = models.JSONField(default=list, help_text="keys of items' meta by which figures are cut")
    overlap = models.JSONField(default=dict, help_text="annotation/overlap.py")
    lease_seconds = models.PositiveIntegerField(default=900)
    gold_rate = models.FloatField(default=0)
    allows_amend = models.BooleanField(default=True)
    pseudonym_salt = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["active", "paused", "closed"]), name="project_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(lease_seconds__gte=5) & Q(lease_seconds__lte=86400),
                name="leases_last_5s_to_a_day",
            ),
            models.CheckConstraint(condition=Q(gold_rate__gte=0) & Q(gold_rate__lte=0.5), name="gold_rate_is_sane"),
        ]

    def __str__(self) -> str:
        return self.title


class Round(models.Model):
    """One pass over a set of items. Answers of different rounds never count for one another."""

    class Kind(models.TextChoices):
        INITIAL = "initial"
        RELABEL = "relabel"
        IMPORTED = "imported"
        QUALIFICATION = "qualification"
        GOLD = "gold"
        REPEAT = "repeat"

    class State(models.TextChoices):
        OPEN = "open"
        PAUSED = "paused"
        CLOSED = "closed"

    # Rounds whose seats wait in the queue. In the others everybody answers by themself: a seat is made as it is
    # handed out, or (imported) there is none.
    QUEUED: ClassVar = (Kind.INITIAL, Kind.RELABEL)
    # Rounds whose answers are labels. The others measure people: what is answered there never counts for the item.
    LABELING: ClassVar = (Kind.IMPORTED, Kind.INITIAL, Kind.RELABEL)

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rounds")
    key = models.CharField(max_length=40, help_text="initial, imported, relabel-2 ...")
    kind = models.CharField(max_length=13, choices=Kind.choices)
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    major = models.PositiveIntegerField(null=True, help_text="guideline major its open tasks are under")
    overlap = models.JSONField(null=True, blank=True, help_text="its own policy; null: the project's")
    openings = models.BigIntegerField(default=0, help_text="how often seats were opened in bulk: QueuePosition")
    n_items = models.BigIntegerField(default=0, help_text="items it was opened for, counted as they are opened")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "key"], name="one_round_per_key"),
            models.UniqueConstraint(fields=["project", "id"], name="rounds_by_project"),
            models.CheckConstraint(
                condition=Q(kind__in=["initial", "relabel", "imported", "qualification", "gold", "repeat"]),
                name="round_kind_is_known",
            ),
            models.CheckConstraint(condition=Q(state__in=["open", "paused", "closed"]), name="round_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.key}"
