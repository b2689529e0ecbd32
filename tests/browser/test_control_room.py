"""The control room in a real browser: slices that follow, suggestions, levers, both themes, a phone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Annotation, Assignment, Lease, Member, Project, Round, Task
from annotation.services.by_hand import assign_item
from annotation.services.queue import claim_next
from tests.browser_support import assert_accessible, screenshot
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import make_guideline

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]


@pytest.fixture
def at_work(transactional_db: None, lea: User, ana: User, ben: User) -> Project:
    """Forty items in two languages; ana and ben answered on nine of the last fourteen days."""
    project = make_project(lea, make_guideline(lea))
    people = [make_member(project, user) for user in (ana, ben)]
    for n in range(40):
        make_task(make_item(project, f"m{n:02}", language="de" if n % 4 == 0 else "en"))
    for day in (13, 12, 11, 10, 9, 6, 5, 4, 3, 0):
        for member in people:
            for n in range(1 + (day + member.pk) % 3):
                _answer(member, timedelta(days=day, minutes=7 * n))
    assign_item(actor=lea, project=project, external_id="m30", annotator=people[0])
    claim_next(annotator=people[1])
    Round.objects.create(project=project, key="relabel-1", kind="relabel", major=1)
    return project


def _answer(member: Member, ago: timedelta) -> None:
    """As the service would have written it then."""
    task = claim_next(annotator=member)
    assert task is not None
    at, lease = timezone.now() - ago, Lease.objects.select_related("assignment").get(pk=task.lease.id)
    Assignment.objects.filter(pk=lease.assignment_id).update(state="submitted", leased_until=None)
    Lease.objects.filter(pk=lease.pk).update(ended_at=at, ending="submitted", granted_at=at - timedelta(seconds=20))
    Annotation.objects.create(
        project=member.project, round_id=lease.assignment.round_id, item_id=task.item.id, annotator=member,
        annotator_kind="human", assignment_id=lease.assignment_id, lease=lease, answer={"intent": "refund"},
        answer_sha256="", guideline_version_id=task.version.id, source="workbench", seconds_spent=8 + ago.days,
        labeled_at=at, created_at=at,
    )  # fmt: skip


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 375)])
def test_the_room_and_the_reasons_are_read_in_both_themes_and_on_a_phone(
    open_page: OpenPage, at_work: Project, lea: User, theme: str, width: int
) -> None:
    page = open_page(lea, color_scheme=theme, viewport={"width": width, "height": 900})
    page.goto(f"/p/{at_work.slug}/routing/")
    expect(page.get_by_role("heading", name="By language")).to_be_visible()
    assert_accessible(page)
    screenshot(page, f"control-room-{theme}-{width}")
    assert _fits(page)

    page.goto(f"/p/{at_work.slug}/routing/why/")
    expect(page.locator("tbody tr").first).to_be_visible()
    assert_accessible(page)
    screenshot(page, f"why-{theme}-{width}")
    assert _fits(page)


def _fits(page: Page) -> Any:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_lead_gives_an_item_by_its_suggested_name_and_takes_another_back(
    open_page: OpenPage, at_work: Project, lea: User, ana: User
) -> None:
    page = open_page(lea)
    page.goto(f"/p/{at_work.slug}/routing/")
    page.get_by_label("Item", exact=True).press_sequentially("m3")
    expect(page.locator("#id_external_id-list option").first).to_be_attached()

    page.get_by_label("Item", exact=True).fill("m31")
    page.get_by_label("Person", exact=True).fill("ana")
    page.keyboard.press("Enter")
    expect(page.locator("#messages").get_by_text("m31 is the next thing ana gets.")).to_be_visible()
    page.get_by_role("button", name="Keep m31 no longer for ana").click()
    expect(page.locator("#messages").get_by_text("Everybody can get it again.")).to_be_visible()
    page.get_by_role("button", name="from ben").click()
    expect(page.locator("#messages").get_by_text("It is back in the queue")).to_be_visible()

    assert not Assignment.objects.filter(state="leased").exists()


def test_a_round_is_paused_after_a_question_that_starts_on_cancel(
    open_page: OpenPage, at_work: Project, lea: User
) -> None:
    page = open_page(lea)
    page.goto(f"/p/{at_work.slug}/routing/")
    page.get_by_role("button", name="Pause initial").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Escape")
    assert Round.objects.get(key="initial").state == "open"

    page.get_by_role("button", name="Pause initial").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume initial")).to_be_visible()

    assert Round.objects.get(key="initial").state == "paused"
    assert Task.objects.filter(state="open").exists()
