"""What no client of ours would send gets a 4xx and changes nothing."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Annotation, Assignment, Member, Project
from tests.factories.annotation import make_item, make_task

Api = Callable[..., Client]
JSON = "application/json"
ODD: list[Any] = [
    None, True, 0, -1, 2**53, 1e308, -0.0, "", "x" * 100_000, "\u202e", "é\u0301", [], [[]], {}, {"": ""},
    {"a": {"a": {}}},
    ["x"] * 5000, {f"k{n}": n for n in range(2000)}, "=cmd()", "' OR 1=1 --", "../../etc/passwd", "%s%s%n",
]  # fmt: skip
RAW = [
    b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b'{"a":1,"a":2}', b'{"answer":"\\u0000"}', b'{"answer":"\\ud800"}',
    b'{"answer":1e400}', b"[" * 2000, b'{"answer":' + b"9" * 400 + b"}",
]  # fmt: skip


@pytest.fixture
def urls(project: Project, api: Api, ana: User) -> dict[str, str]:
    make_task(make_item(project, "m1"))
    task = api(ana).post("/api/v1/projects/intents/assignments/claim/").json()
    member = Member.objects.get(user=ana)
    return {
        "submit": f"/api/v1/assignments/{task['id']}/submit/", "skip": f"/api/v1/assignments/{task['id']}/skip/",
        "draft": f"/api/v1/assignments/{task['id']}/draft/", "amend": f"/api/v1/annotations/{uuid.uuid4()}/amend/",
        "projects": "/api/v1/projects/", "project": "/api/v1/projects/intents/",
        "members": "/api/v1/projects/intents/members/", "member": f"/api/v1/projects/intents/members/{member.pk}/",
    }  # fmt: skip


SHAPES: list[tuple[str, str, dict[str, Any]]] = [
    ("submit", "post", {"submission_id": str(uuid.uuid4()), "answer": {"intent": "nothing like it"}, "seconds_spent": 1,
                        "confidence": 0.5, "comment": "", "clauses": []}),
    ("amend", "post", {"submission_id": str(uuid.uuid4()), "answer": {"intent": "refund"}}),
    ("projects", "post", {"slug": "moods", "title": "Moods", "guideline": "nothing", "fields": [], "slices": [],
                          "overlap": {"labels_per_item": 1}, "lease_seconds": 900, "gold_rate": 0}),
    ("members", "post", {"role": "annotator", "username": "nobody", "cohorts": {}, "skills": []}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "method", "shape"), SHAPES, ids=[name for name, _, _ in SHAPES])
def test_odd_values_in_any_field_are_refused_by_name(
    urls: dict[str, str], api: Api, ana: User, lea: User, name: str, method: str, shape: dict[str, Any]
) -> None:
    client = api(ana if name in {"submit", "amend"} else lea)
    before = (Project.objects.count(), Member.objects.count(), Annotation.objects.count())

    for key in shape:
        for value in ODD:
            response = getattr(client, method)(urls[name], shape | {key: value}, content_type=JSON)
            assert 400 <= response.status_code < 500, (key, value, response.content)
            assert response["Content-Type"].startswith("application/problem+json")

    assert (Project.objects.count(), Member.objects.count(), Annotation.objects.count()) == before
    assert Assignment.objects.filter(state="leased").count() == 1


@pytest.mark.parametrize("raw", RAW)
def test_what_is_no_json_is_refused_everywhere(
    urls: dict[str, str], api: Api, ana: User, lea: User, raw: bytes
) -> None:
    for name, user, method in [
        ("submit", ana, "post"), ("draft", ana, "put"), ("amend", ana, "post"), ("projects", lea, "post"),
        ("members", lea, "post"),
    ]:  # fmt: skip
        response = getattr(api(user), method)(urls[name], data=raw, content_type=JSON)
        assert 400 <= response.status_code < 500, (name, response.content)
    for name in ("project", "member"):
        response = api(lea).patch(urls[name], data=raw, content_type=JSON)
        assert response.status_code == 200 if raw in {b""} else 400 <= response.status_code < 500, (name, raw)
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    "key", ["title", "fields", "slices", "overlap", "lease_seconds", "gold_rate", "status", "allows_amend"]
)
def test_odd_settings_never_break_a_project(urls: dict[str, str], api: Api, lea: User, key: str) -> None:
    for value in ODD:
        response = api(lea).patch(urls["project"], {key: value}, content_type=JSON)
        assert response.status_code < 500, (key, value)
        assert api(lea).get(urls["project"]).status_code == 200
    assert Project.objects.get().status == "active"


def test_drafts_are_bounded(urls: dict[str, str], api: Api, ana: User) -> None:
    for answer, status in (
        ({"intent": "x" * 2_000_000}, 422),
        ({"intent": "x" * 3_000_000}, 413),
        ({"intent": 1}, 204),
    ):
        response = api(ana).put(urls["draft"], json.dumps({"answer": answer}), content_type=JSON)
        assert response.status_code == status


@pytest.mark.parametrize(
    "query", ["?claim_next=yes", "?claim_next=true&claim_next=true", "?next=true", "?claim_next=\x00"]
)
def test_unknown_parameters_are_refused(urls: dict[str, str], api: Api, ana: User, query: str) -> None:
    sent = {"submission_id": str(uuid.uuid4()), "answer": {"intent": "refund"}}

    response = api(ana).post(urls["submit"] + query, sent, content_type=JSON)

    assert response.status_code == 400
    assert not Annotation.objects.exists()
