"""The workbench over HTTP: page and fragments, refusals that keep the answer, nothing that tells of peers."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotation.models import Annotation, Assignment, Item, Lease, Member, Prediction, Project, Routing, Skip
from frontend.views.workbench_showing import answer_in_words
from guidelines.label_schema import parse_questions
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_member, make_task
from tests.factories.guidelines import make_version

HTMX = {"HX-Request": "true"}


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(3):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"))
    return project


@pytest.fixture
def browser(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def url(project: Project, name: str = "workbench", *args: Any) -> str:
    return reverse(name, args=[project.slug, *args])


def claim(browser: Client, project: Project) -> Lease:
    answer = browser.post(url(project, "workbench-claim"), headers=HTMX)
    assert answer.status_code == 200
    return Lease.objects.get(ended_at=None)


def submit(browser: Client, project: Project, lease: Lease, submission: str = "", **fields: Any) -> Any:
    body = {"submission_id": submission or str(uuid.uuid4()), **{f"q.{key}": value for key, value in fields.items()}}
    return browser.post(url(project, "workbench-submit", lease.pk), body, headers=HTMX)


def test_looking_at_the_page_takes_no_seat(browser: Client, work: Project) -> None:
    page = browser.get(url(work))

    assert page.status_code == 200
    assert not Assignment.objects.exclude(state="open").exists()


def test_claim_shows_item_questions_and_clauses(browser: Client, work: Project) -> None:
    answer = browser.post(url(work, "workbench-claim"), headers=HTMX)

    html = answer.content.decode()
    assert "Message 0" in html
    assert "What does the customer want?" in html
    assert 'data-clause="C3"' in html
    assert "<html" not in html


def test_submit_stores_the_answer_under_the_version_on_the_screen_and_shows_the_next(
    browser: Client, work: Project, guideline: Guideline, lea: User
) -> None:
    lease = claim(browser, work)
    make_version(guideline, lea, level="minor")

    answer = submit(browser, work, lease, intent="refund", urgency="4")

    stored = Annotation.objects.get()
    assert stored.answer == {"intent": "refund", "urgency": 4}
    assert stored.guideline_version is not None
    assert stored.guideline_version.number == "1.0"
    assert stored.source == "workbench"
    assert "Message 1" in answer.content.decode()
    assert Lease.objects.get(ended_at=None).guideline_version.number == "1.1"


def test_the_clauses_come_again_only_when_their_version_changed(browser: Client, work: Project) -> None:
    lease = claim(browser, work)
    body = {"q.intent": "other", "panel_version": lease.guideline_version.sha256}

    same = browser.post(url(work, "workbench-submit", lease.pk), body, headers=HTMX)

    assert "data-clause=" not in same.content.decode()
    assert 'hx-swap-oob="true"' in same.content.decode()  # the progress line


def test_a_missing_answer_comes_back_beside_its_question_with_the_rest_kept(browser: Client, work: Project) -> None:
    lease = claim(browser, work)

    answer = submit(browser, work, lease, urgency="5")

    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="error-intent"' in html
    assert re.search(r'value="5" checked', html)
    assert not Annotation.objects.exists()


def test_a_double_submit_makes_one_annotation(browser: Client, work: Project) -> None:
    lease, submission = claim(browser, work), str(uuid.uuid4())

    first = submit(browser, work, lease, submission, intent="refund")
    second = submit(browser, work, lease, submission, intent="refund")

    assert (first.status_code, second.status_code) == (200, 200)
    assert Annotation.objects.count() == 1
    assert Lease.objects.filter(ended_at=None).count() == 1


def test_a_lost_lease_shows_the_answer_that_was_not_stored(
    browser: Client, work: Project, member_of: Callable[[User], Member], ben: User
) -> None:
    lease = claim(browser, work)
    # Time ran out and somebody else has the seat now: the seat's epoch moved on.
    Assignment.objects.filter(pk=lease.assignment_id).update(annotator=member_of(ben), epoch=lease.epoch + 1)

    answer = submit(browser, work, lease, intent="billing")

    assert answer.status_code == 409
    assert "Billing error" in answer.content.decode()
    assert not Annotation.objects.exists()


def test_undo_brings_the_last_answer_back_to_change(browser: Client, work: Project) -> None:
    submit(browser, work, claim(browser, work), intent="refund")

    undone = browser.post(url(work, "workbench-undo"), headers=HTMX)

    html = undone.content.decode()
    assert "Message 0" in html
    assert re.search(r'value="refund" checked', html)
    assert Annotation.objects.filter(superseded_at=None).count() == 0


def test_undo_with_nothing_to_undo_keeps_the_item(browser: Client, work: Project) -> None:
    lease = claim(browser, work)

    answer = browser.post(url(work, "workbench-undo"), headers=HTMX)

    assert answer.status_code == 200
    assert str(lease.pk) in answer.content.decode()


def test_skip_stores_the_reason_and_shows_another_item(browser: Client, work: Project) -> None:
    lease = claim(browser, work)

    answer = browser.post(url(work, "workbench-skip"), {"lease": lease.pk, "reason": "not English"}, headers=HTMX)

    assert Skip.objects.get().reason == "not English"
    assert "Message 1" in answer.content.decode()


def test_a_draft_is_kept_for_a_refresh(browser: Client, work: Project) -> None:
    lease = claim(browser, work)

    kept = browser.post(url(work, "workbench-draft", lease.pk), {"q.intent": "billing"}, headers=HTMX)

    assert kept.status_code == 204
    assert re.search(r'value="billing" checked', browser.get(url(work)).content.decode())


def test_a_draft_that_comes_after_the_submit_changes_nothing(browser: Client, work: Project) -> None:
    lease = claim(browser, work)
    submit(browser, work, lease, intent="refund")

    browser.post(url(work, "workbench-draft", lease.pk), {"q.intent": "billing"}, headers=HTMX)

    lease.refresh_from_db()
    assert lease.draft is None
    assert Annotation.objects.get().answer == {"intent": "refund"}


def test_pause_gives_the_item_back(browser: Client, work: Project) -> None:
    claim(browser, work)

    browser.post(url(work, "workbench-pause"))

    assert Assignment.objects.filter(state="open").count() == 6


def test_the_end_of_the_queue_says_so(browser: Client, project: Project) -> None:
    answer = browser.post(url(project, "workbench-claim"), headers=HTMX)

    assert 'data-state="done"' in answer.content.decode()


def test_without_htmx_the_same_actions_redirect_to_the_page(browser: Client, work: Project) -> None:
    claimed = browser.post(url(work, "workbench-claim"))
    lease = Lease.objects.get(ended_at=None)
    submitted = browser.post(url(work, "workbench-submit", lease.pk), {"q.intent": "refund"})

    assert (claimed.status_code, claimed["Location"]) == (302, url(work))
    assert submitted.status_code == 302
    assert Annotation.objects.count() == 1


def test_strangers_and_the_signed_out_are_kept_out(work: Project, eve: User, max_: User) -> None:
    stranger, engineer, nobody = Client(), Client(), Client()
    stranger.force_login(eve)
    engineer.force_login(max_)

    assert stranger.get(url(work)).status_code == 404
    assert engineer.get(url(work)).status_code == 403
    assert nobody.get(url(work)).status_code == 302
    assert nobody.post(url(work, "workbench-claim"), headers=HTMX).status_code == 401
    assert not Lease.objects.exists()


def test_somebody_else_s_lease_is_not_there(browser: Client, work: Project, ben: User) -> None:
    lease = claim(browser, work)
    other = Client()
    other.force_login(ben)

    answer = submit(other, work, lease, intent="refund")

    assert answer.status_code == 404
    assert not Annotation.objects.exists()


def test_an_owner_who_is_no_member_is_told_so(work: Project, olga: User) -> None:
    owner = Client()
    owner.force_login(olga)

    page = owner.get(url(work))
    action = owner.post(url(work, "workbench-claim"), headers=HTMX)

    assert (page.status_code, action.status_code) == (409, 409)
    assert "add yourself as one" in page.content.decode()
    assert not Lease.objects.exists()


def test_without_htmx_a_missing_answer_comes_back_as_a_whole_page(browser: Client, work: Project) -> None:
    lease = claim(browser, work)

    page = browser.post(url(work, "workbench-submit", lease.pk), {"q.urgency": "5"})

    html = page.content.decode()
    assert page.status_code == 422
    assert "<html" in html
    assert 'id="error-intent"' in html
    assert 'data-clause="C3"' in html
    assert not Annotation.objects.exists()


def test_a_conversation_is_shown_turn_by_turn_and_as_text_only(browser: Client, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(fields=[{"key": "talk", "type": "chat"}])
    turns = [{"role": "user", "text": "<b>Where</b> is it?"}, {"role": "assistant", "text": "On its way."}]
    item = make_item(project, "c1", payload={"talk": turns, "hidden": "gold: refund"})
    make_task(item)

    html = browser.post(url(project, "workbench-claim"), headers=HTMX).content.decode()

    assert html.count('class="chat-turn') == 2
    assert "&lt;b&gt;Where&lt;/b&gt; is it?" in html
    assert "chat-turn-reply" in html.split("On its way.")[0].rsplit("<li", 1)[1]
    assert "gold: refund" not in html


@pytest.mark.parametrize(("share", "is_seen"), [(1, True), (0, False)])
def test_what_a_model_suggests_is_seen_exactly_where_the_lease_says_so(
    share: float, is_seen: bool, browser: Client, work: Project
) -> None:
    model = make_member(work, None, name="intent-model", kind="model")
    for item in Item.objects.all():
        Prediction.objects.create(
            project=work, item=item, model=model, model_version="1", answer={"intent": "billing", "urgency": 4},
            created_at=timezone.now(),
        )  # fmt: skip
    Routing.objects.update_or_create(project=work, defaults={"prelabel_model": model, "prelabel_share": share})

    html = browser.post(url(work, "workbench-claim"), headers=HTMX).content.decode()

    assert Lease.objects.get().prelabel_shown is is_seen
    assert ("A model suggests" in html) is is_seen
    assert (">Billing error</strong>" in html) is is_seen
    assert "checked" not in html.partition('class="workbench-questions"')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("refund", "Refund"), (["refund", "other"], "Refund, Other"), (4, "4"), ({"choice": "a", "strength": 2}, "a"),
        ([{"start": 0, "end": 2, "label": "refund"}], "Refund"),
    ],
)  # fmt: skip
def test_any_answer_can_be_put_into_words(value: Any, words: str, guideline: Guideline) -> None:
    (intent, *_) = parse_questions(guideline.versions.get().content["questions"])

    assert answer_in_words((intent,), {"intent": value}) == ((intent.title, words),)
