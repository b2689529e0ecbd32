"""Who has not acknowledged the newest version that asks for it is given nothing new; what they hold they finish."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from annotation.models import Annotation, Lease, Member, Project
from annotation.selectors.acknowledgements import acknowledgement_states, known_version
from annotation.services.desk import park_task, take_back_parked
from annotation.services.invariants import broken_invariants
from annotation.services.queue import (
    claim_ahead,
    claim_next,
    release_lease,
    renew_lease,
    save_draft,
    skip_task,
    why_nothing,
)
from annotation.services.refusals import AcknowledgementNeeded, ModelsDoNotClaim
from annotation.services.submission import submit_and_claim, undo_last_submission
from guidelines.models import AcknowledgementRequest, Guideline
from guidelines.services.acknowledgements import mark_as_read, waive_acknowledgement
from tests.factories.acknowledgements import REFUND, prove, publish_asking, publish_quietly
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import make_guideline
from tests.factories.work import answer, claimed, let_run_out

Who = Callable[[User], Member]
DjangoAssertNumQueries = Callable[..., Any]


@pytest.fixture(autouse=True)
def _invariants_hold_afterwards(db: None) -> Any:
    yield
    assert broken_invariants() == []


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(6):
        make_task(make_item(project, f"i{number}"), overlap=2)
    return project


def refusal_of(do: Callable[[], Any]) -> AcknowledgementNeeded:
    with pytest.raises(AcknowledgementNeeded) as caught:
        do()
    return caught.value


def test_a_claim_is_refused_with_the_version_until_it_was_proved(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    asked = publish_asking(guideline, lea)

    refusal = refusal_of(lambda: claim_next(annotator=member_of(ana)))
    assert (refusal.code, refusal.status, refusal.extra) == ("acknowledgement_needed", 409, {"version": "1.1"})
    refusal_of(lambda: claim_ahead(annotator=member_of(ana)))
    mark_as_read(actor=ana, request=asked, since=None)
    refusal_of(lambda: claim_next(annotator=member_of(ana)))
    assert not Lease.objects.exists()

    prove(ana, asked)

    assert claimed(member_of(ana)).version.number == "1.1"


def test_a_version_that_asks_for_nothing_blocks_nobody(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    publish_quietly(guideline, lea)

    assert claimed(member_of(ana)).version.number == "1.1"


def test_a_quiet_version_after_one_that_asks_still_waits_for_the_one_that_asks(
    work: Project, guideline: Guideline, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    asked = publish_asking(guideline, lea, level="major")
    publish_quietly(guideline, lea, word=" Clearer.")

    assert refusal_of(lambda: claim_next(annotator=member_of(ana))).extra == {"version": "2.0"}
    prove(ana, asked)
    assert claimed(member_of(ana)).version.number == "2.1"


def test_a_waiver_hands_out_at_once(
    work: Project, guideline: Guideline, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    asked = publish_asking(guideline, lea)

    waive_acknowledgement(actor=lea, request=asked, user=ana)

    assert claimed(member_of(ana)).version.number == "1.1"
    refusal_of(lambda: claim_next(annotator=member_of(ben)))


def test_a_held_lease_is_worked_to_its_end_under_the_old_version(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    ana_ = member_of(ana)
    task = claimed(ana_)
    publish_asking(guideline, lea)

    save_draft(annotator=ana_, lease_id=task.lease.id, answer=REFUND)
    assert renew_lease(annotator=ana_, lease_id=task.lease.id).version.number == "1.0"
    assert claimed(ana_).lease.id == task.lease.id  # what they hold already is no new lease
    assert answer(ana_, task).guideline_version_id == task.version.id
    refusal_of(lambda: claim_next(annotator=ana_))

    again = undo_last_submission(annotator=ana_)
    assert again.version.number == "1.0"
    answer(ana_, again, "billing")
    refusal_of(lambda: claim_next(annotator=ana_))
    numbers = Annotation.objects.values_list("guideline_version__minor", flat=True)
    assert list(numbers) == [0, 0]


@pytest.mark.parametrize("letting_go", [skip_task, release_lease])
def test_who_lets_go_of_what_they_hold_is_given_nothing_else(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who, letting_go: Callable[..., None]
) -> None:
    task = claimed(member_of(ana))
    publish_asking(guideline, lea)

    letting_go(annotator=member_of(ana), lease_id=task.lease.id)

    refusal_of(lambda: claim_next(annotator=member_of(ana)))


def test_a_parked_item_that_comes_back_waits_for_the_acknowledgement_too(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    note = park_task(annotator=member_of(ana), lease_id=task.lease.id, note="Which?")
    asked = publish_asking(guideline, lea)

    take_back_parked(annotator=member_of(ana), note_id=note.pk)
    refusal_of(lambda: claim_next(annotator=member_of(ana)))
    prove(ana, asked)

    assert claimed(member_of(ana)).item.external_id == task.item.external_id


def test_a_lease_that_ran_out_is_taken_up_again_while_its_seat_is_free(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    publish_asking(guideline, lea)
    let_run_out(task)

    assert renew_lease(annotator=member_of(ana), lease_id=task.lease.id).version.number == "1.0"


def test_submit_stores_the_answer_and_says_why_there_is_no_next_one(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    publish_asking(guideline, lea)

    both = submit_and_claim(annotator=member_of(ana), lease_id=task.lease.id, answer=REFUND, submission_id=uuid.uuid4())

    assert both.next is None
    assert isinstance(both.refusal, AcknowledgementNeeded)
    assert Annotation.objects.get() == both.submitted.annotation


def test_an_item_fetched_ahead_before_the_publish_is_finished_and_none_is_fetched_after_it(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    ana_ = member_of(ana)
    first = claimed(ana_)
    second = claim_ahead(annotator=ana_)
    assert second is not None
    publish_asking(guideline, lea)

    both = submit_and_claim(annotator=ana_, lease_id=first.lease.id, answer=REFUND, submission_id=uuid.uuid4())

    assert both.next is not None
    assert (both.next.lease.id, both.next.version.number) == (second.lease.id, "1.0")
    refusal_of(lambda: claim_ahead(annotator=ana_))
    answer(ana_, both.next)
    refusal_of(lambda: claim_next(annotator=ana_))
    assert Lease.objects.count() == 2


def test_every_project_of_the_guideline_waits_and_no_other(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    second = make_project(lea, guideline, "second")
    elsewhere = make_project(lea, make_guideline(lea, "elsewhere"), "elsewhere")
    twin, stranger = make_member(second, ana), make_member(elsewhere, ana)
    for other in (second, elsewhere):
        make_task(make_item(other, "x"))
    asked = publish_asking(guideline, lea)

    refusal_of(lambda: claim_next(annotator=member_of(ana)))
    refusal_of(lambda: claim_next(annotator=twin))
    assert claimed(stranger).item.external_id == "x"
    prove(ana, asked)  # once, for both

    assert claimed(member_of(ana)).version.number == "1.1"
    assert claimed(twin).version.number == "1.1"


def test_why_nothing_and_models_are_told_what_they_were_told_before(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    publish_asking(guideline, lea)
    model = make_member(work, None, name="gpt", kind="model")

    with pytest.raises(ModelsDoNotClaim):
        claim_next(annotator=model)
    assert why_nothing(member_of(ana)) == "done"


def test_asking_costs_a_claim_no_query(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    ana_ = member_of(ana)
    answer(ana_, claimed(ana_))
    savepoints = 2
    with django_assert_num_queries(3 + savepoints):
        task = claimed(ana_)
    answer(ana_, task)
    prove(ana, publish_asking(guideline, lea))
    answer(ana_, claimed(ana_))  # a version is parsed once a process

    with django_assert_num_queries(3 + savepoints):
        claimed(ana_)


def test_verify_finds_a_lease_that_was_given_without_acknowledgement(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    claimed(member_of(ana))
    with transaction.atomic():
        AcknowledgementRequest.objects.create(
            version=guideline.versions.get(), guideline=guideline, n_items=0, asked_by=lea, asked_at=timezone.now()
        )

        assert [broken.invariant.number for broken in broken_invariants()] == ["I27"]

        transaction.set_rollback(True)


# --- what is read, by whom -------------------------------------------------------------------------------------


def test_the_difference_begins_where_the_person_is(
    work: Project, guideline: Guideline, lea: User, ana: User, ben: User, cho: User, member_of: Who
) -> None:
    answer(member_of(ben), claimed(member_of(ben)))
    first = publish_asking(guideline, lea)
    prove(ana, first)
    publish_quietly(guideline, lea, word=" Clearer.")
    answer(member_of(ana), claimed(member_of(ana)))
    newest = publish_asking(guideline, lea, word=" Clearer still.")

    known = {user.username: known_version(user, newest) for user in (ana, ben, cho)}

    numbers = {name: version.number if version else None for name, version in known.items()}
    assert numbers == {"ana": "1.1", "ben": "1.0", "cho": None}


def test_the_lead_sees_every_annotator_once_with_how_far_they_are(
    work: Project, guideline: Guideline, lea: User, ana: User, ben: User, cho: User, adi: User, member_of: Who
) -> None:
    second = make_project(lea, guideline, "second")
    for user in (ana, cho):
        make_member(second, user)
    asked = publish_asking(guideline, lea)
    prove(ana, asked)
    mark_as_read(actor=ben, request=asked, since=None)
    waive_acknowledgement(actor=lea, request=asked, user=adi)

    states = acknowledgement_states(asked)

    assert [(one.user.username, one.state, one.n_right, one.n_wrong) for one in states] == [
        ("adi", "waived", 0, 0), ("ana", "passed", 2, 0), ("ben", "reading", 0, 0), ("cho", "not_yet", 0, 0),
    ]  # fmt: skip
    assert states[1].minutes is not None
    assert states[2].minutes is None
