"""The next item is on the screen in the frame of the Enter; its answer follows in order, once, and is never lost."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from annotation.models import Annotation, Assignment, Lease, Member, Project
from annotation.services.qualification_settings import set_qualification
from guidelines.models import Guideline
from tests.browser_support import Watch, assert_accessible
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import INTENT, make_version
from tests.factories.quality import make_gold

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

URL = "/p/intents/label/"
SUBMIT = re.compile(r"/label/[0-9a-f-]{36}/submit/")
OFFLINE = "ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to fetch"
OpenPage = Callable[..., Page]


@pytest.fixture
def work(transactional_db: None, project: Project) -> Project:
    for number in range(12):
        make_task(make_item(project, f"i{number}", text=f"Message {number}."))
    return project


@pytest.fixture
def bench(open_page: OpenPage, ana: User, work: Project) -> Page:
    return opened(open_page, ana)


def opened(open_page: OpenPage, user: User) -> Page:
    page = open_page(user)
    page.goto(URL)
    sees(page, 0)
    has_next(page)
    return page


def sees(page: Page, number: int) -> None:
    expect(page.locator("#task")).to_contain_text(f"Message {number}.")


def has_next(page: Page) -> None:
    """The item after this one waits in the browser."""
    expect(page.locator("[data-workbench][data-ahead]")).to_have_count(1)


def saved(page: Page) -> None:
    expect(page.locator("[data-sent-line]")).to_have_text("saved")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def stored() -> list[tuple[str, str]]:
    rows = Annotation.objects.filter(superseded_at=None).order_by("pk")
    return [(row.item.external_id, row.answer["intent"]) for row in rows.select_related("item")]


class Held:
    """Submits that wait in front of the server until `let_go`."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self.page = page
        page.route(SUBMIT, lambda route: self.routes.append(route))

    def let_go(self) -> None:
        for route in self.routes:
            route.continue_()
        self.page.unroute(SUBMIT)


def test_the_next_item_is_shown_while_the_answer_is_on_its_way(bench: Page) -> None:
    held = Held(bench)
    press(bench, "2", "4", "Enter")

    sees(bench, 1)
    expect(bench.locator("[data-sent-line]")).to_have_text("saving")
    expect(bench.locator("input[value=refund]")).to_be_focused()
    assert stored() == []
    press(bench, "3")  # the keys are ready before the answer has arrived
    expect(bench.locator("#task input[value=other]")).to_be_checked()

    held.let_go()
    saved(bench)
    expect(bench.locator("#bench-status")).to_contain_text("1 today")
    assert Annotation.objects.get().answer == {"intent": "billing", "urgency": 4}
    expect(bench.locator("#task input[value=other]")).to_be_checked()
    has_next(bench)
    press(bench, "Enter")
    sees(bench, 2)
    saved(bench)
    assert stored() == [("i0", "billing"), ("i1", "other")]


def test_it_is_shown_in_the_frame_of_the_key(bench: Page) -> None:
    press(bench, "1")

    shown = bench.evaluate(
        """() => { document.getElementById("submit").click(); return document.getElementById("task").textContent; }"""
    )

    assert "Message 1." in shown


def test_the_waiting_item_is_nowhere_in_the_page(bench: Page) -> None:
    assert "Message 1." not in bench.content()


def test_ten_hurried_answers_are_stored_in_order_each_once(bench: Page) -> None:
    intents = ["refund", "billing", "other"]
    for number in range(10):
        sees(bench, number)
        press(bench, str(number % 3 + 1), "Enter")
    sees(bench, 10)
    saved(bench)

    assert stored() == [(f"i{number}", intents[number % 3]) for number in range(10)]
    assert Annotation.objects.count() == 10
    assert Lease.objects.filter(ended_at=None).count() == 2


def test_an_enter_that_was_one_too_many_answers_nothing(bench: Page, work: Project) -> None:
    bench.evaluate(
        "() => { window.asked = 0; document.addEventListener('htmx:beforeRequest', () => { asked += 1; }); }"
    )
    press(bench, "1")
    bench.evaluate("() => { for (let i = 0; i < 3; i += 1) document.getElementById('submit').click(); }")

    sees(bench, 1)
    saved(bench)
    assert stored() == [("i0", "refund")]
    assert bench.evaluate("window.asked") == 0
    expect(bench.locator(".has-error")).to_have_count(0)


def test_the_answer_waits_for_the_connection_and_is_sent_once_in_order(bench: Page, watch: Watch) -> None:
    watch.allow(OFFLINE)
    bench.context.set_offline(True)
    press(bench, "2", "Enter")
    sees(bench, 1)
    expect(bench.locator("[data-sent-line]")).to_have_text("not saved yet")
    expect(bench.locator("[data-connection]")).to_have_text("no connection")
    press(bench, "1", "Enter")  # nothing waits behind it: it stays until the first is stored
    expect(bench.locator("[data-save-line]")).to_contain_text("comes first")
    sees(bench, 1)

    bench.context.set_offline(False)
    saved(bench)
    assert stored() == [("i0", "billing")]
    has_next(bench)
    press(bench, "Enter")
    sees(bench, 2)
    saved(bench)

    assert stored() == [("i0", "billing"), ("i1", "refund")]
    assert Annotation.objects.count() == 2


def test_a_server_that_fails_for_a_while_gets_the_answer_later(bench: Page, watch: Watch) -> None:
    watch.allow("status of 503")
    failures = iter([True, True])

    def fail(route: Route) -> None:
        if next(failures, False):
            route.fulfill(status=503, body="busy")
        else:
            route.continue_()

    bench.route(SUBMIT, fail)
    press(bench, "1", "Enter")

    sees(bench, 1)
    saved(bench)
    assert stored() == [("i0", "refund")]


def test_an_answer_that_arrived_though_its_reply_was_lost_is_stored_once(bench: Page, watch: Watch) -> None:
    watch.allow(OFFLINE)
    lost = iter([True])

    def lose_the_reply(route: Route) -> None:
        if next(lost, False):
            route.fetch()
            route.abort()
        else:
            route.continue_()

    bench.route(SUBMIT, lose_the_reply)
    press(bench, "1", "Enter")

    sees(bench, 1)
    saved(bench)
    assert stored() == [("i0", "refund")]
    has_next(bench)


def test_a_page_left_before_its_answer_was_stored_sends_it_when_it_is_seen_again(bench: Page, watch: Watch) -> None:
    watch.allow(OFFLINE)
    bench.route(SUBMIT, lambda route: route.abort())
    press(bench, "2", "Enter")
    sees(bench, 1)
    press(bench, "3")
    expect(bench.locator("[data-sent-line]")).to_have_text("not saved yet")

    bench.on("dialog", lambda dialog: dialog.accept())  # the browser asks: an answer is not saved yet
    bench.unroute(SUBMIT)
    bench.goto(URL)

    sees(bench, 1)
    expect(bench.locator("#task input[value=other]")).to_be_checked()
    assert stored() == [("i0", "billing")]
    assert bench.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('concord-answer-')).length") == 0


def test_what_the_server_refuses_comes_back_and_the_item_after_it_keeps_what_was_chosen(
    bench: Page, watch: Watch, work: Project
) -> None:
    watch.allow("status of 422")
    held = Held(bench)
    press(bench, "1")
    bench.evaluate("document.querySelector('input[value=refund]').value = 'revenge'")  # the page cannot know better
    press(bench, "Enter")
    sees(bench, 1)
    press(bench, "2")
    held.let_go()

    sees(bench, 0)
    expect(bench.locator("#error-intent")).to_be_visible()
    expect(bench.get_by_role("alert").filter(has_text="Not stored yet")).to_be_visible()
    assert stored() == []
    has_next(bench)
    bench.wait_for_timeout(700)  # an Enter at once would have been meant for the other item
    press(bench, "3", "Enter")

    sees(bench, 1)
    expect(bench.locator("input[value=billing]")).to_be_checked()
    saved(bench)
    assert stored() == [("i0", "other")]


def test_a_lost_lease_shows_the_answer_and_then_the_item_that_was_ahead(
    bench: Page, watch: Watch, member_of: Callable[[User], Member], ben: User
) -> None:
    watch.allow("status of 409")
    lease = Lease.objects.get(ended_at=None, assignment__is_ahead=False)
    Assignment.objects.filter(pk=lease.assignment_id).update(annotator=member_of(ben), epoch=lease.epoch + 1)
    held = Held(bench)
    press(bench, "2", "Enter")
    sees(bench, 1)
    press(bench, "3")
    held.let_go()

    expect(bench.get_by_role("heading", name="This item went to somebody else")).to_be_visible()
    expect(bench.locator(".kept-answer")).to_contain_text("Billing error")
    press(bench, "Enter")  # too soon: it was meant for the item
    expect(bench.locator(".kept-answer")).to_be_visible()
    bench.wait_for_timeout(700)
    press(bench, "Enter")
    sees(bench, 1)
    expect(bench.locator("#task input[value=other]")).to_be_checked()


def test_undo_waits_for_the_answer_and_takes_it_back(bench: Page) -> None:
    held = Held(bench)
    press(bench, "1", "Enter")
    sees(bench, 1)
    press(bench, "u")
    bench.wait_for_timeout(200)
    sees(bench, 1)
    held.let_go()

    sees(bench, 0)
    expect(bench.locator("input[value=refund]")).to_be_checked()
    has_next(bench)
    press(bench, "3", "Enter")
    sees(bench, 1)
    saved(bench)
    assert stored() == [("i0", "other")]
    assert Lease.objects.filter(ended_at=None).count() == 2


def test_skip_goes_on_with_the_item_ahead(bench: Page) -> None:
    press(bench, "s", "Enter")

    sees(bench, 1)
    has_next(bench)
    press(bench, "1", "Enter")
    sees(bench, 2)


def test_flagging_leaves_the_item_and_the_next_one_is_fetched_again(bench: Page) -> None:
    press(bench, "f")
    bench.keyboard.type("odd")
    press(bench, "Control+Enter")
    expect(bench.locator("#ask-dialog")).to_be_hidden()

    has_next(bench)
    sees(bench, 0)


def test_pause_waits_for_the_answer_and_gives_both_items_back(bench: Page) -> None:
    held = Held(bench)
    press(bench, "1", "Enter")
    sees(bench, 1)
    press(bench, "p")
    bench.wait_for_timeout(200)
    held.let_go()
    bench.wait_for_url("/")

    assert stored() == [("i0", "refund")]
    assert not Lease.objects.filter(ended_at=None).exists()


def test_two_tabs_end_well(bench: Page, watch: Watch) -> None:
    """Both hold the same two items. The second to answer is told so, and both go on with the same next item."""
    watch.allow("status of 409")
    other = bench.context.new_page()
    watch.follow(other)
    other.goto(URL)
    sees(other, 0)
    has_next(other)
    press(bench, "1", "Enter")
    sees(bench, 1)
    saved(bench)

    press(other, "2", "Enter")

    expect(other.locator("#task")).to_contain_text("You have answered this item already")
    expect(other.locator(".kept-answer")).to_contain_text("Billing error")
    other.wait_for_timeout(700)
    press(other, "Enter")
    sees(other, 1)
    has_next(other)
    press(other, "3", "Enter")
    sees(other, 2)
    saved(other)
    assert stored() == [("i0", "refund"), ("i1", "other")]
    assert Lease.objects.filter(ended_at=None).count() <= 2


def test_the_guideline_beside_is_that_of_the_item_shown(
    open_page: OpenPage, ana: User, work: Project, guideline: Guideline, lea: User, watch: Watch
) -> None:
    watch.allow(OFFLINE)
    page = open_page(ana)
    page.route("**/label/ahead/", lambda route: route.abort())
    page.goto(URL)
    sees(page, 0)
    longer = [*INTENT["clauses"], {"key": "C4", "title": "Thanks", "body": "Thanks alone are other.", "parent": None}]
    make_version(guideline, lea, INTENT | {"clauses": longer}, level="minor")
    page.unroute("**/label/ahead/")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    has_next(page)
    expect(page.locator(".guide-version")).to_have_text("Support 1.0")

    press(page, "1", "Enter")

    sees(page, 1)
    expect(page.locator(".guide-version")).to_have_text("Support 1.1")
    expect(page.locator("[data-clause=C4]")).to_be_visible()
    saved(page)
    press(page, "1", "Enter")
    saved(page)
    assert [each.guideline_version.number for each in Annotation.objects.order_by("pk")] == ["1.0", "1.1"]


def test_the_time_of_an_item_begins_when_it_is_shown(bench: Page) -> None:
    bench.wait_for_timeout(1500)  # read with the mouse still: counted by the next key
    press(bench, "1", "Enter")
    sees(bench, 1)
    press(bench, "1", "Enter")
    sees(bench, 2)
    saved(bench)

    first, second = Annotation.objects.order_by("pk").values_list("seconds_spent", flat=True)
    assert first >= 1.5
    assert second < first


def test_what_is_missing_is_said_before_the_next_item_is_shown(bench: Page, watch: Watch) -> None:
    watch.allow("status of 422")
    press(bench, "Enter")

    expect(bench.locator("#error-intent")).to_be_visible()
    sees(bench, 0)
    press(bench, "1", "Enter")
    sees(bench, 1)
    saved(bench)
    assert stored() == [("i0", "refund")]


@pytest.mark.parametrize("comes", [True, False])
def test_enter_waits_a_moment_for_an_item_on_its_way_and_keys_meanwhile_change_nothing(
    open_page: OpenPage, ana: User, work: Project, comes: bool
) -> None:
    page, asked = open_page(ana), []
    page.route("**/label/ahead/", lambda route: asked.append(route))
    with page.expect_request("**/label/ahead/"):
        page.goto(URL)
    sees(page, 0)
    press(page, "1", "Enter", "2", "Enter")
    page.wait_for_timeout(200)
    sees(page, 0)
    if comes:
        asked[0].continue_()

    sees(page, 1)
    if comes:
        saved(page)
    expect(page.locator("#bench-status")).to_contain_text("1 today")
    assert stored() == [("i0", "refund")]


def test_an_item_that_waited_too_long_is_asked_for_again(bench: Page) -> None:
    bench.evaluate("() => { const now = Date.now; Date.now = () => now() + 3600_000; }")
    press(bench, "1", "Enter")

    sees(bench, 1)
    expect(bench.locator("[data-sent-line]")).to_be_hidden()  # the server was asked for it
    assert stored() == [("i0", "refund")]


RULES = {"is_required": True, "threshold": 0.6, "attempts": 1, "shows_feedback": True, "again_after_major": False}


def test_what_the_gold_says_comes_with_the_reply_and_a_mistake_before_anything_else(
    open_page: OpenPage, ana: User, work: Project, lea: User
) -> None:
    names = ["i0", "i1", "i2"]
    for name in names:
        make_gold(work, name, {"intent": "refund"}, lea)
    set_qualification(lea, work, items=names, **RULES)
    page = open_page(ana)
    page.goto(URL)
    has_next(page)
    press(page, "1", "Enter")
    expect(page.locator("#task #feedback")).to_contain_text("Your last answer is the known one.")
    saved(page)
    has_next(page)

    held = Held(page)
    press(page, "2", "Enter")
    expect(page.locator("[data-sent-line]")).to_have_text("saving")
    last = page.locator("#task .payload").inner_text()
    press(page, "1")
    held.let_go()
    expect(page.get_by_role("heading", name="This one has a known answer")).to_be_visible()
    press(page, "Enter")  # too soon: it was meant for the item
    expect(page.get_by_role("heading", name="This one has a known answer")).to_be_visible()
    page.wait_for_timeout(700)
    press(page, "Enter")

    expect(page.locator("#task .payload")).to_have_text(last)
    expect(page.locator("#task input[value=refund]")).to_be_checked()
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Qualification passed")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_an_unsaved_answer_is_said_accessibly(
    open_page: OpenPage, ana: User, work: Project, watch: Watch, scheme: str, width: int
) -> None:
    watch.allow(OFFLINE)
    page = open_page(ana, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(URL)
    has_next(page)
    page.route(SUBMIT, lambda route: route.abort())
    press(page, "1", "Enter")
    expect(page.locator("[data-sent-line]")).to_have_text("not saved yet")
    expect(page.locator("#announcer")).to_contain_text("not saved yet")

    assert_accessible(page)
    page.unroute(SUBMIT)
    saved(page)
