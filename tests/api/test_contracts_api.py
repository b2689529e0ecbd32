"""Slice contracts over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Annotation, Project, SliceContract
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
from tests.factories.annotation import make_item, make_task

Api = Callable[..., Client]
JSON = "application/json"
URL = "/api/v1/projects/intents/contracts/"
GERMAN: dict[str, Any] = {"slice": {"language": "de"}, "target_labels": 4, "skills": ["german"]}


def add(client: Client, **changes: Any) -> Any:
    return client.post(URL, GERMAN | changes, content_type=JSON)


def test_a_contract_is_made_shown_changed_and_ended(api: Api, project: Project, lea: User, max_: User) -> None:
    made = add(api(lea))
    assert made.status_code == 201, made.content
    assert (made.json()["number"], made.json()["slice"], made.json()["state"]["taken"]) == (1, {"language": "de"}, 0)

    changed = api(lea).patch(f"{URL}1/", {"target_labels": 8, "skills": []}, content_type=JSON).json()
    assert (changed["target_labels"], changed["skills"], changed["slice"]) == (8, [], {"language": "de"})
    listed = api(max_).get(URL).json()["results"]
    assert [(row["number"], row["target_labels"]) for row in listed] == [(1, 8)]

    assert api(lea).delete(f"{URL}1/").status_code == 204
    assert api(max_).get(URL).json()["results"] == []
    ended = api(max_).get(f"{URL}1/").json()
    assert (ended["is_active"], ended["target_labels"], ended["state"]) == (False, 8, None)
    assert api(lea).patch(f"{URL}1/", {"target_labels": 9}, content_type=JSON).json()["code"] == "contract_ended"
    assert add(api(lea)).json()["number"] == 2


def test_its_state_says_what_is_reached_of_each_term(
    api: Api, project: Project, lea: User, ana: User, ben: User, member_of: Any
) -> None:
    for n in range(2):
        make_task(make_item(project, f"m{n}", language="de"))
    add(api(lea), skills=[], overlap_share=1, shared_labels=3, lowest_alpha=0.6)
    for user in (ana, ben):
        task = claim_next(annotator=member_of(user))
        assert task is not None
        submit_annotation(
            annotator=member_of(user), lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=task.lease.id
        )  # fmt: skip
    assert Annotation.objects.count() == 2

    state = api(lea).get(f"{URL}1/").json()["state"]
    assert (state["taken"], state["items"], state["items_shared"], state["alpha"]) == (2, 2, 1, None)
    terms = {term["name"]: (term["wanted"], term["reached"], term["is_met"]) for term in state["terms"]}
    assert terms["target_labels"] == (4, 2, False)
    assert terms["overlap_share"] == (1, 0.0, False)
    assert terms["lowest_alpha"] == (0.6, None, None)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"slice": {"bot": "x"}}, "slice.bot"),
        ({"slice": "de"}, "slice"),
        ({"target_labels": "many"}, "target_labels"),
        ({"number": 7}, "number"),
        ({"need": 1}, "need"),
        ({"skills": [1]}, "skills[0]"),
    ],
)
def test_bad_terms_are_refused_by_path(
    api: Api, project: Project, lea: User, changes: dict[str, Any], path: str
) -> None:  # fmt: skip
    response = add(api(lea), **changes)
    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == [path]
    assert not SliceContract.objects.exists()


@pytest.mark.parametrize("number", ["0", "9", "99999999999", "-1", "x", "１"])
def test_a_number_of_no_contract_is_not_found(api: Api, project: Project, lea: User, number: str) -> None:
    for response in (api(lea).get(f"{URL}{number}/"), api(lea).delete(f"{URL}{number}/")):
        assert response.status_code == 404


def test_only_leads_change_contracts_and_annotators_see_none(
    api: Api, project: Project, lea: User, max_: User, adi: User, ana: User, eve: User
) -> None:
    add(api(lea))
    for user, status in ((max_, 200), (adi, 403), (ana, 403), (eve, 404)):
        assert api(user).get(URL).status_code == status
        assert api(user).get(f"{URL}1/").status_code == status
    for user, status in ((max_, 403), (adi, 403), (ana, 403), (eve, 404)):
        assert add(api(user), slice={"language": "en"}).status_code == status
        assert api(user).patch(f"{URL}1/", {"target_labels": 1}, content_type=JSON).status_code == status
        assert api(user).delete(f"{URL}1/").status_code == status
    assert api(lea, "read").delete(f"{URL}1/").status_code == 403
    assert SliceContract.objects.get().target_labels == 4


def test_the_same_request_again_makes_one_contract(api: Api, project: Project, lea: User) -> None:
    headers = {"Idempotency-Key": "german"}
    answers = [api(lea).post(URL, GERMAN, content_type=JSON, headers=headers).json() for _ in range(2)]
    assert answers[0]["number"] == answers[1]["number"] == 1
    assert SliceContract.objects.count() == 1
