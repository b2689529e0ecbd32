"""Re-label campaigns in the browser: preview without effect, start once, progress, close, report."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotation.models import Assignment, Member, Project, Round
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
from guidelines.models import Guideline
from quality.models import Finding, RelabelCampaign
from quality.services.campaigns import start_campaign
from tests.factories.annotation import make_member, make_project
from tests.factories.guidelines import make_version
from tests.factories.quality import make_labels
from tests.frontend.hostile import raw_markup
from tests.frontend.pages import HTMX, browser_of
from tests.frontend.quality_pages import EVIL, hostile_finding, hostile_project, make_finding


@pytest.fixture
def split(project: Project, cho: User) -> Finding:
    """Eight items that ana and cho call refund and ben billing; a label takes 9 s."""
    make_member(project, cho)
    rows = [
        (f"i{n}", who, said) for n in range(8)
        for who, said in (("ana", "refund"), ("ben", "billing"), ("cho", "refund"))
    ]  # fmt: skip
    make_labels(project, rows, round_key="initial", seconds=9.0)
    return make_finding(project, guideline_version="1.0")


def new_url(finding: Finding, query: str = "") -> str:
    return f"{reverse('campaign-new', args=[finding.project.slug])}?finding={finding.pk}{query}"


def start(browser: Client, finding: Finding, **fields: str) -> Any:
    body = {"finding": str(finding.pk), "labels_per_item": "2", "reason": "C3 is mended."} | fields
    return browser.post(reverse("campaign-new", args=[finding.project.slug]), body)


def url(campaign: RelabelCampaign, name: str = "campaign") -> str:
    return reverse(name, args=[campaign.project.slug, campaign.pk])


def label_everything(project: Project, intent: str) -> int:
    """ana, ben and cho answer all that the queue has for them."""
    members = list(Member.objects.filter(project=project, name__in=["ana", "ben", "cho"]).select_related("project"))
    done = 0
    while tasks := [(member, task) for member in members if (task := claim_next(annotator=member))]:
        for member, task in tasks:
            submit_annotation(
                annotator=member, lease_id=task.lease.id, answer={"intent": intent}, submission_id=uuid.uuid4(),
                seconds_spent=4.0, source="workbench",
            )  # fmt: skip
            done += 1
    return done


# --- who may -------------------------------------------------------------------------------------------------


def test_only_leads_start_and_close_and_strangers_find_nothing(
    ana: User, adi: User, max_: User, eve: User, lea: User, split: Finding
) -> None:
    campaign = start_campaign(
        actor=lea, project=split.project, scope={"finding": str(split.pk)}, reason="x", labels_per_item=2
    ).campaign
    listing = reverse("campaigns", args=[split.project.slug])

    for user, reads, acts in ((ana, 403, 403), (adi, 403, 403), (max_, 200, 403), (eve, 404, 404)):
        browser = browser_of(user)
        assert [browser.get(address).status_code for address in (listing, url(campaign))] == [reads, reads]
        assert browser.get(new_url(split)).status_code == acts
        assert start(browser, split, reason="again").status_code == acts
        assert browser.post(url(campaign, "campaign-close"), {"cut_short": "yes"}).status_code == acts
    campaign.refresh_from_db()
    assert (RelabelCampaign.objects.count(), campaign.state) == (1, "running")


@pytest.mark.parametrize("finding", ["", "abc", "99999999", "9" * 30, "1\x00", "-1"])
def test_a_finding_that_there_is_not_is_404(lea: User, project: Project, finding: str) -> None:
    browser = browser_of(lea)
    address = reverse("campaign-new", args=[project.slug])

    assert browser.get(address, {"finding": finding}).status_code == 404
    assert browser.post(address, {"finding": finding, "reason": "x", "labels_per_item": "2"}).status_code == 404
    assert not RelabelCampaign.objects.exists()


def test_findings_and_campaigns_of_another_project_are_not_there(lea: User, eve: User, split: Finding) -> None:
    other = make_project(eve, split.project.guideline, slug="other")
    make_labels(other, [("x1", "p1", "refund"), ("x1", "p2", "billing")], round_key="initial")
    theirs = make_finding(other)
    campaign = start_campaign(
        actor=eve, project=other, scope={"finding": str(theirs.pk)}, reason="x", labels_per_item=2
    ).campaign
    browser, slug = browser_of(lea), split.project.slug

    assert browser.get(reverse("campaign-new", args=[slug]), {"finding": theirs.pk}).status_code == 404
    assert browser.get(reverse("campaign", args=[slug, campaign.pk])).status_code == 404
    assert browser.post(reverse("campaign-close", args=[slug, campaign.pk])).status_code == 404


# --- preview and start ---------------------------------------------------------------------------------------


def test_the_preview_counts_items_labels_and_hours_and_changes_nothing(lea: User, split: Finding) -> None:
    page = browser_of(lea).get(new_url(split))

    preview = page.context["preview"]
    assert (preview["n_items"], preview["labels_per_item"], preview["n_labels"]) == (8, 2, 16)
    assert page.context["seconds"] == pytest.approx(16 * 9.0)
    assert preview["guideline_version"] == "1.0"
    assert [external_id for external_id, _views in page.context["sample"]] == [f"i{n}" for n in range(5)]
    assert not RelabelCampaign.objects.exists()
    assert not Round.objects.filter(kind="relabel").exists()


def test_the_preview_follows_the_number_of_labels_as_a_fragment(lea: User, split: Finding) -> None:
    answer = browser_of(lea).get(new_url(split, "&labels_per_item=3"), headers=HTMX)

    assert answer.context["preview"]["n_labels"] == 24
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "x", "10000000", "2\x00"])
def test_an_impossible_number_of_labels_is_refused_beside_the_field(lea: User, split: Finding, number: str) -> None:
    browser = browser_of(lea)

    seen = browser.get(new_url(split), {"finding": split.pk, "labels_per_item": number})
    posted = start(browser, split, labels_per_item=number)

    assert seen.status_code == 200
    assert posted.status_code == 422
    assert "labels_per_item" in posted.context["form"].errors
    assert not RelabelCampaign.objects.exists()


def test_without_a_reason_nothing_starts(lea: User, split: Finding) -> None:
    answer = start(browser_of(lea), split, reason="  ")

    assert answer.status_code == 422
    assert "reason" in answer.context["form"].errors
    assert not RelabelCampaign.objects.exists()


def test_the_same_text_as_when_it_was_found_is_warned_about(lea: User, split: Finding, guideline: Guideline) -> None:
    browser = browser_of(lea)
    words = "The guideline has not changed since this was found"

    before = browser.get(new_url(split)).content.decode()
    make_version(guideline, lea, level="minor")
    after = browser.get(new_url(split)).content.decode()

    assert words in before
    assert words not in after


def test_starting_twice_is_one_campaign_with_each_item_in_it_once(lea: User, split: Finding) -> None:
    browser = browser_of(lea)

    first, second = start(browser, split), start(browser, split)

    campaign = RelabelCampaign.objects.get()
    assert first["Location"] == second["Location"] == url(campaign)
    assert Assignment.objects.filter(round=campaign.round).count() == 16
    assert campaign.reason == "C3 is mended."


def test_a_finding_without_items_says_that_nothing_was_started(lea: User, project: Project) -> None:
    make_labels(project, [("i1", "ana", "refund"), ("i1", "ben", "billing")], round_key="initial")
    empty = make_finding(project, evidence=[])

    answer = start(browser_of(lea), empty)

    assert answer.status_code == 422
    assert "No item is in this scope" in answer.content.decode()
    assert not RelabelCampaign.objects.exists()


# --- progress, closing, report -------------------------------------------------------------------------------


@pytest.fixture
def running(lea: User, split: Finding) -> RelabelCampaign:
    start(browser_of(lea), split)
    return RelabelCampaign.objects.select_related("project").get()


def test_a_running_campaign_shows_how_far_it_is_and_asks_again(lea: User, running: RelabelCampaign) -> None:
    browser = browser_of(lea)

    page, fragment = browser.get(url(running)), browser.get(url(running), headers=HTMX)

    assert page.context["bar"].text == "0 of 16"
    assert 'hx-trigger="every 10s"' in fragment.content.decode()
    assert "<html" not in fragment.content.decode()


def test_closing_with_work_left_needs_to_be_said(lea: User, running: RelabelCampaign) -> None:
    browser = browser_of(lea)

    refused = browser.post(url(running, "campaign-close"))
    running.refresh_from_db()
    state = running.state
    browser.post(url(running, "campaign-close"), {"cut_short": "yes"})
    running.refresh_from_db()

    assert (refused.status_code, state) == (409, "running")
    assert "Items of this campaign still wait for labels" in refused.content.decode()
    assert running.state == "closed"
    assert running.report["is_cut_short"] is True
    assert "No item got all its new labels" in browser.get(url(running)).content.decode()


def test_the_report_compares_the_same_items_before_and_after(lea: User, split: Finding) -> None:
    browser = browser_of(lea)
    start(browser, split, labels_per_item="3")
    running = RelabelCampaign.objects.select_related("project").get()
    assert label_everything(running.project, "refund") == 24

    answer = browser.post(url(running, "campaign-close"))
    page = browser.get(answer["Location"])

    report = page.context["report"]
    assert report.tone == "good"
    assert report.verdict == (
        "The hotspot is closed: on the same items, splits between “Refund” and “Billing error” fell from "
        "100\u202f% to 0\u202f%, more than chance explains."
    )
    before, after = (drawn.row for drawn in report.hotspot.rows)
    assert (before.value, before.n, after.value, after.n) == (1.0, 8, 0.0, 8)
    assert before.low > after.high
    assert [q.title for q in report.questions][0] == "What does the customer want?"
    assert report.questions[0].flips == "The label of 0 of 8 items changed."
    assert report.questions[0].flip_rate.n == "n\u00a0=\u00a08"
    running.finding.refresh_from_db()
    assert running.finding.state == "resolved"


def test_fewer_labels_than_before_are_named_as_a_reason_for_fewer_splits(lea: User, running: RelabelCampaign) -> None:
    label_everything(running.project, "refund")
    browser = browser_of(lea)
    browser.post(url(running, "campaign-close"))

    note = browser.get(url(running)).context["report"].hotspot_note

    assert note.endswith("Before, an item had 3.0 labels, now 2: with fewer labels, splits are rarer by themselves.")


def test_a_hotspot_that_stays_is_said_to_stay(lea: User, running: RelabelCampaign) -> None:
    for name, intent in (("ana", "refund"), ("ben", "billing")):
        member = Member.objects.select_related("project").get(project=running.project, name=name)
        while task := claim_next(annotator=member):
            submit_annotation(
                annotator=member, lease_id=task.lease.id, answer={"intent": intent}, submission_id=uuid.uuid4(),
                source="workbench",
            )  # fmt: skip
    browser = browser_of(lea)

    browser.post(url(running, "campaign-close"))
    page = browser.get(url(running))

    assert page.context["report"].tone == "warn"
    assert "The hotspot is not closed" in page.content.decode()
    running.finding.refresh_from_db()
    assert running.finding.state == "open"


def test_the_list_and_the_finding_lead_to_the_campaign(lea: User, running: RelabelCampaign) -> None:
    browser = browser_of(lea)

    listing = browser.get(reverse("campaigns", args=[running.project.slug])).content.decode()
    finding = browser.get(reverse("finding", args=[running.project.slug, running.finding_id])).content.decode()

    assert f'href="{url(running)}"' in listing
    assert "C3 is mended." in listing
    assert f'href="{url(running)}"' in finding


def test_without_campaigns_the_page_says_what_they_are(lea: User, project: Project) -> None:
    html = browser_of(lea).get(reverse("campaigns", args=[project.slug])).content.decode()

    assert "Nothing is being re-labeled" in html


def test_hostile_reasons_findings_and_items_stay_text(lea: User) -> None:
    project = hostile_project(lea)
    finding = hostile_finding(project)
    browser = browser_of(lea)
    pages = [browser.get(new_url(finding))]
    start(browser, finding, reason=EVIL)
    campaign = RelabelCampaign.objects.get()
    pages += [browser.get(url(campaign)), browser.get(reverse("campaigns", args=[project.slug]))]
    browser.post(url(campaign, "campaign-close"), {"cut_short": "yes"})
    pages += [browser.get(url(campaign))]

    for answer in pages:
        html = answer.content.decode()
        assert answer.status_code == 200
        assert raw_markup(html) == []
        assert "&lt;script&gt;window.__x=1" in html


def test_queries_of_the_list_do_not_grow_with_campaigns(
    lea: User, split: Finding, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser, listing = browser_of(lea), reverse("campaigns", args=[split.project.slug])
    start(browser, split)
    browser.get(listing)
    with django_assert_max_num_queries(20) as one:
        browser.get(listing)
    for number in range(4):
        start_campaign(
            actor=lea, project=split.project, scope={"finding": str(split.pk)}, reason="x", labels_per_item=2,
            key=f"k{number}",
        )  # fmt: skip

    with django_assert_max_num_queries(len(one)):
        assert len(browser.get(listing).context["rows"]) == 5
