"""What a lead steers by, counted from rows that are known."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotation.models import Annotation, Assignment, Lease, Member, Project, Round, Routing, Task
from annotation.selectors.control_room import ControlRoom, PersonAtWork, control_room
from annotation.selectors.slices import MOST_VALUES, SliceProgress, slice_progress
from annotation.services.queue import claim_next, skip_task
from tests.factories.annotation import make_item, make_task

MemberOf = Callable[[User], Member]


@pytest.fixture(autouse=True)
def queue(project: Project) -> None:
    """Four English and two German items, each for two people."""
    for n in range(6):
        make_task(make_item(project, f"m{n}", language="de" if n >= 4 else "en"))


def answer(member: Member, *, seconds: float | None = 10.0, ago: timedelta = timedelta()) -> Annotation:
    """An answer given so long ago, written as the service would have written it then: an answer is never changed."""
    task = claim_next(annotator=member)
    assert task is not None
    at, lease = timezone.now() - ago, Lease.objects.select_related("assignment__task").get(pk=task.lease.id)
    Assignment.objects.filter(pk=lease.assignment_id).update(state="submitted", leased_until=None)
    Lease.objects.filter(pk=lease.pk).update(ended_at=at, ending="submitted")
    return Annotation.objects.create(
        project=member.project, round_id=lease.assignment.round_id, item_id=task.item.id, annotator=member,
        annotator_kind="human", assignment_id=lease.assignment_id, lease=lease, submission_id=uuid.uuid4(),
        answer={"intent": "refund"}, answer_sha256="", guideline_version_id=task.version.id, source="workbench",
        seconds_spent=seconds, labeled_at=at, created_at=at,
    )  # fmt: skip


def person(room: ControlRoom, name: str) -> PersonAtWork:
    return next(each for each in room.people if each.member.name == name)


def test_rounds_count_what_waits_and_not_what_a_new_version_superseded(
    project: Project, ana: User, member_of: MemberOf
) -> None:
    answer(member_of(ana))
    claim_next(annotator=member_of(ana))
    old = make_task(make_item(project, "old"), major=0)
    Task.objects.filter(pk=old.pk).update(state="superseded")
    Assignment.objects.filter(task=old).update(state="withdrawn")

    (initial,) = control_room(project).rounds

    assert (initial.key, initial.tasks, initial.done, initial.labels, initial.leased, initial.wanted) == (
        "initial", 6, 0, 1, 1, 12,
    )  # fmt: skip


def test_people_are_counted_by_day_week_and_all_with_skips_and_what_they_hold(
    project: Project, ana: User, ben: User, member_of: MemberOf
) -> None:
    me = member_of(ana)
    answer(me, seconds=4)
    answer(me, seconds=8, ago=timedelta(days=3))
    answer(me, seconds=100, ago=timedelta(days=10))
    skipped = claim_next(annotator=me)
    assert skipped is not None
    skip_task(annotator=me, lease_id=skipped.lease.id)
    claim_next(annotator=me)

    room = control_room(project)

    found = person(room, "ana")
    assert (found.today, found.week, found.total, found.skipped, found.expired, found.held) == (1, 2, 3, 1, 0, 1)
    assert (found.times.median, found.times.n, found.times.n_without) == (6, 2, 0)
    assert found.last_active is not None
    assert timezone.now() - found.last_active < timedelta(minutes=5)
    idle = person(room, "ben")
    assert (idle.today, idle.total, idle.times.median, idle.last_active) == (0, 0, None, None)
    assert [each.member.name for each in room.people] == ["ana", "ben"]


def test_time_per_item_leaves_answers_without_a_time_out_and_says_how_many(
    project: Project, ana: User, ben: User, member_of: MemberOf
) -> None:
    for seconds in (1, 2, 3, 4, 5):
        answer(member_of(ana), seconds=seconds)
    answer(member_of(ben), seconds=None)

    times = control_room(project).times

    assert (times.median, times.p90, times.n, times.n_without) == (3, pytest.approx(4.6), 5, 1)


def test_throughput_has_every_hour_and_day_also_the_empty_ones(
    project: Project, ana: User, member_of: MemberOf
) -> None:
    answer(member_of(ana))
    answer(member_of(ana), ago=timedelta(hours=2))
    answer(member_of(ana), ago=timedelta(days=13))

    room = control_room(project)

    hours = [n for _, n in room.pace.hours]
    assert (len(hours), hours[-1], hours[-3], sum(hours)) == (24, 1, 1, 2)
    days = [n for _, n in room.pace.days]
    assert (len(days), days[0], sum(days)) == (14, 1, 3)


def test_a_day_begins_at_midnight_of_the_projects_time_zone(project: Project, ana: User, member_of: MemberOf) -> None:
    """Half past midnight in Kolkata, five and a half hours ahead, is seven in the evening of the day before."""
    Routing.objects.update_or_create(project=project, defaults={"time_zone": "Asia/Kolkata"})
    yesterday = (timezone.now() - timedelta(days=2)).astimezone(UTC).date()
    evening = datetime(yesterday.year, yesterday.month, yesterday.day, 19, 0, tzinfo=UTC)
    answer(member_of(ana), ago=timezone.now() - evening)

    room = control_room(project)

    assert room.time_zone == "Asia/Kolkata"
    assert [day for day, n in room.pace.days if n] == [yesterday + timedelta(days=1)]
    assert all(isinstance(day, date) for day, _ in room.pace.days)


def test_the_backlog_knows_how_long_how_urgent_and_what_needs_the_lead(
    project: Project, ana: User, member_of: MemberOf
) -> None:
    answer(member_of(ana))
    Assignment.objects.filter(task__item__external_id="m3").update(rank=-5)
    Task.objects.filter(item__external_id="m5").update(state="needs_lead", desk_reason="skipped")

    backlog = control_room(project).backlog

    assert (backlog.tasks, backlog.labels, backlog.urgent, backlog.needs_lead) == (6, 11, 1, 1)
    assert backlog.oldest is not None
    assert backlog.median is not None
    assert timedelta() < backlog.median <= backlog.oldest < timedelta(minutes=5)


def test_a_campaigns_task_waits_since_its_campaign_and_not_since_its_item(project: Project) -> None:
    Task.objects.update(state="done")
    Assignment.objects.update(state="withdrawn")
    round_ = Round.objects.create(project=project, key="relabel-1", kind="relabel", major=1)
    Round.objects.filter(pk=round_.pk).update(created_at=timezone.now() + timedelta(hours=-1))
    make_task(project.items.get(external_id="m0"), round_key="relabel-1")

    oldest = control_room(project).backlog.oldest

    assert oldest is not None
    assert oldest < timedelta(minutes=5)  # the item came after the round here: the later of the two counts


def test_an_empty_project_has_no_backlog_and_no_forecast(project: Project) -> None:
    Task.objects.update(state="superseded")
    Assignment.objects.update(state="withdrawn")

    room = control_room(project)

    assert (room.backlog.tasks, room.backlog.oldest, room.forecast.reason) == (0, None, "nothing_left")
    assert (room.times.median, room.times.n) == (None, 0)


def test_control_items_and_imported_labels_are_no_progress(project: Project, ana: User, member_of: MemberOf) -> None:
    Round.objects.create(project=project, key="gold", kind="gold", major=1)
    gold = make_task(make_item(project, "g1"), overlap=1, round_key="gold")
    Assignment.objects.filter(task=gold).update(
        state="submitted", annotator=member_of(ana), annotator_kind="human", purpose="gold", slot=None, epoch=1
    )

    room = control_room(project)

    assert [each.key for each in room.rounds] == ["initial"]
    assert (person(room, "ana").total, room.backlog.labels) == (0, 12)


def test_slices_are_counted_by_key_and_value(project: Project, ana: User, member_of: MemberOf) -> None:
    project.slices = ["language", "channel"]
    make_item(project, "loose", channel="web")
    for _ in range(2):
        answer(member_of(ana))
    Task.objects.filter(item__external_id="m4").update(state="done")

    language, channel = slice_progress(project)

    assert (language.key, language.values, language.more_values) == (
        "language",
        [
            SliceProgress("en", items=4, tasks=4, done=0, labels=2, wanted=8),
            SliceProgress("de", items=2, tasks=2, done=1, labels=0, wanted=4),
            SliceProgress("", items=1, tasks=0, done=0, labels=0, wanted=0),
        ],
        0,
    )
    assert [(each.value, each.items) for each in channel.values] == [("", 6), ("web", 1)]


def test_a_key_that_is_no_slice_does_not_flood_the_page(project: Project) -> None:
    project.slices = ["ticket"]
    for n in range(MOST_VALUES + 3):
        make_item(project, f"t{n}", ticket=f"T{n:03}")

    (ticket,) = slice_progress(project)

    assert (len(ticket.values), ticket.more_values) == (MOST_VALUES, 4)
    assert ticket.values[0] == SliceProgress("", items=6, tasks=6, done=0, labels=0, wanted=12)


def test_it_takes_as_many_queries_for_many_people_and_slices_as_for_few(
    project: Project, ana: User, ben: User, member_of: MemberOf, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for user in (ana, ben):
        answer(member_of(user))
    project.slices = ["language", "channel", "site"]

    with django_assert_num_queries(15):
        control_room(project)
    with django_assert_num_queries(4):
        slice_progress(project)
