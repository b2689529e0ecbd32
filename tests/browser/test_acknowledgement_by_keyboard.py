"""A new version comes while somebody labels: the difference, a mistake, the proof, and on, without a mouse."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Annotation, Project
from guidelines.models import Acknowledgement, Guideline
from tests.browser_support import assert_accessible, screenshot
from tests.factories.acknowledgements import publish_asking
from tests.factories.annotation import make_item, make_task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def looked_at(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert_accessible(page)
        screenshot(page, f"{name}-{scheme}")


def test_from_the_publish_to_the_next_item_by_keyboard(
    open_page: Callable[..., Page], project: Project, guideline: Guideline, lea: User, ana: User
) -> None:
    for number in range(3):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"), overlap=1)
    page = open_page(ana)
    page.goto("/p/intents/label/")
    expect(page.get_by_text("Message 0")).to_be_visible()
    expect(page.locator("[data-workbench][data-ahead]")).to_have_count(1)  # fetched ahead: that is held, too
    publish_asking(guideline, lea)

    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Message 1")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The guideline has changed")).to_be_visible()
    assert {each.guideline_version for each in Annotation.objects.all()} == {guideline.versions.get(sequence=1)}
    assert Annotation.objects.count() == 2
    looked_at(page, "acknowledge-said")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="What version 1.1 changes since 1.0")).to_be_visible()
    looked_at(page, "acknowledge-read")
    page.keyboard.press("j")
    expect(page.locator(".guide-entry").first).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("You charged me twice.")).to_be_visible()
    expect(page.get_by_text("1 of 2")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The guideline says otherwise.")).to_be_visible()
    expect(page.get_by_text("Charged twice: C3.")).to_be_visible()
    looked_at(page, "acknowledge-again")
    page.keyboard.press("2")
    page.keyboard.press("Enter")

    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Message 2")).to_be_visible()
    own = Acknowledgement.objects.get()
    assert own.attempts == 3
    assert own.passed_at is not None

    board = open_page(lea)
    board.goto("/g/support/versions/1.1/acknowledgement/")
    expect(board.get_by_text("1 of 2 may label under it.")).to_be_visible()
    looked_at(board, "acknowledge-board")
