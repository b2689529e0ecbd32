"""What a lead steers by: how far the work is, who does it how fast, what waits how long, and when it will be done.

Only rounds whose seats wait in the queue are counted, and no task that a new major version has superseded: control
items and labels made elsewhere are no progress. Each part is one statement over all rows, none per person or slice.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from annotation.forecast import Forecast, forecast
from annotation.models import Assignment, Member, Project, Round, Routing, Task
from annotation.selectors.control_room_sql import (
    AGES,
    ENDINGS,
    NOW,
    RECENT,
    SEATS,
    SUPERSEDED,
    TASKS,
    TIMES,
    URGENT,
)
from annotation.selectors.progress import RoundProgress

DAYS = 14
HOURS = 24
WEEK = 7
NEWEST, NEWEST_OF_ONE = 5000, 500  # answers of the week whose times are looked at


@dataclass(frozen=True)
class Pace:
    """Answers given that still count, by the hour of the last day and the day of the last fortnight, gaps filled."""

    hours: list[tuple[datetime, int]]  # the beginning of each, in the project's time zone
    days: list[tuple[date, int]]


@dataclass(frozen=True)
class Times:
    """Seconds that an answer took, without idle time: of the newest answers of the week (NEWEST, or NEWEST_OF_ONE of
    one person); `n_without` of them came without a time."""

    median: float | None = None
    p90: float | None = None
    n: int = 0
    n_without: int = 0


@dataclass(frozen=True)
class PersonAtWork:
    """One person: answers, time for one, what they did not answer in a week, what they hold now.

    `total` counts seats they fill, also of tasks that a new major version has superseded.
    """

    member: Member
    today: int
    week: int
    total: int
    times: Times
    skipped: int
    expired: int
    held: int
    parked: int
    last_active: datetime | None


@dataclass(frozen=True)
class Backlog:
    """Tasks that wait, the labels they want, and for how long they have waited; `urgent`: ahead of the order."""

    tasks: int = 0
    labels: int = 0
    urgent: int = 0
    needs_lead: int = 0
    oldest: timedelta | None = None
    median: timedelta | None = None


@dataclass(frozen=True)
class ControlRoom:
    as_of: datetime
    time_zone: str
    rounds: list[RoundProgress]
    people: list[PersonAtWork]
    pace: Pace
    times: Times
    backlog: Backlog
    forecast: Forecast


def time_zone_of(project: Project) -> str:
    """In which the project's day begins."""
    zone = Routing.objects.filter(project=project).values_list("time_zone", flat=True).first()
    return zone or "UTC"


def control_room(project: Project) -> ControlRoom:
    """All but the slices, which take a look at every item (selectors/slices.py). One number of queries for any size."""
    zone = ZoneInfo(time_zone_of(project))
    rounds = list(Round.objects.filter(project=project, kind__in=Round.QUEUED).order_by("pk"))
    with roomy_memory() as cursor:
        cursor.execute(NOW)
        now: datetime = cursor.fetchone()[0]
        today = _midnight(now, zone)
        read = _Reading(cursor, {
            "project": project.pk, "rounds": [each.pk for each in rounds], "now": now, "today": today,
            "since": today - timedelta(days=DAYS - 1), "week": today - timedelta(days=WEEK - 1),
            "newest": NEWEST, "newest_of_one": NEWEST_OF_ONE,
        })  # fmt: skip
    pace, progress = _pace(read.recent, now, zone), _rounds(rounds, read)
    backlog = _backlog(progress, read)
    return ControlRoom(
        as_of=now, time_zone=zone.key, rounds=progress, people=_people(project, _Work(read)), pace=pace,
        times=read.times.get(None, Times()), backlog=backlog, forecast=forecast(backlog.labels, pace.days),
    )  # fmt: skip


class _Reading:
    """The rows of the statements."""

    def __init__(self, cursor: CursorWrapper, values: dict[str, Any]) -> None:
        def rows(query: str) -> list[tuple[Any, ...]]:
            cursor.execute(query, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

        self.seats, self.superseded, self.tasks = rows(SEATS), rows(SUPERSEDED), rows(TASKS)
        self.recent, self.endings = rows(RECENT), rows(ENDINGS)
        self.times = {annotator: Times(*rest) for annotator, *rest in rows(TIMES)}
        self.urgent: int = rows(URGENT)[0][0]
        self.ages = rows(AGES)[0]


@contextmanager
def roomy_memory() -> Iterator[CursorWrapper]:
    """A cursor whose statements may sort and hash in memory what a million seats need, instead of on disk."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        yield cursor


def _midnight(now: datetime, zone: ZoneInfo) -> datetime:
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _pace(recent: Iterable[tuple[Any, ...]], now: datetime, zone: ZoneInfo) -> Pace:
    """From the rows by quarter of an hour. Hours are those of UTC: none is there twice when clocks are set back."""
    hours: dict[datetime, int] = defaultdict(int)
    days: dict[date, int] = defaultdict(int)
    for quarter, _, n, *_ in recent:
        if quarter is not None:
            hours[quarter.astimezone(UTC).replace(minute=0)] += n
            days[quarter.astimezone(zone).date()] += n
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    starts = [this_hour - timedelta(hours=back) for back in reversed(range(HOURS))]
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return Pace([(start.astimezone(zone), hours[start]) for start in starts], [(day, days[day]) for day in dates])


def _rounds(rounds: Sequence[Round], read: _Reading) -> list[RoundProgress]:
    tasks = {(round_id, state): n for round_id, state, n in read.tasks}
    seats: dict[tuple[int, str], int] = defaultdict(int)
    for round_id, state, _, n in read.seats:
        seats[round_id, state] += n
    for round_id, state, n in read.superseded:
        seats[round_id, state] -= n
    return [_round(round_, tasks, seats) for round_ in rounds]


def _round(round_: Round, tasks: dict[tuple[int, str], int], seats: dict[tuple[int, str], int]) -> RoundProgress:
    def n(state: str) -> int:
        return seats.get((round_.pk, state), 0)

    waiting, done, needs_lead = [
        tasks.get((round_.pk, state), 0) for state in (Task.State.OPEN, Task.State.DONE, Task.State.NEEDS_LEAD)
    ]
    labels, leased, parked = n(Assignment.State.SUBMITTED), n(Assignment.State.LEASED), n(Assignment.State.PARKED)
    return RoundProgress(
        key=round_.key, kind=round_.kind, state=round_.state, major=round_.major, tasks=waiting + done + needs_lead,
        done=done, needs_lead=needs_lead, wanted=labels + leased + parked + n(Assignment.State.OPEN),
        labels=labels, leased=leased,
    )  # fmt: skip


def _backlog(rounds: Sequence[RoundProgress], read: _Reading) -> Backlog:
    """Of the rounds that are not over."""
    going = [each for each in rounds if each.state != Round.State.CLOSED]
    return Backlog(
        tasks=sum(each.tasks - each.done for each in going), labels=sum(each.wanted - each.labels for each in going),
        urgent=read.urgent, needs_lead=sum(each.needs_lead for each in going), oldest=read.ages[0], median=read.ages[1],
    )  # fmt: skip


class _Work:
    """What everybody did, by member id, out of the rows of the statements."""

    def __init__(self, read: _Reading) -> None:
        self.in_state: dict[tuple[int, str], int] = defaultdict(int)
        for _, state, annotator, n in read.seats:
            self.in_state[annotator, state] += n
        self.recent = {me: (today, week, last) for quarter, me, _, today, week, last in read.recent if quarter is None}
        self.times = read.times
        self.endings = {(annotator, ending): n for annotator, ending, n, _ in read.endings}
        self.last = {me: last for me, (_, _, last) in self.recent.items()}
        for annotator, _, _, granted in read.endings:
            self.last[annotator] = max(granted, self.last.get(annotator, granted))

    def of(self, member: Member) -> PersonAtWork:
        me = member.pk
        today, week, _ = self.recent.get(me, (0, 0, None))
        return PersonAtWork(
            member, today, week, self.in_state[me, Assignment.State.SUBMITTED], self.times.get(me, Times()),
            self.endings.get((me, "skipped"), 0), self.endings.get((me, "expired"), 0),
            self.in_state[me, Assignment.State.LEASED], self.in_state[me, Assignment.State.PARKED], self.last.get(me),
        )  # fmt: skip


def _people(project: Project, work: _Work) -> list[PersonAtWork]:
    """Everybody who may get something now, and who else did something; most answers in the week first."""
    members = Member.objects.filter(project=project, kind=Member.Kind.HUMAN).select_related("user")
    found = [(member, work.of(member)) for member in members]
    shown = [
        each for member, each in found
        if each.total or each.held or each.parked
        or (member.role == Member.Role.ANNOTATOR and member.is_active and member.user_id is not None)
    ]  # fmt: skip
    return sorted(shown, key=lambda each: (-each.week, -each.total, each.member.name))
