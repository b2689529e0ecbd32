"""Fifty people at one queue: nobody gets a seat too many, nobody is turned away while one is free."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import User
from annotation.jobs import tidy_queue
from annotation.models import Annotation, Assignment, Lease, Member, Project, Round, Task
from annotation.selectors.work import LeasedTask
from annotation.services.members import remove_member, update_member
from annotation.services.projects import update_project
from annotation.services.queue import claim_next, expire_leases, skip_task
from annotation.services.refusals import AlreadyAnswered, AnnotatorPaused, LeaseExpired, RoundClosed
from annotation.services.rounds import close_round
from annotation.services.submission import submit_annotation, undo_last_submission
from tests.concurrency.racing import race
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import make_version

pytestmark = pytest.mark.xdist_group("races")
Crowd = Callable[[int], list[Member]]
Fill = Callable[..., list[Any]]
REFUND = {"intent": "refund"}


def claimed(member: Member) -> LeasedTask:
    task = claim_next(annotator=member)
    assert task is not None
    return task


def submit(member: Member, task: LeasedTask, submission_id: uuid.UUID | None = None) -> Any:
    return submit_annotation(
        annotator=member, lease_id=task.lease.id, answer=REFUND, submission_id=submission_id or uuid.uuid4()
    )


def label_until_empty(member: Member) -> None:
    while (task := claim_next(annotator=member)) is not None:
        submit(member, task)


def free_for(member: Member) -> int:
    """Open seats that this person could take now, counted without any lock."""
    mine = Assignment.objects.filter(annotator=member).values("task_id")
    skipped = member.skips.values("task_id")
    return (
        Assignment.objects.filter(state="open", project_id=member.project_id)
        .exclude(task_id__in=mine)
        .exclude(task_id__in=skipped)
        .count()
    )


def run_out(task: LeasedTask) -> None:
    Assignment.objects.filter(leases=task.lease.id).update(leased_until=timezone.now() - timedelta(seconds=1))


def test_fifty_annotators_drain_a_queue_of_overlap_three(crowd: Crowd, fill: Fill) -> None:
    people = crowd(50)
    fill(120, overlap=3)
    refused_while_free: list[tuple[str, int]] = []

    def label_and_check(member: Member) -> int:
        count = 0
        while (task := claim_next(annotator=member)) is not None:
            submit(member, task)
            count += 1
        # seats are only taken here, never given back: what is free after the refusal was free during it
        if free := free_for(member):
            refused_while_free.append((member.name, free))
        return count

    counts = race([partial(label_and_check, member) for member in people])

    assert refused_while_free == []
    assert sum(count for count in counts if isinstance(count, int)) == 360
    per_item = Annotation.objects.values("item").annotate(n=Count("annotator", distinct=True), all=Count("id"))
    assert Counter((row["n"], row["all"]) for row in per_item) == {(3, 3): 120}
    assert set(Task.objects.values_list("state", flat=True)) == {"done"}
    assert Lease.objects.count() == 360


def test_exactly_the_free_seats_are_granted_at_the_end(crowd: Crowd, racing_project: Project) -> None:
    people = crowd(50)
    for number in range(4):
        task = make_task(make_item(racing_project, f"last{number}"), overlap=3)

        results = race([partial(claim_next, annotator=member) for member in people])

        winners = [(member, result) for member, result in zip(people, results, strict=True) if result is not None]
        assert len(winners) == 3
        assert Assignment.objects.filter(task=task, state="leased").count() == 3
        for member, won in winners:
            submit(member, won)  # type: ignore[arg-type]


def test_seat_that_is_locked_for_a_moment_is_waited_for(crowd: Crowd, fill: Fill) -> None:
    """Another claim has the only seat and gives up: passing over its lock would turn this person away wrongly."""
    (member,) = crowd(1)
    fill(1, overlap=1)
    is_locked = threading.Event()

    def lock_and_give_up() -> None:
        with transaction.atomic():
            list(Assignment.objects.select_for_update())
            is_locked.set()
            time.sleep(0.4)
            transaction.set_rollback(True)

    def claim_meanwhile() -> LeasedTask | None:
        is_locked.wait(10)
        return claim_next(annotator=member)

    _, task = race([lock_and_give_up, claim_meanwhile])

    assert isinstance(task, LeasedTask)


def test_two_tabs_get_one_lease(crowd: Crowd, fill: Fill) -> None:
    (member,) = crowd(1)
    fill(30, overlap=1)

    tasks = race([partial(claim_next, annotator=member)] * 20)

    assert len({task.lease.id for task in tasks if isinstance(task, LeasedTask)}) == 1
    assert Lease.objects.count() == 1


def test_a_hundred_parallel_submits_of_one_id_make_one_annotation(crowd: Crowd, fill: Fill) -> None:
    (member,) = crowd(1)
    fill(1, overlap=2)
    task, key = claimed(member), uuid.uuid4()

    def submit_twice() -> list[Any]:
        return [submit(member, task, key) for _ in range(2)]

    answers = [answer for pair in race([submit_twice] * 50) for answer in pair]  # type: ignore[union-attr]

    assert {answer.annotation.pk for answer in answers} == {Annotation.objects.get().pk}
    assert Counter(answer.is_replay for answer in answers) == {False: 1, True: 99}


def test_two_answers_for_one_lease_make_one_annotation(crowd: Crowd, fill: Fill) -> None:
    (member,) = crowd(1)
    fill(1, overlap=2)
    task = claimed(member)

    results = race([partial(submit, member, task) for _ in range(10)])

    assert Counter(type(result).__name__ for result in results) == {"Submitted": 1, "AlreadyAnswered": 9}
    assert isinstance(next(r for r in results if isinstance(r, DomainError)), AlreadyAnswered)
    assert Annotation.objects.count() == 1


def test_last_two_answers_at_once_finish_the_task(crowd: Crowd, fill: Fill) -> None:
    people = crowd(5)
    for task in fill(6, overlap=5):  # the queue hands them out one after the other
        leased = [claimed(member) for member in people]

        race([partial(submit, *pair) for pair in zip(people, leased, strict=True)])

        task.refresh_from_db()
        assert task.state == "done"


def test_late_answer_and_new_claim_never_both_win(crowd: Crowd, racing_project: Project) -> None:
    first, second = crowd(2)
    outcomes: Counter[str] = Counter()
    for number in range(12):
        task = make_task(make_item(racing_project, f"late{number}"), overlap=1)
        late = claimed(first)
        run_out(late)

        answer, taken = race([partial(submit, first, late), partial(claim_next, annotator=second)])

        if isinstance(taken, LeasedTask):
            assert isinstance(answer, LeaseExpired)
            assert Lease.objects.get(pk=late.lease.id).draft == REFUND
            submit(second, taken)
            outcomes["taken"] += 1
        else:
            assert Annotation.objects.get(item=task.item).annotator == first
            outcomes["answered"] += 1
    assert Annotation.objects.count() == 12 == sum(outcomes.values())


def test_everybody_goes_on_while_a_major_version_is_published(
    crowd: Crowd, fill: Fill, racing_project: Project
) -> None:
    people = crowd(12)
    fill(40, overlap=2)
    guideline, lead = racing_project.guideline, User.objects.get(username="lea")

    def publish() -> None:
        for level in ("minor", "major", "major"):
            time.sleep(0.15)
            make_version(guideline, lead, level=level)

    race([publish, *(partial(label_until_empty, member) for member in people)])
    race([partial(label_until_empty, member) for member in people])  # who looked before the last publish looks again

    assert Round.objects.get(key="initial").major == 3
    newest = Task.objects.exclude(state="superseded")
    assert set(newest.values_list("state", flat=True)) == {"done"}
    assert newest.values("item").distinct().count() == newest.count() == 40
    assert not Annotation.objects.exclude(guideline_version__major=F("assignment__task__major")).exists()


def test_pause_and_removal_leave_no_lease_behind(crowd: Crowd, fill: Fill) -> None:
    people, lead = crowd(16), User.objects.get(username="lea")
    fill(40, overlap=2)

    def work(member: Member) -> None:
        for _ in range(5):
            if (task := claim_next(annotator=member)) is not None:
                submit(member, task)
        claim_next(annotator=member)

    def stop(member: Member, index: int) -> None:
        time.sleep(0.01 * index)
        if index % 2:
            update_member(actor=lead, member=member, paused=True)
        else:
            remove_member(actor=lead, member=member)

    race([run for index, m in enumerate(people) for run in (partial(work, m), partial(stop, m, index))])

    assert not Assignment.objects.filter(state="leased").exists()
    assert not Lease.objects.filter(ended_at=None).exists()
    with pytest.raises(AnnotatorPaused):
        claim_next(annotator=people[1])


def test_submit_and_undo_pressed_at_once(crowd: Crowd, fill: Fill) -> None:
    (member,) = crowd(1)
    fill(10, overlap=2)
    for _ in range(8):
        task = claimed(member)
        race([partial(submit, member, task), partial(undo_last_submission, annotator=member)])

    assert Assignment.objects.filter(state="leased").count() <= 1


def test_overlap_changes_while_fifty_label(crowd: Crowd, fill: Fill, racing_project: Project) -> None:
    people, lead = crowd(20), User.objects.get(username="lea")
    fill(30, overlap=2)

    def change() -> None:
        for labels in (3, 1, 4, 2, 3):
            time.sleep(0.05)
            update_project(actor=lead, project=racing_project, overlap={"labels_per_item": labels})

    race([change, *(partial(label_until_empty, member) for member in people)])
    race([partial(label_until_empty, member) for member in people])

    assert set(Task.objects.values_list("state", flat=True)) == {"done"}
    assert min(Task.objects.values_list("overlap", flat=True)) >= 3


def test_round_that_closes_while_answers_arrive(crowd: Crowd, fill: Fill) -> None:
    people = crowd(20)
    fill(20, overlap=1)
    leased = [claimed(member) for member in people]

    results = race(
        [partial(close_round, Round.objects.get(key="initial"))]
        + [partial(submit, *pair) for pair in zip(people, leased, strict=True)]  # type: ignore[operator]
    )

    stored = Annotation.objects.count()
    refused = [result for result in results if isinstance(result, DomainError)]
    assert stored + len(refused) == 20
    assert {type(refusal) for refusal in refused} <= {RoundClosed, LeaseExpired}
    assert Lease.objects.exclude(draft=None).count() == len(refused)
    assert set(Assignment.objects.values_list("state", flat=True)) <= {"submitted", "withdrawn"}


def test_everybody_skips_at_once_and_the_lead_gets_it(crowd: Crowd, fill: Fill) -> None:
    people = crowd(6)
    fill(1, overlap=6)
    leased = [claimed(member) for member in people]

    race([partial(skip_task, annotator=m, lease_id=t.lease.id) for m, t in zip(people, leased, strict=True)])

    assert Task.objects.get().state == "needs_lead"
    assert race([partial(claim_next, annotator=member) for member in people]) == [None] * 6


def test_two_sweeps_at_once_free_every_lease_once(crowd: Crowd, fill: Fill) -> None:
    people = crowd(20)
    fill(20, overlap=1)
    for member in people:
        run_out(claimed(member))

    freed = race([expire_leases] * 4 + [tidy_queue] * 2)  # type: ignore[list-item]

    assert sum(count for count in freed if isinstance(count, int)) <= 20
    assert expire_leases() == 0
    assert Lease.objects.filter(ending="expired").count() == 20
    assert set(Assignment.objects.values_list("state", flat=True)) == {"open"}
