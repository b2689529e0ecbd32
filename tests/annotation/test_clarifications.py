"""Questions that arise on items: parked without loss, answered, given back first of all, told to whom it concerns."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import InvalidInput, NotFound
from accounts.models import User
from annotation.jobs import tidy_queue
from annotation.models import Assignment, DeskNote, Item, Lease, Member, Project, TaskQuestion
from annotation.selectors.clarifications import links_for
from annotation.selectors.desk import replies_about
from annotation.services import clarifications
from annotation.services.clarifications import (
    answer_clarification,
    ask_clarification,
    return_answered_items,
    withdraw_question,
)
from annotation.services.desk import close_note, take_back_parked
from annotation.services.invariants import broken_invariants
from annotation.services.refusals import LeaseExpired
from annotation.services.submission import submit_annotation
from guidelines.models import Clarification, ClarificationNotice
from guidelines.services.clarifications import group_clarifications
from guidelines.services.rulings import Ruled, rule_on_clarification
from tests.factories.annotation import make_item, make_member, make_task
from tests.factories.guidelines import make_version
from tests.factories.work import answer, claimed, label, let_run_out

Who = Callable[[User], Member]


@pytest.fixture
def items(project: Project) -> list[Item]:
    made = [make_item(project, f"m{number}") for number in range(4)]
    for item in made:
        make_task(item, overlap=1)
    return made


def ask(member: Member, question: str = "Is a wrong fee a refund?", **more: Any) -> Clarification:
    lease = more.pop("lease", None) or claimed(member).lease.id
    return ask_clarification(annotator=member, lease_id=lease, question=question, **({"clause": "C3"} | more))


def rule(project: Project, lead: User, number: int = 1, outcome: str = "told", **more: Any) -> tuple[Ruled, int]:
    words = {"ruling": "It is a billing error."} | more
    return answer_clarification(actor=lead, guideline=project.guideline, number=number, outcome=outcome, **words)


def told() -> list[tuple[str, str]]:
    return sorted(ClarificationNotice.objects.values_list("user__username", "reason"))


def test_the_question_keeps_item_clause_and_version_and_the_item_is_parked(
    items: list[Item], ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))

    asked = ask(member_of(ana), answer={"intent": "billing"})

    link = TaskQuestion.objects.get()
    assert (asked.number, asked.clause, asked.version_id, asked.asked_by) == (1, "C3", task.version.id, ana)
    assert (link.clarification, link.item_id, link.lease_id) == (asked, task.item.id, task.lease.id)
    lease = Lease.objects.get(pk=task.lease.id)
    assert (lease.ending, lease.draft) == ("parked", {"intent": "billing"})
    assert Assignment.objects.get(leases=lease).state == "parked"
    assert claimed(member_of(ana)).item.id != task.item.id


def test_sent_again_it_is_the_same_question(items: list[Item], ana: User, member_of: Who) -> None:
    lease = claimed(member_of(ana)).lease.id

    numbers = [ask(member_of(ana), words, lease=lease).number for words in ("Fee?", "Fee?", "Fees?")]

    assert numbers == [1, 1, 1]
    assert (Clarification.objects.count(), DeskNote.objects.count()) == (1, 1)


def test_one_may_ask_and_go_on_and_park_later(items: list[Item], ana: User, member_of: Who) -> None:
    held = claimed(member_of(ana))

    ask(member_of(ana), lease=held.lease.id, parks=False)
    assert claimed(member_of(ana)).lease.id == held.lease.id
    assert not DeskNote.objects.exists()
    ask(member_of(ana), lease=held.lease.id)

    link = TaskQuestion.objects.get()
    assert link.note is not None
    assert Clarification.objects.count() == 1


def test_the_version_asked_under_is_the_one_that_was_shown(
    items: list[Item], project: Project, lea: User, ana: User, member_of: Who
) -> None:
    held = claimed(member_of(ana))
    make_version(project.guideline, lea, level="minor")

    assert ask(member_of(ana), lease=held.lease.id).version.number == "1.0"


def test_what_is_refused_leaves_no_trace(items: list[Item], ana: User, ben: User, member_of: Who) -> None:
    task = claimed(member_of(ana))

    for refusal, member, fields in (
        (NotFound, ben, {}), (InvalidInput, ana, {"clause": "C9"}), (InvalidInput, ana, {"question": " "}),
    ):  # fmt: skip
        with pytest.raises(refusal):
            ask(member_of(member), lease=task.lease.id, **fields)
    let_run_out(task)
    claimed(member_of(ben))
    tidy_queue()
    with pytest.raises(LeaseExpired):
        ask(member_of(ana), lease=task.lease.id)

    assert not Clarification.objects.exists()
    assert not TaskQuestion.objects.exists()


def test_the_ruling_gives_the_item_back_first_with_draft_and_reply(
    items: list[Item], project: Project, ana: User, lea: User, member_of: Who
) -> None:
    parked = claimed(member_of(ana))
    ask(member_of(ana), answer={"intent": "billing"})
    label(member_of(ana))

    ruled, n_told = rule(project, lea)

    assert (ruled.asked.number, n_told) == (1, 1)
    back = claimed(member_of(ana))
    assert (back.item.id, back.draft) == (parked.item.id, {"intent": "billing"})
    assert [reply.reply for reply in replies_about(member_of(ana), back.lease.id)] == ["It is a billing error."]
    assert told() == [("ana", "asked")]
    assert broken_invariants() == []


def test_a_group_gets_all_its_items_back(
    items: list[Item], project: Project, ana: User, ben: User, lea: User, member_of: Who
) -> None:
    mine, theirs = claimed(member_of(ana)), claimed(member_of(ben))
    ask(member_of(ana))
    ask(member_of(ben), "What of French messages?")
    group_clarifications(actor=lea, guideline=project.guideline, number=1, others=[2])

    ruled, _ = rule(project, lea, 2, "minor")

    assert [each.number for each in ruled.group] == [2, 1]
    assert (claimed(member_of(ana)).item.id, claimed(member_of(ben)).item.id) == (mine.item.id, theirs.item.id)
    assert told() == [("ana", "asked"), ("ben", "asked")]


def test_one_question_about_two_items_gives_back_both(
    items: list[Item], project: Project, ana: User, lea: User, member_of: Who
) -> None:
    first, second = (ask(member_of(ana)) for _ in range(2))
    assert first.pk == second.pk

    rule(project, lea)

    assert not DeskNote.objects.filter(closed_at=None).exists()
    assert Assignment.objects.filter(reserved_for=member_of(ana), state="open").count() == 2


def test_the_leads_reply_about_the_item_leaves_the_question_open(
    items: list[Item], project: Project, ana: User, lea: User, member_of: Who
) -> None:
    asked = ask(member_of(ana))
    close_note(actor=lea, project=project, note_id=DeskNote.objects.get().pk, reply="Here it is one.")
    asked.refresh_from_db()
    assert asked.state == "open"

    rule(project, lea)

    assert DeskNote.objects.get().reply == "Here it is one."


def test_withdrawn_or_taken_back_the_item_is_the_next_one(
    items: list[Item], project: Project, ana: User, lea: User, member_of: Who
) -> None:
    first = claimed(member_of(ana))
    ask(member_of(ana))
    withdraw_question(actor=ana, guideline=project.guideline, number=1)
    assert claimed(member_of(ana)).item.id == first.item.id

    ask(member_of(ana), "Another thing, in other words?")
    take_back_parked(annotator=member_of(ana), note_id=DeskNote.objects.get(closed_at=None).pk)
    assert claimed(member_of(ana)).item.id == first.item.id
    rule(project, lea, 2)
    assert told() == [("ana", "asked")]


def test_the_sweep_gives_back_what_a_crash_has_left(
    items: list[Item], project: Project, ana: User, lea: User, member_of: Who
) -> None:
    parked = claimed(member_of(ana))
    ask(member_of(ana))
    rule_on_clarification(actor=lea, guideline=project.guideline, number=1, ruling="Yes.", outcome="told")

    tidy_queue()

    assert DeskNote.objects.get().reply == "Yes."
    assert claimed(member_of(ana)).item.id == parked.item.id
    assert return_answered_items() == 0


def test_who_has_the_item_too_is_told(
    project: Project, ana: User, ben: User, cho: User, lea: User, member_of: Who
) -> None:
    make_member(project, cho)
    make_task(make_item(project, "shared"), overlap=2)
    answer(member_of(ben), claimed(member_of(ben)), intent="other")
    ask(member_of(ana), clause="C1")

    rule(project, lea)

    assert told() == [("ana", "asked"), ("ben", "similar")]


def test_who_leaned_on_the_clause_lately_is_told(
    project: Project, ana: User, ben: User, cho: User, adi: User, lea: User, member_of: Who
) -> None:
    make_member(project, cho)
    for number in range(5):
        make_task(make_item(project, f"m{number}"), overlap=1)
    answer(member_of(ben), claimed(member_of(ben)), intent="refund")  # its option leans on C3
    named = claimed(member_of(cho))
    submit_annotation(
        annotator=member_of(cho), lease_id=named.lease.id, answer={"intent": "other"}, submission_id=uuid.uuid4(),
        clauses=["C3"],
    )  # fmt: skip
    answer(member_of(adi), claimed(member_of(adi)), intent="other")
    ask(member_of(ana))

    rule(project, lea)

    assert told() == [("ana", "asked"), ("ben", "cited"), ("cho", "cited")]


def test_what_was_long_ago_tells_nobody(
    project: Project, ana: User, ben: User, lea: User, member_of: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        make_task(make_item(project, f"m{number}"), overlap=1)
    answer(member_of(ben), claimed(member_of(ben)), intent="refund")
    ask(member_of(ana))
    monkeypatch.setattr(clarifications, "CITED_WITHIN_DAYS", 0)  # answers never change, not their time either

    rule(project, lea)

    assert told() == [("ana", "asked")]


def test_items_are_shown_to_who_may_see_the_project(
    items: list[Item], project: Project, ana: User, lea: User, eve: User, olga: User, member_of: Who
) -> None:
    ask(member_of(ana))

    assert [links_for(user).count() for user in (lea, olga, ana, eve)] == [1, 1, 0, 0]
