"""Items kept for a person, let go again, and leases ended by a lead."""

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.errors import Conflict, InvalidInput, NotFound
from accounts.models import AuditEvent, User
from annotation.jobs import tidy_queue
from annotation.models import Assignment, Lease, Member, Project, Round
from annotation.selectors.in_hand import InHandFilter, seats_in_hand, suggested_items
from annotation.selectors.work import LeasedTask
from annotation.services.by_hand import assign_item, release_lease_by_hand, unassign
from annotation.services.by_hand_refusals import (
    AlreadyInTask,
    CannotLabelHere,
    NoSeatOpen,
    RoundIsAmbiguous,
    SeatIsTaken,
    SkippedByThem,
    TaskIsOver,
)
from annotation.services.invariants import broken_invariants
from annotation.services.queue import claim_next, skip_task
from annotation.services.submission import submit_annotation
from tests.factories.annotation import make_item, make_member, make_task

MemberOf = Callable[[User], Member]
REFUND = {"intent": "refund"}


@pytest.fixture(autouse=True)
def queue(project: Project) -> None:
    """Twenty items, each for two people."""
    for n in range(20):
        make_task(make_item(project, f"m{n:02}"))


def claimed(member: Member) -> LeasedTask:
    task = claim_next(annotator=member)
    assert task is not None
    return task


def submit(member: Member, task: LeasedTask) -> None:
    submit_annotation(annotator=member, lease_id=task.lease.id, answer=REFUND, submission_id=uuid.uuid4())


def test_who_is_given_an_item_gets_it_next_and_nobody_else_gets_that_seat(
    project: Project, lea: User, ana: User, ben: User, member_of: MemberOf
) -> None:
    submit(member_of(ben), claimed(member_of(ben)))  # somewhere in the queue already

    assign_item(actor=lea, project=project, external_id="m15", annotator=member_of(ben))

    task = claimed(member_of(ben))
    assert (task.item.external_id, Lease.objects.get(pk=task.lease.id).reason) == ("m15", "assigned")
    assert claimed(member_of(ana)).item.external_id == "m00"
    assert broken_invariants() == []


def test_who_was_told_that_nothing_is_left_gets_what_is_then_kept_for_them(
    project: Project, lea: User, ana: User, ben: User, member_of: MemberOf
) -> None:
    Assignment.objects.exclude(task__item__external_id="m03").update(state="withdrawn")
    Round.objects.update(state="paused")
    assert claim_next(annotator=member_of(ana)) is None
    Round.objects.update(state="open")  # behind the queue's back: only the reservation wakes her

    assign_item(actor=lea, project=project, external_id="m03", annotator=member_of(ana))

    assert claimed(member_of(ana)).item.external_id == "m03"


def test_all_others_get_every_other_seat(
    project: Project, lea: User, ana: User, ben: User, member_of: MemberOf
) -> None:
    assign_item(actor=lea, project=project, external_id="m00", annotator=member_of(ana))
    seen = []
    for _ in range(20):
        task = claimed(member_of(ben))
        seen.append(task.item.external_id)
        submit(member_of(ben), task)

    assert sorted(seen) == [f"m{n:02}" for n in range(20)]
    assert Assignment.objects.get(reserved_for=member_of(ana)).state == "open"


def test_assigned_twice_is_assigned_once(project: Project, lea: User, ana: User, member_of: MemberOf) -> None:
    first = assign_item(actor=lea, project=project, external_id="m01", annotator=member_of(ana))
    again = assign_item(actor=lea, project=project, external_id="m01", annotator=member_of(ana))

    assert first.pk == again.pk
    assert Assignment.objects.filter(reserved_for__isnull=False).count() == 1
    assert AuditEvent.objects.filter(action="item.assigned", target="m01").count() == 1


def test_unknown_items_are_named(project: Project, lea: User, ana: User, member_of: MemberOf) -> None:
    for name in ("nothing", "a\x00b"):
        with pytest.raises(InvalidInput) as refused:
            assign_item(actor=lea, project=project, external_id=name, annotator=member_of(ana))
        assert [error.path for error in refused.value.errors] == ["external_id"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "model"}, "is a model"), ({"is_active": False}, "no longer"),
        ({"paused_at": timezone.now()}, "is paused"), ({"role": "engineer"}, "does not label"),
        ({"user": None, "name": "a1"}, "cannot sign in"),
    ],
)  # fmt: skip
def test_who_cannot_label_is_given_nothing(
    project: Project, lea: User, cho: User, fields: dict[str, object], words: str
) -> None:
    person = make_member(project, cho)
    Member.objects.filter(pk=person.pk).update(**fields)

    with pytest.raises(CannotLabelHere, match=words):
        assign_item(actor=lea, project=project, external_id="m00", annotator=person)

    assert not Assignment.objects.filter(reserved_for__isnull=False).exists()


def test_who_met_the_item_is_told_how(project: Project, lea: User, ana: User, member_of: MemberOf) -> None:
    me = member_of(ana)

    def refused(kind: type[Conflict], item: str) -> str:
        with pytest.raises(kind) as refusal:
            assign_item(actor=lea, project=project, external_id=item, annotator=me)
        return refusal.value.detail

    task = claimed(me)
    assert refused(AlreadyInTask, "m00") == "ana holds it now."
    submit(me, task)
    assert refused(AlreadyInTask, "m00") == "ana has answered it."
    skip_task(annotator=me, lease_id=claimed(me).lease.id)
    assert "ana has skipped" in refused(SkippedByThem, "m01")


def test_a_full_item_says_where_its_seats_are(
    project: Project, lea: User, ana: User, ben: User, cho: User, member_of: MemberOf
) -> None:
    make_member(project, cho)
    submit(member_of(ana), claimed(member_of(ana)))
    assign_item(actor=lea, project=project, external_id="m00", annotator=member_of(ben))

    with pytest.raises(NoSeatOpen) as refused:
        assign_item(actor=lea, project=project, external_id="m00", annotator=member_of(cho))

    assert refused.value.detail == "No seat of this item is open: of 2, 1 answered, 1 reserved."


def test_a_done_item_and_one_outside_of_the_queue_wait_for_nobody(
    project: Project, lea: User, ana: User, ben: User, cho: User, member_of: MemberOf
) -> None:
    make_member(project, cho)
    make_item(project, "loose")
    for person in (ana, ben):
        submit(member_of(person), claimed(member_of(person)))

    for name, words in (("m00", "is done"), ("loose", "not in the queue")):
        with pytest.raises(TaskIsOver, match=words):
            assign_item(actor=lea, project=project, external_id=name, annotator=member_of(cho))


def test_an_item_in_two_rounds_needs_the_round(project: Project, lea: User, ana: User, member_of: MemberOf) -> None:
    Round.objects.create(project=project, key="relabel-1", kind="relabel", major=1)
    task = make_task(project.items.get(external_id="m04"), round_key="relabel-1")

    with pytest.raises(RoundIsAmbiguous, match="initial, relabel-1"):
        assign_item(actor=lea, project=project, external_id="m04", annotator=member_of(ana))
    seat = assign_item(actor=lea, project=project, external_id="m04", annotator=member_of(ana), round="relabel-1")

    assert seat.task_id == task.pk


def test_what_is_let_go_is_everybodys_again(
    project: Project, lea: User, ana: User, ben: User, cho: User, member_of: MemberOf
) -> None:
    make_member(project, cho)
    Assignment.objects.exclude(task__item__external_id="m05").update(state="withdrawn")
    seats = [assign_item(actor=lea, project=project, external_id="m05", annotator=member_of(p)) for p in (ana, ben)]
    assert claim_next(annotator=member_of(cho)) is None

    unassign(actor=lea, project=project, seat_id=seats[0].pk)

    assert claimed(member_of(cho)).item.external_id == "m05"
    for nothing in (seats[0].pk, 10**12):
        with pytest.raises(NotFound):
            unassign(actor=lea, project=project, seat_id=nothing)


def test_a_reservation_that_is_held_is_not_let_go(project: Project, lea: User, ana: User, member_of: MemberOf) -> None:
    seat = assign_item(actor=lea, project=project, external_id="m05", annotator=member_of(ana))
    claimed(member_of(ana))

    with pytest.raises(SeatIsTaken):
        unassign(actor=lea, project=project, seat_id=seat.pk)


def test_a_lease_released_by_hand_goes_back_with_its_draft_and_may_still_be_answered(
    project: Project, lea: User, ana: User, member_of: MemberOf
) -> None:
    assign_item(actor=lea, project=project, external_id="m07", annotator=member_of(ana))
    task = claimed(member_of(ana))
    Lease.objects.filter(pk=task.lease.id).update(draft={"intent": "other"})

    assert release_lease_by_hand(actor=lea, project=project, lease_id=task.lease.id) is True
    assert release_lease_by_hand(actor=lea, project=project, lease_id=task.lease.id) is False

    lease, seat = Lease.objects.get(pk=task.lease.id), Assignment.objects.get(task__item__external_id="m07", slot=1)
    assert (lease.ending, lease.draft) == ("released", {"intent": "other"})
    assert (seat.state, seat.annotator, seat.reserved_for) == ("open", None, None)
    submit(member_of(ana), task)
    assert Assignment.objects.get(pk=seat.pk).annotator == member_of(ana)
    assert broken_invariants() == []


def test_a_lease_of_another_project_is_not_there(project: Project, lea: User, ana: User, member_of: MemberOf) -> None:
    with pytest.raises(NotFound):
        release_lease_by_hand(actor=lea, project=project, lease_id=uuid.uuid4())


@pytest.mark.parametrize("how", ["paused", "removed", "closed account"])
def test_what_was_kept_for_who_is_away_is_given_to_all(
    project: Project, lea: User, ana: User, ben: User, member_of: MemberOf, how: str
) -> None:
    me = member_of(ana)
    assign_item(actor=lea, project=project, external_id="m01", annotator=me)
    kept = assign_item(actor=lea, project=project, external_id="m02", annotator=member_of(ben))
    if how == "closed account":
        User.objects.filter(pk=ana.pk).update(is_active=False)
    else:
        Member.objects.filter(pk=me.pk).update(
            **({"paused_at": timezone.now()} if how == "paused" else {"is_active": False})
        )

    tidy_queue()

    assert list(Assignment.objects.filter(reserved_for__isnull=False)) == [kept]


def test_the_list_tells_held_kept_and_parked_apart(
    project: Project, lea: User, ana: User, ben: User, member_of: MemberOf
) -> None:
    claimed(member_of(ben))
    assign_item(actor=lea, project=project, external_id="m09", annotator=member_of(ana))
    parked = Assignment.objects.filter(task__item__external_id="m10").first()
    assert parked is not None
    Assignment.objects.filter(pk=parked.pk).update(
        state="parked", annotator=member_of(ana), annotator_kind="human", epoch=1
    )

    rows = [(seat.standing, seat.person, seat.external_id) for seat in seats_in_hand(project).order_by("pk")]

    assert rows == [("held", "ben", "m00"), ("reserved", "ana", "m09"), ("parked", "ana", "m10")]
    assert [seat.external_id for seat in seats_in_hand(project, InHandFilter(annotator="ben"))] == ["m00"]
    assert [seat.external_id for seat in seats_in_hand(project, InHandFilter(state="parked"))] == ["m10"]


def test_names_are_suggested_by_how_they_begin(project: Project) -> None:
    assert suggested_items(project, "m1", most=3) == ["m10", "m11", "m12"]
    assert suggested_items(project, "x") == suggested_items(project, "\x00") == []
