from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from annotation.models.items import Item
from annotation.models.members import Member
from annotation.models.predictions import Prediction
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

    class DeskReason(models.TextChoices):
        """Why it waits for the lead."""

        SKIPPED = "skipped"
        ABANDONED = "abandoned"
        DISAGREEMENT = "disagreement"

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
    most_labels = models.PositiveSmallIntegerField(null=True, help_text="adaptive overlap: no more labels than this")
    posterior = models.FloatField(null=True, help_text="of the best label, when adaptive overlap last looked")
    expiries = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="leases of it that ran out")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    desk_reason = models.CharField(max_length=12, choices=DeskReason.choices, blank=True, default="", db_default="")
    is_set_aside = models.BooleanField(
        default=False, db_default=False, help_text="done by the lead's decision with fewer answers than it wanted"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "round", "major"], name="one_task_per_item_round_and_major"),
            models.UniqueConstraint(fields=["project", "round", "id"], name="tasks_by_round"),
            models.CheckConstraint(condition=Q(overlap__gte=1) & Q(overlap__lte=100), name="overlap_is_1_to_100"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "done", "needs_lead", "superseded"]),
                name="task_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="needs_lead", desk_reason__in=["skipped", "abandoned", "disagreement"])
                | (~Q(state="needs_lead") & Q(desk_reason="")),
                name="what_waits_for_the_lead_says_why",
            ),
            models.CheckConstraint(
                condition=Q(most_labels__isnull=True) | Q(most_labels__gte=1, most_labels__lte=100),
                name="most_labels_are_1_to_100",
            ),
        ]
        # Not by state, which changes with the last answer: the row could then not be updated in place.
        indexes: ClassVar = [
            models.Index(fields=["project", "id"], condition=~Q(desk_reason=""), name="tasks_on_the_desk")
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"


class Assignment(models.Model):
    """A numbered seat of a task: open, leased to one person, submitted or parked by them, or withdrawn.

    The seats are made with the task, so overlap is exact by construction: there is no further row to hand out. A
    claim updates one open seat. Seats of gold, repeats and qualification are made as they are handed out, one for each
    person; given back they are withdrawn and stay this person's, so that nobody meets the same one twice. Parked and
    returned by the lead they are open and reserved, as any other seat would be.
    Narrow on purpose: this is the queue's hot table, payloads live with the item.
    """

    class Purpose(models.TextChoices):
        """What the seat is for, where it is not one of those that the overlap policy asked for."""

        ADAPTIVE = "adaptive"
        GOLD = "gold"
        REPEAT = "repeat"
        QUALIFICATION = "qualify"

    PERSONAL: ClassVar = (Purpose.GOLD, Purpose.REPEAT, Purpose.QUALIFICATION)

    class State(models.TextChoices):
        OPEN = "open"
        LEASED = "leased"
        SUBMITTED = "submitted"
        PARKED = "parked"
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
    slot = models.PositiveSmallIntegerField(
        null=True, help_text="null: a seat of somebody's own, which needs no number"
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    rank = models.IntegerField(default=0, help_text="minus the item's priority: one ascending order for the index")
    lane = models.SmallIntegerField(
        default=0, db_default=0, help_text="number of the slice contract its item falls under, or 0"
    )
    purpose = models.CharField(max_length=8, choices=Purpose.choices, null=True)  # noqa: DJ001
    late = models.BigIntegerField(null=True, help_text="tick at which it came (back) into the queue: QueueClock")
    needs_cohort = models.BooleanField(
        default=False, db_default=False, help_text="for a cohort that no other such seat of the task has"
    )
    cohort = models.CharField(max_length=200, null=True, help_text="of who holds it, where it counts")  # noqa: DJ001
    reserved_for = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    is_ahead = models.BooleanField(default=False, db_default=False, help_text="leased for after what they hold now")
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
                fields=["project", "annotator"],
                condition=Q(state="leased", is_ahead=False),
                name="one_lease_per_annotator",
            ),
            models.UniqueConstraint(
                fields=["project", "annotator"],
                condition=Q(state="leased", is_ahead=True),
                name="one_lease_ahead_per_annotator",
            ),
            models.UniqueConstraint(
                fields=["task", "cohort"],
                condition=Q(needs_cohort=True, cohort__isnull=False),
                name="one_such_seat_per_cohort",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="open", annotator__isnull=True, leased_until__isnull=True, purpose__isnull=True)
                    | Q(state="open", annotator__isnull=True, leased_until__isnull=True, purpose="adaptive")
                    | Q(state="open", annotator__isnull=True, leased_until__isnull=True, reserved_for__isnull=False)
                    | Q(state="withdrawn", leased_until__isnull=True, annotator__isnull=True)
                    | Q(state="withdrawn", leased_until__isnull=True, purpose__in=["gold", "repeat", "qualify"])
                    | Q(state="leased", annotator__isnull=False, leased_until__isnull=False)
                    | Q(state__in=["submitted", "parked"], annotator__isnull=False, leased_until__isnull=True)
                ),
                name="seat_has_what_its_state_needs",
            ),
            models.CheckConstraint(
                condition=Q(purpose__isnull=True) | Q(purpose__in=["adaptive", "gold", "repeat", "qualify"]),
                name="seat_purpose_is_known",
            ),
            models.CheckConstraint(
                condition=Q(slot__isnull=True, purpose__in=["gold", "repeat", "qualify"])
                | (Q(slot__isnull=False) & (Q(purpose__isnull=True) | Q(purpose="adaptive"))),
                name="seats_are_numbered_unless_ones_own",
            ),
            models.CheckConstraint(condition=Q(is_ahead=False) | Q(state="leased"), name="only_leases_are_ahead"),
            models.CheckConstraint(
                condition=Q(reserved_for__isnull=True) | Q(state__in=["open", "leased", "submitted", "parked"]),
                name="what_is_reserved_is_in_use",
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
                F("project"),
                F("lane"),
                F("rank"),
                F("id"),
                condition=Q(state="open", lane__gt=0),
                name="open_seats_of_lanes",
            ),
            models.Index(
                fields=["project", "late"], condition=Q(state="open", late__isnull=False), name="late_seats_in_order"
            ),
            models.Index(
                fields=["reserved_for"], condition=Q(state="open", reserved_for__isnull=False), name="reserved_seats"
            ),
            models.Index(fields=["leased_until"], condition=Q(state="leased"), name="leases_by_end"),
            models.Index(
                fields=["annotator", "state"], condition=Q(annotator__isnull=False), name="seats_by_annotator"
            ),
            models.Index(fields=["round", "state"], name="seats_by_round"),
        ]

    def __str__(self) -> str:
        return f"seat {self.slot} of task {self.task_id}"


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
        PARKED = "parked"

    id = models.UUIDField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="leases")
    annotator = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="leases")
    epoch = models.PositiveIntegerField()
    guideline_version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=40, help_text="why this item: annotation/routing.py has the list")
    facts = models.JSONField(null=True, help_text="what the reason rests on; for leads, never for annotators")
    prelabel = models.ForeignKey(
        Prediction, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    prelabel_shown = models.BooleanField(null=True, help_text="null: there was none to show or to hold back")
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
            models.CheckConstraint(
                condition=Q(prelabel__isnull=True, prelabel_shown__isnull=True)
                | Q(prelabel__isnull=False, prelabel_shown__isnull=False),
                name="a_prelabel_was_shown_or_held_back",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["project", "-granted_at"], name="leases_by_time")]

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
