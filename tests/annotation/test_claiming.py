"""Who gets which seat, and who gets none."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import F
from django.utils import timezone
from psycopg.errors import DeadlockDetected, LockNotAvailable

from accounts.models import User
from annotation.models import Assignment, Item, Lease, Member, Project, Round, Skip, Task
from annotation.services import queue
from annotation.services.queue import claim_next, expire_leases, release_lease, skip_task
from annotation.services.refusals import (
    AnnotatorPaused,
    GuidelineNotPublished,
    ModelsDoNotClaim,
    NotAnActiveMember,
    NothingOpen,
    ProjectClosed,
    ProjectPaused,
)
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import make_version

Who = Callable[[User], Member]


@pytest.fixture
def two_items(project: Project) -> list[Item]:
    items = [make_item(project, "m1", "First"), make_item(project, "m2", "Second")]
    for item in items:
        make_task(item, overlap=2)
    return items


def let_lease_run_out(lease_id: object) -> None:
    seat = Lease.objects.get(pk=lease_id).assignment_id
    Assignment.objects.filter(pk=seat).update(leased_until=timezone.now() - timedelta(seconds=1))


def test_claim_leases_the_first_seat_of_the_queue(two_items: list[Item], ana: User, member_of: Who) -> None:
    task = claim_next(annotator=member_of(ana))

    assert task is not None
    assert (task.item.external_id, task.item.payload, task.draft) == ("m1", {"text": "First"}, None)
    assert (task.version.number, [question["key"] for question in task.questions]) == ("1.0", ["intent", "urgency"])
    seat = Assignment.objects.get(state="leased")
    assert (seat.annotator, seat.annotator_kind, seat.epoch, seat.slot) == (member_of(ana), "human", 1, 1)
    lease = Lease.objects.get()
    assert (lease.pk, lease.epoch, lease.reason) == (task.lease.id, 1, "queue")
    assert (lease.item_sha256, lease.guideline_version.number) == (two_items[0].sha256, "1.0")
    assert task.lease.leased_until - task.lease.granted_at == pytest.approx(
        timedelta(seconds=900), abs=timedelta(seconds=1)
    )


def test_payload_keys_beyond_the_fields_are_not_shown(project: Project, ana: User, member_of: Who) -> None:
    item = make_item(project, "m1")
    Item.objects.filter(pk=item.pk).delete()
    item = Item.objects.create(
        project=project, external_id="m1", payload={"text": "Hi", "gold": "refund"}, sha256="0" * 64,
        created_at=timezone.now(),
    )  # fmt: skip
    make_task(item)

    task = claim_next(annotator=member_of(ana))

    assert task is not None
    assert task.item.payload == {"text": "Hi"}


def test_held_lease_is_returned_again_and_renewed(two_items: list[Item], ana: User, member_of: Who) -> None:
    first = claim_next(annotator=member_of(ana))
    assert first is not None
    let_lease_run_out(first.lease.id)

    again = claim_next(annotator=member_of(ana))

    assert again is not None
    assert again.lease.id == first.lease.id
    assert again.lease.leased_until > timezone.now() + timedelta(seconds=890)
    assert Lease.objects.count() == 1


def test_two_people_get_two_seats_and_a_third_the_next_item(
    two_items: list[Item], ana: User, ben: User, lea: User, member_of: Who
) -> None:
    tasks = [claim_next(annotator=member_of(user)) for user in (ana, ben, lea)]

    assert [task.item.external_id for task in tasks if task] == ["m1", "m1", "m2"]


def test_priority_items_come_first(two_items: list[Item], project: Project, ana: User, member_of: Who) -> None:
    urgent = make_item(project, "urgent")
    Item.objects.filter(pk=urgent.pk).update(priority=5)
    urgent.refresh_from_db()
    make_task(urgent)

    task = claim_next(annotator=member_of(ana))

    assert task is not None
    assert (task.item.external_id, Lease.objects.get().reason) == ("urgent", "priority")


def test_nothing_left_for_who_has_done_all(project: Project, ana: User, member_of: Who) -> None:
    task = make_task(make_item(project, "m1"), overlap=3)
    Assignment.objects.filter(task=task, slot=1).update(
        state="submitted", annotator=member_of(ana), annotator_kind="human"
    )

    assert claim_next(annotator=member_of(ana)) is None
    assert Assignment.objects.filter(state="open").count() == 2


def test_skipped_task_is_not_offered_again(two_items: list[Item], ana: User, member_of: Who) -> None:
    first = claim_next(annotator=member_of(ana))
    assert first is not None
    skip_task(annotator=member_of(ana), lease_id=first.lease.id, reason="not my language")

    second = claim_next(annotator=member_of(ana))

    assert second is not None
    assert second.item.external_id == "m2"
    skip = Skip.objects.get()
    assert (skip.reason, skip.lease_id, skip.annotator) == ("not my language", first.lease.id, member_of(ana))
    assert Lease.objects.get(pk=first.lease.id).ending == "skipped"
    assert Assignment.objects.filter(state="open", annotator=None).count() == 3


def test_claim_takes_over_a_lease_that_ended_without_waiting_for_the_sweep(
    project: Project, ana: User, ben: User, member_of: Who
) -> None:
    make_task(make_item(project, "m1"), overlap=1)
    first = claim_next(annotator=member_of(ana))
    assert first is not None
    assert claim_next(annotator=member_of(ben)) is None
    let_lease_run_out(first.lease.id)

    second = claim_next(annotator=member_of(ben))

    assert second is not None
    assert second.lease.epoch == 2
    assert Lease.objects.get(pk=first.lease.id).ending == "expired"


def test_draft_of_a_released_lease_comes_back_to_its_author_only(
    project: Project, ana: User, ben: User, member_of: Who
) -> None:
    make_task(make_item(project, "m1"), overlap=1)
    first = claim_next(annotator=member_of(ana))
    assert first is not None
    Lease.objects.update(draft={"intent": "refund"})
    release_lease(annotator=member_of(ana), lease_id=first.lease.id)

    bens = claim_next(annotator=member_of(ben))
    assert bens is not None
    assert bens.draft is None
    release_lease(annotator=member_of(ben), lease_id=bens.lease.id)

    anas = claim_next(annotator=member_of(ana))
    assert anas is not None
    assert (anas.draft, anas.lease.epoch) == ({"intent": "refund"}, 3)


def test_major_version_asks_what_is_unfinished_again(
    two_items: list[Item], guideline: Guideline, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    held = claim_next(annotator=member_of(ben))
    make_version(guideline, lea, level="major")

    task = claim_next(annotator=member_of(ana))

    assert task is not None
    assert held is not None
    assert (task.item.external_id, task.version.number, held.version.number) == ("m1", "2.0", "1.0")
    assert Round.objects.get(key="initial").major == 2
    seats = Assignment.objects.values_list("task__major", "task__state", "state").order_by("id")
    assert list(seats) == [
        (1, "superseded", "leased"), (1, "superseded", "withdrawn"),
        (1, "superseded", "withdrawn"), (1, "superseded", "withdrawn"),
        (2, "open", "leased"), (2, "open", "open"), (2, "open", "open"), (2, "open", "open"),
    ]  # fmt: skip


def test_minor_version_only_shows_the_new_text(
    two_items: list[Item], guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    make_version(guideline, lea, level="minor")

    task = claim_next(annotator=member_of(ana))

    assert task is not None
    assert task.version.number == "1.1"
    assert Assignment.objects.count() == 4


def test_expired_seat_of_a_superseded_task_leaves_the_queue(
    two_items: list[Item], guideline: Guideline, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    held = claim_next(annotator=member_of(ben))
    assert held is not None
    make_version(guideline, lea, level="major")
    claim_next(annotator=member_of(ana))
    let_lease_run_out(held.lease.id)

    assert expire_leases() == 1

    assert Assignment.objects.get(leases=held.lease.id).state == "withdrawn"


def test_relabel_seats_say_so_only_in_the_books(project: Project, ana: User, member_of: Who) -> None:
    Round.objects.create(project=project, key="relabel-2", kind="relabel", major=1)
    make_task(make_item(project, "m1"), round_key="relabel-2")

    claim_next(annotator=member_of(ana))

    assert Lease.objects.get().reason == "relabel"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"paused_at": timezone.now()}, AnnotatorPaused),
        ({"is_active": False}, NotAnActiveMember),
        ({"kind": "model"}, ModelsDoNotClaim),
    ],
)
def test_refused_annotators_get_nothing(
    two_items: list[Item], ana: User, member_of: Who, changes: dict[str, object], refusal: type[Exception]
) -> None:
    annotator = member_of(ana)
    Member.objects.filter(pk=annotator.pk).update(**changes)

    with pytest.raises(refusal):
        claim_next(annotator=annotator)

    assert not Lease.objects.exists()


def test_closed_account_gets_nothing(two_items: list[Item], ana: User, member_of: Who) -> None:
    annotator = member_of(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)

    with pytest.raises(NotAnActiveMember):
        claim_next(annotator=annotator)


@pytest.mark.parametrize(("status", "refusal"), [("paused", ProjectPaused), ("closed", ProjectClosed)])
def test_project_that_is_not_active_hands_out_nothing(
    two_items: list[Item], project: Project, ana: User, member_of: Who, status: str, refusal: type[Exception]
) -> None:
    Project.objects.filter(pk=project.pk).update(status=status)

    with pytest.raises(refusal):
        claim_next(annotator=member_of(ana))

    assert not Lease.objects.exists()


def test_closed_round_hands_out_nothing(two_items: list[Item], ana: User, member_of: Who) -> None:
    Round.objects.update(state="closed")

    with pytest.raises(NothingOpen):
        claim_next(annotator=member_of(ana))


def test_guideline_without_a_version_hands_out_nothing(lea: User, ana: User) -> None:
    guideline = Guideline.objects.create(slug="draft-only", title="Draft", created_by=lea)
    project = make_project(lea, guideline, "drafty")
    annotator = make_member(project, ana)
    make_task(make_item(project, "m1"))

    with pytest.raises(GuidelineNotPublished):
        claim_next(annotator=annotator)


def test_seats_of_another_project_are_never_offered(
    two_items: list[Item], lea: User, guideline: Guideline, cho: User
) -> None:
    other = make_project(lea, guideline, "other")
    annotator = make_member(other, cho)

    assert claim_next(annotator=annotator) is None
    assert Assignment.objects.filter(state="open").count() == 4


def test_claim_needs_three_statements(
    two_items: list[Item], ana: User, ben: User, member_of: Who, django_assert_num_queries: Callable[..., object]
) -> None:
    for _ in range(2):  # a version is parsed once a process, a statement planned once a connection
        claim_next(annotator=member_of(ben))
    annotator = member_of(ana)
    savepoints = 2  # the test's own transaction makes them of BEGIN and COMMIT

    with django_assert_num_queries(3 + savepoints):  # type: ignore[attr-defined]
        claim_next(annotator=annotator)
    with django_assert_num_queries(3 + savepoints):  # type: ignore[attr-defined]
        claim_next(annotator=annotator)


def test_epoch_counts_every_lease_of_a_seat(two_items: list[Item], ana: User, member_of: Who) -> None:
    for _ in range(3):
        task = claim_next(annotator=member_of(ana))
        assert task is not None
        release_lease(annotator=member_of(ana), lease_id=task.lease.id)

    assert list(Lease.objects.order_by("epoch").values_list("epoch", flat=True)) == [1, 2, 3]
    assert Assignment.objects.filter(epoch=F("slot") * 3).count() == 1


def test_a_claim_that_the_database_chose_to_end_a_circle_looks_again(
    project: Project, ana: User, member_of: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims wait for seats in one order, so two claims make no circle; with somebody else's locks there may be one."""
    make_task(make_item(project, "m1"), overlap=1)
    refusals: list[Exception] = [DeadlockDetected("deadlock detected")]
    monkeypatch.setattr(queue, "_lease_one", refused_first(refusals, queue._lease_one))

    assert claim_next(annotator=member_of(ana)) is not None
    assert refusals == []


def test_a_claim_that_the_database_refused_otherwise_is_not_repeated(
    project: Project, ana: User, member_of: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_task(make_item(project, "m1"), overlap=1)
    refusals: list[Exception] = [LockNotAvailable("canceling statement due to lock timeout")]
    monkeypatch.setattr(queue, "_lease_one", refused_first(refusals, queue._lease_one))

    with pytest.raises(OperationalError, match="lock timeout"):
        claim_next(annotator=member_of(ana))


def refused_first(refusals: list[Exception], really: Callable[..., Any]) -> Callable[..., Any]:
    def lease_one(*args: Any, **options: Any) -> Any:
        if refusals:
            raise OperationalError(str(refusals[0])) from refusals.pop(0)
        return really(*args, **options)

    return lease_one


def test_each_lease_of_a_task_that_one_sweep_ends_is_counted(
    project: Project, ana: User, ben: User, member_of: Who
) -> None:
    make_task(make_item(project, "m1"), overlap=2)
    for user in (ana, ben):
        task = claim_next(annotator=member_of(user))
        assert task is not None
        let_lease_run_out(task.lease.id)

    assert expire_leases(project_id=project.pk) == 2
    assert Task.objects.get().expiries == 2
