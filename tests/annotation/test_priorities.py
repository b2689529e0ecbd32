"""The production feed: an item sent again with another priority moves in the queue."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from accounts.errors import InvalidInput, NotFound
from accounts.models import AuditEvent, User
from annotation.models import Assignment, Item, Lease, Member, Project, Round
from annotation.selectors.work import LeasedTask
from annotation.services.invariants import broken_invariants
from annotation.services.priorities import MOST_LATE, apply_priorities, create_wanted, set_priority
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
from tests.factories.annotation import make_item, make_task

MemberOf = Callable[[User], Member]


@pytest.fixture(autouse=True)
def queue(project: Project) -> None:
    for n in range(6):
        make_task(make_item(project, f"m{n}"))


def claimed(member: Member) -> LeasedTask:
    task = claim_next(annotator=member)
    assert task is not None
    return task


def submit(member: Member, task: LeasedTask) -> None:
    submit_annotation(
        annotator=member, lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4()
    )  # fmt: skip


def ranks(external_id: str) -> set[int]:
    return set(Assignment.objects.filter(task__item__external_id=external_id).values_list("rank", flat=True))


def test_an_urgent_item_is_the_next_one_claimed_wherever_somebody_is(
    project: Project, max_: User, ana: User, member_of: MemberOf
) -> None:
    for _ in range(2):
        submit(member_of(ana), claimed(member_of(ana)))

    item = set_priority(actor=max_, project=project, external_id="m4", priority=5, reason="drift alarm")

    task = claimed(member_of(ana))
    assert (item.priority, item.feed_reason, ranks("m4")) == (5, "drift alarm", {-5})
    assert task.item.external_id == "m4"
    lease = Lease.objects.get(pk=task.lease.id)
    assert (lease.reason, lease.facts) == ("priority", {"priority": 5, "feed_reason": "drift alarm"})
    assert broken_invariants() == []


def test_an_item_can_be_put_off_and_brought_back(
    project: Project, max_: User, ana: User, ben: User, member_of: MemberOf
) -> None:
    set_priority(actor=max_, project=project, external_id="m0", priority=-3)
    seen = []
    for _ in range(3):
        task = claimed(member_of(ana))
        seen.append(task.item.external_id)
        submit(member_of(ana), task)
    assert seen == ["m1", "m2", "m3"]

    set_priority(actor=max_, project=project, external_id="m0", priority=0)

    seen = []
    for _ in range(3):
        task = claimed(member_of(ana))
        seen.append(task.item.external_id)
        submit(member_of(ana), task)
    assert sorted(seen) == ["m0", "m4", "m5"]
    assert claimed(member_of(ben)).item.external_id == "m0"


def test_all_seats_move_and_what_a_campaign_put_ahead_stays_ahead(
    project: Project, max_: User, ana: User, member_of: MemberOf
) -> None:
    Round.objects.create(project=project, key="relabel-1", kind="relabel", major=1)
    campaign = make_task(Item.objects.get(external_id="m2"), round_key="relabel-1")
    Assignment.objects.filter(task=campaign).update(rank=-10)
    submit(member_of(ana), claimed(member_of(ana)))

    set_priority(actor=max_, project=project, external_id="m2", priority=7)

    by_round = dict(Assignment.objects.filter(task__item__external_id="m2").values_list("round__key", "rank"))
    assert by_round == {"initial": -7, "relabel-1": -17}


def test_superseded_tasks_and_closed_rounds_stay_where_they_are(project: Project, max_: User) -> None:
    Round.objects.create(project=project, key="relabel-1", kind="relabel", major=1, state="closed")
    make_task(Item.objects.get(external_id="m2"), round_key="relabel-1")
    make_task(Item.objects.get(external_id="m2"), major=2)
    Item.objects.get(external_id="m2").tasks.filter(round__key="initial", major=1).update(state="superseded")

    set_priority(actor=max_, project=project, external_id="m2", priority=1)

    moved = Assignment.objects.filter(rank=-1)
    assert set(moved.values_list("task__major", "round__key")) == {(2, "initial")}


def test_a_reason_alone_changes_no_place_and_the_same_again_nothing(project: Project, max_: User) -> None:
    openings = Round.objects.get(project=project, key="initial").openings

    set_priority(actor=max_, project=project, external_id="m1", reason="model was unsure")
    set_priority(actor=max_, project=project, external_id="m1", priority=0, reason="model was unsure")

    assert (ranks("m1"), Item.objects.get(external_id="m1").feed_reason) == ({0}, "model was unsure")
    assert Round.objects.get(project=project, key="initial").openings == openings
    assert AuditEvent.objects.filter(action="item.priority").count() == 1


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"priority": 1001}, "priority"), ({"priority": -1001}, "priority"), ({}, "priority"),
        ({"reason": "x" * 201}, "reason"), ({"reason": "a\x00"}, "reason"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_named_and_changes_nothing(
    project: Project, max_: User, given: dict[str, object], path: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        set_priority(actor=max_, project=project, external_id="m1", **given)

    assert [error.path for error in refused.value.errors] == [path]
    assert set(Item.objects.values_list("priority", "feed_reason")) == {(0, "")}


def test_an_unknown_item_is_not_there(project: Project, max_: User) -> None:
    for name in ("nobody's", "a\x00b"):
        with pytest.raises(NotFound):
            set_priority(actor=max_, project=project, external_id=name, priority=1)


def test_many_at_once_move_in_one_go_whatever_they_were(
    project: Project, ana: User, member_of: MemberOf
) -> None:  # fmt: skip
    for n in range(6, 6 + MOST_LATE):
        make_task(make_item(project, f"m{n}"), overlap=1)
    submit(member_of(ana), claimed(member_of(ana)))
    Item.objects.filter(external_id="m3").update(priority=4)
    Assignment.objects.filter(task__item__external_id="m3").update(rank=-4)

    with transaction.atomic(), connection.cursor() as cursor:
        create_wanted(cursor)
        cursor.execute("INSERT INTO priorities_wanted SELECT id, 9, 'weekly feed' FROM annotation_item")
        changed = apply_priorities(cursor, project)

    assert changed == 6 + MOST_LATE
    assert set(Assignment.objects.values_list("rank", flat=True)) == {-9}
    assert claimed(member_of(ana)).item.external_id == "m1"


def test_items_of_another_project_are_left_alone(project: Project, lea: User) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        create_wanted(cursor)
        cursor.execute("INSERT INTO priorities_wanted SELECT id, 9, '' FROM annotation_item")
        project.pk, real = project.pk + 1, project.pk
        changed = apply_priorities(cursor, project)
        project.pk = real

    assert (changed, ranks("m0")) == (0, {0})
