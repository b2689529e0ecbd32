from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from annotation.models.items import Item
from annotation.models.members import Member
from annotation.models.projects import Project, Round
from guidelines.models import GuidelineVersion


class Task(models.Model):
    """One item in one round under one major guideline version, wanting `overlap` answers. Its seats are Assignments.

    A major publish supersedes what is unfinished: the answers stay, new seats under the new version ask again.
    """

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        NEEDS_LEAD = "needs_lead"
        SUPERSEDED = "superseded"

    # Round and item are tied to this project by foreign keys over both columns (migration 0004), so that nothing can
    # belong to two projects; the plain ones would be checked a second time for every row of an import.
    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="tasks", db_constraint=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="tasks", db_index=False, db_constraint=False)
    major = models.PositiveIntegerField(help_text="the guideline's major version whose meaning the answers share")
    overlap = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "round", "major"], name="one_task_per_item_round_and_major"),
            models.UniqueConstraint(fields=["project", "round", "id"], name="tasks_by_round"),
            models.CheckConstraint(condition=Q(overlap__gte=1) & Q(overlap__lte=100), name="overlap_is_1_to_100"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "done", "needs_lead", "superseded"]),
                name="task_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"


class Assignment(models.Model):
    """A numbered seat of a task: open, leased to one person, submitted by them, or withdrawn while it was open.

    The seats are made with the task, so overlap is exact by construction: there is no further row to hand out. A
    claim updates one open seat. Narrow on purpose: this is the queue's hot table, payloads live with the item.
    """

    class State(models.TextChoices):
        OPEN = "open"
        LEASED = "leased"
        SUBMITTED = "submitted"
        WITHDRAWN = "withdrawn"

    # Copies of the task's project and round are tied to it by one foreign key over the three (migration 0004).
    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    task = models.ForeignKey(
        Task, on_delete=models.PROTECT, related_name="assignments", db_index=False, db_constraint=False
    )
    slot = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    rank = models.IntegerField(default=0, help_text="minus the item's priority: one ascending order for the index")
    annotator = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="assignments", db_index=False, db_constraint=False
    )
    annotator_kind = models.CharField(max_length=5, null=True, help_text="copy of the member's kind")  # noqa: DJ001
    epoch = models.PositiveIntegerField(default=0, help_text="counts the seat's leases: the fencing number")
    leased_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "slot"], name="one_seat_per_number"),
            models.UniqueConstraint(
                fields=["task", "annotator"],
                condition=Q(annotator__isnull=False),
                name="one_seat_per_annotator",
            ),
            models.UniqueConstraint(
                fields=["project", "annotator"], condition=Q(state="leased"), name="one_lease_per_annotator"
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["open", "withdrawn"], annotator__isnull=True, leased_until__isnull=True)
                    | Q(state="leased", annotator__isnull=False, leased_until__isnull=False)
                    | Q(state="submitted", annotator__isnull=False, leased_until__isnull=True)
                ),
                name="seat_has_what_its_state_needs",
            ),
            models.CheckConstraint(
                condition=Q(annotator__isnull=True, annotator_kind__isnull=True)
                | Q(annotator__isnull=False, annotator_kind="human"),
                name="only_people_hold_seats",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("project"), F("rank"), F("id"), condition=Q(state="open"), name="open_seats_in_order"),
            models.Index(
                F("project"), F("rank"), F("id"), condition=Q(state="open", epoch__gt=0), name="returned_seats_in_order"
            ),
            models.Index(fields=["leased_until"], condition=Q(state="leased"), name="leases_by_end"),
            models.Index(
                fields=["annotator", "state"], condition=Q(annotator__isnull=False), name="seats_by_annotator"
            ),
            models.Index(fields=["round", "state"], name="seats_by_round"),
        ]

    def __str__(self) -> str:
        return f"seat {self.slot} of task {self.task_id}"


class QueuePosition(models.Model):
    """How far an annotator has come in the order of the queue, so that a claim does not walk past all they did.

    Behind it no seat that was never leased is for them. Seats that were given back are looked for apart (they are
    few), and whatever opens seats in bulk counts up `Round.openings`, which makes the position void. It is a hint for
    the order only: before a claim says "nothing", it searches from the start.
    """

    annotator = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, related_name="+")
    rank = models.IntegerField()
    seat = models.BigIntegerField()
    openings = models.BigIntegerField(help_text="the sum of the rounds' counts when it was taken")

    def __str__(self) -> str:
        return f"{self.annotator_id} at {self.rank}, {self.seat}"


class Lease(models.Model):
    """One hand-out of a seat: who, when, why, under which text. Its id is the assignment id of the API.

    Random ids tell an annotator nothing about order, overlap or gold. `epoch` fences: a late submit counts only while
    the seat's epoch is still this one.
    """

    class Ending(models.TextChoices):
        SUBMITTED = "submitted"
        RELEASED = "released"
        EXPIRED = "expired"
        SKIPPED = "skipped"
        UNDONE = "undone"

    id = models.UUIDField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="leases")
    annotator = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="leases")
    epoch = models.PositiveIntegerField()
    guideline_version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=40, help_text="why this item: queue, priority, relabel, undo ...")
    item_sha256 = models.CharField(max_length=64, help_text="what was shown")
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=9, choices=Ending.choices, null=True)  # noqa: DJ001
    draft = models.JSONField(null=True, help_text="the unsent answer, kept for its author")
    draft_saved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assignment", "epoch"], name="one_lease_per_epoch"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ending__isnull=True)
                | Q(ended_at__isnull=False, ending__isnull=False),
                name="an_ended_lease_says_how",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Skip(models.Model):
    """Somebody passed on a task and why. It is not offered to them again."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="skips")
    annotator = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="skips")
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "annotator"], name="one_skip_per_annotator_and_task")
        ]

    def __str__(self) -> str:
        return f"skip of {self.task_id}"
