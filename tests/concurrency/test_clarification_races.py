"""Leads and annotators at the same question at the same time."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import DomainError
from accounts.models import User
from annotation.models import DeskNote, Member, Project, TaskQuestion
from annotation.services.clarifications import answer_clarification, ask_clarification
from guidelines.models import Clarification, GuidelineDraft, GuidelineGrant, GuidelineVersion
from guidelines.parts import find_part
from guidelines.services.clarifications import ask_question
from guidelines.services.parts import add_part
from guidelines.services.publishing import publish_version
from guidelines.services.rulings import AlreadyRuled
from tests.concurrency.racing import race
from tests.factories.accounts import make_user
from tests.factories.guidelines import clause
from tests.factories.work import claimed

pytestmark = pytest.mark.django_db(transaction=True)
Crowd = Callable[[int], list[Member]]


def people(crowd: Crowd, size: int) -> list[User]:
    users = [member.user for member in crowd(size)]
    return [user for user in users if user is not None]


def lead(name: str, project: Project) -> User:
    user = make_user(name)
    GuidelineGrant.objects.create(guideline=project.guideline, user=user, level="edit", source="test")
    return user


def rule(project: Project, actor: User, ruling: str, outcome: str = "minor") -> Callable[[], Any]:
    def run() -> Any:
        return answer_clarification(
            actor=actor, guideline=project.guideline, number=1, ruling=ruling, outcome=outcome
        )  # fmt: skip

    return run


def test_of_two_rulings_one_wins_and_the_other_is_told(racing_project: Project, crowd: Crowd) -> None:
    (asker,) = people(crowd, 1)
    ask_question(actor=asker, guideline=racing_project.guideline, question="Fees?", clause="C3")
    leads = [lead(name, racing_project) for name in ("lin", "leo", "lou", "lex")]

    results = race([rule(racing_project, each, f"Says {each.username}.") for each in leads])

    refused = [result for result in results if isinstance(result, DomainError)]
    assert [type(refusal) for refusal in refused] == [AlreadyRuled] * 3
    asked = Clarification.objects.get()
    assert {refusal.extra["ruling"] for refusal in refused} == {asked.ruling}
    version = GuidelineVersion.objects.get(sequence=2)
    assert [each["ruling"] for each in version.content["precedents"]] == [asked.ruling]
    assert not GuidelineVersion.objects.filter(sequence=3).exists()


def test_numbers_have_no_gap_however_many_ask_at_once(
    racing_project: Project, crowd: Crowd, fill: Callable[..., Any]
) -> None:
    members = crowd(12)
    fill(12, overlap=1)
    leases = {member.pk: claimed(member).lease.id for member in members}

    def asking(member: Member) -> Callable[[], Any]:
        return lambda: ask_clarification(
            annotator=member, lease_id=leases[member.pk], question=f"{member.name}: what of fees?", clause="C3"
        )

    race([asking(member) for member in members for _ in range(2)])  # each twice, as by two clicks

    assert sorted(Clarification.objects.values_list("number", flat=True)) == list(range(1, 13))
    assert TaskQuestion.objects.filter(note__closed_at=None).count() == 12


def test_questions_publishing_and_a_ruling_at_once_lose_nothing(
    racing_project: Project, crowd: Crowd, fill: Callable[..., Any]
) -> None:
    guideline, members = racing_project.guideline, crowd(6)
    fill(6, overlap=1)
    leases = {member.pk: claimed(member).lease.id for member in members}
    first, *others = members
    ask_clarification(annotator=first, lease_id=leases[first.pk], question="What of wrong fees?", clause="C3")
    lin, leo = lead("lin", racing_project), lead("leo", racing_project)
    add_part(actor=leo, guideline=guideline, kind="clause", part=clause("C4", "New", "New."))

    def asking(member: Member) -> Callable[[], Any]:
        return lambda: ask_clarification(
            annotator=member, lease_id=leases[member.pk], question="What of wrong fees?", clause="C3"
        )

    def publish() -> Any:
        return publish_version(actor=leo, guideline=guideline, level="minor", change_note="C4")

    results = race([rule(racing_project, lin, "No."), publish, *(asking(member) for member in others)])

    assert not [result for result in results if isinstance(result, DomainError)]
    draft = GuidelineDraft.objects.get(guideline=guideline).content
    assert find_part(draft, "clause", "C4") is not None
    assert find_part(draft, "precedent", "P1") is not None
    assert GuidelineVersion.objects.filter(guideline=guideline).count() == 3
    newest = GuidelineVersion.objects.filter(guideline=guideline).order_by("-sequence")[0].content
    assert find_part(newest, "clause", "C4") is not None
    assert find_part(newest, "precedent", "P1") is not None
    answered = set(Clarification.objects.filter(state="answered").values_list("pk", flat=True))
    still = TaskQuestion.objects.filter(note__closed_at=None).values_list("clarification_id", flat=True)
    assert not answered & set(still), "an answered question keeps no item"
    assert DeskNote.objects.count() == 6
