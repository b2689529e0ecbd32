"""What the queue keeps beside its seats, so that a claim costs the same with ten items and with a million."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from annotation.models.members import Member
from annotation.models.projects import Project


class QueueClock(models.Model):
    """Counts, per project, the transactions that put seats (back) into the queue one by one.

    Its row is locked last and until commit, so the numbers become visible in their order: who has read tick 7 sees
    every seat that came with ticks up to 7 (Assignment.late). That makes "nothing for you" something to remember.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="queue_clock")
    ticks = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.project_id}: {self.ticks}"


class QueuePosition(models.Model):
    """How far an annotator has come in a lane of the queue, so that a claim does not walk past all they did.

    Behind (rank, seat) no seat is for them that has been in the queue since it was opened, and none that came late
    with a tick of at most `late`. Whatever opens seats in bulk counts up `Round.openings`, which makes the position
    void. It is a hint for the order only: before a claim says "nothing", it searches everything once.
    """

    id = models.BigAutoField(primary_key=True)
    annotator = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    lane = models.SmallIntegerField(help_text="the number of a slice contract, or routing.ALL_LANES, URGENT")
    rank = models.IntegerField()
    seat = models.BigIntegerField()
    late = models.BigIntegerField()
    openings = models.BigIntegerField(help_text="the sum of the rounds' counts when it was taken")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["annotator", "lane"], name="one_position_per_lane_and_annotator")
        ]

    def __str__(self) -> str:
        return f"{self.annotator_id} in {self.lane} at {self.rank}, {self.seat}"


class QueueMemory(models.Model):
    """What the queue remembers of one annotator: what they were given today, and that there was nothing for them.

    While `empty_ticks` and `empty_openings` are those of the project, nothing has come that could be for them, and an
    idle page asks for free. Whatever changes the person (skills, a pause, an answer taken back) forgets it.
    """

    annotator = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, related_name="+")
    day = models.DateField(help_text="today, in the project's time zone, when it was last counted")
    served = models.PositiveIntegerField(default=0, help_text="items handed to them on that day, of every kind")
    answered = models.PositiveIntegerField(default=0, help_text="answers of that day that were not taken back")
    gold = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0)
    empty_ticks = models.BigIntegerField(null=True)
    empty_openings = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(served__gte=F("gold") + F("repeats")), name="gold_and_repeats_are_among_the_served"
            ),
            models.CheckConstraint(
                condition=Q(empty_ticks__isnull=True, empty_openings__isnull=True)
                | Q(empty_ticks__isnull=False, empty_openings__isnull=False),
                name="nothing_is_remembered_whole_or_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.annotator_id} on {self.day}"


class LaneCount(models.Model):
    """Seats of a lane that one annotator holds, has parked or answered, in tasks that are not superseded; the sum over
    the annotators is what a lane has. Seats of gold, repeats and qualification are not counted.

    One row per person and lane, so that nobody waits for a colleague to count. `manage.py verify` compares it with
    the seats.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    annotator = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    lane = models.SmallIntegerField()
    taken = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["annotator", "lane"], name="one_count_per_lane_and_annotator"),
            models.CheckConstraint(condition=Q(taken__gte=0), name="a_lane_count_is_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["project", "lane"], name="lane_counts_by_project")]

    def __str__(self) -> str:
        return f"{self.taken} in lane {self.lane} by {self.annotator_id}"


class PairMeeting(models.Model):
    """How many tasks two annotators have both answered, kept where a project wants every pair to meet."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    first = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    second = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    shared = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "first", "second"], name="one_meeting_count_per_pair"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="a_pair_is_named_once"),
            models.CheckConstraint(condition=Q(shared__gte=0), name="shared_tasks_are_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}: {self.shared}"
