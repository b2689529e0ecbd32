"""What becomes of an answer: in time, late, twice, after a publish, after second thoughts."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.errors import NotFound
from accounts.models import User
from annotation.models import Annotation, Assignment, Lease, Member, Project, Round, Skip, Task
from annotation.selectors.progress import my_progress
from annotation.selectors.work import LeasedTask, current_task
from annotation.services.invariants import broken_invariants
from annotation.services.members import update_member
from annotation.services.queue import claim_next, expire_leases, release_lease, renew_lease, save_draft, skip_task
from annotation.services.refusals import (
    AlreadyAnswered,
    AmendNotAllowed,
    AnnotatorPaused,
    DraftTooLate,
    InvalidAnswer,
    LeaseExpired,
    NothingToUndo,
    ProjectClosed,
    RoundClosed,
)
from annotation.services.rounds import close_round
from annotation.services.submission import amend_annotation, submit_annotation, undo_last_submission
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import INTENT, make_version

Who = Callable[[User], Member]
REFUND = {"intent": "refund"}


@pytest.fixture(autouse=True)
def _invariants_hold_afterwards(db: None) -> Any:
    yield
    assert broken_invariants() == []


@pytest.fixture
def queue(project: Project) -> Project:
    for n in range(1, 4):
        make_task(make_item(project, f"m{n}", f"Message {n}"), overlap=2)
    return project


def claimed(member: Member) -> LeasedTask:
    task = claim_next(annotator=member)
    assert task is not None
    return task


def submit(member: Member, task: LeasedTask, answer: Any = None, **more: Any) -> Annotation:
    sent: dict[str, Any] = {"submission_id": uuid.uuid4(), "answer": answer or REFUND} | more
    return submit_annotation(annotator=member, lease_id=task.lease.id, **sent).annotation


def run_out(task: LeasedTask, *, granted_before: timedelta = timedelta(0)) -> None:
    """As if the time of the lease had passed."""
    lease = Lease.objects.get(pk=task.lease.id)
    Assignment.objects.filter(pk=lease.assignment_id).update(leased_until=timezone.now() - timedelta(seconds=1))
    Lease.objects.filter(pk=lease.pk).update(granted_at=lease.granted_at - granted_before)


def test_answer_is_stored_with_what_was_shown(queue: Project, ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))

    stored = submit(member_of(ana), task, {"intent": "refund", "urgency": 4}, clauses=["C3"], comment="x")

    row = Annotation.objects.get()
    assert row.pk == stored.pk
    assert (row.answer, row.clauses, row.comment) == ({"intent": "refund", "urgency": 4}, ["C3"], "x")
    assert (row.guideline_version_id, row.lease_id) == (task.version.id, task.lease.id)
    assert (row.round.key, row.item.external_id, row.annotator, row.revision) == ("initial", "m1", member_of(ana), 1)
    assert row.created_at == row.labeled_at == stored.created_at
    seat = Assignment.objects.get(state="submitted")
    assert (seat.annotator, seat.leased_until, seat.task.state) == (member_of(ana), None, "open")


def test_last_seat_finishes_the_task(queue: Project, ana: User, ben: User, member_of: Who) -> None:
    for user in (ana, ben):
        submit(member_of(user), claimed(member_of(user)))

    assert Task.objects.get(item__external_id="m1").state == "done"


def test_answer_after_its_time_counts_while_nobody_has_the_seat(queue: Project, ana: User, member_of: Who) -> None:
    member = member_of(ana)
    unswept, swept = claimed(member), None
    run_out(unswept)
    submit(member, unswept)
    swept = claimed(member)
    run_out(swept)
    assert expire_leases() == 1

    submit(member, swept)

    assert Annotation.objects.count() == 2
    assert list(Lease.objects.values_list("ending", flat=True)) == ["submitted", "submitted"]


def test_late_answer_counts_also_when_another_item_was_claimed_meanwhile(
    queue: Project, ana: User, ben: User, member_of: Who
) -> None:
    member = member_of(ana)
    first = claimed(member)
    run_out(first)
    expire_leases()
    Assignment.objects.filter(task__item__external_id="m1").update(rank=9)
    second = claimed(member)
    assert second.item.external_id == "m2"

    submit(member, first)

    assert current_task(member) is not None
    assert Annotation.objects.get().item.external_id == "m1"


def test_answer_to_a_seat_given_away_is_kept_as_a_draft(queue: Project, ana: User, ben: User, member_of: Who) -> None:
    Assignment.objects.filter(slot=2).update(state="withdrawn")
    Task.objects.update(overlap=1)
    first = claimed(member_of(ana))
    run_out(first)
    second = claimed(member_of(ben))
    assert second.item.external_id == "m2"  # the first is not taken over while there is other work
    expire_leases()
    release_lease(annotator=member_of(ben), lease_id=second.lease.id)
    assert claimed(member_of(ben)).item.external_id == "m1"

    with pytest.raises(LeaseExpired):
        submit(member_of(ana), first)

    assert not Annotation.objects.exists()
    assert Lease.objects.get(pk=first.lease.id).draft == REFUND


def test_answer_to_an_older_lease_of_the_same_person_is_fenced(queue: Project, ana: User, member_of: Who) -> None:
    member = member_of(ana)
    first = claimed(member)
    release_lease(annotator=member, lease_id=first.lease.id)
    second = claimed(member)
    assert second.lease.epoch == 2

    with pytest.raises(LeaseExpired):
        submit(member, first)

    submit(member, second)
    assert Annotation.objects.get().lease_id == second.lease.id


def test_seat_that_somebody_else_had_meanwhile_is_fenced_even_when_it_is_free(
    queue: Project, ana: User, ben: User, member_of: Who
) -> None:
    first = claimed(member_of(ana))
    run_out(first)
    expire_leases()
    Assignment.objects.filter(slot=2).update(rank=9)
    bens = claimed(member_of(ben))
    assert (bens.item.external_id, bens.lease.epoch) == ("m1", 2)
    release_lease(annotator=member_of(ben), lease_id=bens.lease.id)

    with pytest.raises(LeaseExpired):
        submit(member_of(ana), first)

    assert not Annotation.objects.exists()
    Assignment.objects.update(rank=0)


def test_person_with_another_seat_of_the_task_cannot_fill_two(queue: Project, ana: User, member_of: Who) -> None:
    member = member_of(ana)
    first = claimed(member)
    release_lease(annotator=member, lease_id=first.lease.id)
    Assignment.objects.filter(slot=1).update(rank=9)
    second = claimed(member)
    assert (second.item.external_id, Assignment.objects.get(state="leased").slot) == ("m1", 2)

    with pytest.raises(LeaseExpired):
        submit(member, first)

    assert not Annotation.objects.exists()
    Assignment.objects.update(rank=0)


def test_lease_of_somebody_else_is_not_there(queue: Project, ana: User, ben: User, member_of: Who) -> None:
    task = claimed(member_of(ana))

    with pytest.raises(NotFound):
        submit(member_of(ben), task)

    assert not Annotation.objects.exists()


def test_seconds_are_never_more_than_the_clock_here_saw(queue: Project, ana: User, member_of: Who) -> None:
    member = member_of(ana)
    quick = submit(member, claimed(member), seconds_spent=3600.0)
    slow_task = claimed(member)
    run_out(slow_task, granted_before=timedelta(seconds=100))
    slow = submit(member, slow_task, seconds_spent=90.0)
    untold = submit(member, claimed(member))

    assert quick.seconds_spent is not None
    assert quick.seconds_spent < 10
    assert (slow.seconds_spent, untold.seconds_spent) == (90.0, None)
    assert my_progress(member).today == 3
    assert my_progress(member).median_seconds == pytest.approx((quick.seconds_spent + 90) / 2)


@pytest.mark.parametrize("level", ["minor", "major"])
def test_publish_between_lease_and_submit_stores_the_version_that_was_shown(
    queue: Project, guideline: Guideline, lea: User, ana: User, ben: User, member_of: Who, level: str
) -> None:
    content = INTENT | {"questions": [INTENT["questions"][1] | {"required": True}]}
    task = claimed(member_of(ana))
    make_version(guideline, lea, content, level=level)
    claimed(member_of(ben))  # reopens what is unfinished after a major version

    submit(member_of(ana), task)

    row = Annotation.objects.get()
    assert (row.guideline_version.number, row.answer) == ("1.0", REFUND)
    assert row.assignment is not None
    assert row.assignment.task.state == ("superseded" if level == "major" else "open")


def test_old_answers_do_not_fill_the_seats_of_a_new_major_version(
    queue: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    member = member_of(ana)
    submit(member, claimed(member))
    make_version(guideline, lea, level="major")

    again = claimed(member)
    submit(member, again)

    assert again.item.external_id == "m1"
    assert list(Annotation.objects.order_by("id").values_list("guideline_version__major", flat=True)) == [1, 2]
    assert Assignment.objects.filter(task__major=2).exclude(state="submitted").count() == 5


def test_finished_tasks_are_not_asked_again(
    queue: Project, guideline: Guideline, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    for user in (ana, ben):
        submit(member_of(user), claimed(member_of(user)))
    make_version(guideline, lea, level="major")

    assert claimed(member_of(ana)).item.external_id == "m2"
    assert Task.objects.get(item__external_id="m1").state == "done"


def test_clauses_are_those_of_the_version_that_was_shown(
    queue: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    make_version(
        guideline, lea, INTENT | {"clauses": [{"key": "C9", "title": "New", "body": "", "parent": None}]}, level="minor"
    )

    with pytest.raises(InvalidAnswer) as refusal:
        submit(member_of(ana), task, clauses=["C9"])

    assert [error.path for error in refusal.value.errors] == ["clauses[0]"]
    assert submit(member_of(ana), task, clauses=["C1"]).clauses == ["C1"]


def test_spans_are_checked_against_the_item(
    queue: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    spans = {
        "key": "who", "type": "span", "title": "Who", "field": "text", "required": True,
        "options": [{"key": "PER", "label": "Person"}],
    }  # fmt: skip
    make_version(guideline, lea, INTENT | {"questions": [spans]}, level="minor")
    task = claimed(member_of(ana))

    with pytest.raises(InvalidAnswer):
        submit(member_of(ana), task, {"who": [{"start": 0, "end": 99, "label": "PER"}]})

    assert submit(member_of(ana), task, {"who": [{"start": 0, "end": 7, "label": "PER"}]}).pk


@pytest.mark.parametrize(
    "answer", [{"intent": "x\x00"}, {"intent": "\ud800"}, {"intent": float("nan")}, "refund", None]
)
def test_what_cannot_be_stored_is_an_invalid_answer(queue: Project, ana: User, member_of: Who, answer: Any) -> None:
    task = claimed(member_of(ana))

    with pytest.raises(InvalidAnswer):
        submit_annotation(annotator=member_of(ana), lease_id=task.lease.id, answer=answer, submission_id=uuid.uuid4())
    with pytest.raises(InvalidAnswer):
        save_draft(annotator=member_of(ana), lease_id=task.lease.id, answer=answer)

    assert Lease.objects.get().draft is None


# --- drafts, renewing, giving back --------------------------------------------------------------------------------


def test_draft_after_the_lease_ran_out_is_kept_and_after_the_submit_dropped(
    queue: Project, ana: User, member_of: Who
) -> None:
    member = member_of(ana)
    task = claimed(member)
    run_out(task)
    expire_leases()
    save_draft(annotator=member, lease_id=task.lease.id, answer={"urgency": 1})
    assert Lease.objects.get().draft == {"urgency": 1}
    submit(member, task)

    with pytest.raises(DraftTooLate):
        save_draft(annotator=member, lease_id=task.lease.id, answer={"urgency": 2})

    assert (Lease.objects.get().draft, Annotation.objects.get().answer) == (None, REFUND)


def test_renewing_takes_up_a_lease_that_ran_out_while_its_seat_is_free(
    queue: Project, ana: User, member_of: Who
) -> None:
    member = member_of(ana)
    task = claimed(member)
    run_out(task)
    expire_leases()

    renewed = renew_lease(annotator=member, lease_id=task.lease.id)

    assert (renewed.lease.id, renewed.lease.epoch) == (task.lease.id, 1)
    assert renewed.lease.leased_until > timezone.now() + timedelta(seconds=890)
    assert Lease.objects.get().ended_at is None


def test_renewing_does_not_take_a_seat_from_anybody(queue: Project, ana: User, ben: User, member_of: Who) -> None:
    Assignment.objects.filter(slot=2).update(state="withdrawn")
    Task.objects.update(overlap=1)
    task = claimed(member_of(ana))
    run_out(task)
    expire_leases()
    bens = claimed(member_of(ben))
    assert bens.item.external_id == "m1"

    with pytest.raises(LeaseExpired):
        renew_lease(annotator=member_of(ana), lease_id=task.lease.id)

    assert Assignment.objects.get(state="leased").annotator == member_of(ben)


def test_released_lease_is_not_renewed_and_release_repeats_harmlessly(
    queue: Project, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    for _ in range(2):
        release_lease(annotator=member_of(ana), lease_id=task.lease.id)

    with pytest.raises(LeaseExpired):
        renew_lease(annotator=member_of(ana), lease_id=task.lease.id)

    assert Lease.objects.get().ending == "released"


def test_task_that_every_annotator_skipped_is_the_leads(
    queue: Project, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    for user in (ana, ben):
        task = claimed(member_of(user))
        assert task.item.external_id == "m1"
        assert Task.objects.get(item__external_id="m1").state == "open"
        for _ in range(2):
            skip_task(annotator=member_of(user), lease_id=task.lease.id, reason="illegible")

    assert Task.objects.get(item__external_id="m1").state == "needs_lead"
    assert Skip.objects.count() == 2
    assert claimed(member_of(ana)).item.external_id == "m2"
    submit(member_of(lea), claimed(member_of(lea)))
    assert Assignment.objects.filter(task__item__external_id="m1", state="submitted").count() == 1


def test_skipped_item_takes_no_answer_from_who_skipped_it(queue: Project, ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))
    skip_task(annotator=member_of(ana), lease_id=task.lease.id)

    with pytest.raises(LeaseExpired):
        submit(member_of(ana), task)

    assert not Annotation.objects.exists()


def test_item_whose_time_ran_out_can_still_be_skipped_while_it_is_free(
    queue: Project, ana: User, ben: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    run_out(task)
    expire_leases()

    skip_task(annotator=member_of(ana), lease_id=task.lease.id, reason="too long")

    assert (Skip.objects.get().annotator, Lease.objects.get().ending) == (member_of(ana), "skipped")
    assert claimed(member_of(ana)).item.external_id == "m2"
    assert claimed(member_of(ben)).item.external_id == "m1"


def test_pausing_the_last_who_could_answer_hands_the_task_to_the_lead_at_the_next_sweep(
    queue: Project, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    from annotation.jobs import tidy_queue  # noqa: PLC0415

    task = claimed(member_of(ana))
    skip_task(annotator=member_of(ana), lease_id=task.lease.id)
    update_member(actor=lea, member=member_of(ben), paused=True)
    tidy_queue()

    assert Task.objects.get(item__external_id="m1").state == "needs_lead"
    assert Task.objects.get(item__external_id="m2").state == "open"


def test_sweep_ends_the_leases_of_closed_accounts(queue: Project, ana: User, member_of: Who) -> None:
    from annotation.jobs import tidy_queue  # noqa: PLC0415

    claimed(member_of(ana))
    User.objects.filter(pk=ana.pk).update(is_active=False)

    tidy_queue()

    assert Lease.objects.get().ending == "released"
    assert not Assignment.objects.exclude(state="open").exists()


def test_sweep_reopens_under_a_new_major_version_once(queue: Project, guideline: Guideline, lea: User) -> None:
    from annotation.jobs import tidy_queue  # noqa: PLC0415

    make_version(guideline, lea, level="major")
    for _ in range(2):
        tidy_queue()

    assert Round.objects.get(key="initial").major == 2
    assert (
        list(Task.objects.order_by("major", "id").values_list("major", "state"))
        == [(1, "superseded")] * 3 + [(2, "open")] * 3
    )


# --- refusals that keep the answer ---------------------------------------------------------------------------------


def test_closed_round_refuses_and_keeps(queue: Project, ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))
    close_round(Round.objects.get(key="initial"))

    with pytest.raises(RoundClosed):
        submit(member_of(ana), task)

    assert Lease.objects.get().draft == REFUND
    assert set(Assignment.objects.values_list("state", flat=True)) == {"withdrawn"}


def test_paused_project_takes_the_answers_to_what_was_handed_out(queue: Project, ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))
    Project.objects.update(status="paused")

    assert submit(member_of(ana), task).pk


def test_closed_project_and_paused_annotator_refuse_and_keep_but_replay(
    queue: Project, lea: User, ana: User, member_of: Who
) -> None:
    member, key = member_of(ana), uuid.uuid4()
    answered, held = claimed(member), None
    stored = submit(member, answered, submission_id=key)
    held = claimed(member)
    update_member(actor=lea, member=member, paused=True)
    with pytest.raises(AnnotatorPaused):
        submit(member, held)
    assert Lease.objects.get(pk=held.lease.id).draft == REFUND
    update_member(actor=lea, member=member, paused=False)
    Project.objects.update(status="closed")
    with pytest.raises(ProjectClosed):
        submit(member, held)

    assert submit(member, answered, submission_id=key).pk == stored.pk
    assert Annotation.objects.count() == 1


# --- second thoughts -----------------------------------------------------------------------------------------------


def test_undo_leases_the_seat_again_with_the_answer_as_draft(
    queue: Project, ana: User, ben: User, member_of: Who
) -> None:
    member = member_of(ana)
    submit(member_of(ben), claimed(member_of(ben)))
    first = claimed(member)
    stored = submit(member, first)
    assert Task.objects.get(item__external_id="m1").state == "done"
    second = claimed(member)
    save_draft(annotator=member, lease_id=second.lease.id, answer={"urgency": 5})

    undone = undo_last_submission(annotator=member)

    assert (undone.item.external_id, undone.draft, undone.version) == ("m1", REFUND, first.version)
    assert (undone.lease.epoch, undone.lease.id != first.lease.id) == (2, True)
    assert Lease.objects.get(pk=undone.lease.id).reason == "undo"
    stored.refresh_from_db()
    assert stored.superseded_at is not None
    assert Task.objects.get(item__external_id="m1").state == "open"
    released = Lease.objects.get(pk=second.lease.id)
    assert (released.ending, released.draft) == ("released", {"urgency": 5})
    assert undo_last_submission(annotator=member).lease.id == undone.lease.id  # pressed twice

    again = submit(member, undone, {"intent": "other"})
    assert (again.revision, Task.objects.get(item__external_id="m1").state) == (2, "done")
    back = claimed(member)
    assert (back.item.external_id, back.draft) == ("m2", {"urgency": 5})


def test_undo_keeps_the_version_of_the_answer(
    queue: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    member = member_of(ana)
    submit(member, claimed(member))
    make_version(guideline, lea, level="minor")

    assert undo_last_submission(annotator=member).version.number == "1.0"


def test_replay_of_an_undone_submission_brings_nothing_back(queue: Project, ana: User, member_of: Who) -> None:
    member, key = member_of(ana), uuid.uuid4()
    task = claimed(member)
    stored = submit(member, task, submission_id=key)
    undo_last_submission(annotator=member)

    assert submit(member, task, submission_id=key).pk == stored.pk
    with pytest.raises(LeaseExpired):
        submit(member, task)
    assert not Annotation.objects.filter(superseded_at=None).exists()


def test_only_the_last_answer_is_undone_and_only_once(queue: Project, ana: User, member_of: Who) -> None:
    member = member_of(ana)
    with pytest.raises(NothingToUndo):
        undo_last_submission(annotator=member)
    submit(member, claimed(member))
    submit(member, claimed(member))
    undone = undo_last_submission(annotator=member)
    release_lease(annotator=member, lease_id=undone.lease.id)

    with pytest.raises(NothingToUndo):
        undo_last_submission(annotator=member)

    assert Annotation.objects.filter(superseded_at=None).count() == 1


@pytest.mark.parametrize("reason", ["not allowed", "round closed", "superseded"])
def test_undo_and_amend_are_refused_when_the_answer_stands(
    queue: Project, guideline: Guideline, lea: User, ana: User, ben: User, member_of: Who, reason: str
) -> None:
    member = member_of(ana)
    stored = submit(member, claimed(member))
    if reason == "not allowed":
        Project.objects.update(allows_amend=False)
    elif reason == "round closed":
        close_round(Round.objects.get(key="initial"))
    else:
        make_version(guideline, lea, level="major")
        claimed(member_of(ben))

    with pytest.raises(NothingToUndo):
        undo_last_submission(annotator=member)
    with pytest.raises(AmendNotAllowed):
        amend_annotation(annotator=member, annotation_id=stored.public_id, answer=REFUND, submission_id=uuid.uuid4())

    assert Annotation.objects.get().superseded_at is None


def test_amend_is_a_new_revision_of_the_same_seat(queue: Project, ana: User, ben: User, member_of: Who) -> None:
    member, key = member_of(ana), uuid.uuid4()
    stored = submit(member, claimed(member))
    change: dict[str, Any] = {"annotation_id": stored.public_id, "answer": {"intent": "other"}, "submission_id": key}

    revised = amend_annotation(annotator=member, **change)
    repeated = amend_annotation(annotator=member, **change)

    assert repeated.pk == revised.pk
    assert (revised.revision, revised.assignment_id, revised.lease_id) == (2, stored.assignment_id, stored.lease_id)
    stored.refresh_from_db()
    assert stored.superseded_at == revised.created_at
    with pytest.raises(NotFound):
        amend_annotation(annotator=member_of(ben), **(change | {"submission_id": uuid.uuid4()}))
    with pytest.raises(AmendNotAllowed):
        amend_annotation(annotator=member, **(change | {"submission_id": uuid.uuid4()}))
    with pytest.raises(InvalidAnswer):
        amend_annotation(
            annotator=member, annotation_id=revised.public_id, answer={"intent": "x"}, submission_id=uuid.uuid4()
        )
    assert Annotation.objects.filter(superseded_at=None).get().answer == {"intent": "other"}


def test_answered_lease_takes_no_second_answer(queue: Project, ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))
    submit(member_of(ana), task)

    with pytest.raises(AlreadyAnswered):
        submit(member_of(ana), task, {"intent": "other"})
    skip_refused = pytest.raises(LeaseExpired)
    with skip_refused:
        skip_task(annotator=member_of(ana), lease_id=task.lease.id)

    assert Annotation.objects.get().answer == REFUND


def test_submission_uses_the_clock_of_the_database(queue: Project, ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        before = cursor.fetchone()[0]

    stored = submit(member_of(ana), task)

    assert before < stored.created_at < before + timedelta(seconds=5)
