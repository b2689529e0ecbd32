"""The set-up of the qualification, what people see of it, and feedback in the workbench."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotation.models import GoldLabel, Item, Member, Project, Qualification, QualificationAttempt, Routing
from annotation.services.qualification_settings import set_qualification
from annotation.services.queue import claim_next
from tests.factories.annotation import make_item, make_task
from tests.factories.work import claimed
from tests.frontend.pages import HTMX, browser_of

Who = Callable[[User], Member]
RULES = {"is_required": True, "threshold": 0.8, "attempts": 1, "shows_feedback": True, "again_after_major": False}


def url(name: str, *args: Any) -> str:
    return reverse(name, args=["intents", *args])


@pytest.fixture
def gold(project: Project, lea: User) -> list[Item]:
    items = [make_item(project, f"q{number}", f"Test {number}") for number in range(2)]
    for item in items:
        GoldLabel.objects.create(
            project=project, item=item, answer={"intent": "refund"}, rationale="They ask for money.", created_by=lea,
            created_at=timezone.now(),
        )  # fmt: skip
    return items


def hand_out(member: Member) -> Any:
    """What they get now: the next item of the qualification."""
    return claimed(member).lease.id


def submit(user: User, lease: Any, intent: str, **headers: str) -> str:
    body = {"submission_id": str(uuid.uuid4()), "q.intent": intent}
    answer = browser_of(user).post(url("workbench-submit", lease), body, headers=headers or HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_set_is_chosen_from_the_gold_and_by_pasted_ids(project: Project, lea: User, gold: list[Item]) -> None:
    browser = browser_of(lea)
    form = {"is_required": "on", "threshold": "75", "attempts": "3", "items": "q0"}
    searched = browser.post(url("qualification"), form | {"do": "search", "search": "q", "add": "q1"})
    html = searched.content.decode()
    assert "q0\nq1</textarea>" in html
    assert not Qualification.objects.exists()

    stored = browser.post(url("qualification"), form | {"do": "save", "add": "q1"}, follow=True)

    rules = Qualification.objects.get()
    assert (rules.threshold, rules.attempts, rules.shows_feedback) == (0.75, 3, False)
    assert "q0\nq1</textarea>" in stored.content.decode()


def test_an_item_without_gold_is_named(project: Project, lea: User, gold: list[Item]) -> None:
    make_item(project, "plain")
    form = {"is_required": "on", "threshold": "75", "attempts": "3", "items": "q0\nplain", "do": "save"}

    answer = browser_of(lea).post(url("qualification"), form)

    assert answer.status_code == 422
    assert "plain&#x27; has no gold answer" in answer.content.decode()
    assert not Qualification.objects.exists()


def test_a_mistake_is_explained_before_anything_else_and_the_verdict_before_real_work(
    project: Project, ana: User, lea: User, member_of: Who, gold: list[Item]
) -> None:
    set_qualification(lea, project, items=["q0", "q1"], **(RULES | {"threshold": 0.5}))
    make_task(make_item(project, "plain", "Ordinary"), overlap=1)
    told = submit(ana, hand_out(member_of(ana)), "other")

    assert 'data-state="feedback"' in told
    for words in ("not right", "They ask for money.", "Refund", "Other"):
        assert words in told
    verdict = submit(ana, hand_out(member_of(ana)), "refund")
    assert "Qualification passed" in verdict
    assert "Ordinary" in browser_of(ana).post(
        url("workbench-claim"), {"seen": QualificationAttempt.objects.get().pk}, headers=HTMX
    ).content.decode()  # fmt: skip


def test_a_right_answer_is_told_above_the_next_item(
    project: Project, ana: User, lea: User, member_of: Who, gold: list[Item]
) -> None:
    set_qualification(lea, project, items=["q0", "q1"], **RULES)

    following = submit(ana, hand_out(member_of(ana)), "refund")

    assert "Your last answer is the known one." in following
    assert "Test " in following
    assert 'data-lease="' in following


def test_without_htmx_a_mistake_is_a_page(
    project: Project, ana: User, lea: User, member_of: Who, gold: list[Item]
) -> None:
    set_qualification(lea, project, items=["q0", "q1"], **RULES)

    told = submit(ana, hand_out(member_of(ana)), "other", accept="text/html")

    assert "<html" in told
    assert "They ask for money." in told


def test_the_end_of_an_attempt_is_told_with_what_was_wrong_until_it_was_read(
    project: Project, ana: User, lea: User, member_of: Who, gold: list[Item]
) -> None:
    set_qualification(lea, project, items=["q0", "q1"], **RULES)
    submit(ana, hand_out(member_of(ana)), "other")
    verdict = submit(ana, hand_out(member_of(ana)), "refund")

    for words in ("Qualification not passed", "1 of 2 answered", "needed: 2", "No attempt is left", "They ask"):
        assert words in verdict
    assert "Qualification not passed" in browser_of(ana).get(url("workbench")).content.decode()
    attempt = QualificationAttempt.objects.get()
    browser_of(ana).post(url("workbench-claim"), {"seen": attempt.pk}, headers=HTMX)
    attempt.refresh_from_db()
    assert attempt.shown_at is not None
    assert "Qualification not passed" not in browser_of(ana).get(url("workbench")).content.decode()


def test_people_and_person_say_how_they_stand_and_one_more_attempt_is_a_button(
    project: Project, ana: User, lea: User, member_of: Who, gold: list[Item]
) -> None:
    set_qualification(lea, project, items=["q0"], **RULES)
    submit(ana, hand_out(member_of(ana)), "other")
    browser_of(ana).post(url("workbench-claim"), headers=HTMX)
    browser = browser_of(lea)
    assert "failed" in browser.get(url("people")).content.decode()
    person = url("person", member_of(ana).pk)
    assert "Give one more attempt" in browser.get(person).content.decode()

    answer = browser.post(url("attempt-grant", member_of(ana).pk), follow=True)

    assert "ana has one more attempt." in answer.content.decode()
    assert "Give one more attempt" not in answer.content.decode()


def test_it_is_removed(project: Project, lea: User, gold: list[Item]) -> None:
    set_qualification(lea, project, items=["q0"], **RULES)

    browser_of(lea).post(url("qualification-remove"))

    assert not Qualification.objects.exists()


def test_silent_gold_looks_like_any_item(project: Project, ana: User, member_of: Who, gold: list[Item]) -> None:
    Routing.objects.update_or_create(project=project, defaults={"gold_mode": "silent"})
    Project.objects.update(gold_rate=0.5)
    for number in range(12):
        make_task(make_item(project, f"m{number}", "Ordinary"), overlap=1)
    seen = set()
    while (task := claim_next(annotator=member_of(ana))) is not None:
        html = submit(ana, task.lease.id, "other")
        seen.add(task.item.external_id)
        assert 'data-state="feedback"' not in html
        assert "They ask for money." not in html

    assert {"q0", "q1"} <= seen


def test_teaching_gold_explains_a_mistake(project: Project, ana: User, member_of: Who, gold: list[Item]) -> None:
    Routing.objects.update_or_create(project=project, defaults={"gold_mode": "teaching"})
    Project.objects.update(gold_rate=0.5)
    for number in range(20):
        make_task(make_item(project, f"m{number}", "Ordinary"), overlap=1)
    told = {}
    while (task := claim_next(annotator=member_of(ana))) is not None:
        told[task.item.external_id] = "They ask for money." in submit(ana, task.lease.id, "other")

    assert {name for name, was_told in told.items() if was_told} == {"q0", "q1"}
