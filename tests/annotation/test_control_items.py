"""Gold and hidden repeats: who gets them, how often, and that they stay what they are."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from annotation.models import (
    Annotation,
    Assignment,
    GoldLabel,
    Item,
    Lease,
    Member,
    Project,
    QueueMemory,
    Routing,
    Skip,
    Task,
)
from annotation.services import control_items
from annotation.services.invariants import broken_invariants
from annotation.services.queue import claim_next, expire_leases, release_lease, skip_task
from annotation.services.submission import undo_last_submission
from annotation.services.tasks import open_tasks
from tests.factories.annotation import make_item, make_task
from tests.factories.work import answer, claimed, label, label_all, let_run_out, names

Who = Callable[[User], Member]


@pytest.fixture
def gold(project: Project, lea: User) -> list[Item]:
    """Eight gold items that are in no queue."""
    items = [make_item(project, f"g{n}") for n in range(8)]
    for item in items:
        GoldLabel.objects.create(
            project=project, item=item, answer={"intent": "refund"}, created_by=lea, created_at=timezone.now()
        )
    return items


@pytest.fixture
def ordinary(project: Project) -> list[Item]:
    items = [make_item(project, f"m{n:03}") for n in range(100)]
    for item in items:
        make_task(item, overlap=2)
    return items


@pytest.fixture
def always(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A control item is due at every claim."""
    Project.objects.filter(pk=project.pk).update(gold_rate=0.1)
    monkeypatch.setattr(control_items, "due", lambda rate, **today: rate > 0)


def test_gold_comes_at_its_rate_and_never_twice(
    gold: list[Item], ordinary: list[Item], project: Project, ana: User, member_of: Who
) -> None:
    Project.objects.filter(pk=project.pk).update(gold_rate=0.05)

    leases = label_all(member_of(ana))

    served = [lease for lease in leases if lease.reason == "gold"]
    assert 4 <= len(served) <= 7  # of 105
    assert len(set(names(served))) == len(served)
    assert len(leases) == 100 + len(served)
    memory = QueueMemory.objects.get(annotator=member_of(ana))
    assert (memory.served, memory.answered, memory.gold) == (len(leases), len(leases), len(served))
    assert {lease.assignment.purpose for lease in served} == {"gold"}
    assert {lease.assignment.task.round.key for lease in served} == {"gold"}
    assert broken_invariants() == []


def test_everybody_gets_the_same_gold_once(
    always: None, gold: list[Item], ordinary: list[Item], ana: User, ben: User, member_of: Who
) -> None:
    for user in (ana, ben):
        served = [lease for lease in label_all(member_of(user)) if lease.reason == "gold"]
        assert sorted(names(served)) == [f"g{n}" for n in range(8)]
    assert Task.objects.filter(round__key="gold").count() == 8
    assert Assignment.objects.filter(purpose="gold", state="submitted").count() == 16
    assert broken_invariants() == []


def test_gold_is_only_served_where_there_is_ordinary_work(
    always: None, gold: list[Item], project: Project, ana: User, member_of: Who
) -> None:
    make_task(make_item(project, "m1"), overlap=1)

    first = claimed(member_of(ana))
    assert Lease.objects.get(pk=first.lease.id).reason == "gold"
    Project.objects.filter(pk=project.pk).update(gold_rate=0)
    answer(member_of(ana), first)
    assert label(member_of(ana)).reason == "queue"
    Project.objects.filter(pk=project.pk).update(gold_rate=0.1)
    assert claim_next(annotator=member_of(ana)) is None


def test_gold_does_not_hold_up_what_is_urgent(
    always: None, gold: list[Item], ordinary: list[Item], project: Project, ana: User, member_of: Who
) -> None:
    urgent = make_item(project, "urgent")
    Item.objects.filter(pk=urgent.pk).update(priority=5)
    urgent.refresh_from_db()
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(urgent.pk, 1, -5)])

    lease = label(member_of(ana))

    assert (lease.reason, lease.facts) == ("priority", {"priority": 5})


def test_who_had_an_item_as_gold_does_not_get_it_as_ordinary_work_and_the_other_way_round(
    always: None, gold: list[Item], ana: User, ben: User, project: Project, member_of: Who
) -> None:
    for item in gold[:4]:
        make_task(item, overlap=1)
    Project.objects.filter(pk=project.pk).update(gold_rate=0)
    bens = names([label(member_of(ben)) for _ in range(2)])
    Project.objects.filter(pk=project.pk).update(gold_rate=0.1)
    make_task(make_item(project, "m1"), overlap=2)

    served = names(label_all(member_of(ana)))
    Project.objects.filter(pk=project.pk).update(gold_rate=0.1)
    bens += names(label_all(member_of(ben)))

    assert len(served) == len(set(served))
    assert len(bens) == len(set(bens))
    assert {f"g{n}" for n in range(8)} <= set(served) | set(bens)


def test_gold_given_back_is_nobody_elses_and_does_not_come_again(
    always: None, gold: list[Item], ordinary: list[Item], ana: User, ben: User, member_of: Who
) -> None:
    held = claimed(member_of(ana))
    release_lease(annotator=member_of(ana), lease_id=held.lease.id)

    seat = Assignment.objects.get(leases=held.lease.id)
    assert (seat.state, seat.annotator) == ("withdrawn", member_of(ana))
    seen = names([label(member_of(ana)) for _ in range(7)])
    assert held.item.external_id not in seen
    assert Assignment.objects.filter(task=seat.task, annotator=member_of(ben)).count() == 0


@pytest.mark.parametrize("ending", ["expired", "released"])
def test_gold_answered_late_counts_like_any_seat_that_is_still_free(
    ending: str, always: None, gold: list[Item], ordinary: list[Item], ana: User, member_of: Who
) -> None:
    held = claimed(member_of(ana))
    if ending == "expired":
        let_run_out(held)
        assert expire_leases() == 1
    else:
        release_lease(annotator=member_of(ana), lease_id=held.lease.id)

    stored = answer(member_of(ana), held)

    assert (stored.occurrence, stored.round.key) == (1, "gold")
    assert Assignment.objects.get(leases=held.lease.id).state == "submitted"
    assert broken_invariants() == []


def test_gold_may_be_skipped_and_taken_back_like_anything(
    always: None, gold: list[Item], ordinary: list[Item], ana: User, member_of: Who
) -> None:
    skip_task(annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, reason="unclear")
    task = claimed(member_of(ana))
    first = answer(member_of(ana), task, "billing")
    again = undo_last_submission(annotator=member_of(ana))
    second = answer(member_of(ana), again, "refund")

    assert Skip.objects.count() == 1
    assert again.item.external_id == task.item.external_id
    assert (first.revision, second.revision) == (1, 2)
    assert broken_invariants() == []


def test_repeats_come_after_twenty_answers_once_each(
    ordinary: list[Item], project: Project, ana: User, member_of: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    Routing.objects.update_or_create(project=project, defaults={"repeat_rate": 0.2})
    monkeypatch.setattr(control_items, "due", lambda rate, **today: rate > 0)

    leases = [label(member_of(ana)) for _ in range(40)]

    reasons = [lease.reason for lease in leases]
    assert "repeat" not in reasons[:21]
    repeats = [lease for lease in leases if lease.reason == "repeat"]
    assert 4 <= len(repeats) <= 19  # a place is drawn, and from there back all may be repeated already
    items = names(repeats)
    assert len(set(items)) == len(items)
    order = names(leases)
    for lease in repeats:
        item = lease.assignment.task.item.external_id
        assert order.count(item) == 2
    occurrences = Annotation.objects.filter(round__key="repeats").values_list("occurrence", flat=True)
    assert set(occurrences) == {2}
    assert broken_invariants() == []


def test_control_items_do_not_finish_tasks_or_fill_ordinary_seats(
    always: None, gold: list[Item], ordinary: list[Item], ana: User, member_of: Who
) -> None:
    for _ in range(8):
        label(member_of(ana))

    assert set(Task.objects.filter(round__key="gold").values_list("state", flat=True)) == {"open"}
    assert not Assignment.objects.filter(round__key="initial").exclude(state="open").exists()
