"""The main job, end to end, in a browser with a real worker: guideline, items, labels by keyboard, the planted
ambiguity found, the clause mended, the affected items labeled again, a snapshot taken twice with one hash."""

import json
import random
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Annotation, Project
from annotation.services.members import add_member
from frontend.demo.guideline import CONTENT
from frontend.demo.messages import Message, write_messages
from frontend.demo.people import ANNOTATORS, SimulatedAnnotator
from guidelines.models import GuidelineVersion
from quality.models import DatasetSnapshot, Finding, RelabelCampaign
from tests.browser_support import Worker
from tests.factories.accounts import make_user, token_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

OpenPage = Callable[..., Page]
HOTKEYS = {"refund": "1", "billing": "2", "delivery": "3", "account": "4", "other": "5"}
MENDED = "\n\nCharged twice and wants one back: **Refund request**, whatever caused it."


class Crowd:
    """Six annotators with what they make of each message; some of their work is done by keyboard, the rest by API."""

    def __init__(self, users: dict[str, User]) -> None:
        self.messages = {message.external_id: message for message in write_messages()}
        self.by_text = {message.text: message for message in self.messages.values()}
        self.clients = {
            name: Client(headers={"Authorization": f"Token {token_for(user)}"}) for name, user in users.items()
        }
        self.rng = random.Random(11)
        self.has_read_the_new_clause = False

    def answer(self, annotator: SimulatedAnnotator, message: Message) -> dict[str, Any]:
        answer = annotator.answer(message, self.rng)
        if self.has_read_the_new_clause and message.is_ambiguous:
            answer["intent"] = "refund"
        return answer

    def label_one(self, annotator: SimulatedAnnotator) -> bool:
        client = self.clients[annotator.username]
        claimed = client.post("/api/v1/projects/support/assignments/claim/")
        if claimed.status_code == 204:
            return False
        task = claimed.json()
        answer = self.answer(annotator, self.messages[task["item"]["external_id"]])
        body = {"submission_id": str(uuid.uuid4()), "answer": answer, "seconds_spent": 4}
        sent = client.post(f"/api/v1/assignments/{task['id']}/submit/", body, content_type="application/json")
        assert sent.status_code == 201, sent.content
        return True

    def read_the_new_version(self, page: Page, by_keyboard: str) -> None:
        """The lead asked for it: nobody is given an item before."""
        page.goto("/p/support/label/")
        expect(page.get_by_role("heading", name="What version 2.0 changes since 1.0")).to_be_visible()
        page.keyboard.press("Enter")
        page.wait_for_url("**/p/support/label/")
        for name in self.clients.keys() - {by_keyboard}:
            refused = self.clients[name].post("/api/v1/projects/support/assignments/claim/")
            assert (refused.status_code, refused.json()["version"]) == (409, "2.0")
            url = "/api/v1/projects/support/acknowledgement/read/"
            read = self.clients[name].post(url, {"version": "2.0"}, content_type="application/json")
            assert read.json() == {"version": None}
        self.has_read_the_new_clause = True

    def label_until(self, enough: Callable[[], bool]) -> None:
        """Turns in a shuffled order, so that every pair of people meets."""
        while not enough():
            turns = [self.label_one(annotator) for annotator in self.rng.sample(ANNOTATORS, len(ANNOTATORS))]
            if not any(turns):
                return

    def label_by_keyboard(self, page: Page, annotator: SimulatedAnnotator, count: int) -> None:
        page.goto("/p/support/label/")
        for _ in range(count):
            expect(page.locator("#task[data-lease]")).to_be_visible()
            lease = page.locator("#task").get_attribute("data-lease")
            message = self.by_text[page.locator(".workbench-item .payload").inner_text()]
            answer = self.answer(annotator, message)
            for key in (HOTKEYS[answer["intent"]], str(answer["urgency"]), "Enter"):
                page.keyboard.press(key)
            expect(page.locator(f"#task[data-lease='{lease}']")).to_have_count(0)
        page.keyboard.press("p")
        page.wait_for_url("/")


@pytest.fixture
def crowd(transactional_db: None) -> Crowd:
    return Crowd({annotator.username: make_user(annotator.username) for annotator in ANNOTATORS})


def test_the_main_job_end_to_end(
    worker: Worker, open_page: OpenPage, crowd: Crowd, lea: User, max_: User, api: Callable[..., Client], tmp_path: Any
) -> None:
    lead, engineer = open_page(lea), api(max_)
    publish_first_version(lead, api(lea))
    project = start_project(lead, crowd, lea, max_)
    import_messages(open_page(max_), crowd, tmp_path)

    for annotator in ANNOTATORS[:2]:
        page = open_page(User.objects.get(username=annotator.username))
        crowd.label_by_keyboard(page, annotator, 3)
    assert Annotation.objects.filter(source="workbench").count() == 6
    crowd.label_until(lambda: Annotation.objects.count() >= 520)

    hotspot = find_the_ambiguity(lead)
    mend_the_clause(lead)
    campaign = relabel(lead, crowd, hotspot, open_page)
    close_and_read_the_report(lead, campaign)
    assert take_snapshot(open_page(max_), engineer, project)


def publish_first_version(lead: Page, client: Client) -> None:
    """The lead makes the guideline in the browser, a script of theirs fills the draft, they publish what they read."""
    lead.goto("/g/new/")
    lead.locator("[name=title]").fill("Support intents")
    lead.locator("[name=slug]").fill("support-intents")
    lead.get_by_role("button", name="Start writing").click()
    lead.wait_for_url(re.compile("/g/support-intents/"))
    draft = client.get("/api/v1/guidelines/support-intents/draft/")
    saved = client.put(
        "/api/v1/guidelines/support-intents/draft/", {**CONTENT, "change_note": ""},
        content_type="application/json", headers={"If-Match": draft["ETag"]},
    )  # fmt: skip
    assert saved.status_code == 200, saved.content

    lead.goto("/g/support-intents/publish/")
    lead.locator("[name=change_note]").fill("First version")
    lead.get_by_role("button", name="Publish", exact=True).click()
    lead.wait_for_url(re.compile("/g/support-intents/(?!publish)"))
    assert GuidelineVersion.objects.get().number == "1.0"


def start_project(lead: Page, crowd: Crowd, lea: User, max_: User) -> Project:
    lead.goto("/projects/new/")
    lead.locator("[name=title]").fill("Support")
    lead.locator("[name=field_key]").first.fill("text")
    lead.locator("[name=slices]").fill("language, channel")
    lead.locator("[name=labels_per_item]").fill("3")
    lead.get_by_role("button", name="Make the project").click()
    lead.wait_for_url(re.compile("/p/support/"))
    project = Project.objects.get()
    add_member(actor=lea, project=project, username=max_.username, role="engineer")
    for name in crowd.clients:
        add_member(actor=lea, project=project, username=name, role="annotator")
    return project


def import_messages(page: Page, crowd: Crowd, folder: Any) -> None:
    """The engineer drops a file into the import page."""
    lines = [
        {
            "external_id": m.external_id,
            "payload": {"text": m.text},
            "meta": {"language": m.language, "channel": m.channel},
        }
        for m in crowd.messages.values()
    ]
    path = folder / "messages.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    page.goto("/p/support/import/")
    page.locator("[name=file]").set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("main")).to_contain_text(str(len(lines)), timeout=30_000)
    assert Project.objects.get().items.count() == len(lines)


def find_the_ambiguity(lead: Page) -> Finding:
    """The lead has the labels measured by the worker and reads the finding."""
    lead.goto("/p/support/agreement/")
    lead.get_by_role("button", name=re.compile("^(Analyse|Measure)")).first.click()
    expect(lead.locator(".callout-good")).to_be_visible(timeout=120_000)
    hotspot = Finding.objects.get(kind="hotspots", state="open")
    assert set(hotspot.subject["labels"]) == {"refund", "billing"}
    assert hotspot.subject["clause"] == "C3"
    lead.goto("/p/support/findings/")
    expect(lead.locator("main")).to_contain_text("Billing error")
    lead.goto(f"/p/support/findings/{hotspot.pk}/")
    expect(lead.locator("main")).to_contain_text("doppelt")
    return hotspot


def mend_the_clause(lead: Page) -> None:
    lead.goto("/g/support-intents/edit/clause/C3/")
    body = lead.locator("[name=body]")
    body.fill(body.input_value() + MENDED)
    lead.keyboard.press("Control+s")
    expect(lead.locator("main")).to_contain_text("Saved")
    lead.goto("/g/support-intents/publish/")
    expect(lead.locator("ins").first).to_contain_text("Charged twice")
    lead.locator("[name=change_note]").fill("Double charges are refund requests")
    lead.locator("[name=level][value=major]").check()
    lead.get_by_role("button", name="Publish", exact=True).click()
    lead.wait_for_url(re.compile("/g/support-intents/(?!publish)"))
    assert GuidelineVersion.objects.order_by("-sequence")[0].number == "2.0"


def relabel(lead: Page, crowd: Crowd, hotspot: Finding, open_page: OpenPage) -> RelabelCampaign:
    lead.goto(f"/p/support/campaigns/new/?finding={hotspot.pk}")
    lead.locator("[name=reason]").fill("C3 now says which label a double charge gets")
    lead.get_by_role("button", name="Start the re-labeling").click()
    lead.wait_for_url(re.compile(r"/campaigns/\d+/"))
    campaign = RelabelCampaign.objects.get()
    page = open_page(User.objects.get(username="ana"))
    crowd.read_the_new_version(page, by_keyboard="ana")
    crowd.label_by_keyboard(page, ANNOTATORS[0], 2)
    crowd.label_until(lambda: not campaign.round.tasks.exclude(state="done").exists())
    assert not campaign.round.tasks.exclude(state="done").exists()
    return campaign


def close_and_read_the_report(lead: Page, campaign: RelabelCampaign) -> None:
    lead.goto(f"/p/support/campaigns/{campaign.pk}/")
    lead.get_by_role("button", name=re.compile("Close and measure")).first.click()
    expect(lead.locator("main")).to_contain_text("compared")
    campaign.refresh_from_db()
    assert campaign.state == "closed"
    before = Annotation.objects.filter(round__key="initial", item__tasks__round=campaign.round)
    assert before.filter(superseded_at=None).exists()  # the old labels stay


def take_snapshot(page: Page, engineer: Client, project: Project) -> bool:
    """Once in the browser, once by API with the instant of the first: the same hash."""
    page.goto("/p/support/datasets/")
    page.get_by_role("button", name="Take the dataset").click()
    expect(page.locator(".callout-good")).to_be_visible(timeout=60_000)
    first = DatasetSnapshot.objects.get()
    body = {"as_of": first.as_of.isoformat(), **{k: first.recipe[k] for k in ("formats", "aggregation")}}
    queued = engineer.post("/api/v1/projects/support/snapshots/", body, content_type="application/json")
    assert queued.status_code == 202, queued.content
    wait_for_job(engineer, queued.json()["id"])
    second = DatasetSnapshot.objects.exclude(pk=first.pk).get()
    assert second.sha256 == first.sha256
    verified = engineer.post(f"/api/v1/snapshots/{second.pk}/verify/")
    assert verified.status_code == 200
    return True


def wait_for_job(client: Client, job_id: str) -> None:
    for _ in range(300):
        job = client.get(f"/api/v1/jobs/{job_id}/").json()
        if job["state"] in {"succeeded", "failed", "cancelled"}:
            assert job["state"] == "succeeded", job
            return
        time.sleep(0.2)
    pytest.fail("the worker did not finish the job")
