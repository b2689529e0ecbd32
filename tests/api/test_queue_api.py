"""The queue over HTTP: paths, codes and bodies as API.md fixes them, and that it gives nothing away."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from annotation.models import Annotation, Assignment, Item, Lease, Member, Project, Skip
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_member, make_project, make_task

Api = Callable[..., Client]
JSON = "application/json"


@pytest.fixture
def items(project: Project) -> list[Item]:
    items = [make_item(project, f"m{n}", f"Message {n}") for n in range(1, 4)]
    for item in items:
        make_task(item, overlap=2)
    return items


def claim(client: Client) -> Any:
    response = client.post("/api/v1/projects/intents/assignments/claim/")
    assert response.status_code == 200, response.content
    return response.json()


def body(answer: Any = None, submission_id: str | None = None, **more: Any) -> dict[str, Any]:
    answer = {"intent": "refund", "urgency": 4} if answer is None else answer
    return {"submission_id": submission_id or str(uuid.uuid4()), "answer": answer, **more}


def submit(client: Client, assignment: Any, sent: dict[str, Any], query: str = "") -> Any:
    return client.post(f"/api/v1/assignments/{assignment['id']}/submit/{query}", sent, content_type=JSON)


def test_claimed_assignment_has_the_documented_shape(
    items: list[Item], api: Api, ana: User, guideline: Guideline
) -> None:
    assignment = claim(api(ana, "label"))

    version = guideline.versions.get()
    assert set(assignment) == {"id", "epoch", "leased_until", "item", "guideline_version", "questions"}
    assert assignment["item"] == {"external_id": "m1", "payload": {"text": "Message 1"}}
    assert assignment["guideline_version"] == {"number": "1.0", "sha256": version.sha256}
    assert assignment["questions"] == version.content["questions"]
    assert assignment["epoch"] == 1
    assert assignment["leased_until"].endswith("Z")
    assert Lease.objects.get().pk == uuid.UUID(assignment["id"])


def test_claim_again_returns_the_same_assignment(items: list[Item], api: Api, ana: User) -> None:
    first, second = claim(api(ana)), claim(api(ana))

    assert first["id"] == second["id"]
    assert Lease.objects.count() == 1


def test_the_item_after_the_one_held_is_claimed_ahead(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana, "label")
    first = claim(client)

    ahead = [client.post("/api/v1/projects/intents/assignments/claim/?ahead=true").json() for _ in range(2)]

    assert set(ahead[0]) == set(first)
    assert [each["item"]["external_id"] for each in (first, *ahead)] == ["m1", "m2", "m2"]
    assert claim(client)["id"] == first["id"]
    answered = submit(client, first, body(), "?claim_next=true").json()
    assert answered["next"]["id"] == ahead[0]["id"]
    assert Lease.objects.filter(ended_at=None).count() == 1


def test_nothing_ahead_is_204(project: Project, api: Api, ana: User) -> None:
    make_task(make_item(project, "only"), overlap=1)
    client = api(ana)
    claim(client)

    response = client.post("/api/v1/projects/intents/assignments/claim/?ahead=true")

    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("query", ["ahead=1", "ahead=", "ahead=TRUE", "ahed=true", "ahead=true&claim_next=true"])
def test_claim_refuses_what_it_does_not_know(items: list[Item], api: Api, ana: User, query: str) -> None:
    response = api(ana).post(f"/api/v1/projects/intents/assignments/claim/?{query}")

    assert response.status_code == 400
    assert not Lease.objects.exists()


def test_nothing_to_do_is_204(project: Project, api: Api, ana: User) -> None:
    response = api(ana).post("/api/v1/projects/intents/assignments/claim/")

    assert (response.status_code, response.content) == (204, b"")


def test_submit_stores_the_answer_and_replay_returns_it(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana)
    assignment = claim(client)
    sent = body(seconds_spent=3.5, confidence=0.8, comment="clear", clauses=["C3"])

    first, second = submit(client, assignment, sent), submit(client, assignment, sent | {"seconds_spent": 9})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    stored = Annotation.objects.get()
    assert first.json() == {
        "id": str(stored.public_id), "submission_id": sent["submission_id"],
        "answer": {"intent": "refund", "urgency": 4}, "revision": 1, "seconds_spent": 3.5, "confidence": 0.8,
        "comment": "clear", "clauses": ["C3"], "created_at": first.json()["created_at"],
    }  # fmt: skip
    assert (stored.source, stored.annotator_kind, stored.occurrence) == ("api", "human", 1)
    assert Lease.objects.get().ending == "submitted"


def test_same_submission_id_with_another_answer_is_a_conflict(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana)
    assignment = claim(client)
    sent = body()
    submit(client, assignment, sent)

    response = submit(client, assignment, sent | {"answer": {"intent": "billing"}})

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_conflict")
    assert Annotation.objects.get().answer == {"intent": "refund", "urgency": 4}


def test_another_submission_for_an_answered_item_is_refused(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana)
    assignment = claim(client)
    submit(client, assignment, body())

    response = submit(client, assignment, body({"intent": "billing"}))

    assert (response.status_code, response.json()["code"]) == (409, "already_answered")
    assert Annotation.objects.count() == 1


def test_submit_and_next_in_one_round_trip(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana)

    response = submit(client, claim(client), body(), "?claim_next=true")

    assert response.status_code == 201
    answered = response.json()
    assert set(answered) == {"annotation", "next"}
    assert (answered["annotation"]["answer"]["intent"], answered["next"]["item"]["external_id"]) == ("refund", "m2")


def test_next_is_null_after_the_last_item_and_while_paused(
    items: list[Item], project: Project, api: Api, ana: User
) -> None:
    client = api(ana)
    assignment = claim(client)
    Project.objects.filter(pk=project.pk).update(status="paused")

    response = submit(client, assignment, body(), "?claim_next=true")

    assert (response.status_code, response.json()["next"]) == (201, None)


@pytest.mark.parametrize(
    ("answer", "more", "paths"),
    [
        ({"intent": "revenge"}, {}, ["answer.intent"]),
        ({"urgency": 3}, {}, ["answer.intent"]),
        ({"intent": "refund", "urgency": 6, "mood": "bad"}, {}, ["answer.mood", "answer.urgency"]),
        ([], {}, ["answer"]),
        ({"intent": "refund"}, {"clauses": ["C3", "C9"]}, ["clauses[1]"]),
        ({"intent": "refund"}, {"confidence": 1.5}, ["confidence"]),
        ({"intent": "refund"}, {"comment": "x" * 2001}, ["comment"]),
    ],
)
def test_answer_that_does_not_fit_is_422_with_its_fields(
    items: list[Item], api: Api, ana: User, answer: Any, more: dict[str, Any], paths: list[str]
) -> None:
    client = api(ana)
    assignment = claim(client)

    response = submit(client, assignment, body(answer, **more))

    assert (response.status_code, response.json()["code"]) == (422, "invalid_answer")
    assert sorted(error["path"] for error in response.json()["errors"]) == paths
    assert not Annotation.objects.exists()
    assert Assignment.objects.filter(state="leased").count() == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"answer": {"intent": "refund"}},
        {"submission_id": "no uuid", "answer": {}},
        {"submission_id": str(uuid.uuid4())},
        body(annotator="ben"),
        body(seconds_spent=-1),
        body(clauses="C3"),
        [],
    ],
)
def test_malformed_submit_is_400(items: list[Item], api: Api, ana: User, sent: Any) -> None:
    client = api(ana)
    assignment = claim(client)

    response = submit(client, assignment, sent)

    assert response.status_code == 400
    assert not Annotation.objects.exists()


def test_lost_lease_is_409_and_the_answer_is_kept_as_its_draft(
    items: list[Item], api: Api, ana: User, ben: User
) -> None:
    client = api(ana)
    Assignment.objects.filter(slot=2).update(state="withdrawn")
    assignment = claim(client)
    Assignment.objects.filter(state="leased").update(leased_until=timezone.now() - timedelta(seconds=1))
    Item.objects.filter(external_id__in=["m2", "m3"])
    Assignment.objects.filter(task__item__external_id__in=["m2", "m3"]).update(state="withdrawn")
    assert claim(api(ben))["item"]["external_id"] == "m1"

    response = submit(client, assignment, body())

    assert (response.status_code, response.json()["code"]) == (409, "lease_expired")
    assert not Annotation.objects.exists()
    assert Lease.objects.get(pk=assignment["id"]).draft == {"intent": "refund", "urgency": 4}


def test_draft_comes_back_with_the_assignment(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana)
    assignment = claim(client)

    kept = client.put(f"/api/v1/assignments/{assignment['id']}/draft/", {"answer": {"urgency": 2}}, content_type=JSON)

    assert kept.status_code == 204
    assert claim(client)["draft"] == {"urgency": 2}


def test_late_draft_is_dropped(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana)
    assignment = claim(client)
    submit(client, assignment, body())

    late = client.put(f"/api/v1/assignments/{assignment['id']}/draft/", {"answer": {"urgency": 2}}, content_type=JSON)

    assert (late.status_code, late.json()["code"]) == (409, "draft_too_late")
    assert Lease.objects.get().draft is None


def test_renew_release_and_skip(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana)
    assignment = claim(client)
    url = f"/api/v1/assignments/{assignment['id']}"

    renewed = client.post(f"{url}/renew/")
    released = client.post(f"{url}/release/")
    again = claim(client)
    skipped = client.post(f"/api/v1/assignments/{again['id']}/skip/", {"reason": "illegible"}, content_type=JSON)

    assert (renewed.status_code, renewed.json()["id"]) == (200, assignment["id"])
    assert renewed.json()["leased_until"] >= assignment["leased_until"]
    assert (released.status_code, skipped.status_code) == (204, 204)
    assert Skip.objects.get().reason == "illegible"
    assert claim(client)["item"]["external_id"] == "m2"


def test_undo_and_amend(items: list[Item], api: Api, ana: User) -> None:
    client = api(ana)
    first = submit(client, claim(client), body(), "?claim_next=true").json()["annotation"]

    undone = client.post("/api/v1/projects/intents/assignments/undo/")
    assert undone.status_code == 200
    assert (undone.json()["item"]["external_id"], undone.json()["draft"]) == ("m1", {"intent": "refund", "urgency": 4})
    second = submit(client, undone.json(), body({"intent": "billing"})).json()
    assert (second["revision"], second["id"] != first["id"]) == (2, True)

    amended = client.post(f"/api/v1/annotations/{second['id']}/amend/", body({"intent": "other"}), content_type=JSON)
    assert (amended.status_code, amended.json()["revision"]) == (201, 3)
    gone = client.post(f"/api/v1/annotations/{first['id']}/amend/", body({"intent": "other"}), content_type=JSON)
    assert (gone.status_code, gone.json()["code"]) == (409, "amend_not_allowed")
    assert list(Annotation.objects.filter(superseded_at=None).values_list("answer", flat=True)) == [{"intent": "other"}]


ACTIONS = [
    ("post", "submit/", body()), ("post", "renew/", {}), ("post", "release/", {}), ("post", "skip/", {}),
    ("put", "draft/", {"answer": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "action", "sent"), ACTIONS)
def test_the_lease_of_somebody_else_is_not_there(
    items: list[Item], api: Api, ana: User, ben: User, eve: User, method: str, action: str, sent: dict[str, Any]
) -> None:
    assignment = claim(api(ana))
    before = list(Assignment.objects.order_by("id").values_list("state", "epoch"))

    for stranger in (ben, eve):
        answers = [
            getattr(api(stranger), method)(f"/api/v1/assignments/{target}/{action}", sent, content_type=JSON)
            for target in (assignment["id"], str(uuid.uuid4()), "7")
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert len({tuple(sorted((k, v) for k, v in a.json().items() if k != "request_id")) for a in answers}) == 1

    assert list(Assignment.objects.order_by("id").values_list("state", "epoch")) == before
    assert not Annotation.objects.exists()


def test_stranger_finds_no_project_and_an_engineer_may_not_label(
    items: list[Item], api: Api, eve: User, max_: User
) -> None:
    url = "/api/v1/projects/intents/assignments/claim/"

    assert api(eve).post(url).status_code == 404
    assert api(max_).post(url).status_code == 403
    assert Client().post(url).status_code == 401
    assert not Lease.objects.exists()


def test_token_needs_the_scope_label(items: list[Item], api: Api, ana: User) -> None:
    response = api(ana, "read", "import").post("/api/v1/projects/intents/assignments/claim/")

    assert response.status_code == 403
    assert not Lease.objects.exists()


def test_owner_who_is_no_member_is_told_so(items: list[Item], api: Api, olga: User) -> None:
    response = api(olga).post("/api/v1/projects/intents/assignments/claim/")

    assert (response.status_code, response.json()["code"]) == (409, "not_a_member")


def test_model_with_a_token_gets_no_seat(items: list[Item], project: Project, api: Api, cho: User) -> None:
    User.objects.filter(pk=cho.pk).update(kind="model")
    make_member(project, cho, kind="model")

    response = api(cho).post("/api/v1/projects/intents/assignments/claim/")

    assert (response.status_code, response.json()["code"]) == (403, "models_do_not_claim")
    assert not Lease.objects.exists()


@pytest.mark.parametrize(("status", "code"), [("paused", "project_paused"), ("closed", "project_closed")])
def test_project_that_is_not_active_says_so(
    items: list[Item], project: Project, api: Api, ana: User, status: str, code: str
) -> None:
    Project.objects.filter(pk=project.pk).update(status=status)

    response = api(ana).post("/api/v1/projects/intents/assignments/claim/")

    assert (response.status_code, response.json()["code"]) == (409, code)


def test_paused_annotator_is_told_so_and_their_answer_is_kept(
    items: list[Item], api: Api, ana: User, lea: User
) -> None:
    client = api(ana)
    assignment = claim(client)
    member = Member.objects.get(user=ana)
    api(lea).patch(f"/api/v1/projects/intents/members/{member.pk}/", {"paused": True}, content_type=JSON)

    response = submit(client, assignment, body())

    assert (response.status_code, response.json()["code"]) == (409, "annotator_paused")
    assert Lease.objects.get().draft == {"intent": "refund", "urgency": 4}
    assert not Annotation.objects.exists()


# --- blindness ----------------------------------------------------------------------------------------------------

TELLING = {
    "gold", "is_gold", "gold_rate", "overlap", "peers", "annotators", "round", "kind", "rounds", "slot", "seat",
    "wanted", "labels", "done", "leased", "tasks", "items", "reason", "priority", "rank", "meta", "slices", "task",
    "needs_lead", "state", "agreement", "resolution", "campaign", "occurrence",
}  # fmt: skip


def keys_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def test_nothing_an_annotator_receives_tells_of_gold_overlap_peers_or_rounds(
    items: list[Item], project: Project, api: Api, ana: User, ben: User
) -> None:
    relabeled = make_item(project, "again")
    project.rounds.create(key="relabel-2", kind="relabel", major=1)
    make_task(relabeled, round_key="relabel-2")
    other = api(ben)
    submit(other, claim(other), body({"intent": "other"}))
    client = api(ana)
    seen = []

    def note(response: Any) -> Any:
        seen.append(response.json())
        return seen[-1]

    for path in ("/api/v1/me/", "/api/v1/projects/", "/api/v1/projects/intents/"):
        note(client.get(path))
    task = note(client.post("/api/v1/projects/intents/assignments/claim/"))
    for _ in range(4):  # to the relabel round's item and the empty queue
        stored = note(submit(client, task, body(), "?claim_next=true"))
        last, task = task, stored["next"]
    assert task is None
    note(submit(client, last, body({"intent": "billing"})))
    undone = note(client.post("/api/v1/projects/intents/assignments/undo/"))
    note(submit(client, undone, body({"intent": "nonsense"})))
    final = note(submit(client, undone, body()))
    note(client.post(f"/api/v1/annotations/{final['id']}/amend/", body(), content_type=JSON))
    for path in ("items/", "members/", "imports/"):
        note(client.get(f"/api/v1/projects/intents/{path}"))

    keys = {key for answer in seen for key in keys_of(answer)}
    payload_and_schema = {"text", "type", "options"}
    assert payload_and_schema <= keys
    assert keys & TELLING == {"kind"}  # of one's own account: human or model
    assert [answer["user"]["kind"] for answer in seen if "user" in answer] == ["human"]
    assert "relabel" not in str(seen)


def test_relabel_items_look_like_new_ones(items: list[Item], project: Project, api: Api, ana: User) -> None:
    client = api(ana)
    first = claim(client)
    project.rounds.create(key="relabel-2", kind="relabel", major=1)
    make_task(items[0], round_key="relabel-2")
    Assignment.objects.filter(round__key="initial", state="open").update(state="withdrawn")

    second = submit(client, first, body(), "?claim_next=true").json()["next"]

    assert set(second) == set(first)
    assert second["item"] == first["item"]


# --- cost ---------------------------------------------------------------------------------------------------------

BEGIN_AND_COMMIT = 2  # the test's own transaction makes savepoints of them
WHO = 2  # token; project with membership
OWN = 2  # token, membership


def test_claim_and_submit_need_few_statements(
    items: list[Item], api: Api, ana: User, ben: User, django_assert_num_queries: Any
) -> None:
    warm, client = api(ben), api(ana)
    submit(warm, claim(warm), body())
    client.get("/api/v1/me/")  # a token notes once in a while that it was used

    with django_assert_num_queries(WHO + 3 + BEGIN_AND_COMMIT):
        assignment = claim(client)
    with django_assert_num_queries(OWN + 3 + BEGIN_AND_COMMIT):
        answered = submit(client, assignment, body())
    with django_assert_num_queries(OWN + 3 + BEGIN_AND_COMMIT):
        submit(client, assignment, body(submission_id=answered.json()["submission_id"]))
    assignment = claim(client)
    with django_assert_num_queries(OWN + 3 + 2 + BEGIN_AND_COMMIT):  # one transaction, and who they are is known
        submit(client, assignment, body(), "?claim_next=true")


def test_two_projects_hand_out_their_own_items_only(
    items: list[Item], lea: User, guideline: Guideline, api: Api, ana: User
) -> None:
    other = make_project(lea, guideline, "other")
    make_member(other, ana)
    make_task(make_item(other, "x1"))

    response = api(ana).post("/api/v1/projects/other/assignments/claim/")

    assert response.json()["item"]["external_id"] == "x1"
    assert claim(api(ana))["item"]["external_id"] == "m1"
