"""A round paused, resumed and closed by hand."""

import uuid
from collections.abc import Callable

import pytest

from accounts.errors import DomainError
from accounts.models import AuditEvent, User
from annotation.models import Assignment, Lease, Member, Project, Round
from annotation.services.by_hand import assign_item
from annotation.services.queue import claim_next
from annotation.services.round_control import (
    CampaignClosesIt,
    MadeOnDemand,
    RoundHasNoQueue,
    RoundIsOver,
    close_round_by_hand,
    pause_round,
    resume_round,
)
from annotation.services.submission import submit_annotation
from tests.factories.annotation import make_item, make_task

MemberOf = Callable[[User], Member]


@pytest.fixture
def initial(project: Project) -> Round:
    for n in range(3):
        make_task(make_item(project, f"m{n}"))
    return Round.objects.get(project=project, key="initial")


def test_a_paused_round_hands_out_nothing_and_takes_what_is_held(
    project: Project, initial: Round, lea: User, ana: User, ben: User, member_of: MemberOf
) -> None:
    held = claim_next(annotator=member_of(ana))
    assert held is not None

    pause_round(actor=lea, round=initial)

    assert claim_next(annotator=member_of(ben)) is None
    submitted = submit_annotation(
        annotator=member_of(ana), lease_id=held.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4()
    )
    assert submitted.annotation.pk
    assert claim_next(annotator=member_of(ana)) is None


def test_a_resumed_round_is_handed_out_also_to_who_was_told_that_nothing_is_left(
    project: Project, initial: Round, lea: User, ana: User, member_of: MemberOf
) -> None:
    pause_round(actor=lea, round=initial)
    assert claim_next(annotator=member_of(ana)) is None

    resume_round(actor=lea, round=initial)

    task = claim_next(annotator=member_of(ana))
    assert task is not None
    assert task.item.external_id == "m0"


def test_closing_ends_leases_keeps_drafts_and_withdraws_what_is_open_or_kept(
    project: Project, initial: Round, lea: User, ana: User, ben: User, member_of: MemberOf
) -> None:
    assert claim_next(annotator=member_of(ana)) is not None
    Lease.objects.update(draft={"intent": "other"})
    assign_item(actor=lea, project=project, external_id="m2", annotator=member_of(ben))

    close_round_by_hand(actor=lea, round=initial)

    assert set(Assignment.objects.values_list("state", "reserved_for")) == {("withdrawn", None)}
    lease = Lease.objects.get()
    assert (lease.ending, lease.draft) == ("released", {"intent": "other"})
    assert Round.objects.get(pk=initial.pk).state == "closed"


def test_each_is_recorded_once_however_often_it_is_asked_for(project: Project, initial: Round, lea: User) -> None:
    for change in (pause_round, pause_round, resume_round, resume_round, close_round_by_hand, close_round_by_hand):
        change(actor=lea, round=initial)

    actions = AuditEvent.objects.filter(target="initial").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["round.paused", "round.resumed", "round.closed"]


@pytest.mark.parametrize(
    ("kind", "change", "refusal"),
    [
        ("relabel", close_round_by_hand, CampaignClosesIt),
        ("imported", pause_round, RoundHasNoQueue),
        ("imported", close_round_by_hand, RoundHasNoQueue),
        ("gold", close_round_by_hand, MadeOnDemand),
    ],
)
def test_what_is_refused_changes_nothing(
    project: Project, lea: User, kind: str, change: Callable[..., Round], refusal: type[DomainError]
) -> None:
    round_, _ = Round.objects.get_or_create(project=project, kind=kind, defaults={"key": f"{kind}-1"})

    with pytest.raises(refusal):
        change(actor=lea, round=round_)

    assert Round.objects.get(pk=round_.pk).state == "open"
    assert not AuditEvent.objects.filter(action__startswith="round.").exists()


def test_what_is_over_stays_over(project: Project, initial: Round, lea: User) -> None:
    close_round_by_hand(actor=lea, round=initial)

    for change in (pause_round, resume_round):
        with pytest.raises(RoundIsOver):
            change(actor=lea, round=initial)

    assert Round.objects.get(pk=initial.pk).state == "closed"
