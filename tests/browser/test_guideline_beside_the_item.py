"""Reading the guideline from the workbench, by keyboard: it follows the focus, opens in full, and is searched."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Annotation, Project
from tests.browser_support import assert_accessible
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import INTENT, clause, make_guideline, option
from tests.factories.quality import make_labels
from tests.quality.test_clause_health import split_labels

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]
LONG = "The customer asks for something that this clause settles, and it says so at length. " * 6


def content() -> dict[str, Any]:
    made = copy.deepcopy(INTENT)
    made["clauses"] += [clause(f"C{n}", f"Rule {n}", LONG) for n in range(10, 30)]
    made["clauses"].append(clause("C40", "Vouchers", "A **voucher** for a café is money."))
    options = made["questions"][0]["options"]
    options[2] = option("other", "Other", "Anything else.", "3", "C10", "C40")
    made["examples"] = [{"key": "E1", "kind": "edge", "text": "My voucher is gone", "rationale": "Not money.", "clause": "C40"}]  # fmt: skip  # noqa: E501
    return made


@pytest.fixture
def bench(open_page: OpenPage, transactional_db: None, lea: User, ana: User) -> Page:
    project: Project = make_project(lea, make_guideline(lea, content=content()))
    make_member(project, ana)
    for number in range(2):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"))
    page = open_page(ana)
    page.goto("/p/intents/label/")
    expect(page.get_by_text("Message 0")).to_be_visible()
    return page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_panel_follows_one_key_opens_the_clause_and_the_search_jumps(bench: Page) -> None:
    asked: list[str] = []
    bench.on("request", lambda request: asked.append(request.url))
    press(bench, "1")
    expect(bench.locator("#guide [data-clause=C3]")).to_have_class("clause is-current")
    bench.locator("#task input[value=other]").focus()
    expect(bench.locator("[data-guide-option]")).to_contain_text("Anything else.")
    for key in ("C10", "C40"):  # far apart in the text, side by side here
        expect(bench.locator(f"#guide [data-clause={key}]")).to_have_class("clause is-current")
    expect(bench.locator("#guide [data-clause=C10]")).to_be_in_viewport()
    assert [url for url in asked if "guide" in url] == []

    press(bench, "g")
    sheet = bench.locator("#clause-sheet")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("My voucher is gone")
    expect(sheet).not_to_contain_text("Refund or billing error")
    assert_accessible(bench)
    press(bench, "g")
    expect(sheet).to_be_hidden()

    press(bench, "/")
    bench.keyboard.type("cafe")
    expect(bench.locator("#guide-hits [aria-selected=true]")).to_contain_text("Vouchers")
    assert_accessible(bench)
    press(bench, "Enter")
    expect(bench.locator("#guide [data-clause=C40]")).to_be_focused()
    expect(bench.locator("#guide [data-clause=C40]")).to_be_in_viewport()

    press(bench, "2", "Enter")  # the keys still answer the item
    expect(bench.get_by_text("Message 1")).to_be_visible()
    expect(bench.locator("#bench-status")).to_contain_text("1 today")
    assert list(Annotation.objects.values_list("answer", flat=True)) == [{"intent": "billing"}]

    press(bench, "/")
    bench.keyboard.type("rule")
    expect(bench.locator("#guide-hits [data-hit]")).to_have_count(20)
    press(bench, "ArrowDown", "ArrowDown", "ArrowUp", "Enter")
    expect(bench.locator("#guide [data-clause=C11]")).to_be_focused()
    press(bench, "/")
    bench.keyboard.type("zebra")
    expect(bench.locator("#guide-hits")).to_contain_text("No place has all these words")
    press(bench, "Escape")
    expect(bench.locator("#guide-hits")).to_be_hidden()
    expect(bench.locator("#task input[value=refund]")).to_be_focused()
    press(bench, "?")
    expect(bench.locator("#keys-help")).to_contain_text("Read the clauses of the focused option in full")
    expect(bench.locator("#keys-help")).to_contain_text("Search the guideline")
    assert bench.locator("html[data-key-clash]").count() == 0


def test_a_long_guideline_comes_once_per_version_and_the_reading_pages_are_accessible(
    open_page: OpenPage, transactional_db: None, lea: User, ana: User
) -> None:
    made = content()
    made["clauses"] += [clause(f"L{n}", f"Long {n}", LONG * 2) for n in range(60)]
    project: Project = make_project(lea, make_guideline(lea, content=made))
    make_member(project, ana)
    for number in range(3):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"))
    make_labels(project, split_labels(15, 9), version=project.guideline.versions.get())
    page = open_page(ana)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/p/intents/label/")
    expect(page.locator("#guide [data-clause=L59]")).to_have_count(1)
    for number in range(2):
        press(page, "1")
        expect(page.locator("#guide [data-clause=C3]")).to_have_class("clause is-current")
        press(page, "Enter")
        expect(page.get_by_text(f"Message {number + 1}")).to_be_visible()
    assert len([url for url in asked if "/guide/" in url]) == 1

    for scheme, width in (("light", 1280), ("dark", 390)):
        page = open_page(lea, color_scheme=scheme, viewport={"width": width, "height": 800})
        for url in ("?q=refund", "versions/", "health/", "clauses/C3/"):
            page.goto(f"/g/support/{url}")
            assert_accessible(page)
    page = open_page(lea)
    page.goto("/g/support/#C20")
    expect(page.locator(".guide-contents-wide a[aria-current]")).to_contain_text("C20")
    page.goto("/g/support/edit/clause/C3/")
    expect(page.locator(".clause-facts")).to_contain_text("n = 24")
