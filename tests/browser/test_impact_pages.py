"""From a changed draft to a re-label round without a mouse: impact, sample, mappings, publish; in both themes."""

import re
from collections.abc import Callable
from copy import deepcopy

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Project
from guidelines.models import GuidelineDraft, GuidelineVersion
from quality.models import ImpactJudgement, RelabelCampaign
from tests.browser_support import assert_accessible, screenshot
from tests.factories.guidelines import option
from tests.factories.quality import make_planted_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


@pytest.fixture
def changed(transactional_db: None, project: Project) -> Project:
    make_planted_project(project, 60)
    draft = GuidelineDraft.objects.get(guideline=project.guideline)
    content = deepcopy(draft.content)
    content["questions"][0]["options"] = [
        option("refund", "Refund", "Only if the full price is named; never for a voucher.", "1", "C3"),
        option("wrong_charge", "Billing error", "A wrong charge.", "2", "C3"),
        option("praise", "Praise", "Kind words.", "3"),
    ]  # fmt: skip
    draft.content, draft.revision = content, 2
    draft.save()
    return project


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_lead_weighs_reads_maps_and_publishes_by_keyboard(
    open_page: OpenPage, lea: User, changed: Project, theme: str
) -> None:
    page = open_page(lea)
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto("/g/support/impact/")
    expect(page.get_by_role("heading", name="may change")).to_be_visible()
    press(page, "t")
    expect(page.locator("#trial")).to_contain_text("Mapped with certainty")
    assert_accessible(page)
    screenshot(page, f"impact-{theme}")

    page.get_by_label("Items to read").fill("3")
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    assert_accessible(page)
    screenshot(page, f"impact-sample-{theme}")
    for key, n_left in (("1", 2), ("2", 1), ("3", 0)):
        press(page, key)
        expect(page.locator(".desk-row .badge")).to_have_count(3 - n_left)
    assert sorted(ImpactJudgement.objects.values_list("verdict", flat=True)) == ["changes", "stays", "unsure"]
    screenshot(page, f"impact-read-{theme}")

    press(page, "b")
    expect(page.get_by_text("Share that changes")).to_be_visible()
    press(page, "r")
    expect(page.get_by_role("group", name="Ask labels of Intents again")).to_be_visible()
    assert_accessible(page)
    screenshot(page, f"impact-publish-{theme}")
    page.get_by_label("What changed, and why").fill("Refund is narrower")
    other = page.get_by_role("group", name="Other")
    other.get_by_label("What becomes of it").select_option("retire")
    press(page, "Control+Enter")
    expect(page).to_have_url(re.compile("/p/intents/campaigns/"))
    assert GuidelineVersion.objects.get(major=2).label_migrations[0]["to"] == ["wrong_charge"]
    assert RelabelCampaign.objects.count() == 1
