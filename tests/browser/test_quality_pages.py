"""Agreement, findings, campaigns, datasets and profiles in a real browser: by keyboard, accessible, attacks inert."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import AuditEvent, User
from annotation.models import Project
from operations.services.jobs import run_job
from quality.models import DatasetSnapshot, Finding, RelabelCampaign
from quality.services.campaigns import close_campaign, start_campaign
from quality.services.snapshots import request_snapshot
from tests.browser_support import Watch, Worker, assert_accessible
from tests.factories.annotation import make_member, make_project
from tests.factories.guidelines import make_guideline
from tests.factories.quality import make_labels
from tests.frontend.quality_pages import EVIL, analyse, hostile_finding, hostile_project, make_finding

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]


@pytest.fixture
def split(transactional_db: None, lea: User, max_: User) -> Finding:
    """A finding over 30 items that two call refund and one billing, in an analysed project of lea and max."""
    project = make_project(lea, make_guideline(lea))
    make_member(project, max_, "engineer")
    rows = [
        (f"i{n:02d}", who, said) for n in range(30)
        for who, said in (("p1", "refund"), ("p2", "billing"), ("p3", ("refund", "other")[n % 2]))
    ]  # fmt: skip
    make_labels(project, rows, round_key="initial", seconds=9.0)
    analyse(project, "agreement")
    return make_finding(project, guideline_version="1.0")


def snapshot_of(project: Project, user: User, **recipe: Any) -> DatasetSnapshot:
    run_job(request_snapshot(actor=user, project=project, name="first", recipe=recipe).pk)
    return DatasetSnapshot.objects.latest("created_at")


def closed_campaign(finding: Finding, user: User, reason: str = "C3 was unclear") -> RelabelCampaign:
    campaign = start_campaign(
        actor=user, project=finding.project, scope={"finding": str(finding.pk)}, reason=reason, labels_per_item=2
    ).campaign
    return close_campaign(actor=user, campaign=campaign, cut_short=True)


def pages_of(finding: Finding, campaign: RelabelCampaign, snapshot: DatasetSnapshot) -> list[str]:
    """Every screen of this part."""
    base = f"/p/{finding.project.slug}"
    member = finding.project.members.filter(user=None).earliest("pk")
    return [
        f"{base}/agreement/", f"{base}/agreement/?by=pair", f"{base}/agreement/?by=annotator",
        f"{base}/agreement/items/?question=intent&a=refund&b=billing", f"{base}/findings/?state=all",
        f"{base}/findings/{finding.pk}/", f"{base}/campaigns/", f"{base}/campaigns/new/?finding={finding.pk}",
        f"{base}/campaigns/{campaign.pk}/", f"{base}/datasets/", f"{base}/datasets/{snapshot.pk}/",
        f"{base}/datasets/{snapshot.pk}/diff/{snapshot.pk}/", f"{base}/people/{member.pk}/", "/methods/",
    ]  # fmt: skip


@pytest.mark.parametrize(("theme", "width"), [("light", 1600), ("dark", 390)])
def test_every_page_is_accessible_and_fits(
    open_page: OpenPage, lea: User, split: Finding, theme: str, width: int
) -> None:
    campaign, snapshot = closed_campaign(split, lea), snapshot_of(split.project, lea, policy={"max_open_hotspots": 9})
    page = open_page(lea, color_scheme=theme, viewport={"width": width, "height": 900})

    for address in pages_of(split, campaign, snapshot):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert page.evaluate("document.documentElement.dataset.keyClash ?? ''") == "", address


def test_attacks_stay_text_on_every_page(open_page: OpenPage, lea: User, transactional_db: None) -> None:
    project = hostile_project(lea)
    analyse(project, "agreement")
    finding = hostile_finding(project)
    campaign = closed_campaign(finding, lea, reason=EVIL)
    snapshot = snapshot_of(project, lea, policy={"min_alpha_low": 0.99}, waiver={"reason": EVIL})
    page = open_page(lea)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))

    for address in pages_of(finding, campaign, snapshot):
        page.goto(address)
        assert page.evaluate("window.__x") is None, address
        assert page.locator("img, main svg[onload], math").count() == 0, address
    assert not [url for url in requests if "/api/export" in url]


def test_a_finding_is_read_and_decided_by_keyboard(
    open_page: OpenPage, watch: Watch, lea: User, split: Finding
) -> None:
    watch.allow("status of 422")  # a dismissal without a reason is one by design; Chromium logs it
    page = open_page(lea)
    page.goto(f"/p/{split.project.slug}/findings/")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/findings/{split.pk}/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "i01"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "i00"

    page.keyboard.press("n")
    expect(page.get_by_role("button", name="Hide names")).to_be_visible()
    expect(page.locator(".evidence")).to_contain_text("p2")
    page.keyboard.press("d")
    expect(page.locator(".field-error")).to_have_text("Say why it is dismissed.")
    page.get_by_label("Why").fill("p3 alternates on purpose.")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(page.locator(".page-lead")).to_contain_text("dismissed")

    split.refresh_from_db()
    assert split.state == "dismissed"
    assert AuditEvent.objects.filter(action="finding.names_shown").count() == 1


def test_relabeling_is_previewed_and_started_by_keyboard(open_page: OpenPage, lea: User, split: Finding) -> None:
    page = open_page(lea)
    page.goto(f"/p/{split.project.slug}/findings/{split.pk}/")

    page.keyboard.press("r")
    page.wait_for_url("**/campaigns/new/**")
    expect(page.locator(".stat-value").nth(1)).to_have_text("60")
    page.get_by_label("Labels per item").fill("3")
    page.keyboard.press("Tab")
    expect(page.locator(".stat-value").nth(1)).to_have_text("90")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/campaigns/*/")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_contain_text("Close before every item has its labels?")
    assert_accessible(page)
    page.keyboard.press("Escape")

    assert RelabelCampaign.objects.get().labels_per_item == 3
    assert RelabelCampaign.objects.get().state == "running"


def test_taking_a_dataset_and_analysing_show_their_progress_until_a_worker_is_done(
    open_page: OpenPage, lea: User, split: Finding, start_worker: Callable[[], Worker]
) -> None:
    start_worker()
    page = open_page(lea)
    page.goto(f"/p/{split.project.slug}/datasets/")
    page.get_by_label("Most open findings of an unclear guideline").fill("0")
    page.keyboard.press("Tab")
    expect(page.locator("#policy-now")).to_contain_text("open findings of an unclear guideline")
    page.get_by_label("Most open findings of an unclear guideline").fill("5")
    page.keyboard.press("Tab")
    expect(page.locator("#policy-now")).to_contain_text("The labels meet this policy now.")
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="Open the dataset").click(timeout=60_000)
    expect(page.get_by_role("heading", name="Its own audit")).to_be_visible()
    page.keyboard.press("v")
    expect(page.locator("#verified")).to_contain_text("they are what the manifest says")

    page.goto(f"/p/{split.project.slug}/agreement/?by=pair")
    page.keyboard.press("r")
    expect(page.get_by_role("link", name="Show the new figures")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Show the new figures").click()
    expect(page.locator(".switch [aria-current]")).to_have_text("Pair")
