import hashlib
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Project
from operations.models import Job
from operations.services.jobs import run_job
from quality.models import DatasetSnapshot
from tests.factories.quality import make_labels

Api = Callable[..., Client]
URL = "/api/v1/projects/intents/snapshots/"
JSON = "application/json"


@pytest.fixture
def labelled(project: Project) -> Project:
    make_labels(project, [(f"i{n:02d}", who, "refund") for n in range(25) for who in ("ana", "ben")])
    return project


@pytest.fixture
def snapshot(labelled: Project, api: Api, max_: User) -> dict[str, Any]:
    """As its maker sees it after the job."""
    job = api(max_).post(URL, {"formats": ["jsonl", "csv"], "name": "first"}, content_type=JSON).json()
    run_job(uuid.UUID(job["id"]))
    result = Job.objects.get(pk=job["id"]).result
    assert result is not None
    body: dict[str, Any] = api(max_).get(f"/api/v1/snapshots/{result['snapshot']}/").json()
    return body


def test_a_snapshot_is_a_job_whose_result_names_it(snapshot: dict[str, Any], api: Api, max_: User) -> None:
    listed = api(max_).get(URL).json()["results"]

    assert [row["id"] for row in listed] == [snapshot["id"]]
    assert (snapshot["name"], snapshot["created_by"]) == ("first", "max")
    assert snapshot["as_of"] == snapshot["manifest"]["as_of"]
    assert set(snapshot["manifest"]) >= {
        "project", "as_of", "files", "guideline_versions", "aggregation", "policy", "audit", "code_version",
    }  # fmt: skip
    assert snapshot["audit"] == snapshot["manifest"]["audit"]


def test_the_first_ones_instant_gives_the_same_hash(
    snapshot: dict[str, Any], api: Api, max_: User, labelled: Project
) -> None:
    make_labels(labelled, [("i00", "cho", "other")])

    job = api(max_).post(URL, {"formats": ["jsonl", "csv"], "as_of": snapshot["as_of"]}, content_type=JSON).json()
    run_job(uuid.UUID(job["id"]))

    assert set(DatasetSnapshot.objects.values_list("sha256", flat=True)) == {snapshot["sha256"]}
    assert DatasetSnapshot.objects.count() == 2


def fetch(client: Client, snapshot: dict[str, Any], name: str = "rows.jsonl", **headers: str) -> Any:
    return client.get(f"/api/v1/snapshots/{snapshot['id']}/files/{name}", headers=headers)


def test_a_file_is_what_the_manifest_says(snapshot: dict[str, Any], api: Api, max_: User) -> None:
    for file in snapshot["manifest"]["files"]:
        answer = fetch(api(max_), snapshot, file["name"])
        body = b"".join(answer.streaming_content)

        assert answer.status_code == 200
        assert hashlib.sha256(body).hexdigest() == file["sha256"]
        assert answer.headers["ETag"] == f'"{file["sha256"]}"'
        assert int(answer.headers["Content-Length"]) == len(body) == file["bytes"]
        assert answer.headers["Content-Disposition"] == f'attachment; filename="intents-{file["name"]}"'


def test_a_cut_download_goes_on_by_range(snapshot: dict[str, Any], api: Api, max_: User) -> None:
    client = api(max_)
    whole = b"".join(fetch(client, snapshot).streaming_content)
    size, etag = len(whole), fetch(client, snapshot).headers["ETag"]

    first, rest, last = (fetch(client, snapshot, Range=r) for r in ("bytes=0-99", "bytes=100-", "bytes=-10"))
    changed = fetch(client, snapshot, Range="bytes=100-", **{"If-Range": '"older"'})
    same = fetch(client, snapshot, Range="bytes=100-", **{"If-Range": etag})

    assert [r.status_code for r in (first, rest, last, changed, same)] == [206, 206, 206, 200, 206]
    assert b"".join([*first.streaming_content, *rest.streaming_content]) == whole
    assert b"".join(last.streaming_content) == whole[-10:]
    assert rest.headers["Content-Range"] == f"bytes 100-{size - 1}/{size}"
    assert b"".join(changed.streaming_content) == whole


@pytest.mark.parametrize("value", ["bytes=99999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_416(snapshot: dict[str, Any], api: Api, max_: User, value: str) -> None:
    answer = fetch(api(max_), snapshot, Range=value)

    assert answer.status_code == 416
    assert answer.headers["Content-Range"].startswith("bytes */")


@pytest.mark.parametrize("value", ["bytes=5-2", "bytes=0-1,5-6", "items=0-1", "bytes=-", "bytes=٣-", "x"])
def test_a_range_we_do_not_know_gives_the_whole_file(
    snapshot: dict[str, Any], api: Api, max_: User, value: str
) -> None:
    assert fetch(api(max_), snapshot, Range=value).status_code == 200


def test_a_known_etag_is_not_sent_again(snapshot: dict[str, Any], api: Api, max_: User) -> None:
    etag = fetch(api(max_), snapshot).headers["ETag"]

    assert fetch(api(max_), snapshot, **{"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    "name", ["manifest.json", "..%2f..%2fsettings.py", "%2e%2e", "rows.jsonl%00", "rows.parquet", "x/y"]
)
def test_only_files_of_the_manifest_can_be_fetched(snapshot: dict[str, Any], api: Api, max_: User, name: str) -> None:
    assert fetch(api(max_), snapshot, name).status_code == 404


def test_rows_come_in_order_page_by_page(snapshot: dict[str, Any], api: Api, max_: User) -> None:
    url, seen = f"/api/v1/snapshots/{snapshot['id']}/rows/?limit=10", []
    while url:
        body = api(max_).get(url).json()
        seen += [row["external_id"] for row in body["results"]]
        url = body["next"]

    assert seen == [f"i{n:02d}" for n in range(25)]


def test_a_cursor_of_another_list_is_refused(snapshot: dict[str, Any], api: Api, max_: User) -> None:
    other = api(max_).get("/api/v1/projects/intents/resolutions/?question=intent&limit=5").json()["next"]
    cursor = other.split("cursor=")[1].split("&")[0]

    for path in (
        f"snapshots/{snapshot['id']}/rows/",
        f"snapshots/{snapshot['id']}/diff/{snapshot['id']}/",
        "projects/intents/snapshots/",
    ):
        assert api(max_).get(f"/api/v1/{path}?cursor={cursor}").status_code == 400


def test_verify_and_diff_answer(snapshot: dict[str, Any], api: Api, max_: User) -> None:
    found = api(max_).post(f"/api/v1/snapshots/{snapshot['id']}/verify/").json()

    assert (found["is_valid"], found["problems"]) == (True, [])
    assert api(max_).get(f"/api/v1/snapshots/{snapshot['id']}/diff/{snapshot['id']}/").json() == {
        "results": [],
        "next": None,
    }


def test_a_policy_that_is_not_met_is_409_with_what_fails(labelled: Project, api: Api, max_: User) -> None:
    answer = api(max_).post(URL, {"policy": {"min_alpha": 0.8, "questions": ["intent"]}}, content_type=JSON)

    assert (answer.status_code, answer.json()["code"]) == (409, "policy_not_met")
    assert [f["where"] for f in answer.json()["failures"]] == [
        {"question": "intent"}, {"question": "intent", "slice": {"language": "en"}},
    ]  # fmt: skip
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"as_of": "tomorrow"},
        {"as_of": "2999-01-01T00:00:00Z"},
        {"formats": {}},
        {"format": "jsonl"},
        {"policy": 7},
        {"waiver": []},
        {"name": "x" * 201},
        {"aggregation": None, "formats": ["exe"]},
    ],
)
def test_a_bad_request_is_a_problem_document(labelled: Project, api: Api, max_: User, body: dict[str, Any]) -> None:
    answer = api(max_).post(URL, body, content_type=JSON)

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert not Job.objects.exists()


def test_snapshots_are_for_those_who_may_export(
    snapshot: dict[str, Any], api: Api, max_: User, ana: User, adi: User, eve: User
) -> None:
    one = f"/api/v1/snapshots/{snapshot['id']}/"

    for path in (one, f"{one}files/rows.jsonl", f"{one}rows/", f"{one}diff/{snapshot['id']}/", URL):
        assert [api(user).get(path).status_code for user in (ana, adi, eve)] == [403, 403, 404], path
        assert api(max_, "read").get(path).status_code == 403
        assert Client().get(path).status_code == 401
    assert api(eve).post(f"{one}verify/").status_code == 404
    assert api(max_).get(f"/api/v1/snapshots/{uuid.uuid4()}/").status_code == 404


def test_one_idempotency_key_is_one_job(labelled: Project, api: Api, max_: User) -> None:
    first, second = (
        api(max_).post(URL, {}, content_type=JSON, headers={"Idempotency-Key": "k"}).json()["id"] for _ in range(2)
    )

    assert first == second
    assert Job.objects.count() == 1
