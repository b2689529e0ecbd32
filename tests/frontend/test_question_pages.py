"""Questions to a guideline on pages: asked in the workbench, ruled on, told; hostile texts are only text."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotation.models import Assignment, Lease, Member, Project
from annotation.services.clarifications import answer_clarification, ask_clarification
from guidelines.models import Clarification, ClarificationNotice, Guideline, GuidelineDraft
from guidelines.parts import part_digest
from guidelines.services.clarifications import ask_question
from tests.factories.annotation import make_item, make_task
from tests.factories.work import claimed
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import HTMX, browser_of
from tests.frontend.quality_pages import make_finding

Who = Callable[[User], Member]


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(3):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"), overlap=1)
    return project


def url(name: str, *args: Any) -> str:
    return reverse(name, args=["support", *args])


def bench(name: str, *args: Any) -> str:
    return reverse(f"workbench-{name}", args=["intents", *args])


def ask(user: User, lease: Any, do: str = "park", headers: dict[str, str] = HTMX, **fields: Any) -> Any:
    body = {"lease": str(lease), "question": "Is a wrong fee a refund?", "clause": "C3", "do": do} | fields
    return browser_of(user).post(bench("ask-guideline"), body, headers=headers)


def asked(guideline: Guideline, user: User, question: str = "Is a wrong fee a refund?", clause: str = "C3") -> int:
    return ask_question(actor=user, guideline=guideline, question=question, clause=clause).number


def page(user: User, address: str) -> str:
    answer = browser_of(user).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# --- the workbench -----------------------------------------------------------------------------------------------


def test_asking_parks_the_item_with_what_was_chosen_and_shows_the_next(
    work: Project, ana: User, member_of: Who
) -> None:
    held = claimed(member_of(ana)).lease.id

    html = ask(ana, held, **{"q.intent": "billing"}).content.decode()

    assert "Message 1" in html
    assert "comes back to you with the answer" in html
    assert Clarification.objects.get().clause == "C3"
    assert Lease.objects.get(pk=held).draft == {"intent": "billing"}


def test_asking_and_going_on_swaps_nothing(work: Project, ana: User, member_of: Who) -> None:
    answer = ask(ana, claimed(member_of(ana)).lease.id, "go_on")

    assert (answer.status_code, answer.content) == (204, b"")
    assert Assignment.objects.filter(state="leased").count() == 1


def test_without_htmx_both_lead_back_to_the_workbench(work: Project, ana: User, member_of: Who) -> None:
    for do in ("go_on", "park"):
        answer = ask(ana, claimed(member_of(ana)).lease.id, do, headers={})
        assert (answer.status_code, answer["Location"]) == (302, reverse("workbench", args=["intents"]))


def test_a_refused_question_is_said_in_the_dialog_and_nothing_is_lost(work: Project, ana: User, member_of: Who) -> None:
    held = claimed(member_of(ana)).lease.id

    answer = ask(ana, held, question=" ")

    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#gap-problem")
    assert "1 to 2000 characters" in answer.content.decode()
    assert claimed(member_of(ana)).lease.id == held
    assert ask(ana, held, headers={}, question=" ").status_code == 400


def test_a_question_about_an_item_that_was_lost_is_asked_all_the_same(
    work: Project, ana: User, ben: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    Lease.objects.filter(pk=task.lease.id).update(ending="released", ended_at=timezone.now())
    Assignment.objects.filter(leases=task.lease.id).update(
        state="open", annotator=None, annotator_kind=None, leased_until=None
    )  # fmt: skip

    html = ask(ana, task.lease.id).content.decode()

    assert "gone to somebody else" in html
    assert Clarification.objects.get().asked_by == ana


def test_the_workbench_tells_the_answer_until_it_is_read(work: Project, ana: User, lea: User, member_of: Who) -> None:
    ask_clarification(
        annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, question="Wrong fees?", clause="C3"
    )
    answer_clarification(
        actor=lea, guideline=work.guideline, number=1, ruling="They are **billing errors**.", outcome="minor"
    )

    html = browser_of(ana).post(bench("claim"), headers=HTMX).content.decode()
    notice = ClarificationNotice.objects.get()

    assert "<strong>billing errors</strong>" in html
    assert "precedent P1, in version 1.1" in html
    assert bench("answer-read", notice.pk) in html
    after = browser_of(ana).post(bench("answer-read", notice.pk), headers=HTMX).content.decode()
    assert 'id="bench-status"' in after
    assert "billing errors" not in after
    assert browser_of(lea).post(bench("answer-read", notice.pk), headers=HTMX).status_code == 404


def test_the_guideline_beside_the_item_shows_its_precedents(work: Project, ana: User, lea: User) -> None:
    asked(work.guideline, ana)
    answer_clarification(actor=lea, guideline=work.guideline, number=1, ruling="No, *never*.", outcome="minor")

    html = browser_of(ana).post(bench("claim"), headers=HTMX).content.decode()

    assert "No, <em>never</em>." in html
    assert "clause-precedents" in html


def test_the_start_page_tells_it_too(work: Project, ana: User, lea: User) -> None:
    asked(work.guideline, ana)
    answer_clarification(actor=lea, guideline=work.guideline, number=1, ruling="It is **not**.", outcome="told")

    html = page(ana, "/")
    assert "It is <strong>not</strong>." in html
    notice = ClarificationNotice.objects.get()
    assert browser_of(lea).post(reverse("answer-read", args=[notice.pk])).status_code == 404
    assert browser_of(ana).post(reverse("answer-read", args=[notice.pk])).status_code == 302

    assert "It is <strong>" not in page(ana, "/")


# --- asking without an item --------------------------------------------------------------------------------------


def test_one_asks_from_the_reading_page_and_follows_ones_own(project: Project, ana: User, ben: User) -> None:
    asked(project.guideline, ben, "Ben's own?")
    assert f"{url('questions')}?clause=C3#ask" in page(ana, url("guideline"))
    assert 'value="C3" selected' in page(ana, url("questions") + "?clause=C3")

    sent = browser_of(ana).post(url("question-ask"), {"question": "Of tips?", "clause": "C3"})
    assert sent.status_code == 302
    html = page(ana, url("questions"))
    assert "Of tips?" in html
    assert "Ben&#x27;s own?" not in html
    refused = browser_of(ana).post(url("question-ask"), {"question": "", "clause": "C9"})
    assert refused.status_code == 422

    number = Clarification.objects.get(asked_by=ana).number
    assert browser_of(ana).post(url("question-withdraw", number)).status_code == 302
    assert Clarification.objects.get(number=number, guideline=project.guideline).state == "withdrawn"


def test_too_many_questions_are_refused_beside_the_form(project: Project, ana: User) -> None:
    for number in range(20):
        asked(project.guideline, ana, f"{number} " * 30, "")

    answer = browser_of(ana).post(url("question-ask"), {"question": "One more?"})

    assert answer.status_code == 422
    assert "Wait for an answer" in answer.content.decode()


# --- the lead ----------------------------------------------------------------------------------------------------


def test_the_lead_sees_groups_with_age_item_and_overdue(
    work: Project, ana: User, ben: User, lea: User, member_of: Who
) -> None:
    ask_clarification(
        annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, question="Are wrong fees refunds?",
        clause="C3",
    )  # fmt: skip
    asked(work.guideline, ben, "Wrong fees: refunds or not?")
    Clarification.objects.update(asked_at=timezone.now() - timedelta(hours=25))

    html = page(lea, url("questions"))

    for words in ("Are wrong fees refunds?", "Wrong fees: refunds or not?", "2 times", "overdue", "Message 0",
                  "parked until the answer", "Refund or billing error", "Answer all 2"):  # fmt: skip
        assert words in html


@pytest.mark.parametrize(
    ("outcome", "says"),
    [("draft", "P1 is in the draft."), ("minor", "P1 is published in version 1.1."), ("told", "Answered.")],
)
def test_a_ruling_is_given_in_one_form(project: Project, ana: User, lea: User, outcome: str, says: str) -> None:
    number = asked(project.guideline, ana)
    body = {"ruling": "No.", "outcome": outcome, "clause": "C3", "question": "Wrong fees?"}

    answer = browser_of(lea).post(url("question-rule", number), body, follow=True)

    assert f"{says} 1 person is told." in answer.content.decode()
    assert Clarification.objects.get().state == "answered"
    if outcome == "draft":
        assert "Wrong fees?" in page(lea, url("guideline-part", "precedent", "P1"))
        assert "Precedents" in page(lea, url("guideline-edit"))
    if outcome == "minor":
        assert 'id="precedent-P1"' in page(ana, url("guideline"))
        assert "on C3" in page(ana, url("guideline-diff") + "?from=1.0&to=1.1")


def test_a_refused_ruling_keeps_what_was_written(project: Project, ana: User, lea: User) -> None:
    number = asked(project.guideline, ana, clause="")

    answer = browser_of(lea).post(url("question-rule", number), {"ruling": "Written with care", "outcome": "draft"})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Written with care" in html
    assert "choose one, or only tell" in html
    assert browser_of(lea).post(url("question-rule", number), {"outcome": "told"}).status_code == 422


def test_a_ruling_that_came_second_is_told_the_first(project: Project, ana: User, lea: User, olga: User) -> None:
    number = asked(project.guideline, ana)
    body = {"ruling": "The first.", "outcome": "told", "clause": "C3"}
    browser_of(lea).post(url("question-rule", number), body)

    late = browser_of(olga).post(url("question-rule", number), body | {"ruling": "The second."}, follow=True)

    html = late.content.decode()
    assert "answered this question already" in html
    assert "The first." in html


def test_grouping_by_hand_and_the_promise(project: Project, ana: User, ben: User, lea: User) -> None:
    asked(project.guideline, ana, "Of fees?")
    asked(project.guideline, ben, "Messages in French?", "C1")

    browser_of(lea).post(url("question-group", 1), {"other": ["2"]})
    assert Clarification.objects.get(number=2).same_as == Clarification.objects.get(number=1)
    browser_of(lea).post(url("question-ungroup", 2))
    assert Clarification.objects.get(number=2).same_as is None
    browser_of(lea).post(url("question-promise"), {"hours": "8"})
    assert Guideline.objects.get().answer_within_hours == 8
    for hours in ("0", "", "x", "9999"):
        answer = browser_of(lea).post(url("question-promise"), {"hours": hours}, follow=True)
        assert "1 to 720" in answer.content.decode()


def test_the_desk_of_the_project_points_to_the_question(work: Project, ana: User, lea: User, member_of: Who) -> None:
    ask(ana, claimed(member_of(ana)).lease.id)

    html = page(lea, reverse("desk", args=["intents"]))

    assert f"{url('questions')}?question=1" in html


def test_a_finding_shows_how_often_its_clause_was_asked_about(
    work: Project, ana: User, lea: User, api: Callable[..., Client]
) -> None:
    asked(work.guideline, ana)
    finding = make_finding(work)

    html = page(lea, reverse("finding", args=["intents", finding.pk]))

    assert "1 question about it, 1 open" in html
    body = api(lea).get(f"/api/v1/findings/{finding.pk}/").json()
    assert body["clause_questions"] == {"asked": 1, "open": 1}


def test_who_may_not_edit_cannot_rule(project: Project, ana: User, eve: User) -> None:
    asked(project.guideline, ana)

    for name, args in (
        ("question-rule", [1]),
        ("question-group", [1]),
        ("question-ungroup", [1]),
        ("question-promise", []),
    ):
        assert browser_of(ana).post(url(name, *args), {"ruling": "x", "outcome": "told"}).status_code == 403
        assert browser_of(eve).post(url(name, *args)).status_code == 404
    assert browser_of(eve).get(url("questions")).status_code == 404
    assert Clarification.objects.get().state == "open"


def test_empty_pages_say_what_comes_there(project: Project, ana: User, lea: User) -> None:
    assert "No question waits" in page(lea, url("questions"))
    assert "G asks about the item" in page(ana, url("questions"))


# --- hostile texts -----------------------------------------------------------------------------------------------


def test_hostile_questions_and_rulings_are_only_text(work: Project, ana: User, lea: User, member_of: Who) -> None:
    text = " ".join(HOSTILE)[:1900]
    ask_clarification(annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, question=text, clause="C3")
    asked(work.guideline, ana, "Another, harmless question?", "C1")
    waiting = [page(lea, url("questions")), page(ana, url("questions")), page(lea, reverse("desk", args=["intents"]))]
    answer_clarification(
        actor=lea, guideline=work.guideline, number=1, ruling=text + " [x](javascript:alert(1))", outcome="minor"
    )

    pages = [
        *waiting, page(ana, "/"), page(ana, url("guideline")), page(lea, url("questions")), page(ana, url("questions")),
        page(lea, url("guideline-part", "precedent", "P1")), page(ana, url("guideline-diff") + "?from=1.0&to=1.1"),
        browser_of(ana).post(bench("claim"), headers=HTMX).content.decode(),
        page(ana, reverse("workbench", args=["intents"])),
    ]  # fmt: skip

    assert [raw_markup(html) for html in pages] == [[] for _ in pages]
    assert not [html for html in pages if 'href="javascript:' in html]
    assert GuidelineDraft.objects.get().content["precedents"][0]["ruling"].startswith(text[:50])


def test_the_morning_page_says_what_waits(project: Project, ana: User, lea: User, max_: User) -> None:
    address = reverse("project", args=["intents"])
    assert "The guideline was asked" not in page(lea, address)
    asked(project.guideline, ana)
    Clarification.objects.update(asked_at=timezone.now() - timedelta(hours=30))

    html = page(lea, address)

    assert "The guideline was asked" in html
    assert "1 overdue" in html
    assert "The guideline was asked" not in page(max_, address)


def test_a_precedent_is_written_mended_and_taken_out_in_the_editor(project: Project, lea: User) -> None:
    part: dict[str, str] = {"clause": "C3", "question": "Of fees?", "ruling": "No."}
    new = url("guideline-part-new", "precedent")
    assert "P1" in page(lea, new + "?under=C3")
    refused = browser_of(lea).post(new, part | {"clause": ""})
    assert (refused.status_code, "Clause must not be empty" in refused.content.decode()) == (422, True)

    made = browser_of(lea).post(new, part)
    here = url("guideline-part", "precedent", "P1")
    assert made["Location"] == here
    base = part_digest(GuidelineDraft.objects.get().content["precedents"][0])
    saved = browser_of(lea).post(here, part | {"ruling": "Never.", "base": base})
    assert saved.status_code == 302
    late = browser_of(lea).post(here, part | {"ruling": "Sometimes.", "base": base})
    assert (late.status_code, "Never" in late.content.decode()) == (409, True)
    preview = browser_of(lea).post(url("guideline-preview", "precedent", "P1"), part | {"ruling": "*So*"}, headers=HTMX)
    assert "<em>So</em>" in preview.content.decode()

    base = part_digest(GuidelineDraft.objects.get().content["precedents"][0])
    browser_of(lea).post(url("guideline-part-remove", "precedent", "P1"), {"base": base})
    assert "precedents" not in GuidelineDraft.objects.get().content
