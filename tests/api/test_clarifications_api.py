"""Questions to a guideline over HTTP: asked, seen by whom, ruled on once, told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Assignment, Project
from guidelines.models import Clarification, GuidelineGrant
from tests.factories.annotation import make_item, make_task
from tests.factories.guidelines import make_guideline

Api = Callable[..., Client]
JSON = "application/json"
ROOT = "/api/v1/guidelines/support/clarifications/"


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(3):
        make_task(make_item(project, f"m{number}", payload={"text": f"Text {number}"}), overlap=1)
    return project


def post(client: Client, path: str = "", **body: Any) -> Any:
    return client.post(ROOT + path, body, content_type=JSON)


def claim(client: Client) -> dict[str, Any]:
    return client.post("/api/v1/projects/intents/assignments/claim/").json()


def test_asked_with_an_assignment_the_item_waits_for_the_ruling(work: Project, ana: User, lea: User, api: Api) -> None:
    held = claim(api(ana))

    asked = post(api(ana), question="Is a wrong fee a refund?", clause="C3", assignment=held["id"])

    assert asked.status_code == 201, asked.content
    body = asked.json()
    assert {name: body[name] for name in ("id", "clause", "state", "version", "is_overdue", "same_as", "outcome")} == {
        "id": "1", "clause": "C3", "state": "open", "version": "1.0", "is_overdue": False, "same_as": None,
        "outcome": None,
    }  # fmt: skip
    assert "asked_by" not in body
    (listed,) = api(lea).get(f"{ROOT}?state=open&clause=C3").json()["results"]
    assert (listed["asked_by"], listed["items"]) == (
        "ana", [{"project": "intents", "external_id": held["item"]["external_id"], "is_parked": True}],
    )  # fmt: skip

    ruled = post(api(lea), "1/rule/", ruling="A billing error.", outcome="minor")

    assert ruled.status_code == 200, ruled.content
    answer = ruled.json()
    assert (answer["state"], answer["precedent"], answer["published_in"], answer["answered"], answer["told"]) == (
        "answered", "P1", "1.1", ["1"], 1,
    )  # fmt: skip
    version = api(ana).get("/api/v1/guidelines/support/versions/1.1/").json()
    assert version["precedents"] == [
        {"key": "P1", "clause": "C3", "question": "Is a wrong fee a refund?", "ruling": "A billing error."}
    ]
    assert "precedents" not in api(ana).get("/api/v1/guidelines/support/versions/1.0/").json()
    assert claim(api(ana))["item"] == held["item"]


def test_a_draft_with_precedents_is_read_and_sent_back_whole(work: Project, ana: User, lea: User, api: Api) -> None:
    post(api(ana), question="Fees?", clause="C3")
    post(api(lea), "1/rule/", ruling="No.", outcome="draft")
    url = "/api/v1/guidelines/support/draft/"

    read = api(lea).get(url)
    sent = api(lea).put(url, read.json(), content_type=JSON, headers={"If-Match": read["ETag"]})

    assert (sent.status_code, sent["ETag"]) == (200, read["ETag"])
    diff = api(lea).get("/api/v1/guidelines/support/diff/?from=1.0&to=draft").json()
    assert [(each["key"], each["change"], each["clause"]) for each in diff["precedents"]] == [("P1", "added", "C3")]
    assert diff["suggested_level"] == "minor"


def test_one_may_ask_without_an_item_or_without_parking(work: Project, ana: User, lea: User, api: Api) -> None:
    held = claim(api(ana))

    answers = [
        post(api(ana), question="Of nothing?", clause=None),
        post(api(ana), question="Of this?", assignment=held["id"], park=False),
        post(api(lea), question="A lead's own?"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert Assignment.objects.filter(state="leased").count() == 1
    assert post(api(ana), question="And?", park=True).json()["errors"][0]["path"] == "park"


def test_annotators_see_their_own_questions_only(work: Project, ana: User, ben: User, api: Api) -> None:
    post(api(ana), question="Ana's?")
    post(api(ben), question="Ben's very own thing?")

    assert [row["id"] for row in api(ben).get(ROOT).json()["results"]] == ["2"]
    assert post(api(ben), "1/withdraw/").status_code == 403
    assert post(api(ben), "2/withdraw/").json()["state"] == "withdrawn"


def test_who_may_what(work: Project, ana: User, lea: User, eve: User, api: Api) -> None:
    post(api(ana), question="Why?", clause="C3")

    assert api(eve).get(ROOT).status_code == 404
    assert post(api(eve), question="Why?").status_code == 404
    for path in ("1/rule/", "1/group/", "1/ungroup/"):
        assert post(api(ana), path, ruling="Yes", outcome="told").status_code == 403
    assert api(ana).get(f"{ROOT}counts/").status_code == 403
    assert post(api(ana, "read"), question="Why?").status_code == 403
    assert post(api(lea, "read"), "1/rule/", ruling="Yes", outcome="told").status_code == 403
    assert Client().get(ROOT).status_code in {401, 403}
    assert Clarification.objects.get().state == "open"


def test_another_guidelines_assignment_is_not_there(work: Project, ana: User, lea: User, api: Api) -> None:
    held = claim(api(ana))
    other = make_guideline(lea, "other")
    GuidelineGrant.objects.create(guideline=other, user=ana, level="read", source="test")

    answer = api(ana).post(
        "/api/v1/guidelines/other/clarifications/", {"question": "?", "assignment": held["id"]}, content_type=JSON
    )

    assert answer.status_code == 404
    assert not Clarification.objects.exists()


def test_groups_counts_and_the_service_level(work: Project, ana: User, ben: User, lea: User, api: Api) -> None:
    post(api(ana), question="Fees?", clause="C3")
    post(api(ben), question="Messages in French?", clause="C1")

    grouped = post(api(lea), "1/group/", others=["2"])
    assert (grouped.status_code, [row["same_as"] for row in api(lea).get(ROOT).json()["results"]]) == (200, [None, "1"])
    assert post(api(lea), "2/ungroup/").json()["same_as"] is None
    assert api(lea).get(f"{ROOT}counts/").json() == {
        "results": [{"clause": "C1", "asked": 1, "open": 1}, {"clause": "C3", "asked": 1, "open": 1}],
        "answer_within_hours": 24,
    }  # fmt: skip
    stored = api(lea).put(f"{ROOT}service-level/", {"hours": 8}, content_type=JSON)
    assert stored.json() == {"answer_within_hours": 8}
    assert api(lea).put(f"{ROOT}service-level/", {"hours": 0}, content_type=JSON).status_code == 400


def test_an_answer_is_told_until_it_is_put_away(work: Project, ana: User, ben: User, lea: User, api: Api) -> None:
    post(api(ana), question="Fees?", clause="C3")
    post(api(lea), "1/rule/", ruling="No.", outcome="told")

    (told,) = api(ana).get(f"{ROOT}answers/").json()["results"]
    assert (told["question_id"], told["reason"], told["ruling"], told["precedent"]) == ("1", "asked", "No.", None)
    assert post(api(ben), f"answers/{told['id']}/dismiss/").status_code == 404
    assert [post(api(ana), f"answers/{told['id']}/dismiss/").status_code for _ in range(2)] == [204, 204]
    assert api(ana).get(f"{ROOT}answers/").json()["results"] == []


def test_a_second_ruling_is_a_409_with_the_first_and_an_idempotent_one_is_replayed(
    work: Project, ana: User, lea: User, olga: User, api: Api
) -> None:
    post(api(ana), question="Fees?", clause="C3")
    body = {"ruling": "No.", "outcome": "minor"}
    first, again = (
        api(lea).post(f"{ROOT}1/rule/", body, content_type=JSON, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert (first.status_code, again.json()) == (200, first.json())

    late = post(api(olga), "1/rule/", ruling="Yes.", outcome="told")

    assert (late.status_code, late.json()["code"]) == (409, "already_ruled")
    assert late.json()["ruling"] == "No."


def test_the_twenty_first_question_of_a_day_is_refused_clearly(work: Project, ana: User, api: Api) -> None:
    for number in range(20):
        assert post(api(ana), question=f"{number} " * 20).status_code == 201

    refused = post(api(ana), question="One more?")

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_questions")


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("", {}, "question"), ("", {"question": 7 * "x", "clause": "C99"}, "clause"),
        ("", {"question": "x" * 2001}, "question"), ("", {"question": "x", "assignment": "nope"}, "assignment"),
        ("", {"question": "x", "more": 1}, "more"), ("", {"question": "x", "clause": {"a": 1}}, "clause"),
        ("1/rule/", {"outcome": "told"}, "ruling"), ("1/rule/", {"ruling": "x", "outcome": "maybe"}, "outcome"),
        ("1/rule/", {"ruling": "x", "outcome": "draft", "clause": "C99"}, "clause"),
        ("1/group/", {"others": []}, "others"), ("1/group/", {}, "others"),
    ],
)  # fmt: skip
def test_bad_input_names_its_field(
    work: Project, lea: User, api: Api, path: str, body: dict[str, Any], where: str
) -> None:
    post(api(lea), question="A real one?", clause="C3")

    answer = post(api(lea), path, **body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"].startswith(where)
    assert Clarification.objects.count() == 1


@pytest.mark.parametrize("number", ["0", "999999999999999999", "x", "-1", "1e3", "9" * 40])
def test_a_number_that_is_none_is_not_there(work: Project, lea: User, api: Api, number: str) -> None:
    for path in (f"{number}/rule/", f"{number}/withdraw/", f"{number}/ungroup/", f"answers/{number}/dismiss/"):
        assert post(api(lea), path, ruling="x", outcome="told").status_code == 404
    post(api(lea), question="A real one?")
    assert post(api(lea), "1/group/", others=[number[:10]]).status_code in {400, 404}
