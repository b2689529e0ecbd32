"""The item after the one they see: leased ahead, shown next, never a third."""

import uuid
from collections.abc import Callable

import pytest

from accounts.models import User
from annotation.models import Assignment, Item, Member, Project
from annotation.selectors.work import current_task
from annotation.services.invariants import broken_invariants
from annotation.services.members import update_member
from annotation.services.queue import claim_ahead, claim_next, expire_leases, release_lease, renew_lease
from annotation.services.submission import submit_and_claim, undo_last_submission
from tests.factories.annotation import make_item, make_task
from tests.factories.work import answer, claimed, let_run_out

Who = Callable[[User], Member]


@pytest.fixture
def items(project: Project) -> list[Item]:
    found = [make_item(project, f"m{n}") for n in range(5)]
    for item in found:
        make_task(item, overlap=1)
    return found


def ahead_of(member: Member) -> str | None:
    task = current_task(member, ahead=True)
    return task.item.external_id if task else None


def test_the_item_ahead_becomes_the_next_one(items: list[Item], ana: User, member_of: Who) -> None:
    me = member_of(ana)
    first = claimed(me)
    ahead = claim_ahead(annotator=me)
    assert ahead is not None
    assert (first.item.external_id, ahead.item.external_id, ahead_of(me)) == ("m0", "m1", "m1")
    assert claim_ahead(annotator=me) == ahead or ahead_of(me) == "m1"

    answer(me, first)

    assert claimed(me).lease.id == ahead.lease.id
    assert ahead_of(me) is None
    assert broken_invariants() == []


def test_nobody_holds_more_than_two(items: list[Item], ana: User, member_of: Who) -> None:
    me = member_of(ana)
    claimed(me)
    for _ in range(3):
        claim_ahead(annotator=me)
        claimed(me)

    assert Assignment.objects.filter(state="leased").count() == 2


def test_the_item_ahead_may_be_answered_as_soon_as_it_is_seen(items: list[Item], ana: User, member_of: Who) -> None:
    """The page shows it before the first answer has arrived."""
    me = member_of(ana)
    first, ahead = claimed(me), claim_ahead(annotator=me)
    assert ahead is not None

    answer(me, ahead)
    answer(me, first)

    assert Assignment.objects.filter(state="submitted").count() == 2
    assert broken_invariants() == []


def test_both_are_renewed_together_and_run_out_alone(items: list[Item], ana: User, ben: User, member_of: Who) -> None:
    me = member_of(ana)
    first, ahead = claimed(me), claim_ahead(annotator=me)
    assert ahead is not None
    let_run_out(ahead)
    renew_lease(annotator=me, lease_id=first.lease.id)
    assert expire_leases() == 0

    let_run_out(ahead)
    assert expire_leases() == 1

    assert claimed(member_of(ben)).item.external_id == "m1"
    assert claimed(me).lease.id == first.lease.id
    assert broken_invariants() == []


def test_a_pause_ends_both(items: list[Item], lea: User, ana: User, member_of: Who) -> None:
    me = member_of(ana)
    claimed(me)
    claim_ahead(annotator=me)

    update_member(actor=lea, member=me, paused=True)

    assert not Assignment.objects.filter(state="leased").exists()
    assert broken_invariants() == []


def test_giving_the_first_back_leaves_the_one_ahead(items: list[Item], ana: User, member_of: Who) -> None:
    me = member_of(ana)
    first, ahead = claimed(me), claim_ahead(annotator=me)
    assert ahead is not None
    release_lease(annotator=me, lease_id=first.lease.id)

    assert claimed(me).lease.id == ahead.lease.id


def test_an_undo_gives_both_back_with_their_drafts(items: list[Item], ana: User, member_of: Who) -> None:
    me = member_of(ana)
    answer(me, claimed(me))
    claimed(me)
    claim_ahead(annotator=me)

    again = undo_last_submission(annotator=me)

    assert again.item.external_id == "m0"
    assert Assignment.objects.filter(state="leased").count() == 1
    assert claim_next(annotator=me) is not None
    assert broken_invariants() == []


def test_renewing_the_one_ahead_answers_with_the_one_ahead(items: list[Item], ana: User, member_of: Who) -> None:
    me = member_of(ana)
    first, ahead = claimed(me), claim_ahead(annotator=me)
    assert ahead is not None

    assert renew_lease(annotator=me, lease_id=ahead.lease.id).lease.id == ahead.lease.id
    assert renew_lease(annotator=me, lease_id=first.lease.id).lease.id == first.lease.id
    release_lease(annotator=me, lease_id=first.lease.id)
    assert renew_lease(annotator=me, lease_id=ahead.lease.id).lease.id == ahead.lease.id


def test_what_was_fetched_ahead_is_the_next_one_of_an_answer(items: list[Item], ana: User, member_of: Who) -> None:
    me = member_of(ana)
    first = claimed(me)
    ahead = claim_ahead(annotator=me)
    assert ahead is not None

    both = submit_and_claim(
        annotator=me, lease_id=first.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4()
    )

    assert both.next is not None
    assert both.next.lease.id == ahead.lease.id
