"""What a person sees between a publish and their next item, what the lead sees of it, and the choice at publish."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Annotation, Lease, Member, Project
from annotation.services.members import update_member
from guidelines.models import Acknowledgement, AcknowledgementRequest, Guideline, GuidelineDraft, ProofAnswer
from guidelines.services.acknowledgements import mark_as_read
from tests.factories.acknowledgements import CHANGED, example, prove, publish_asking
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import INTENT
from tests.factories.work import answer, claimed
from tests.frontend.pages import HTMX, browser_of

LABEL, READ, STEP = "/p/intents/label/", "/p/intents/label/acknowledge/read/", "/p/intents/label/acknowledge/"
ANSWER, BOARD = "/p/intents/label/acknowledge/answer/", "/g/support/versions/1.1/acknowledgement/"
Who = Callable[[User], Member]


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(4):
        make_task(make_item(project, f"i{number}", f"Message {number}"))
    return project


@pytest.fixture
def asked(work: Project, guideline: Guideline, lea: User) -> AcknowledgementRequest:
    return publish_asking(guideline, lea)


def read(client: Client, number: str = "1.1") -> Any:
    return client.post(READ, {"version": number}, follow=True)


def give(client: Client, intent: str | None, **more: str) -> Any:
    """Answer the item that the page shows."""
    found = re.search(r'name="item" value="([\d.]+)"', client.get(STEP).text)
    assert found is not None
    return client.post(ANSWER, {"item": found[1]} | ({"q.intent": intent} if intent else {}) | more, follow=True)


def test_who_holds_nothing_is_shown_only_what_changed(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    answer(member_of(ana), claimed(member_of(ana)))
    publish_asking(guideline, lea)

    page = browser_of(ana).get(LABEL, follow=True)

    assert page.redirect_chain == [(STEP, 302)]
    assert "What version 1.1 changes since 1.0" in page.text
    assert "<ins>double charge</ins>" in page.text
    assert "Read the whole message" not in page.text  # C1 says what it said
    assert "C3 says more." in page.text  # the change note
    assert "You charged me twice." not in page.text  # what is asked afterwards is not told before
    assert Lease.objects.count() == 1


def test_who_is_new_reads_the_whole_guideline(asked: AcknowledgementRequest, ana: User) -> None:
    page = browser_of(ana).get(STEP).text

    assert "Support, version 1.1" in page
    assert "Read the whole message" in page
    assert "A double charge is a billing error." in page
    assert "<ins>" not in page
    assert "You charged me twice." not in page
    assert "Hello?" in page  # an example that is not asked


def test_several_versions_are_one_difference_and_the_newest_ones_items(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    answer(member_of(ana), claimed(member_of(ana)))
    publish_asking(guideline, lea)
    newest = publish_asking(guideline, lea, ["E2"], word=" Always.")

    client = browser_of(ana)
    page = client.get(STEP).text
    assert "What version 1.2 changes since 1.0" in page
    assert "double charge" in page
    assert "Always." in page
    done = read(client, "1.2")
    assert "I want my money back." in done.text
    assert "1 of 1" in done.text
    assert Acknowledgement.objects.get(request=newest).since == guideline.versions.get(sequence=1)


def test_reading_wrong_right_right_and_back_to_labeling(asked: AcknowledgementRequest, ana: User) -> None:
    client = browser_of(ana)
    first = read(client)
    assert "1 of 2" in first.text
    assert "You charged me twice." in first.text
    assert "Charged twice: C3." not in first.text

    again = client.get(f"{STEP}?read=again").text
    assert "back to the example" in again
    assert "I have read it" not in again

    wrong = give(client, "refund")
    assert "The guideline says otherwise." in wrong.text
    assert "You said: <strong>Refund</strong>" in wrong.text
    assert re.search(r'name="q\.intent"[^>]* checked', wrong.text) is None
    assert "Charged twice: C3." in wrong.text
    assert "A double charge is a billing error." in wrong.text
    assert "1 of 2" in wrong.text

    right = give(client, "billing")
    assert "That is right." in right.text
    assert "2 of 2" in right.text
    done = give(client, "refund")
    assert done.redirect_chain == [(LABEL, 302)]
    assert "From here on you label under version 1.1." in done.text
    assert client.post("/p/intents/label/claim/", headers=HTMX).text.count("Message 0") == 1
    assert list(ProofAnswer.objects.values_list("is_right", flat=True)) == [False, True, True]


def test_it_goes_on_where_one_left_off_on_any_device(asked: AcknowledgementRequest, ana: User) -> None:
    read(browser_of(ana))
    give(browser_of(ana), "billing")
    give(browser_of(ana), "other")

    page = browser_of(ana).get(LABEL, follow=True).text

    assert "2 of 2" in page
    assert "They ask for money." in page


def test_nobody_skips_ahead_by_address(asked: AcknowledgementRequest, ana: User) -> None:
    client = browser_of(ana)
    jumped = client.post(ANSWER, {"item": f"{asked.pk}.1", "q.intent": "billing"}, follow=True)
    assert "I have read it" in jumped.text
    read(client)
    second = client.post(ANSWER, {"item": f"{asked.pk}.2", "q.intent": "refund"}, follow=True)
    assert "1 of 2" in second.text
    assert client.post("/p/intents/label/claim/").url == STEP

    assert not ProofAnswer.objects.exists()
    assert not Lease.objects.exists()


def test_a_double_click_counts_once(asked: AcknowledgementRequest, ana: User) -> None:
    client = browser_of(ana)
    read(client)
    for _ in range(2):
        client.post(ANSWER, {"item": f"{asked.pk}.1", "q.intent": "billing"})

    assert ProofAnswer.objects.count() == 1
    assert "2 of 2" in client.get(STEP).text


def test_an_empty_answer_asks_for_one_and_counts_nothing(asked: AcknowledgementRequest, ana: User) -> None:
    client = browser_of(ana)
    read(client)

    page = give(client, None)

    assert page.status_code == 422
    assert "Choose an answer." in page.text
    assert not ProofAnswer.objects.exists()


def test_a_version_published_while_one_reads_is_read_instead(
    asked: AcknowledgementRequest, guideline: Guideline, lea: User, ana: User
) -> None:
    client = browser_of(ana)
    client.get(STEP)
    publish_asking(guideline, lea, ["E2"], word=" Always.")

    page = read(client, "1.1")

    assert "A newer version has been published meanwhile." in page.text
    assert "version 1.2" in page.text
    assert not Acknowledgement.objects.exists()


def test_a_held_item_is_finished_first_and_then_it_is_said_why_nothing_follows(
    work: Project, guideline: Guideline, lea: User, ana: User, member_of: Who
) -> None:
    task = claimed(member_of(ana))
    publish_asking(guideline, lea)
    client = browser_of(ana)
    assert "Message 0" in client.get(LABEL).text

    said = client.post(
        f"/p/intents/label/{task.lease.id}/submit/",
        {"submission_id": "7d7b2c32-3a9c-4a42-8a0b-0d8d9e1f2a3b", "q.intent": "refund"}, headers=HTMX,
    )  # fmt: skip

    assert said.status_code == 200
    assert "The guideline has changed" in said.text
    assert f'href="{STEP}"' in said.text
    assert Annotation.objects.get().guideline_version_id == task.version.id
    looked = client.post("/p/intents/label/claim/", headers=HTMX)
    assert looked.status_code == 409
    assert "Read what is new" in looked.text


def test_who_is_paused_or_in_a_paused_project_is_told_that_and_not_sent_to_read(
    asked: AcknowledgementRequest, work: Project, lea: User, ana: User, ben: User, member_of: Who
) -> None:
    update_member(actor=lea, member=member_of(ana), paused=True)
    assert browser_of(ana).get(LABEL).status_code == 200
    Project.objects.filter(pk=work.pk).update(status="paused")
    assert browser_of(ben).get(LABEL).status_code == 200


def test_nothing_to_acknowledge_leads_back_to_work(work: Project, ana: User) -> None:
    client = browser_of(ana)

    assert client.get(STEP).url == LABEL
    assert client.post(READ, {"version": "1.0"}).url == LABEL
    assert client.post(ANSWER, {}).url == STEP


def test_strangers_and_owners_who_are_no_members_see_nothing_of_it(
    asked: AcknowledgementRequest, eve: User, olga: User, max_: User
) -> None:
    assert browser_of(eve).get(STEP).status_code == 404
    assert browser_of(max_).get(STEP).status_code == 403
    assert browser_of(olga).get(STEP).status_code == 409
    assert Client().get(STEP).status_code == 302


@pytest.mark.parametrize(
    "attack", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "[x](javascript:alert(1))"]
)
def test_nothing_that_a_lead_writes_runs_in_a_reader(
    work: Project, guideline: Guideline, lea: User, ana: User, attack: str
) -> None:
    content = CHANGED | {
        "examples": [example("E1", attack, answer={"intent": "billing"}, clause="C3", rationale=attack)],
        "clauses": [CHANGED["clauses"][0], CHANGED["clauses"][1] | {"body": attack, "title": "x"}],
    }
    publish_asking(guideline, lea, ["E1"], content=content)
    client = browser_of(ana)

    pages = [client.get(STEP).text, read(client).text, give(client, "refund").text, browser_of(lea).get(BOARD).text]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


# --- the lead -------------------------------------------------------------------------------------------------


def test_the_board_shows_how_far_everybody_is_and_waives(
    asked: AcknowledgementRequest, work: Project, lea: User, ana: User, ben: User, cho: User
) -> None:
    make_member(work, cho)
    prove(ana, asked)
    mark_as_read(actor=ben, request=asked, since=None)
    client = browser_of(lea)

    page = client.get(BOARD).text
    assert "1 of 3 may label under it." in page
    assert page.count("Waive for") == 2
    after = client.post(f"{BOARD}waive/", {"person": "ben", "reason": "Wrote it"}, follow=True).text

    assert "ben may label on." in after
    assert "2 of 3 may label under it." in after
    assert "Lea: Wrote it" in " ".join(after.split())
    assert "has passed already" in client.post(f"{BOARD}waive/", {"person": "ana"}, follow=True).text
    assert client.post(f"{BOARD}waive/", {"person": "eve"}).status_code == 404


def test_the_board_of_an_older_version_says_that_it_is_replaced(
    asked: AcknowledgementRequest, guideline: Guideline, lea: User
) -> None:
    publish_asking(guideline, lea, [], word=" Always.")

    page = browser_of(lea).get(BOARD).text

    assert "replaced by 1.2" in page
    assert "Waive for" not in page


def test_the_board_is_the_editors_and_asks_no_more_for_more_people(
    asked: AcknowledgementRequest, work: Project, lea: User, ana: User, eve: User, guideline: Guideline,
    django_assert_num_queries: Callable[..., Any],
) -> None:  # fmt: skip
    assert browser_of(ana).get(BOARD).status_code == 403
    assert browser_of(eve).get(BOARD).status_code == 404
    assert browser_of(lea).get(BOARD.replace("1.1", "1.0")).status_code == 404
    client = browser_of(lea)
    client.get(BOARD)
    with django_assert_num_queries(15) as few:
        client.get(BOARD)
    for number in range(6):
        make_member(work, User.objects.create(username=f"u{number}", email=f"u{number}@example.org"))
    with django_assert_num_queries(len(few.captured_queries)):
        client.get(BOARD)
    assert f'href="{BOARD}"' in client.get("/g/support/versions/").text


def test_a_board_without_annotators_says_so(guideline: Guideline, lea: User) -> None:
    publish_asking(guideline, lea, [])
    make_project(lea, guideline)

    page = browser_of(lea).get(BOARD).text

    assert "Nobody labels under this guideline yet" in page
    assert "Reading is all that is asked." in page


# --- at publish -----------------------------------------------------------------------------------------------


def publishing(lea: User, guideline: Guideline, **fields: Any) -> Any:
    revision = GuidelineDraft.objects.get(guideline=guideline).revision
    form = {"level": "major", "change_note": "C3", "revision": str(revision)} | fields
    return browser_of(lea).post("/g/support/publish/", form, follow=True)


@pytest.fixture
def drafted(guideline: Guideline) -> Guideline:
    GuidelineDraft.objects.filter(guideline=guideline).update(content=CHANGED)
    return guideline


def test_the_publish_page_offers_the_examples_that_can_be_asked(drafted: Guideline, lea: User) -> None:
    page = browser_of(lea).get("/g/support/publish/").text

    assert re.findall(r'name="proof" value="(\w+)"', page) == ["E1", "E2"]  # E3 has no answer
    assert "Billing error" in page


@pytest.mark.parametrize(
    ("content", "is_suggested"), [(CHANGED, True), (CHANGED | {"clauses": INTENT["clauses"]}, False)]
)
def test_acknowledgement_is_suggested_where_the_meaning_changes(
    guideline: Guideline, lea: User, content: dict[str, Any], is_suggested: bool
) -> None:
    GuidelineDraft.objects.filter(guideline=guideline).update(content=content)

    page = browser_of(lea).get("/g/support/publish/").text

    assert bool(re.search(r'id="id_acknowledge" checked', page)) is is_suggested
    assert ("Suggested, as the meaning changes." in page) is is_suggested


def test_what_the_lead_picks_is_asked(drafted: Guideline, lea: User) -> None:
    page = publishing(lea, drafted, acknowledge="on", proof=["E2"], acknowledgement_note="Read C3")

    assert "Version 2.0 is published." in page.text
    request = AcknowledgementRequest.objects.get()
    assert (request.version.number, request.note) == ("2.0", "Read C3")
    assert [item.key for item in request.items.all()] == ["E2"]


def test_without_the_tick_nothing_is_asked_whatever_is_picked(drafted: Guideline, lea: User) -> None:
    publishing(lea, drafted, proof=["E2"])

    assert drafted.versions.count() == 2
    assert not AcknowledgementRequest.objects.exists()


def test_a_pick_that_cannot_be_asked_is_said_beside_it_and_nothing_is_published(drafted: Guideline, lea: User) -> None:
    page = publishing(lea, drafted, acknowledge="on", proof=["E2", "E3"])

    assert page.status_code == 422
    assert "example &#x27;E3&#x27; has no answer" in page.text
    assert 'value="E2" checked' in page.text
    assert drafted.versions.count() == 1
