"""Acknowledgement over HTTP: asked at publish, refused at the claim, read and proved, seen by the lead."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from annotation.models import Annotation, Lease, Project
from guidelines.models import AcknowledgementRequest, Guideline, GuidelineDraft, ProofAnswer
from tests.factories.acknowledgements import BILLING, CHANGED, REFUND, prove, publish_asking
from tests.factories.annotation import make_item, make_task

Api = Callable[..., Client]
JSON = "application/json"
MINE = "/api/v1/projects/intents/acknowledgement/"
CLAIM = "/api/v1/projects/intents/assignments/claim/"
BOARD = "/api/v1/guidelines/support/versions/1.1/acknowledgement/"


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(3):
        make_task(make_item(project, f"i{number}", f"Message {number}"))
    return project


@pytest.fixture
def asked(work: Project, guideline: Guideline, lea: User) -> AcknowledgementRequest:
    return publish_asking(guideline, lea)


def post(client: Client, url: str, body: Any = None) -> Any:
    return client.post(url, {} if body is None else body, content_type=JSON)


def publish(client: Client, **more: Any) -> Any:
    return post(client, "/api/v1/guidelines/support/publish/", {"level": "minor", "change_note": "More."} | more)


def test_a_publish_asks_for_acknowledgement(api: Api, guideline: Guideline, lea: User) -> None:
    GuidelineDraft.objects.filter(guideline=guideline).update(content=CHANGED)

    response = publish(api(lea), acknowledgement={"items": ["E1"], "note": "Read C3."})

    assert response.status_code == 201
    request = AcknowledgementRequest.objects.get()
    assert (request.version.number, request.note, request.items.get().key) == ("1.1", "Read C3.", "E1")


@pytest.mark.parametrize(
    ("asks", "path", "code"),
    [
        ({"items": ["E7"]}, "acknowledgement.items[0]", "unknown_example"),
        ({"items": ["E1", "E3"]}, "acknowledgement.items[1]", "nothing_to_prove"),
        ("yes", "acknowledgement", "not_an_object"),
        ({"items": [], "people": []}, "acknowledgement.people", "unknown_key"),
    ],
)
def test_a_bad_request_names_field_and_rule_and_nothing_is_published(
    api: Api, guideline: Guideline, lea: User, asks: Any, path: str, code: str
) -> None:
    GuidelineDraft.objects.filter(guideline=guideline).update(content=CHANGED)

    response = publish(api(lea), acknowledgement=asks)

    assert response.status_code == 400
    assert [(error["path"], error["code"]) for error in response.json()["errors"]] == [(path, code)]
    assert guideline.versions.count() == 1


def test_a_claim_is_refused_with_the_version(asked: AcknowledgementRequest, api: Api, ana: User) -> None:
    for query in ("", "?ahead=true"):
        response = post(api(ana), CLAIM + query)
        problem = response.json()
        assert (response.status_code, problem["code"], problem["version"]) == (409, "acknowledgement_needed", "1.1")

    assert not Lease.objects.exists()


def test_submit_with_claim_next_says_why_there_is_no_next(
    work: Project, api: Api, guideline: Guideline, lea: User, ana: User
) -> None:
    held = post(api(ana), CLAIM).json()
    publish_asking(guideline, lea)

    body = {"submission_id": str(uuid.uuid4()), "answer": REFUND}
    for status in (201, 200):  # and again: the same answer is stored once
        response = post(api(ana), f"/api/v1/assignments/{held['id']}/submit/?claim_next=true", body)
        assert response.status_code == status
        assert response.json()["next"] is None
        refusal = response.json()["next_refusal"]
        assert (refusal["code"], refusal["version"]) == ("acknowledgement_needed", "1.1")
        assert refusal["detail"].startswith("The guideline has a new version.")

    assert Annotation.objects.count() == 1


def test_a_person_reads_the_difference_proves_it_and_goes_on(
    work: Project, api: Api, guideline: Guideline, lea: User, ana: User
) -> None:
    client = api(ana)
    assert client.get(MINE).json() == {"version": None}
    held = post(client, CLAIM).json()
    post(client, f"/api/v1/assignments/{held['id']}/submit/", {"submission_id": str(uuid.uuid4()), "answer": REFUND})
    publish_asking(guideline, lea)

    mine = client.get(MINE).json()
    assert (mine["version"], mine["since"], mine["is_read"], mine["item"]) == ("1.1", "1.0", False, None)
    assert [clause["key"] for clause in mine["difference"]["clauses"]] == ["C3"]
    assert [each["key"] for each in mine["difference"]["examples"]] == ["E3"]  # what is asked is not told before
    refused = post(client, f"{MINE}answers/", {"version": "1.1", "position": 1, "answer": BILLING})
    assert (refused.status_code, refused.json()["code"]) == (409, "read_first")

    item = post(client, f"{MINE}read/", {"version": "1.1"}).json()["item"]
    assert item["payload"] == {"text": "You charged me twice."}
    assert [question["key"] for question in item["questions"]] == ["intent"]
    assert "mistake" not in item

    wrong = post(client, f"{MINE}answers/", {"version": "1.1", "position": 1, "answer": REFUND})
    assert (wrong.status_code, wrong.json()["is_right"]) == (201, False)
    assert wrong.json()["item"]["mistake"] == {"answer": REFUND, "clause": "C3", "rationale": "Charged twice: C3."}
    ahead = post(client, f"{MINE}answers/", {"version": "1.1", "position": 2, "answer": REFUND})
    assert (ahead.status_code, ahead.json()["code"]) == (409, "not_this_item")
    right = post(client, f"{MINE}answers/", {"version": "1.1", "position": 1, "answer": BILLING}).json()
    assert (right["is_right"], right["item"]["position"]) == (True, 2)
    last = post(client, f"{MINE}answers/", {"version": "1.1", "position": 2, "answer": REFUND}).json()
    assert last == {"is_right": True, "version": None}

    assert post(client, CLAIM).json()["guideline_version"]["number"] == "1.1"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("read/", {}, 400, "invalid"),
        ("read/", {"version": "9.9"}, 409, "not_the_newest_version"),
        ("answers/", {"version": "1.1", "position": 0, "answer": {}}, 400, "invalid"),
        ("answers/", {"version": "1.1", "position": 10**30, "answer": {}}, 400, "invalid"),
        ("answers/", {"version": "1.1", "position": 3, "answer": {}}, 409, "not_this_item"),
        ("answers/", {"version": "1.1", "position": 1, "answer": "x"}, 400, "invalid"),
        ("answers/", {"version": "1.1", "position": 1, "answer": {"intent": ["refund"]}}, 400, "invalid"),
        ("answers/", {"version": "1.1", "position": 1, "answer": {}, "user": "ben"}, 400, "invalid"),
    ],
)
def test_bad_input_is_refused_and_stores_nothing(
    asked: AcknowledgementRequest, api: Api, ana: User, path: str, body: Any, status: int, code: str
) -> None:
    if path == "answers/":
        post(api(ana), f"{MINE}read/", {"version": "1.1"})

    response = post(api(ana), MINE + path, body)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not ProofAnswer.objects.exists()


def test_an_answer_sent_again_under_its_key_is_counted_once(asked: AcknowledgementRequest, api: Api, ana: User) -> None:
    post(api(ana), f"{MINE}read/", {"version": "1.1"})
    body, client = {"version": "1.1", "position": 1, "answer": REFUND}, api(ana)
    key = {"Idempotency-Key": "k1"}

    said = [client.post(f"{MINE}answers/", body, content_type=JSON, headers=key) for _ in range(2)]

    assert [each.json()["is_right"] for each in said] == [False, False]
    assert ProofAnswer.objects.count() == 1


def test_the_lead_sees_everybody_and_waives(
    asked: AcknowledgementRequest, api: Api, lea: User, ana: User, ben: User
) -> None:
    prove(ana, asked)

    board = api(lea).get(BOARD).json()
    assert (board["version"], board["counts"]) == ("1.1", {"not_yet": 1, "reading": 0, "passed": 1, "waived": 0})
    assert [item["key"] for item in board["items"]] == ["E1", "E2"]
    assert [(one["username"], one["state"]) for one in board["people"]] == [("ana", "passed"), ("ben", "not_yet")]

    waived = post(api(lea), f"{BOARD}waivers/", {"username": "ben", "reason": "wrote it"})
    assert waived.status_code == 200
    assert (waived.json()["state"], waived.json()["waived_by"], waived.json()["waiver"]) == (
        "waived",
        "lea",
        "wrote it",
    )
    assert AuditEvent.objects.filter(action="acknowledgement.waived", facts={"user": ben.pk}).count() == 1
    assert post(api(ben), CLAIM).status_code == 200

    again = post(api(lea), f"{BOARD}waivers/", {"username": "ana"})
    assert (again.status_code, again.json()["code"]) == (409, "passed_already")
    nobody = post(api(lea), f"{BOARD}waivers/", {"username": "nobody"})
    assert nobody.status_code == 404


def test_the_board_is_for_editors_and_of_versions_that_ask(
    asked: AcknowledgementRequest, api: Api, lea: User, ana: User, eve: User
) -> None:
    assert api(ana).get(BOARD).status_code == 403
    assert api(eve).get(BOARD).status_code == 404
    assert post(api(ana), f"{BOARD}waivers/", {"username": "ana"}).status_code == 403
    assert api(lea).get(BOARD.replace("1.1", "1.0")).status_code == 404
    assert api(eve).get(MINE).status_code == 404
