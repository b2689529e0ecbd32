"""The bulk calls: media types, reports, idempotency, jobs, rights."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Annotation, Assignment, GoldLabel, ImportBatch, Item, Member, Project
from annotation.services.importing.background import imports_dir
from operations.models import IdempotentAnswer, Job
from operations.services.jobs import run_job

Api = Callable[..., Client]
URL = "/api/v1/projects/intents/"
REPORT = ["received", "created", "unchanged", "conflicts", "rejected", "errors", "import"]


def ndjson(*values: Any) -> bytes:
    return b"\n".join(json.dumps(value).encode() for value in values)


def item(name: str, text: str = "Hello") -> dict[str, Any]:
    return {"external_id": name, "payload": {"text": text}, "meta": {"language": "en"}}


def post(client: Client, path: str, body: bytes, media: str = "application/x-ndjson", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic("POST", URL + path, body, content_type=media, headers=named)


@pytest.fixture
def engineer(project: Project, max_: User, api: Api) -> Client:
    return api(max_, "import", "read")


@pytest.fixture(autouse=True)
def no_files_are_left() -> Iterator[None]:
    before = set(imports_dir().iterdir())
    yield
    assert set(imports_dir().iterdir()) == before


def test_ndjson_items_are_stored_and_reported(engineer: Client) -> None:
    response = post(engineer, "items/", ndjson(item("m1"), item("m2")))

    assert response.status_code == 200
    assert list(response.json()) == REPORT
    assert response.json() == {
        "received": 2, "created": 2, "unchanged": 0, "conflicts": 0, "rejected": 0, "errors": [],
        "import": str(ImportBatch.objects.get().pk),
    }  # fmt: skip
    assert (Item.objects.count(), Assignment.objects.count()) == (2, 4)


def test_the_same_body_again_is_unchanged(engineer: Client) -> None:
    post(engineer, "items/", ndjson(item("m1")))

    assert post(engineer, "items/", ndjson(item("m1"))).json()["unchanged"] == 1


def test_a_conflict_is_reported_by_line_and_the_rest_stored(engineer: Client) -> None:
    post(engineer, "items/", ndjson(item("m1")))

    response = post(engineer, "items/", ndjson(item("m2"), item("m1", "changed")))

    assert response.status_code == 200
    assert (response.json()["created"], response.json()["conflicts"]) == (1, 1)
    assert [(error["line"], error["code"]) for error in response.json()["errors"]] == [(2, "conflict")]


def test_json_lists_of_each_kind(engineer: Client) -> None:
    def send(kind: str, *values: Any) -> dict[str, Any]:
        answer: dict[str, Any] = post(
            engineer, f"{kind}/", json.dumps({kind: values}).encode(), "application/json"
        ).json()
        return answer

    assert send("items", item("m1"))["created"] == 1
    assert send("annotators", {"annotator": "a1", "kind": "human", "age": 3})["created"] == 1
    assert send("labels", {"external_id": "m1", "annotator": "a1", "answer": {"intent": "refund"}})["created"] == 1
    assert send("gold", {"external_id": "m1", "answer": {"intent": "refund"}, "rationale": "C3"})["created"] == 1
    assert Member.objects.get(name="a1").cohorts == {"age": "3"}
    assert (Annotation.objects.get().answer, GoldLabel.objects.get().answer) == ({"intent": "refund"},) * 2


@pytest.mark.parametrize(
    ("encoding", "media"),
    [
        ("utf-8", "text/csv"),
        ("utf-8-sig", "text/csv; charset=utf-8"),
        ("utf-16", "text/csv"),
        ("utf-16", 'text/csv; charset="UTF-16"'),
        ("utf-16-le", "text/csv; charset=utf-16"),
        ("utf-16-le", "text/csv; charset=utf-16le"),
        ("utf-16-be", "text/csv; charset=utf-16be"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_csv_in_every_encoding_and_line_ending(engineer: Client, encoding: str, media: str, ending: str) -> None:
    text = ending.join(["external_id,text,language,note", '"m1","Größe, ""XL"" 👋",de,=1+1', ""])

    response = post(engineer, "items/", text.encode(encoding), media)

    assert response.json()["created"] == 1, response.json()
    stored = Item.objects.get()
    assert (stored.payload, stored.meta) == ({"text": 'Größe, "XL" 👋', "note": "=1+1"}, {"language": "de"})


def test_a_gzip_body_is_unpacked(engineer: Client) -> None:
    packed = gzip.compress(ndjson(item("m1"))) + gzip.compress(b"\n" + ndjson(item("m2")))

    assert post(engineer, "items/", packed, Content_Encoding="gzip").json()["created"] == 2


def test_the_first_thousand_errors_are_in_the_answer_and_all_behind_its_link(engineer: Client) -> None:
    body = ndjson(*({"external_id": f"m{n}"} for n in range(1205)))

    report = post(engineer, "items/?on_error=skip", body).json()

    assert (report["rejected"], len(report["errors"])) == (1205, 1000)
    first = engineer.get(report["errors_url"] + "?limit=1000").json()
    second = engineer.get(first["next"]).json()
    assert [error["line"] for error in first["results"] + second["results"]] == list(range(1, 1206))
    assert first["results"][0] == {"line": 1, "code": "required", "detail": "payload: payload is needed"}
    assert second["next"] is None


def test_imports_are_listed_newest_first(engineer: Client) -> None:
    post(engineer, "items/", ndjson(item("m1")))
    post(engineer, "items/", ndjson({"external_id": 3}))

    rows = engineer.get(URL + "imports/").json()["results"]

    assert [(row["kind"], row["is_stored"], row["created"], row["rejected"]) for row in rows] == [
        ("items", False, 0, 1), ("items", True, 1, 0),
    ]  # fmt: skip
    assert rows[0]["created_by"] == "max"


def test_an_idempotency_key_replays_the_first_answer(engineer: Client) -> None:
    first = post(engineer, "items/", ndjson(item("m1")), Idempotency_Key="k1")
    again = post(engineer, "items/", ndjson(item("m1")), Idempotency_Key="k1")

    assert first.json()["created"] == 1
    assert (again.status_code, again.json()) == (200, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert ImportBatch.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "body"), [("items/", ndjson(item("m2"))), ("items/?on_error=skip", ndjson(item("m1")))]
)
def test_the_same_key_with_another_body_or_mode_is_a_conflict(engineer: Client, path: str, body: bytes) -> None:
    post(engineer, "items/", ndjson(item("m1")), Idempotency_Key="k1")

    response = post(engineer, path, body, Idempotency_Key="k1")

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_conflict")
    assert Item.objects.count() == 1


def test_a_refused_import_may_be_sent_again_under_its_key(engineer: Client) -> None:
    assert post(engineer, "items/", b"{", Idempotency_Key="k1").status_code == 400
    assert not IdempotentAnswer.objects.exists()
    assert post(engineer, "items/", ndjson(item("m1")), Idempotency_Key="k1").json()["created"] == 1


@pytest.mark.parametrize("kind", ["items", "annotators", "labels", "gold"])
def test_async_answers_with_a_job_that_imports(engineer: Client, kind: str) -> None:
    post(engineer, "items/", ndjson(item("m1")))
    values = {
        "items": item("m2"),
        "annotators": {"annotator": "a1", "age": "30"},
        "labels": {"external_id": "m1", "annotator": "a1", "answer": {"intent": "refund"}},
        "gold": {"external_id": "m1", "answer": {"intent": "refund"}},
    }

    response = post(engineer, f"{kind}/?async=true", ndjson(values[kind]))

    assert response.status_code == 202
    assert response.json()["state"] == "queued"
    assert response.json()["progress"] == {"done": 0, "total": None}
    run_job(Job.objects.get().pk)
    job = Job.objects.get()
    assert (job.state, job.scope) == ("succeeded", "project:intents"), job.error
    assert job.result["created"] == 1


def test_async_json_list(engineer: Client) -> None:
    body = json.dumps({"items": [item("m1", "two\nlines"), item("m2")]}).encode()

    assert post(engineer, "items/?async=true", body, "application/json").status_code == 202
    run_job(Job.objects.get().pk)
    assert list(Item.objects.values_list("payload__text", flat=True).order_by("id")) == ["two\nlines", "Hello"]


def test_async_with_a_key_makes_one_job(engineer: Client) -> None:
    first = post(engineer, "items/?async=true", ndjson(item("m1")), Idempotency_Key="k")
    again = post(engineer, "items/?async=true", ndjson(item("m1")), Idempotency_Key="k")

    assert first.json()["id"] == again.json()["id"]
    run_job(Job.objects.get().pk)
    assert Item.objects.count() == 1


@pytest.mark.parametrize("kind", ["items", "annotators", "labels", "gold"])
@pytest.mark.parametrize(("who", "status"), [("ana", 403), ("adi", 403), ("eve", 404)])
def test_only_who_may_import_does(
    project: Project, request: pytest.FixtureRequest, api: Api, kind: str, who: str, status: int
) -> None:
    client = api(request.getfixturevalue(who))

    assert post(client, f"{kind}/", ndjson(item("m1"))).status_code == status
    assert not ImportBatch.objects.exists()


def test_a_token_needs_the_scope(project: Project, max_: User, api: Api) -> None:
    assert post(api(max_, "read"), "items/", ndjson(item("m1"))).status_code == 403
    assert not Item.objects.exists()


def test_nobody_signed_in_is_refused(project: Project) -> None:
    assert post(Client(), "items/", ndjson(item("m1"))).status_code in {401, 403}


def test_a_session_needs_the_csrf_token(project: Project, max_: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(max_)

    assert post(client, "items/", ndjson(item("m1"))).status_code == 403
    assert not Item.objects.exists()


def test_the_report_of_another_project_is_not_there(engineer: Client, eve: User, api: Api, project: Project) -> None:
    report = post(engineer, "items/?on_error=skip", b"{}").json()

    assert api(eve).get(f"{URL}imports/{report['import']}/errors/").status_code == 404
    assert engineer.get(f"{URL}imports/999999/errors/").status_code == 404
