"""The item after the one on the screen over HTTP: fetched early, shown by the script, given back with the first."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import Annotation, Assignment, Lease, Member, Project
from annotation.services.invariants import broken_invariants
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import INTENT, make_version
from tests.factories.quality import make_gold

HTMX = {"HX-Request": "true"}


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(4):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"))
    return project


@pytest.fixture
def browser(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"workbench-{name}", args=["intents", *args])


def claim(browser: Client) -> Lease:
    browser.post(url("claim"), headers=HTMX)
    return held()


def held() -> Lease:
    return Lease.objects.select_related("guideline_version").get(ended_at=None, assignment__is_ahead=False)


def ahead() -> Lease:
    return Lease.objects.get(ended_at=None, assignment__is_ahead=True)


def fetch_ahead(browser: Client, on_screen: Lease) -> Any:
    body = {"on_screen": on_screen.pk, "panel_version": on_screen.guideline_version.sha256}
    return browser.post(url("ahead"), body, headers=HTMX)


def submit(browser: Client, lease: Lease, on_screen: Lease | None = None, **fields: Any) -> Any:
    body = {
        "submission_id": str(uuid.uuid4()),
        "panel_version": lease.guideline_version.sha256,
        **({"on_screen": on_screen.pk} if on_screen else {}),
        **{f"q.{key}": value for key, value in fields.items()},
    }
    return browser.post(url("submit", lease.pk), body, headers=HTMX)


def without_ids(html: str) -> str:
    """A fragment without what is new in each: leases, submissions, tokens."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|value=\"\w{64}\"", "", re.sub(r"\s+", " ", html)).strip()


def test_the_item_ahead_is_the_fragment_that_a_swap_would_bring(browser: Client, work: Project, ben: User) -> None:
    other = Client()
    other.force_login(ben)
    submitted = submit(other, claim(other), intent="refund").content.decode()
    Lease.objects.filter(ended_at=None).update(ended_at="2026-01-01T00:00Z", ending="released")

    answer = fetch_ahead(browser, claim(browser))

    early = without_ids(answer.content.decode())
    assert answer.status_code == 200
    assert "Message 1" in early
    assert without_ids(submitted.split('<div class="bench-status"')[0]) == early


def test_the_item_ahead_is_the_same_however_often_it_is_fetched(browser: Client, work: Project) -> None:
    first = claim(browser)

    for _ in range(3):
        fetch_ahead(browser, first)

    assert Lease.objects.filter(ended_at=None).count() == 2
    assert str(ahead().pk) in fetch_ahead(browser, first).content.decode()


def test_nothing_ahead_is_204(browser: Client, project: Project) -> None:
    make_task(make_item(project, "only"))
    first = claim(browser)

    answer = fetch_ahead(browser, first)

    assert (answer.status_code, answer.content) == (204, b"")


def test_nothing_is_fetched_ahead_while_the_project_is_paused(browser: Client, work: Project) -> None:
    first = claim(browser)
    Project.objects.filter(pk=work.pk).update(status="paused")

    assert fetch_ahead(browser, first).status_code == 204
    assert Lease.objects.filter(ended_at=None).count() == 1


def test_an_answer_whose_successor_is_on_the_screen_brings_the_one_after_that(browser: Client, work: Project) -> None:
    first = claim(browser)
    fetch_ahead(browser, first)
    second = ahead()

    answer = submit(browser, first, on_screen=second, intent="refund")

    html = answer.content.decode()
    assert answer.status_code == 200
    assert f'data-held="{second.pk}"' in html
    assert "1 today" in html
    assert "Message 2" in html.split("<template data-ahead>")[1]
    assert "Message 1" not in html
    assert (held().pk, ahead().assignment.task.item.external_id) == (second.pk, "i2")
    assert broken_invariants() == []


def test_the_last_answers_bring_nothing_more(browser: Client, project: Project) -> None:
    for name in ("i0", "i1"):
        make_task(make_item(project, name))
    first = claim(browser)
    fetch_ahead(browser, first)

    last_but_one = submit(browser, first, on_screen=ahead(), intent="refund").content.decode()
    last = submit(browser, held(), intent="refund").content.decode()

    assert "<template data-ahead>" not in last_but_one
    assert 'data-state="done"' in last
    assert Annotation.objects.count() == 2


def test_an_answer_sent_again_is_one_annotation_and_brings_the_same(browser: Client, work: Project) -> None:
    first = claim(browser)
    fetch_ahead(browser, first)
    body = {"submission_id": str(uuid.uuid4()), "on_screen": ahead().pk, "q.intent": "refund"}

    answers = [browser.post(url("submit", first.pk), body, headers=HTMX).content.decode() for _ in range(2)]

    assert without_ids(answers[0]) == without_ids(answers[1])
    assert str(ahead().pk) in answers[0]
    assert str(ahead().pk) in answers[1]
    assert Annotation.objects.count() == 1


def test_when_the_item_on_the_screen_was_lost_the_answer_names_the_one_held_instead(
    browser: Client, work: Project, member_of: Callable[[User], Member], ben: User
) -> None:
    first = claim(browser)
    fetch_ahead(browser, first)
    lost = ahead()
    Assignment.objects.filter(pk=lost.assignment_id).update(
        annotator=member_of(ben), epoch=lost.epoch + 1, is_ahead=False
    )

    html = submit(browser, first, on_screen=lost, intent="refund").content.decode()

    now_held = Lease.objects.get(pk=re.findall(r'data-held="([^"]+)"', html)[0])
    assert now_held.pk != lost.pk
    assert f'data-lease="{now_held.pk}"' in html


def test_a_refused_answer_comes_back_though_another_item_is_on_the_screen(browser: Client, work: Project) -> None:
    first = claim(browser)
    fetch_ahead(browser, first)

    answer = submit(browser, first, on_screen=ahead(), urgency="5")

    html = answer.content.decode()
    assert answer.status_code == 422
    assert f'data-lease="{first.pk}"' in html
    assert 'id="error-intent"' in html
    assert not Annotation.objects.exists()
    assert Lease.objects.filter(ended_at=None).count() == 2


@pytest.mark.parametrize("code", ["already_answered", "annotator_paused"])
def test_every_refusal_shows_the_answer_that_was_not_stored(
    browser: Client, work: Project, member_of: Callable[[User], Member], ana: User, code: str
) -> None:
    first = claim(browser)
    fetch_ahead(browser, first)
    second = ahead()
    if code == "already_answered":  # in another tab
        submit(browser, first, intent="refund")
    else:
        Member.objects.filter(pk=member_of(ana).pk).update(paused_at="2026-01-01T00:00Z")

    answer = submit(browser, first, on_screen=second, intent="billing")

    html = answer.content.decode()
    assert answer.status_code == 409
    assert f'data-state="{code}"' in html
    assert "Billing error" in html
    assert not Annotation.objects.filter(answer__intent="billing").exists()


def test_what_cannot_be_handed_out_next_is_no_refusal_of_the_answer(browser: Client, work: Project) -> None:
    first = claim(browser)
    Project.objects.filter(pk=work.pk).update(status="paused")

    answer = submit(browser, first, intent="refund")

    assert answer.status_code == 200
    assert 'data-state="project_paused"' in answer.content.decode()
    assert Annotation.objects.count() == 1


def test_a_version_published_meanwhile_comes_with_its_clauses(
    browser: Client, work: Project, guideline: Guideline, lea: User
) -> None:
    first = claim(browser)
    longer = [*INTENT["clauses"], {"key": "C4", "title": "Thanks", "body": "Thanks alone are other.", "parent": None}]
    make_version(guideline, lea, INTENT | {"clauses": longer}, level="minor")

    early = fetch_ahead(browser, first).content.decode()

    assert f'data-version="{ahead().guideline_version.sha256}"' in early
    assert 'data-clause="C4"' in early
    assert "Support 1.1" in early.split('id="guide"')[1]


def test_pause_gives_both_back(browser: Client, work: Project) -> None:
    fetch_ahead(browser, claim(browser))

    browser.post(url("pause"))

    assert not Assignment.objects.filter(state="leased").exists()
    assert broken_invariants() == []


def test_renewing_the_one_that_is_shown_early_says_that_it_is_theirs(browser: Client, work: Project) -> None:
    """The answer before it may have been lost with its lease: what is on the screen is theirs all the same."""
    first = claim(browser)
    fetch_ahead(browser, first)
    second = ahead()
    browser.post(url("skip"), {"lease": first.pk}, headers={})

    assert browser.post(url("renew", second.pk), headers=HTMX).status_code == 204


def test_gold_ahead_looks_like_any_other_item(browser: Client, project: Project, lea: User) -> None:
    for number in range(16):
        make_task(make_item(project, f"m{number}", text="Message"))
    for number in range(5):
        make_item(project, f"g{number}", text="Message")
        make_gold(project, f"g{number}", {"intent": "refund"}, lea)
    Project.objects.filter(pk=project.pk).update(gold_rate=0.5)
    lease, seen = claim(browser), {}
    while (answer := fetch_ahead(browser, lease)).status_code == 200:
        seen.setdefault(ahead().reason == "gold", set()).add(without_ids(answer.content.decode()))
        submit(browser, lease, ahead(), intent="refund")
        lease = held()

    assert len(seen[True]) == 1
    assert seen[True] == seen[False]


def test_strangers_fetch_nothing(work: Project, eve: User, max_: User) -> None:
    stranger, engineer, nobody = Client(), Client(), Client()
    stranger.force_login(eve)
    engineer.force_login(max_)

    assert stranger.post(url("ahead"), headers=HTMX).status_code == 404
    assert engineer.post(url("ahead"), headers=HTMX).status_code == 403
    assert nobody.post(url("ahead"), headers=HTMX).status_code == 401
    assert not Lease.objects.exists()


def test_an_answer_and_the_next_item_cost_few_statements(
    browser: Client, work: Project, django_assert_num_queries: Callable[..., Any]
) -> None:
    who, begin_and_commit = 3, 2  # session, user, access
    submit(browser, claim(browser), intent="refund")  # the first of a process reads guideline and questions, too
    lease = held()

    # its questions; all of it; echo, progress, answers to read, replies
    with django_assert_num_queries(who + 1 + 5 + begin_and_commit + 4):
        submit(browser, lease, intent="refund")

    fetch_ahead(browser, held())
    lease, on_screen = held(), ahead()
    for number in range(4, 9):
        make_task(make_item(work, f"i{number}"))
    with django_assert_num_queries(who + 1 + 5 + 4 + 2 * begin_and_commit + 4):  # and the one after the next
        submit(browser, lease, on_screen, intent="refund")
    lease = held()
    with django_assert_num_queries(who + 1 + 3 + begin_and_commit + 1):
        fetch_ahead(browser, lease)
