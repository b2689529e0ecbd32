"""How far the work is: for those who steer it, and, apart from that, what one annotator has done themself."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from django.db.models import Count, Q
from django.db.models.functions import Now, TruncDay

from annotation.models import Annotation, Assignment, Item, Member, Project, Round, Skip, Task

RECENT = 200  # answers that the median time is taken over, and that are looked at before counting exactly


@dataclass(frozen=True)
class RoundProgress:
    """One pass: tasks by state, and its seats. Superseded tasks are history and not counted."""

    key: str
    kind: str
    state: str
    major: int | None
    tasks: int
    done: int
    needs_lead: int
    wanted: int
    labels: int
    leased: int


@dataclass(frozen=True)
class Progress:
    """`labels` of `wanted` answers are given, over the rounds of the queue; `done` of `tasks` have all of theirs.

    Gold, hidden repeats and qualification are no progress: nobody waits for them.
    """

    items: int
    labels: int
    wanted: int
    done: int
    tasks: int
    rounds: tuple[RoundProgress, ...]


def progress(project: Project) -> Progress:
    """Counted from the rows, not kept beside them. Three queries and one for the rounds, whatever the size."""
    tasks = _counted(Task.objects.filter(project=project).values_list("round_id", "state").annotate(n=Count("id")))
    seats = _counted(
        Assignment.objects.filter(project=project)
        .exclude(task__state=Task.State.SUPERSEDED)
        .values_list("round_id", "state")
        .annotate(n=Count("id"))
    )
    rounds = tuple(
        _round_progress(round_, tasks.get(round_.pk, {}), seats.get(round_.pk, {}))
        for round_ in Round.objects.filter(project=project, kind__in=Round.QUEUED).order_by("pk")
    )
    return Progress(
        items=Item.objects.filter(project=project).count(),
        labels=sum(each.labels for each in rounds),
        wanted=sum(each.wanted for each in rounds),
        done=sum(each.done for each in rounds),
        tasks=sum(each.tasks for each in rounds),
        rounds=rounds,
    )


def _counted(rows: Iterable[tuple[int, str, int]]) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    for round_id, state, n in rows:
        counts.setdefault(round_id, {})[state] = n
    return counts


def _round_progress(round_: Round, tasks: dict[str, int], seats: dict[str, int]) -> RoundProgress:
    done, needs_lead = tasks.get(Task.State.DONE, 0), tasks.get(Task.State.NEEDS_LEAD, 0)
    labels, leased = seats.get(Assignment.State.SUBMITTED, 0), seats.get(Assignment.State.LEASED, 0)
    return RoundProgress(
        key=round_.key, kind=round_.kind, state=round_.state, major=round_.major,
        tasks=tasks.get(Task.State.OPEN, 0) + done + needs_lead, done=done, needs_lead=needs_lead,
        wanted=labels + leased + seats.get(Assignment.State.OPEN, 0), labels=labels, leased=leased,
    )  # fmt: skip


@dataclass(frozen=True)
class MyProgress:
    """What one annotator did: nothing of peers, of overlap or of what is left."""

    today: int
    median_seconds: float | None


def my_progress(annotator: Member) -> MyProgress:
    """Answers since midnight UTC and the median time of the latest ones. One query unless the day was a busy one."""
    answers = Annotation.objects.filter(annotator=annotator, assignment__isnull=False, superseded_at=None)
    latest = list(
        answers.order_by("-id").annotate(is_today=Q(created_at__gte=TruncDay(Now()))).values_list(
            "is_today", "seconds_spent"
        )[:RECENT]
    )  # fmt: skip
    today = sum(is_today for is_today, _ in latest)
    if today == RECENT:
        today = answers.filter(created_at__gte=TruncDay(Now())).count()
    seconds = [spent for _, spent in latest if spent is not None]
    return MyProgress(today=today, median_seconds=median(seconds) if seconds else None)


def my_totals(annotator: Member) -> dict[str, int]:
    """All that one annotator answered and skipped in the project. Two queries."""
    submitted = Assignment.objects.filter(annotator=annotator, state=Assignment.State.SUBMITTED).count()
    return {"submitted": submitted, "skipped": Skip.objects.filter(annotator=annotator).count()}
