"""The lead's desk and the annotator's side of it, over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from annotation.models import Assignment, DeskNote, Member, Project, Skip, Task
from annotation.services.desk import flag_item, park_task
from tests.factories.annotation import make_item, make_task
from tests.factories.work import claimed
from tests.frontend.hostile import HOSTILE
from tests.frontend.pages import HTMX, browser_of

Who = Callable[[User], Member]


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(3):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"), overlap=1)
    return project


def url(name: str, *args: Any) -> str:
    return reverse(name, args=["intents", *args])


def ask(user: User, lease: Any, do: str, **fields: Any) -> Any:
    body = {"lease": str(lease), "note": "Refund or not?", "do": do} | fields
    return browser_of(user).post(url("workbench-ask"), body, headers=HTMX)


def test_parking_keeps_what_was_chosen_and_shows_the_next_item(work: Project, ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))

    answer = ask(ana, task.lease.id, "park", **{"q.intent": "billing", "clause": "C3"})

    note = DeskNote.objects.select_related("lease").get()
    assert (note.kind, note.clause, note.lease.draft) == ("park", "C3", {"intent": "billing"})
    assert "Message 1" in answer.content.decode()
    assert "Parked." in answer.content.decode()


def test_flagging_swaps_nothing(work: Project, ana: User, member_of: Who) -> None:
    task = claimed(member_of(ana))

    answer = ask(ana, task.lease.id, "flag")

    assert (answer.status_code, answer.content) == (204, b"")
    assert DeskNote.objects.get().kind == "flag"


def test_without_htmx_both_lead_back_to_the_workbench(work: Project, ana: User, member_of: Who) -> None:
    for do in ("flag", "park"):
        body = {"lease": str(claimed(member_of(ana)).lease.id), "note": "?", "do": do}
        answer = browser_of(ana).post(url("workbench-ask"), body)
        assert (answer.status_code, answer["Location"]) == (302, url("workbench"))


def test_who_holds_nothing_sees_what_they_parked_and_can_take_it_back(
    project: Project, ana: User, member_of: Who
) -> None:
    make_task(make_item(project, "i0", text="Message 0"), overlap=1)
    note = park_task(annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, note="Refund or not?")

    empty = browser_of(ana).post(url("workbench-claim"), headers=HTMX).content.decode()
    assert "Parked by you" in empty
    assert "Refund or not?" in empty
    back = browser_of(ana).post(url("workbench-take-back", note.pk), headers=HTMX).content.decode()

    assert "Message 0" in back
    assert 'data-lease="' in back


def test_the_reply_stands_above_the_returned_item(project: Project, ana: User, lea: User, member_of: Who) -> None:
    make_task(make_item(project, "i0", text="Message 0"), overlap=1)
    note = park_task(annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, note="Refund or not?")

    sent = browser_of(lea).post(url("desk-reply", note.pk), {"reply": "It is one."})
    assert (sent.status_code, sent["Location"]) == (302, url("desk"))

    html = browser_of(ana).post(url("workbench-claim"), headers=HTMX).content.decode()
    assert "Message 0" in html
    assert "It is one." in html


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "offensive"}, "offensive"), ({"kind": "other", "reason": " typo "}, "other: typo"),
        ({"reason": "words only"}, "words only"), ({"kind": "invented"}, ""),
        ({"kind": "other", "reason": "x" * 900}, "other: " + "x" * 493),
    ],
)  # fmt: skip
def test_a_skip_says_why(work: Project, ana: User, member_of: Who, fields: dict[str, str], reason: str) -> None:
    body = {"lease": str(claimed(member_of(ana)).lease.id)} | fields

    browser_of(ana).post(url("workbench-skip"), body, headers=HTMX)

    assert Skip.objects.get().reason == reason


def test_the_desk_shows_who_asks_what_and_counts_in_the_rail(
    work: Project, ana: User, lea: User, member_of: Who
) -> None:
    held = claimed(member_of(ana)).lease.id
    flag_item(annotator=member_of(ana), lease_id=held, note="Looks offensive")
    park_task(annotator=member_of(ana), lease_id=held, note="Refund or not?", clause="C3")

    html = browser_of(lea).get(url("desk")).content.decode()

    for words in ("Looks offensive", "Refund or not?", "ana", "Message 0", '<span class="rail-count">2</span>'):
        assert words in html
    chosen = browser_of(lea).get(url("desk") + "?kind=park").content.decode()
    assert "Refund or billing error" in chosen
    assert "Looks offensive" not in chosen


def test_a_question_without_a_reply_is_not_closed(work: Project, ana: User, lea: User, member_of: Who) -> None:
    note = park_task(annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, note="?")

    answer = browser_of(lea).post(url("desk-reply", note.pk), {"reply": " "})

    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    assert DeskNote.objects.get().closed_at is None


@pytest.mark.parametrize(("decision", "state"), [("reopen", "open"), ("set_aside", "done")])
def test_a_waiting_task_is_decided(work: Project, lea: User, decision: str, state: str) -> None:
    task = Task.objects.all()[0]
    Task.objects.filter(pk=task.pk).update(state="needs_lead", desk_reason="abandoned", expiries=5)

    refused = browser_of(lea).post(url("desk-decide", task.pk), {"decision": "set_aside", "reason": ""})
    assert refused.status_code == 422
    done = browser_of(lea).post(url("desk-decide", task.pk), {"decision": decision, "reason": "Broken"})

    assert done.status_code == 302
    assert Task.objects.get(pk=task.pk).state == state


def test_hostile_texts_are_only_text(work: Project, ana: User, lea: User, member_of: Who) -> None:
    held = claimed(member_of(ana)).lease.id
    flag_item(annotator=member_of(ana), lease_id=held, note=" ".join(HOSTILE)[:2000].replace("\x00", ""))

    html = browser_of(lea).get(url("desk")).content.decode()

    assert "<script>window" not in html
    assert "&lt;script&gt;window" in html


def test_an_empty_desk_says_what_comes_there(project: Project, lea: User) -> None:
    assert "Nothing waits for you" in browser_of(lea).get(url("desk")).content.decode()
    assert Assignment.objects.count() == 0


def test_the_desk_is_not_the_annotators(work: Project, ana: User, max_: User) -> None:
    for user in (ana, max_):
        assert browser_of(user).get(url("desk")).status_code == 403


def test_what_somebody_else_has_decided_is_said(work: Project, lea: User) -> None:
    task = Task.objects.all()[0]

    answer = browser_of(lea).post(url("desk-decide", task.pk), {"decision": "reopen"}, follow=True)

    assert "no longer waits for a decision" in answer.content.decode()
    assert Task.objects.get(pk=task.pk).state == "open"
