"""A publish that asks for acknowledgement, in the middle of twenty people at work."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from accounts.errors import DomainError
from accounts.models import User
from annotation.models import Lease, Member, Project
from annotation.services.queue import claim_next
from annotation.services.refusals import AcknowledgementNeeded
from guidelines.models import Acknowledgement, AcknowledgementRequest, ProofAnswer
from guidelines.services.acknowledgements import (
    NotThisItem,
    PassedAlready,
    answer_proof_item,
    mark_as_read,
    waive_acknowledgement,
)
from tests.concurrency.racing import race
from tests.factories.acknowledgements import BILLING, REFUND, publish_asking
from tests.factories.work import answer

pytestmark = pytest.mark.xdist_group("races")
Crowd = Callable[[int], list[Member]]
Fill = Callable[..., list[Any]]
Spoke = tuple[float, str]


def work_until_refused(member: Member) -> list[Spoke]:
    """Claim and answer until a version is to be acknowledged; each claim's beginning and the version it gave."""
    given: list[Spoke] = []
    for _ in range(500):
        began = time.monotonic()
        try:
            task = claim_next(annotator=member)
        except AcknowledgementNeeded:
            return given
        assert task is not None, "the queue is long enough for all of them"
        given.append((began, task.version.number))
        answer(member, task)
    raise AssertionError("never refused")


@pytest.mark.parametrize("level", ["minor", "major"])
def test_nobody_who_has_not_passed_gets_a_lease_from_a_claim_that_began_after_the_publish(
    crowd: Crowd, fill: Fill, racing_project: Project, lead: User, level: str
) -> None:
    members = crowd(20)
    fill(400, overlap=2)
    passed = members[0]
    published: list[float] = []

    def publish() -> None:
        time.sleep(0.3)
        request = publish_asking(racing_project.guideline, lead, level=level)
        published.append(time.monotonic())
        assert passed.user is not None
        waive_acknowledgement(actor=lead, request=request, user=passed.user)

    runners: list[Callable[[], Any]] = [partial(work_until_refused, member) for member in members[1:]]
    *given, _ = race([*runners, publish])

    began = [each for spoke in given if not isinstance(spoke, DomainError) for each in spoke]
    assert began, "they worked before the publish"
    assert {number for _, number in began} == {"1.0"}
    assert max(at for at, _ in began) < published[0]
    assert not Lease.objects.filter(guideline_version__sequence=2).exists()
    task = claim_next(annotator=passed)
    assert task is not None
    assert task.version.sha256 == racing_project.guideline.versions.get(sequence=2).sha256


def test_one_answer_of_ten_sent_at_once_proves_an_item(crowd: Crowd, racing_project: Project, lead: User) -> None:
    (member,) = crowd(1)
    user = member.user
    assert user is not None
    request = publish_asking(racing_project.guideline, lead)
    race([partial(mark_as_read, actor=user, request=request, since=None)] * 10)

    said = race([partial(answer_proof_item, actor=user, request=request, position=1, answer=BILLING)] * 10)

    assert sum(isinstance(each, ProofAnswer) for each in said) == 1
    assert sum(isinstance(each, NotThisItem) for each in said) == 9
    own = Acknowledgement.objects.get()
    assert (own.attempts, own.passed_at) == (1, None)


def test_a_waiver_and_the_last_answer_at_once_end_in_one_of_two_orders(
    crowd: Crowd, racing_project: Project, lead: User
) -> None:
    people = [member.user for member in crowd(12) if member.user is not None]
    request: AcknowledgementRequest = publish_asking(racing_project.guideline, lead, ["E2"])
    for user in people:
        mark_as_read(actor=user, request=request, since=None)
    go = threading.Event()

    def prove_last(user: User) -> Any:
        go.wait(10)
        return answer_proof_item(actor=user, request=request, position=1, answer=REFUND)

    def waive(user: User) -> Any:
        go.set()
        return waive_acknowledgement(actor=lead, request=request, user=user)

    said = race([partial(do, user) for user in people for do in (prove_last, waive)])

    assert all(isinstance(each, ProofAnswer) for each in said[::2])
    assert Acknowledgement.objects.filter(passed_at__isnull=False).count() == len(people)
    refused = sum(isinstance(each, PassedAlready) for each in said[1::2])
    assert Acknowledgement.objects.filter(waived_at__isnull=False).count() == len(people) - refused


@pytest.fixture
def lead(racing_project: Project) -> User:
    return racing_project.created_by
