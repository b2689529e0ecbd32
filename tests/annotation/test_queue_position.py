"""A claim starts where the last one ended, and still misses nothing that opened behind it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from annotation.models import Assignment, Item, Member, Project, QueuePosition, Round
from annotation.routing import EVERYTHING
from annotation.services import queue as queue_module
from annotation.services.projects import update_project
from annotation.services.queue import claim_next, release_lease, skip_task
from annotation.services.tasks import open_tasks
from tests.factories.annotation import make_item, make_task

Who = Callable[[User], Member]


@pytest.fixture
def long_queue(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[Item]:
    items = [make_item(project, f"m{n:02}") for n in range(20)]
    for item in items:
        make_task(item, overlap=2)
    return items


def claimed(member: Member) -> Any:
    task = claim_next(annotator=member)
    assert task is not None
    return task


def answer_first(member: Member, number: int) -> None:
    """As if this person had answered so many tasks that nobody else has finished."""
    tasks = Assignment.objects.filter(project=member.project, slot=1).order_by("id").values("task_id")[:number]
    Assignment.objects.filter(slot=1, task_id__in=list(tasks.values_list("task_id", flat=True))).update(
        state="submitted", annotator=member, annotator_kind="human"
    )


def set_position(member: Member, seat: Assignment) -> None:
    openings = sum(Round.objects.filter(project=member.project).values_list("openings", flat=True))
    QueuePosition.objects.update_or_create(
        annotator=member,
        lane=EVERYTHING,
        defaults={"rank": seat.rank, "seat": seat.pk, "late": 0, "openings": openings},
    )


def test_first_claim_leaves_a_position(long_queue: list[Item], ana: User, member_of: Who) -> None:
    answer_first(member_of(ana), 10)

    task = claimed(member_of(ana))

    seat = Assignment.objects.get(leases=task.lease.id)
    position = QueuePosition.objects.get()
    assert task.item.external_id == "m10"
    assert (position.annotator, position.rank, position.seat) == (member_of(ana), seat.rank, seat.pk)


def test_claim_does_not_look_behind_the_position(long_queue: list[Item], ana: User, member_of: Who) -> None:
    set_position(member_of(ana), Assignment.objects.get(task__item__external_id="m15", slot=1))

    assert claimed(member_of(ana)).item.external_id == "m15"


def test_seat_given_back_behind_the_position_comes_first(
    long_queue: list[Item], ana: User, ben: User, member_of: Who
) -> None:
    bens = claimed(member_of(ben))
    set_position(member_of(ana), Assignment.objects.get(task__item__external_id="m15", slot=1))
    release_lease(annotator=member_of(ben), lease_id=bens.lease.id)

    task = claimed(member_of(ana))
    assert (task.item.external_id, task.lease.epoch) == ("m00", 2)
    position = QueuePosition.objects.get(annotator=member_of(ana))
    skip_task(annotator=member_of(ana), lease_id=task.lease.id)
    assert position.seat == Assignment.objects.get(task__item__external_id="m15", slot=1).pk
    assert claimed(member_of(ana)).item.external_id == "m15"


def test_urgent_items_opened_later_come_first(
    long_queue: list[Item], project: Project, ana: User, member_of: Who
) -> None:
    set_position(member_of(ana), Assignment.objects.get(task__item__external_id="m15", slot=1))
    urgent = make_item(project, "urgent")
    open_tasks(round=Round.objects.get(key="initial"), major=1, items=[(urgent.pk, 2, -5)])

    assert claimed(member_of(ana)).item.external_id == "urgent"


def test_seats_added_by_a_higher_overlap_are_found(
    long_queue: list[Item], project: Project, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    set_position(member_of(ana), Assignment.objects.order_by("-id")[0])
    update_project(actor=lea, project=project, overlap={"labels_per_item": 3})

    assert claimed(member_of(ana)).item.external_id == "m00"


def test_nobody_is_refused_because_of_a_position(long_queue: list[Item], ana: User, member_of: Who) -> None:
    """Whatever opened a seat without anybody counting it: before a refusal everything is searched."""
    set_position(member_of(ana), Assignment.objects.order_by("-id")[0])
    Assignment.objects.order_by("-id")[0].task.assignments.update(state="withdrawn")

    assert claimed(member_of(ana)).item.external_id == "m00"


def test_claim_reads_as_little_after_many_answers_as_after_none(
    project: Project, ana: User, ben: User, member_of: Who
) -> None:
    round_ = Round.objects.get(key="initial")
    items = [make_item(project, f"m{n:04}") for n in range(400)]
    open_tasks(round=round_, major=1, items=[(item.pk, 3, 0) for item in items])
    answer_first(member_of(ana), 380)
    claimed(member_of(ben))
    claimed(member_of(ana))

    veteran, newcomer = blocks_read(member_of(ana)), blocks_read(member_of(ben))

    assert veteran < newcomer * 1.5


def blocks_read(member: Member) -> int:
    """Pages that a claim touches, with the lease held now given back first."""
    task = claimed(member)
    skip_task(annotator=member, lease_id=task.lease.id)
    plans: list[Any] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("EXECUTE concord_find"):
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                plans.append(cursor.cursor.fetchone()[0])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        queue_module.claim_next(annotator=member)
    return int(plans[0][0]["Plan"]["Shared Hit Blocks"] + plans[0][0]["Plan"]["Shared Read Blocks"])
