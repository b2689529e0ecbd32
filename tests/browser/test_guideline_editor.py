"""The editor as a person uses it: saved while one types, by keys, with two people on one clause, without script."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from guidelines.models import Guideline, GuidelineDraft
from guidelines.parts import find_part
from guidelines.services.comments import add_comment
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.publishing import publish_version
from tests.browser_support import Watch, assert_accessible
from tests.factories.guidelines import INTENT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
EXAMPLE = {"key": "E1", "kind": "edge", "text": "Late parcel", "answer": {"intent": "refund"}, "clause": "C3"}


@pytest.fixture
def guide(transactional_db: None, lea: User, olga: User) -> Guideline:
    guideline = create_guideline(actor=lea, slug="guide", title="Guide")
    save_draft(actor=lea, guideline=guideline, content=INTENT, change_note="", revision=1)
    return guideline


@pytest.fixture
def open_as(open_page: OpenPage, watch: Watch, guide: Guideline) -> OpenPage:
    """`open_as(lea, "clause/C1/")`: that page of the editor. A refused save is a 4xx by design; Chromium logs each."""
    watch.allow("status of 4(09|22)")

    def opened(user: User, path: str, **options: Any) -> Page:
        page = open_page(user, **options)
        page.goto(f"/g/guide/edit/{path}")
        return page

    return opened


def stored(guideline: Guideline, kind: str, key: str) -> dict[str, Any]:
    part = find_part(GuidelineDraft.objects.get(guideline=guideline).content, kind, key)
    assert part is not None
    return part


def test_what_one_types_is_saved_and_previewed_without_losing_the_place(
    open_as: OpenPage, lea: User, guide: Guideline
) -> None:
    page = open_as(lea, "clause/C1/")
    body = page.get_by_label("Rule")

    body.fill("Decide by what they **want**.")

    expect(page.locator("#save-state")).to_have_text("Saved")
    expect(page.locator("#preview strong")).to_have_text("want")
    expect(body).to_be_focused()
    expect(page.locator("#outline [aria-current]")).to_contain_text("new")
    assert stored(guide, "clause", "C1")["body"] == "Decide by what they **want**."


def test_what_cannot_be_saved_is_said_where_it_is_wrong(open_as: OpenPage, lea: User, guide: Guideline) -> None:
    page = open_as(lea, "clause/C1/")
    title = page.get_by_label("Title")

    title.fill("")
    page.keyboard.press("Control+s")

    expect(page.locator("#id_title-error")).to_contain_text("must not be empty")
    expect(title).to_be_focused()
    assert stored(guide, "clause", "C1")["title"] == "Read the whole message"


def test_two_on_one_clause_see_both_sides_before_anything_is_overwritten(
    open_as: OpenPage, lea: User, olga: User, guide: Guideline
) -> None:
    mine, theirs = open_as(lea, "clause/C1/"), open_as(olga, "clause/C1/")
    theirs.get_by_label("Title").fill("Their title")
    expect(theirs.locator("#save-state")).to_have_text("Saved")

    mine.get_by_label("Rule").fill("My rule")

    expect(mine.locator("#save-state")).to_contain_text("somebody else changed this")
    assert stored(guide, "clause", "C1")["title"] == "Their title"
    mine.keyboard.press("Control+s")
    expect(mine.locator("#conflict")).to_be_focused()
    expect(mine.locator("#conflict")).to_contain_text("Olga changed this")
    expect(mine.get_by_label("Rule")).to_have_value("My rule")
    mine.get_by_label("Title").fill("Their title")
    mine.get_by_role("button", name="Save mine over theirs").click()
    expect(mine.locator("#save-state")).to_have_text("Saved")
    part = stored(guide, "clause", "C1")
    assert (part["title"], part["body"]) == ("Their title", "My rule")


def test_two_leads_see_each_other_comment_and_split_while_both_type(
    open_as: OpenPage, lea: User, olga: User, guide: Guideline
) -> None:
    mine, theirs = open_as(lea, "clause/C1/"), open_as(olga, "clause/C3/")
    mine.get_by_label("Rule").fill("Mine")
    expect(mine.locator("#presence")).to_contain_text("Olga is at C3")
    theirs.get_by_label("Rule").fill("First.\n\nSecond.")
    expect(theirs.locator("#save-state")).to_have_text("Saved")
    expect(mine.locator("#outline")).to_contain_text("by Olga")
    expect(mine.locator("#save-state")).to_have_text("Saved")  # a look changes nothing of what one types
    assert (stored(guide, "clause", "C1")["body"], stored(guide, "clause", "C3")["body"]) == (
        "Mine",
        "First.\n\nSecond.",
    )

    mine.get_by_label("Rule").fill("Mine, not saved yet")
    mine.get_by_label("Comment on C1").fill("Is this clear?")
    mine.get_by_role("button", name="Comment", exact=True).click()
    expect(mine.locator(".guide-thread")).to_contain_text("Is this clear?")
    expect(mine.get_by_label("Rule")).to_have_value("Mine, not saved yet")
    expect(mine.locator("#save-state")).to_have_text("Saved")
    expect(theirs.locator("#outline .guide-count").first).to_be_visible()

    theirs.get_by_label("Rule").focus()
    theirs.keyboard.press("Control+End")
    theirs.keyboard.press("Alt+s")
    theirs.wait_for_url("**/clause/C3/split/?line=2")
    theirs.keyboard.press("Control+Enter")
    theirs.wait_for_url("**/clause/C4/")
    theirs.get_by_role("button", name="Take the split back").click()
    theirs.wait_for_url("**/clause/C3/")
    assert stored(guide, "clause", "C3")["body"] == "First.\n\nSecond."


def test_leaving_by_a_link_saves_first(open_as: OpenPage, lea: User, guide: Guideline) -> None:
    page = open_as(lea, "clause/C1/")

    page.get_by_label("Title").fill("Typed and gone")
    page.locator("#outline").get_by_text("Refund or billing error").click()

    page.wait_for_url("**/clause/C3/")
    assert stored(guide, "clause", "C1")["title"] == "Typed and gone"


def test_an_option_is_added_and_named_by_keys_alone(open_as: OpenPage, lea: User, guide: Guideline) -> None:
    page = open_as(lea, "question/intent/")

    page.keyboard.press("Alt+n")
    expect(page.locator("[name=o3-label]")).to_be_focused()
    page.keyboard.type("Lost parcel")

    expect(page.locator("#save-state")).to_have_text("Saved")
    expect(page.locator("#preview")).to_contain_text("Lost parcel")
    assert stored(guide, "question", "intent")["options"][3] == {"key": "lost_parcel", "label": "Lost parcel"}


def test_the_outline_is_walked_and_opened_by_keys_that_do_not_clash(open_as: OpenPage, lea: User) -> None:
    page = open_as(lea, "clause/C1/")

    assert page.evaluate("document.documentElement.dataset.keyClash") is None
    for key in "jjjj":
        page.keyboard.press(key)
    page.keyboard.press("Enter")

    page.wait_for_url("**/clause/C3/")


def test_a_part_is_saved_without_script(open_as: OpenPage, lea: User, guide: Guideline) -> None:
    page = open_as(lea, "clause/C1/", java_script_enabled=False)

    page.get_by_label("Title").fill("Plain")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#messages")).to_contain_text("Saved.")
    assert stored(guide, "clause", "C1")["title"] == "Plain"


@pytest.mark.parametrize("width", [390, 768, 1280, 1600])
def test_no_page_of_the_editor_scrolls_sideways(open_as: OpenPage, lea: User, width: int) -> None:
    page = open_as(lea, "", viewport={"width": width, "height": 900})

    parts = ["", "clause/C1/", "question/intent/", "new/clause/", "new/question/"]
    for path in [*(f"edit/{part}" for part in parts), "publish/", "versions/", ""]:
        page.goto(f"/g/guide/{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_a_guideline_is_accessible(open_as: OpenPage, lea: User, guide: Guideline, scheme: str) -> None:
    publish_version(actor=lea, guideline=guide, level="major", change_note="First")
    save_draft(actor=lea, guideline=guide, content=INTENT | {"examples": [EXAMPLE]}, change_note="", revision=3)
    page = open_as(lea, "", color_scheme=scheme)

    parts = ["", "clause/C1/", "question/intent/", "question/urgency/", "example/E1/", "new/clause/", "new/question/"]
    parts += ["comments/", "replace/", "clause/C1/split/", "clause/C1/remove/"]
    add_comment(actor=lea, guideline=guide, text="Clear?", kind="clause", key="C1")
    paths = ["/g/", "/g/new/", *(f"/g/guide/{path}" for path in ["", "versions/", "publish/"])]
    paths += ["/g/guide/diff/?from=1.0&to=draft&view=side", *(f"/g/guide/edit/{part}" for part in parts)]
    for path in paths:
        page.goto(path)
        assert_accessible(page)
