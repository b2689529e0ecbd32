"""Leads at the levers while people claim: nothing is handed out twice, lost, or kept for two."""

import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from accounts.errors import DomainError
from accounts.models import AuditEvent
from annotation.models import Annotation, Assignment, Lease, Member, Project, Round
from annotation.services.by_hand import assign_item, release_lease_by_hand, unassign
from annotation.services.members import update_member
from annotation.services.priorities import set_priority
from annotation.services.queue import claim_next
from annotation.services.round_control import close_round_by_hand, pause_round, resume_round
from annotation.services.rounds import reopen_under_new_major
from annotation.services.submission import submit_annotation
from tests.concurrency.racing import race
from tests.factories.guidelines import make_version

pytestmark = pytest.mark.xdist_group("races")
Crowd = Callable[[int], list[Member]]
Fill = Callable[..., list[Any]]


def label_until_empty(member: Member) -> None:
    while (task := claim_next(annotator=member)) is not None:
        submit_annotation(
            annotator=member, lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4()
        )


def test_two_leads_change_a_round_at_once(racing_project: Project, fill: Fill) -> None:
    fill(5, overlap=2)
    lead, round_ = racing_project.created_by, Round.objects.get(project=racing_project, key="initial")
    for _ in range(5):
        results = race(
            [partial(change, actor=lead, round=round_) for change in (pause_round, pause_round, resume_round)] * 2
        )
        assert not [result for result in results if isinstance(result, DomainError)]
    events = list(AuditEvent.objects.filter(target="initial").order_by("pk").values_list("action", flat=True))
    assert all(one != other for one, other in zip(events, events[1:], strict=False))  # only changes are recorded

    results = race([partial(close_round_by_hand, actor=lead, round=round_)] * 4)

    assert not [result for result in results if isinstance(result, DomainError)]
    assert AuditEvent.objects.filter(action="round.closed").count() == 1
    assert not Assignment.objects.filter(state="open").exists()


def test_a_pause_while_people_claim_loses_nothing(racing_project: Project, crowd: Crowd, fill: Fill) -> None:
    fill(30, overlap=2)
    people = crowd(6)
    lead, round_ = racing_project.created_by, Round.objects.get(project=racing_project, key="initial")

    def flicker() -> None:
        for _ in range(5):
            pause_round(actor=lead, round=round_)
            resume_round(actor=lead, round=round_)

    race([flicker, *(partial(label_until_empty, member) for member in people)])
    race([partial(label_until_empty, member) for member in people])  # what a pause kept from them

    assert Annotation.objects.filter(superseded_at=None).count() == 60


def test_one_seat_kept_for_one_person_while_all_want_it(racing_project: Project, crowd: Crowd, fill: Fill) -> None:
    fill(10, overlap=1)
    people = crowd(8)
    lead = racing_project.created_by

    results = race([
        *(partial(assign_item, actor=lead, project=racing_project, external_id="m0005", annotator=p) for p in people),
        *(partial(claim_next, annotator=member) for member in people),
    ])  # fmt: skip

    kept = [result for result in results[:8] if not isinstance(result, DomainError)]
    assert len(kept) <= 1
    holders = Counter(Assignment.objects.filter(state="leased").values_list("task_id", flat=True))
    assert max(holders.values()) == 1
    race([partial(label_until_empty, member) for member in people])
    assert Annotation.objects.count() == 10


def test_letting_go_races_with_claiming(racing_project: Project, crowd: Crowd, fill: Fill) -> None:
    fill(6, overlap=1)
    people = crowd(4)
    lead = racing_project.created_by
    seats = [
        assign_item(actor=lead, project=racing_project, external_id=f"m{n:04}", annotator=people[n % 2])
        for n in range(6)
    ]

    race([
        *(partial(unassign, actor=lead, project=racing_project, seat_id=seat.pk) for seat in seats),
        *(partial(label_until_empty, member) for member in people),
    ])  # fmt: skip
    race([partial(label_until_empty, member) for member in people])

    assert Annotation.objects.count() == 6


def test_a_release_by_hand_races_with_the_answer(racing_project: Project, crowd: Crowd, fill: Fill) -> None:
    fill(12, overlap=1)
    (person,) = crowd(1)
    for _ in range(12):
        task = claim_next(annotator=person)
        assert task is not None
        submit = partial(
            submit_annotation, annotator=person, lease_id=task.lease.id, answer={"intent": "refund"},
            submission_id=uuid.uuid4(),
        )  # fmt: skip
        release = partial(
            release_lease_by_hand, actor=racing_project.created_by, project=racing_project, lease_id=task.lease.id
        )
        answered, _ = race([submit, release])
        assert not isinstance(answered, DomainError)  # free again: the answer counts

    assert Annotation.objects.count() == 12
    assert set(Lease.objects.values_list("ending", flat=True)) == {"submitted"}


def test_an_assignment_races_with_the_persons_pause(racing_project: Project, crowd: Crowd, fill: Fill) -> None:
    fill(4, overlap=2)
    (person,) = crowd(1)
    lead = racing_project.created_by

    race([
        *(partial(assign_item, actor=lead, project=racing_project, external_id=f"m{n:04}", annotator=person)
          for n in range(4)),
        partial(update_member, actor=lead, member=person, paused=True),
    ])  # fmt: skip

    assert not Assignment.objects.filter(state="leased").exists()


def test_priorities_change_while_people_work_and_a_new_version_is_opened(
    racing_project: Project, crowd: Crowd, fill: Fill
) -> None:
    fill(20, overlap=2)
    people = crowd(4)
    lead, round_ = racing_project.created_by, Round.objects.get(project=racing_project, key="initial")
    make_version(racing_project.guideline, lead)

    def feed(start: int) -> None:
        for n in range(start, 20, 2):
            set_priority(actor=lead, project=racing_project, external_id=f"m{n:04}", priority=n - 9)

    race([
        partial(feed, 0), partial(feed, 1), partial(reopen_under_new_major, round_),
        *(partial(label_until_empty, member) for member in people),
    ])  # fmt: skip

    wrong = [
        (seat.task.item.external_id, seat.rank)
        for seat in Assignment.objects.exclude(task__state="superseded").select_related("task__item")
        if seat.rank != -seat.task.item.priority
    ]
    assert wrong == []
