"""Questions, flags, the lead's desk and the qualification without a mouse, in a real browser."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Annotation, DeskNote, GoldLabel, Member, Project, Task
from annotation.services.desk import flag_item, park_task
from annotation.services.qualification_settings import set_qualification
from tests.browser_support import assert_accessible, screenshot
from tests.factories.annotation import make_item, make_task
from tests.factories.work import claimed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]
Who = Callable[[User], Member]


@pytest.fixture
def work(transactional_db: None, project: Project) -> Project:
    for number in range(4):
        make_task(make_item(project, f"i{number}", text=f"Message {number}"))
    return project


@pytest.fixture
def bench(open_page: OpenPage, ana: User, work: Project) -> Page:
    page = open_page(ana)
    page.goto("/p/intents/label/")
    expect(page.get_by_text("Message 0")).to_be_visible()
    return page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_f_parks_the_item_with_a_question_about_the_clause_in_view(bench: Page) -> None:
    press(bench, "2", "f")
    expect(bench.locator("#ask-dialog select")).to_have_value("C3")
    assert_accessible(bench)
    screenshot(bench, "ask-dialog")
    bench.keyboard.type("Is a wrong fee a refund?")
    press(bench, "Enter")

    expect(bench.get_by_text("Message 1")).to_be_visible()
    expect(bench.locator("#ask-dialog")).to_be_hidden()
    note = DeskNote.objects.select_related("lease").get()
    assert (note.kind, note.note, note.clause) == ("park", "Is a wrong fee a refund?", "C3")
    assert note.lease.draft == {"intent": "billing"}


def test_a_flag_leaves_the_item_and_what_was_chosen(bench: Page) -> None:
    press(bench, "2", "f")
    bench.keyboard.type("Looks copied")
    press(bench, "Control+Enter")

    expect(bench.locator("[data-save-line]")).to_contain_text("Flagged")
    expect(bench.locator("input[value=billing]")).to_be_checked()
    assert DeskNote.objects.get().kind == "flag"
    press(bench, "Enter")
    expect(bench.get_by_text("Message 1")).to_be_visible()
    expect(bench.locator("#bench-status")).to_contain_text("1 today")
    assert Annotation.objects.get().answer == {"intent": "billing"}


def test_skip_is_two_keys(bench: Page) -> None:
    press(bench, "s", "2")
    assert_accessible(bench)
    screenshot(bench, "skip-dialog")
    press(bench, "Enter")

    expect(bench.get_by_text("Message 1")).to_be_visible()
    assert list(Task.objects.filter(skips__isnull=False).values_list("skips__reason", flat=True)) == ["not my language"]


def test_the_reply_comes_back_above_the_item(
    open_page: OpenPage, ana: User, lea: User, work: Project, member_of: Who
) -> None:
    held = claimed(member_of(ana)).lease.id
    flag_item(annotator=member_of(ana), lease_id=held, note="Looks offensive")
    park_task(annotator=member_of(ana), lease_id=held, note="Refund or billing error?", clause="C3")
    Task.objects.filter(item__external_id="i3").update(state="needs_lead", desk_reason="abandoned", expiries=5)
    desk = open_page(lea)
    desk.goto("/p/intents/desk/?kind=park")
    expect(desk.get_by_role("heading", name="Question")).to_be_visible()
    for scheme in ("light", "dark"):
        desk.goto("/p/intents/desk/")
        desk.emulate_media(color_scheme=scheme)
        assert_accessible(desk)
        screenshot(desk, f"desk-{scheme}")
    press(desk, "j", "j", "j", "Enter")
    expect(desk.get_by_role("heading", name="Question")).to_be_visible()
    press(desk, "r")
    desk.keyboard.type("A wrong fee is a billing error.")
    press(desk, "Control+Enter")
    expect(desk.locator("#messages").get_by_text("ana has your reply.")).to_be_visible()

    page = open_page(ana)
    page.goto("/p/intents/label/")
    expect(page.get_by_text("A wrong fee is a billing error.")).to_be_visible()
    assert_accessible(page)
    screenshot(page, "returned")


def test_a_phone_shows_the_desk_in_one_column(
    open_page: OpenPage, ana: User, lea: User, work: Project, member_of: Who
) -> None:
    park_task(annotator=member_of(ana), lease_id=claimed(member_of(ana)).lease.id, note="Refund or billing error?")
    phone = open_page(lea, viewport={"width": 390, "height": 844})

    phone.goto("/p/intents/desk/")

    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(phone, "desk-phone")
    phone.goto("/p/intents/qualification/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.fixture
def gold(work: Project, lea: User) -> list[str]:
    for number in range(3):
        item = make_item(work, f"q{number}", text=f"I want my money back, number {number}.")
        GoldLabel.objects.create(
            project=work, item=item, answer={"intent": "refund"}, rationale="They ask for money back: C3.",
            created_by=lea, created_at=timezone.now(),
        )  # fmt: skip
    return ["q0", "q1", "q2"]


RULES = {"is_required": True, "threshold": 0.8, "attempts": 2, "shows_feedback": True, "again_after_major": False}


def test_a_mistake_in_a_qualification_is_explained_and_enter_goes_on(
    open_page: OpenPage, ana: User, lea: User, work: Project, gold: list[str]
) -> None:
    set_qualification(lea, work, items=gold[:1], **RULES)
    page = open_page(ana)
    page.goto("/p/intents/label/")
    expect(page.get_by_text("number 0")).to_be_visible()
    press(page, "2", "Enter")
    expect(page.get_by_text("They ask for money back")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert_accessible(page)
        screenshot(page, f"feedback-{scheme}")

    press(page, "Enter")

    expect(page.get_by_text("Qualification not passed")).to_be_visible()
    expect(page.get_by_text("You have 1 attempt left.")).to_be_visible()
    assert_accessible(page)
    screenshot(page, "verdict")


def test_the_set_is_built_from_the_gold(open_page: OpenPage, lea: User, gold: list[str]) -> None:
    page = open_page(lea)
    page.goto("/p/intents/qualification/")
    press(page, "/")
    page.keyboard.type("q")
    page.get_by_label("q0").check()
    page.get_by_label("q1").check()
    page.get_by_role("button", name="Search and add ticked").click()
    expect(page.get_by_label("Items")).to_have_value("q0\nq1")
    press(page, "Escape")
    page.get_by_role("button", name="Store").click()
    expect(page.locator("#messages").get_by_text("The qualification is stored.")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert_accessible(page)
        screenshot(page, f"qualification-{scheme}")
    page.goto("/p/intents/people/")
    assert_accessible(page)
    screenshot(page, "people")
