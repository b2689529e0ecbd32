"""A question to the guideline without a mouse: asked at an item, ruled on by the lead, told and put away."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Annotation, Project, TaskQuestion
from guidelines.models import Clarification, ClarificationNotice
from guidelines.services.clarifications import ask_question
from tests.browser_support import Watch, assert_accessible, screenshot
from tests.factories.annotation import make_item, make_task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


@pytest.fixture
def work(transactional_db: None, project: Project) -> Project:
    for number in range(4):
        make_task(make_item(project, f"i{number}", text=f"Message {number}: they charged me twice."))
    return project


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_asked_by_keyboard_ruled_on_and_told(
    open_page: OpenPage, watch: Watch, work: Project, ana: User, ben: User, lea: User
) -> None:
    watch.allow("status of 422")  # a question without words is refused; Chromium logs it
    bench = open_page(ana)
    bench.goto("/p/intents/label/")
    expect(bench.get_by_text("Message 0")).to_be_visible()
    press(bench, "2", "q")
    expect(bench.locator("#gap-dialog select")).to_have_value("C3")
    for scheme in ("light", "dark"):
        bench.emulate_media(color_scheme=scheme)
        assert_accessible(bench)
        screenshot(bench, f"gap-dialog-{scheme}")
    bench.keyboard.type("   ")
    press(bench, "Enter")
    expect(bench.locator("#gap-problem")).to_contain_text("1 to 2000 characters")
    bench.keyboard.type("Is a wrong fee a refund?")
    press(bench, "Enter")
    expect(bench.get_by_text("Message 1")).to_be_visible()
    expect(bench.locator("#gap-dialog")).to_be_hidden()
    link = TaskQuestion.objects.select_related("lease", "clarification").get()
    assert (link.clarification.clause, link.lease.draft) == ("C3", {"intent": "billing"})

    press(bench, "1", "q")
    bench.keyboard.type("What of messages in French?")
    press(bench, "Control+Enter")
    expect(bench.locator("[data-save-line]")).to_contain_text("Asked.")
    expect(bench.locator("input[value=refund]")).to_be_checked()
    assert Clarification.objects.count() == 2

    ask_question(actor=ben, guideline=work.guideline, question="A wrong fee: is it a refund?", clause="C3")
    desk = open_page(lea)
    desk.goto("/g/support/questions/")
    for scheme in ("light", "dark"):
        desk.emulate_media(color_scheme=scheme)
        assert_accessible(desk)
        screenshot(desk, f"questions-{scheme}")
    press(desk, "r")
    desk.keyboard.type("A wrong fee is a **billing error**, also when they ask for money.")
    desk.get_by_label("Precedent at once").check()
    press(desk, "Control+Enter")
    expect(desk.locator("#messages")).to_contain_text("P1 is published in version 1.1. 2 people are told.")

    press(bench, "Enter")
    expect(bench.locator("#bench-status [data-key~=a]")).to_contain_text("1 answer")
    press(bench, "a")
    expect(bench.locator("#answers")).to_contain_text("billing error")
    for scheme in ("light", "dark"):
        bench.emulate_media(color_scheme=scheme)
        assert_accessible(bench)
        screenshot(bench, f"answered-{scheme}")
    press(bench, "r")
    expect(bench.locator("#bench-status [data-key~=a]")).to_have_count(0)
    assert ClarificationNotice.objects.get(user=ana).dismissed_at is not None
    assert Annotation.objects.count() == 1

    for _ in range(2):  # what was fetched ahead comes first, then what was parked
        if not bench.get_by_text("Message 0").is_visible():
            press(bench, "3", "Enter")
            bench.wait_for_timeout(500)
    expect(bench.get_by_text("Message 0")).to_be_visible()
    expect(bench.locator("input[value=billing]")).to_be_checked()
    expect(bench.locator(".clause-precedents")).to_contain_text("billing error")
    screenshot(bench, "returned-with-precedent")

    start = open_page(ben)
    start.goto("/")
    assert_accessible(start)
    screenshot(start, "start-page-answer")
    press(start, "r")
    expect(start.get_by_text("billing error")).to_have_count(0)
