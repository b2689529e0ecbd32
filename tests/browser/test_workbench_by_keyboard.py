"""The annotator's day without a mouse, in a real browser: nothing typed is ever lost."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Annotation, Assignment, Lease, Member, Project, Skip
from tests.browser_support import Watch, assert_accessible, session_cookie
from tests.factories.annotation import make_item, make_task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

URL = "/p/intents/label/"
OpenPage = Callable[..., Page]


@pytest.fixture
def work(transactional_db: None, project: Project) -> Project:
    for number in range(4):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"))
    return project


@pytest.fixture
def bench(open_page: OpenPage, ana: User, work: Project) -> Page:
    """ana at the workbench with her first item."""
    page = open_page(ana)
    page.goto(URL)
    expect(page.get_by_text("Message 0")).to_be_visible()
    return page


def answers() -> list[Any]:
    return list(Annotation.objects.filter(superseded_at=None).order_by("pk").values_list("answer", flat=True))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_number_keys_answer_one_question_after_the_other_and_enter_brings_the_next_item(bench: Page) -> None:
    press(bench, "2", "4", "Enter")

    expect(bench.get_by_text("Message 1")).to_be_visible()
    press(bench, "1", "Enter")
    expect(bench.get_by_text("Message 2")).to_be_visible()
    expect(bench.locator("#bench-status")).to_contain_text("2 today")
    assert answers() == [{"intent": "billing", "urgency": 4}, {"intent": "refund"}]


def test_the_clause_follows_the_focused_option(bench: Page) -> None:
    press(bench, "2")

    expect(bench.locator("[data-clause=C3]")).to_have_class("clause is-current")
    expect(bench.locator("[data-guide-option]")).to_contain_text("A wrong charge.")


def test_a_missing_answer_is_said_beside_its_question_and_the_focus_goes_there(bench: Page, watch: Watch) -> None:
    watch.allow("status of 422")
    press(bench, "Enter")

    expect(bench.locator("#error-intent")).to_be_visible()
    expect(bench.locator("input[value=refund]")).to_be_focused()
    press(bench, "3", "Enter")
    expect(bench.get_by_text("Message 1")).to_be_visible()


def test_undo_brings_the_answer_back_and_submitting_again_makes_a_revision(bench: Page) -> None:
    press(bench, "1", "Enter")
    expect(bench.get_by_text("Message 1")).to_be_visible()

    press(bench, "u")
    expect(bench.get_by_text("Message 0")).to_be_visible()
    expect(bench.locator("input[value=refund]")).to_be_checked()
    press(bench, "3", "Enter")

    expect(bench.get_by_text("Message 1")).to_be_visible()
    expect(bench.locator("#bench-status")).to_contain_text("1 today")
    assert answers() == [{"intent": "other"}]
    assert Annotation.objects.get(superseded_at=None).revision == 2


def test_skip_asks_why_and_escape_keeps_the_item(bench: Page) -> None:
    press(bench, "s", "Escape")
    expect(bench.locator("#skip-dialog")).to_be_hidden()

    press(bench, "s", "3", "Tab")
    bench.keyboard.type("cannot read it")
    press(bench, "Enter")

    expect(bench.get_by_text("Message 1")).to_be_visible()
    assert Skip.objects.get().reason == "broken item: cannot read it"


def test_every_key_is_listed(bench: Page) -> None:
    press(bench, "?")

    keys = bench.locator("#keys-help")
    for words in ("Submit and go on", "Undo", "Skip", "Pause", "Refund", "Billing error"):
        expect(keys).to_contain_text(words)
    assert bench.locator("html[data-key-clash]").count() == 0


def test_a_refresh_keeps_what_was_chosen(bench: Page) -> None:
    press(bench, "2")

    bench.reload()

    expect(bench.locator("input[value=billing]")).to_be_checked()


def test_a_draft_reaches_the_server_so_that_another_browser_shows_it(
    bench: Page, open_page: OpenPage, ana: User
) -> None:
    press(bench, "2")
    expect(bench.locator("[data-save-line]")).to_have_text("Draft saved")

    other = open_page(ana)
    other.goto(URL)

    expect(other.locator("input[value=billing]")).to_be_checked()


def test_without_connection_and_item_ahead_the_answer_stays_and_is_sent_once_when_it_is_back(
    open_page: OpenPage, ana: User, work: Project, watch: Watch
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to fetch|htmx:sendError|htmx:afterRequest|/submit/")
    bench = open_page(ana)
    bench.route("**/label/ahead/", lambda route: route.abort())
    bench.goto(URL)
    expect(bench.get_by_text("Message 0")).to_be_visible()
    bench.context.set_offline(True)
    press(bench, "2", "Enter")
    expect(bench.locator("[data-connection]")).to_have_text("no connection")
    expect(bench.locator("input[value=billing]")).to_be_checked()

    bench.context.set_offline(False)
    press(bench, "Enter")

    expect(bench.get_by_text("Message 1")).to_be_visible()
    assert answers() == [{"intent": "billing"}]


def test_nothing_of_a_stored_answer_stays_in_the_browser(open_page: OpenPage, ana: User, work: Project) -> None:
    page = open_page(ana)
    page.goto(URL)
    for number in range(3):  # some by a swap, some with the next item ahead
        expect(page.get_by_text(f"Message {number}")).to_be_visible()
        press(page, "1", "Enter")
        expect(page.get_by_text(f"Message {number + 1}")).to_be_visible()

    expect(page.locator("#bench-status")).to_contain_text("3 today")
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('concord-'))") == []


def test_two_hurried_enters_make_one_annotation(bench: Page) -> None:
    press(bench, "1")
    bench.evaluate(
        "() => { const form = document.getElementById('task'); form.requestSubmit(); form.requestSubmit(); }"
    )

    expect(bench.get_by_text("Message 1")).to_be_visible()
    expect(bench.locator("#bench-status")).to_contain_text("1 today")
    assert len(answers()) == 1
    assert Lease.objects.filter(ended_at=None).count() <= 2  # the one on the screen and the one ahead


def test_a_lost_lease_is_said_with_the_answer_and_enter_takes_the_next(
    bench: Page, watch: Watch, member_of: Callable[[User], Member], ben: User
) -> None:
    watch.allow("status of 409|Response Status Error Code 409")
    lease = Lease.objects.get(ended_at=None, assignment__is_ahead=False)
    Assignment.objects.filter(pk=lease.assignment_id).update(annotator=member_of(ben), epoch=lease.epoch + 1)

    press(bench, "2", "Enter")

    expect(bench.get_by_role("heading", name="This item went to somebody else")).to_be_visible()
    expect(bench.locator(".kept-answer")).to_contain_text("Billing error")
    bench.wait_for_timeout(700)  # an Enter at once would have been meant for the next item, which was there already
    press(bench, "Enter")
    expect(bench.locator("#task[data-lease]")).to_be_visible()


def test_a_session_that_ended_keeps_the_answer_and_sends_it_after_signing_in(
    bench: Page, watch: Watch, ana: User, live_server: Any
) -> None:
    watch.allow("status of 401|Response Status Error Code 401")
    expect(bench.locator("[data-workbench][data-ahead]")).to_have_count(1)
    bench.context.clear_cookies(name="sessionid")
    press(bench, "2", "Enter")
    expect(bench.get_by_text("Your session has ended")).to_be_visible()
    assert answers() == []

    bench.context.add_cookies([session_cookie(ana, live_server.url)])
    bench.goto(URL)
    expect(bench.get_by_text("Message 1")).to_be_visible()
    assert answers() == [{"intent": "billing"}]


def test_a_session_that_ended_before_the_next_item_was_there_keeps_the_answer_too(
    open_page: OpenPage, watch: Watch, ana: User, work: Project, live_server: Any
) -> None:
    watch.allow("status of 401|Response Status Error Code 401|ERR_FAILED")
    bench = open_page(ana)
    bench.route("**/label/ahead/", lambda route: route.abort())
    bench.goto(URL)
    expect(bench.get_by_text("Message 0")).to_be_visible()
    bench.context.clear_cookies(name="sessionid")
    press(bench, "2", "Enter")
    expect(bench.get_by_text("Your session has ended")).to_be_visible()
    assert answers() == []

    bench.context.add_cookies([session_cookie(ana, live_server.url)])
    bench.goto(URL)
    expect(bench.locator("input[value=billing]")).to_be_checked()
    press(bench, "Enter")
    expect(bench.get_by_text("Message 1")).to_be_visible()
    assert answers() == [{"intent": "billing"}]


def test_the_end_of_the_queue_is_an_answer(
    open_page: OpenPage, ana: User, transactional_db: None, project: Project
) -> None:
    page = open_page(ana)
    page.goto(URL)

    expect(page.get_by_role("heading", name="Nothing for you right now")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_workbench_is_accessible(open_page: OpenPage, ana: User, work: Project, scheme: str, width: int) -> None:
    page = open_page(ana, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(URL)
    expect(page.get_by_text("Message 0")).to_be_visible()

    assert_accessible(page)


def test_the_page_is_light(open_page: OpenPage, ana: User, work: Project) -> None:
    """First load and a swap, as compressed bytes: 100 KB and 20 KB are the limits."""
    page, sizes = open_page(ana), []
    page.on("response", lambda response: sizes.append(len(gzip.compress(response.body()))))
    page.goto(URL)
    expect(page.get_by_text("Message 0")).to_be_visible()
    first = sum(sizes)
    sizes.clear()
    press(page, "1", "Enter")
    expect(page.get_by_text("Message 1")).to_be_visible()

    assert first < 100_000
    assert sum(sizes) < 20_000
