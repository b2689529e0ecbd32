"""A guideline's life in a browser: a clause is mended and talked over, weighed against the labels there are, published
with a re-label round, read and proved by who labels, asked about, and made clearer by the answer."""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Annotation, Lease, Member, Project
from guidelines.models import Acknowledgement, Clarification, DraftComment, GuidelineVersion
from guidelines.services.editing import save_draft
from quality.models import ImpactJudgement, RelabelCampaign
from tests.factories.acknowledgements import example
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import INTENT
from tests.factories.quality import make_planted_project
from tests.factories.work import answer, claimed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

OpenPage = Callable[..., Page]
PROOF = example(
    "E1", "You charged me twice.", answer={"intent": "refund"}, clause="C3", rationale="They want it back: C3."
)  # fmt: skip


@pytest.fixture
def labelled(transactional_db: None, project: Project, lea: User, ana: User) -> Project:
    """Labels of ten people under 1.0, one of them given here, and a draft that has one example more."""
    make_planted_project(project, 60)
    make_task(make_item(project, "here"), overlap=1)
    annotator = Member.objects.get(project=project, user=ana)
    answer(annotator, claimed(annotator), "refund")
    content: dict[str, Any] = deepcopy(INTENT) | {"examples": [PROOF]}
    save_draft(actor=lea, guideline=project.guideline, content=content, change_note="", revision=1)
    return project


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_from_a_draft_to_a_precedent(
    open_page: OpenPage, labelled: Project, lea: User, olga: User, ana: User, api: Callable[..., Client]
) -> None:
    lead, bench = open_page(lea), open_page(ana)
    mend_the_clause(lead)
    talk_it_over(open_page(olga), lead)
    weigh_it(lead)
    publish_and_ask_again(lead)
    prove_it(bench)
    ask(bench)
    rule(lead)
    go_on_with_the_answer(bench)
    everything_is_named(api(lea))


def mend_the_clause(lead: Page) -> None:
    lead.goto("/g/support/edit/clause/C3/")
    lead.get_by_label("Rule").fill("Who wants money back gets **Refund**, whatever the charge was.")
    expect(lead.locator("#save-state")).to_have_text("Saved")
    expect(lead.locator("#preview strong")).to_have_text("Refund")


def talk_it_over(other: Page, lead: Page) -> None:
    other.goto("/g/support/edit/clause/C3/")
    other.locator("#new-comment").fill("Also for a fee?")
    other.get_by_role("button", name="Comment", exact=True).click()
    expect(other.locator("#comments")).to_contain_text("Also for a fee?")

    lead.goto("/g/support/publish/")
    expect(lead.locator(".callout-warn")).to_contain_text("1 open comment")
    lead.goto("/g/support/edit/clause/C3/")
    lead.locator("#comments").get_by_role("button", name="Resolve").click()
    expect(lead.locator("#comments")).to_contain_text("Resolved by")
    assert DraftComment.objects.get().resolved_at is not None


def weigh_it(lead: Page) -> None:
    lead.goto("/g/support/publish/")
    press(lead, "i")
    expect(lead.get_by_role("heading", name="may change")).to_be_visible()
    lead.get_by_label("Items to read").fill("2")
    press(lead, "Control+Enter")
    expect(lead.get_by_role("heading", name="What changes")).to_be_visible()
    press(lead, "1")
    expect(lead.locator(".desk-row .badge")).to_have_count(1)
    press(lead, "2")
    expect(lead.locator(".desk-row .badge")).to_have_count(2)
    assert ImpactJudgement.objects.count() == 2
    press(lead, "b")
    expect(lead.get_by_text("Share that changes")).to_be_visible()


def publish_and_ask_again(lead: Page) -> None:
    press(lead, "r")
    expect(lead.get_by_role("group", name="Ask labels of Intents again")).to_be_visible()
    lead.get_by_label("What changed, and why").fill("C3 says who gets a refund")
    lead.locator("input[name=level][value=major]").check()
    lead.locator("input[name=acknowledge]").check()
    lead.locator("input[name=proof][value=E1]").check()
    press(lead, "Control+Enter")
    expect(lead).to_have_url(re.compile("/p/intents/campaigns/"))
    assert [version.number for version in GuidelineVersion.objects.all()] == ["1.0", "2.0"]
    assert RelabelCampaign.objects.get().state == "running"


def prove_it(bench: Page) -> None:
    bench.goto("/p/intents/label/")
    expect(bench.get_by_role("heading", name="What version 2.0 changes since 1.0")).to_be_visible()
    expect(bench.locator(".guide-entry").first).to_contain_text("C3")
    press(bench, "Enter")
    expect(bench.get_by_text("You charged me twice.")).to_be_visible()
    press(bench, "2", "Enter")
    expect(bench.get_by_text("They want it back: C3.")).to_be_visible()
    press(bench, "1", "Enter")
    expect(bench.locator("#task[data-lease]")).to_be_visible()
    own = Acknowledgement.objects.get()
    assert (own.attempts, own.passed_at is not None) == (2, True)
    assert {lease.guideline_version.number for lease in Lease.objects.filter(ended_at=None)} == {"2.0"}


def ask(bench: Page) -> None:
    first = bench.locator("#task").get_attribute("data-lease")
    press(bench, "2", "q")
    bench.keyboard.type("Is a wrong fee a refund?")
    press(bench, "Enter")
    expect(bench.locator(f"#task[data-lease]:not([data-lease='{first}'])")).to_be_visible()
    asked = Clarification.objects.get()
    assert (asked.clause, asked.version.number, asked.state) == ("C3", "2.0", "open")


def rule(lead: Page) -> None:
    lead.goto("/g/support/questions/")
    press(lead, "r")
    lead.keyboard.type("Yes: a wrong fee is a **refund**.")
    lead.get_by_label("Precedent at once").check()
    press(lead, "Control+Enter")
    expect(lead.locator("#messages")).to_contain_text("P1 is published in version 2.1.")


def go_on_with_the_answer(bench: Page) -> None:
    press(bench, "1", "Enter")
    expect(bench.locator("#bench-status [data-key~=a]")).to_contain_text("1 answer")
    press(bench, "a")
    expect(bench.locator("#answers")).to_contain_text("a wrong fee is a refund")
    press(bench, "r")
    expect(bench.locator("#bench-status [data-key~=a]")).to_have_count(0)
    parked = Clarification.objects.get().task_questions.get()
    for _ in range(3):  # what was fetched ahead comes first, then what was parked
        if Annotation.objects.filter(item=parked.item, annotator=parked.annotator, round__kind="relabel").exists():
            break
        lease = bench.locator("#task").get_attribute("data-lease")
        press(bench, "1", "Enter")
        expect(bench.locator(f"#task[data-lease='{lease}']")).to_have_count(0)
        expect(bench.locator("[data-save-line]")).not_to_contain_text("Sending")
    bench.reload()
    expect(bench.locator(".bench-guide")).to_contain_text("P1")


def everything_is_named(client: Client) -> None:
    """Each label names the version that was on the screen, and the version says what it was."""
    numbers = [version.number for version in GuidelineVersion.objects.all()]
    assert numbers == ["1.0", "2.0", "2.1"]
    for given in Annotation.objects.filter(round__kind="relabel").select_related("guideline_version", "lease"):
        assert given.lease is not None
        assert given.guideline_version_id == given.lease.guideline_version_id
        assert given.guideline_version is not None
        assert given.guideline_version.number in numbers[1:]
    newest = client.get("/api/v1/guidelines/support/versions/2.1/").json()
    assert [(p["key"], p["clause"]) for p in newest["precedents"]] == [("P1", "C3")]
