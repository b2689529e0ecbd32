"""Proof before real work: what the lead sets up, how an attempt goes, and who is asked again."""

import uuid
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.errors import InvalidInput
from accounts.models import AuditEvent, User
from annotation.models import (
    GoldLabel,
    Member,
    Project,
    Qualification,
    QualificationAttempt,
    QualificationItem,
    Round,
)
from annotation.selectors.onboarding import Verdict, needed, standings
from annotation.selectors.work import LeasedTask, current_task
from annotation.services.invariants import broken_invariants
from annotation.services.leases import release_lease, skip_task
from annotation.services.onboarding import Waiting, needs_qualification, verdict_to_show, verdict_was_shown
from annotation.services.qualification_settings import grant_attempt, remove_qualification, set_qualification
from annotation.services.qualifying import lease_for_qualification
from annotation.services.queue import claim_next
from annotation.services.refusals import AttemptNotNeeded, QualificationFailed
from annotation.services.submission import submit_annotation, undo_last_submission
from annotation.services.turns import take_turn
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import make_version
from tests.factories.work import label, label_all, names

Who = Callable[[User], Member]
RULES = {"is_required": True, "threshold": 0.6, "attempts": 2, "shows_feedback": True, "again_after_major": False}


@pytest.fixture
def gold(project: Project, lea: User) -> list[str]:
    """Three items whose gold is refund."""
    for number in range(3):
        item = make_item(project, f"q{number}", f"Test {number}")
        GoldLabel.objects.create(
            project=project, item=item, answer={"intent": "refund"}, rationale="C3", created_by=lea,
            created_at=timezone.now(),
        )  # fmt: skip
    return ["q0", "q1", "q2"]


@pytest.fixture
def rules(project: Project, lea: User, gold: list[str]) -> Qualification:
    return set_qualification(lea, project, items=gold, **RULES)


def step(member: Member, major: int = 1, *, ahead: bool = False) -> LeasedTask | Waiting | Verdict | None:
    with transaction.atomic():
        return lease_for_qualification(member, take_turn(member), major, ahead=ahead)


def answer(member: Member, *intents: str) -> None:
    """Take and answer the next items."""
    for intent in intents:
        task = step(member)
        assert isinstance(task, LeasedTask)
        submit_annotation(
            annotator=member, lease_id=task.lease.id, answer={"intent": intent}, submission_id=uuid.uuid4()
        )  # fmt: skip


def fail(member: Member) -> None:
    answer(member, "other", "other", "other")
    verdict = step(member)
    assert isinstance(verdict, Verdict)
    assert not verdict.is_passed


def test_every_item_of_the_set_must_have_gold_and_the_refusal_names_it(
    project: Project, lea: User, gold: list[str]
) -> None:
    make_item(project, "plain")

    with pytest.raises(InvalidInput) as refused:
        set_qualification(lea, project, items=["q0", "plain", "nowhere", "q0"], **(RULES | {"threshold": 1.5}))

    assert [(error.path, error.code) for error in refused.value.errors] == [
        ("threshold", "range"), ("items[1]", "no_gold"), ("items[2]", "unknown"), ("items[3]", "repeated"),
    ]  # fmt: skip
    assert "'plain'" in refused.value.errors[1].detail
    assert not Qualification.objects.exists()


def test_setting_it_again_replaces_the_set_and_is_on_record(project: Project, lea: User, rules: Qualification) -> None:
    set_qualification(lea, project, items=["q2", "q1"], **(RULES | {"attempts": 5}))

    chosen = QualificationItem.objects.values_list("item__external_id", flat=True)
    assert sorted(chosen) == ["q1", "q2"]
    assert Qualification.objects.get().attempts == 5
    assert AuditEvent.objects.filter(action="qualification.set").count() == 2


@pytest.mark.parametrize(
    ("required", "anew", "qualified", "needs"),
    [
        (False, False, None, False), (True, False, None, True), (True, False, 1, False), (True, True, 1, True),
        (True, True, 2, False),
    ],
)  # fmt: skip
def test_who_must_qualify(required: bool, anew: bool, qualified: int | None, needs: bool) -> None:
    assert needs is needs_qualification(
        is_required=required, again_after_major=anew, qualified_major=qualified, current_major=2
    )


def test_a_share_of_the_items_is_a_whole_number_whatever_floats_say() -> None:
    assert [needed(0.8, 10), needed(0.7, 10), needed(0.6, 5), needed(1.0, 3), needed(0.5, 3)] == [8, 7, 3, 3, 2]


def test_an_attempt_goes_once_through_the_set_in_its_own_round_and_passes(
    project: Project, ana: User, member_of: Who, rules: Qualification
) -> None:
    member = member_of(ana)
    seen = set()
    for intent in ("refund", "other", "refund"):
        task = step(member)
        assert isinstance(task, LeasedTask)
        seen.add(task.item.external_id)
        submit_annotation(
            annotator=member, lease_id=task.lease.id, answer={"intent": intent}, submission_id=uuid.uuid4()
        )  # fmt: skip
    verdict = step(member)

    assert seen == {"q0", "q1", "q2"}
    assert isinstance(verdict, Verdict)
    assert (verdict.is_passed, verdict.n_right, verdict.n_items, verdict.n_needed) == (True, 2, 3, 2)
    member.refresh_from_db()
    assert member.qualified_major == 1
    assert Round.objects.get(kind="qualification").key == "qualification-1"


def test_people_get_the_set_in_different_orders(
    project: Project, ana: User, ben: User, lea: User, member_of: Who, gold: list[str]
) -> None:
    for number in range(3, 12):
        item = make_item(project, f"q{number}")
        GoldLabel.objects.create(
            project=project, item=item, answer={"intent": "refund"}, created_by=lea, created_at=timezone.now()
        )
    set_qualification(lea, project, items=[f"q{number}" for number in range(12)], **RULES)

    orders = []
    for user in (ana, ben):
        order = []
        for _ in range(12):
            task = step(member_of(user))
            assert isinstance(task, LeasedTask)
            order.append(task.item.external_id)
            submit_annotation(
                annotator=member_of(user), lease_id=task.lease.id, answer={"intent": "refund"},
                submission_id=uuid.uuid4(),
            )  # fmt: skip
        orders.append(order)

    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_after_the_last_failed_attempt_only_the_lead_can_give_another(
    project: Project, ana: User, lea: User, member_of: Who, rules: Qualification
) -> None:
    member = member_of(ana)
    fail(member)
    fail(member)
    with pytest.raises(QualificationFailed):
        step(member)
    assert QualificationAttempt.objects.count() == 2

    grant_attempt(lea, member)
    with pytest.raises(AttemptNotNeeded):
        grant_attempt(lea, member)
    answer(member, "refund", "refund", "refund")
    verdict = step(member)

    assert isinstance(verdict, Verdict)
    assert (verdict.is_passed, verdict.number, verdict.attempts_left) == (True, 3, 0)
    assert AuditEvent.objects.filter(action="qualification.attempt_granted", target="ana").count() == 1


def test_the_first_answer_counts_even_if_it_is_taken_back(
    project: Project, ana: User, lea: User, member_of: Who, gold: list[str]
) -> None:
    set_qualification(lea, project, items=["q0"], **RULES)
    member = member_of(ana)
    answer(member, "other")
    task = undo_last_submission(annotator=member)
    submit_annotation(annotator=member, lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4())

    verdict = step(member)

    assert isinstance(verdict, Verdict)
    assert verdict.n_right == 0


def test_an_item_given_back_is_asked_again_and_a_skipped_one_is_not_right(
    project: Project, ana: User, lea: User, member_of: Who, gold: list[str]
) -> None:
    set_qualification(lea, project, items=["q0"], **RULES)
    member = member_of(ana)
    first = step(member)
    assert isinstance(first, LeasedTask)
    release_lease(annotator=member, lease_id=first.lease.id)

    again = step(member)
    assert isinstance(again, LeasedTask)
    assert (again.item.external_id, again.lease.id) != ("q0", first.lease.id)
    skip_task(annotator=member, lease_id=again.lease.id)
    verdict = step(member)

    assert isinstance(verdict, Verdict)
    assert (verdict.n_items, verdict.n_right) == (1, 0)


def test_what_they_hold_is_waited_for(project: Project, ana: User, lea: User, member_of: Who, gold: list[str]) -> None:
    set_qualification(lea, project, items=["q0"], **RULES)
    member = member_of(ana)
    assert isinstance(step(member), LeasedTask)

    assert step(member, ahead=True) == Waiting()
    assert current_task(member) is not None


def test_a_set_that_lost_its_gold_locks_nobody_out(
    project: Project, ana: User, member_of: Who, rules: Qualification
) -> None:
    GoldLabel.objects.update(superseded_at=timezone.now())

    assert step(member_of(ana)) is None
    assert not QualificationAttempt.objects.exists()


def test_gold_lost_in_the_middle_of_an_attempt_is_not_counted(
    project: Project, ana: User, member_of: Who, rules: Qualification
) -> None:
    member = member_of(ana)
    answer(member, "refund", "refund")
    left = step(member)
    assert isinstance(left, LeasedTask)
    GoldLabel.objects.filter(item__external_id=left.item.external_id).update(superseded_at=timezone.now())

    verdict = step(member)

    assert isinstance(verdict, Verdict)
    assert (verdict.is_passed, verdict.n_items) == (True, 2)


def test_a_new_major_overtakes_an_attempt_and_may_ask_anew(
    project: Project, ana: User, lea: User, member_of: Who, guideline: Guideline, rules: Qualification
) -> None:
    member = member_of(ana)
    answer(member, "refund")
    make_version(guideline, lea)
    assert isinstance(step(member, 2), LeasedTask)

    attempt = QualificationAttempt.objects.get()
    assert (attempt.major, attempt.number) == (2, 1)


def test_removed_it_asks_nobody_and_keeps_who_passed(
    project: Project, ana: User, lea: User, member_of: Who, rules: Qualification
) -> None:
    answer(member_of(ana), "refund", "refund", "refund")
    step(member_of(ana))

    remove_qualification(lea, project)
    remove_qualification(lea, project)

    assert not Qualification.objects.exists()
    assert member_of(ana).qualified_major == 1
    assert AuditEvent.objects.filter(action="qualification.removed").count() == 1


def test_the_verdict_is_told_once_and_scores_what_is_complete(
    project: Project, ana: User, member_of: Who, rules: Qualification
) -> None:
    member = member_of(ana)
    assert verdict_to_show(member) is None
    answer(member, "refund", "refund")
    assert verdict_to_show(member) is None
    answer(member, "refund")

    verdict = verdict_to_show(member)
    assert verdict is not None
    assert verdict.is_passed
    verdict_was_shown(member, verdict.attempt_id)

    assert verdict_to_show(member) is None


def test_where_people_stand(
    project: Project, ana: User, ben: User, adi: User, lea: User, member_of: Who, rules: Qualification
) -> None:
    answer(member_of(ana), "refund")
    fail(member_of(ben))
    answer(member_of(adi), "refund", "refund", "refund")
    step(member_of(adi))
    members = [member_of(user) for user in (ana, ben, adi, lea)]

    found = standings(rules, members, 1)
    by_name = {member.name: found[member.pk] for member in members}

    assert (by_name["ana"].state, by_name["ana"].number, by_name["ana"].n_done, by_name["ana"].n_items) == (
        "running", 1, 1, 3,
    )  # fmt: skip
    assert [by_name[name].state for name in ("ben", "adi", "lea")] == ["again", "passed", "new"]
    fail(member_of(ben))
    assert standings(rules, [member_of(ben)], 1)[member_of(ben).pk].state == "failed"


def test_a_claim_asks_for_the_qualification_before_real_work_and_goes_on_when_it_is_passed(
    project: Project, ana: User, lea: User, member_of: Who, rules: Qualification
) -> None:
    make_task(make_item(project, "plain"), overlap=1)
    member = member_of(ana)

    leases = label_all(member)

    assert sorted(names(leases)[:3]) == ["q0", "q1", "q2"]
    assert names(leases)[3:] == ["plain"]
    assert [lease.reason for lease in leases] == ["qualification"] * 3 + ["queue"]
    assert broken_invariants() == []


def test_a_claim_is_refused_when_all_attempts_are_used(
    project: Project, ana: User, member_of: Who, rules: Qualification
) -> None:
    make_task(make_item(project, "plain"), overlap=1)
    member = member_of(ana)
    for _ in range(6):
        label(member, "other")

    with pytest.raises(QualificationFailed):
        claim_next(annotator=member)

    assert [attempt.state for attempt in QualificationAttempt.objects.all()] == ["failed", "failed"]
    assert broken_invariants() == []
