"""Projects over HTTP, and who sees how much of one."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Member, Project
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_task

Api = Callable[..., Client]
JSON = "application/json"
SETTINGS: dict[str, Any] = {
    "slug": "moods", "title": "Moods", "guideline": "support", "slices": ["language"],
    "fields": [{"key": "text", "type": "text"}], "overlap": {"labels_per_item": 3}, "lease_seconds": 120,
    "gold_rate": 0.05,
}  # fmt: skip


def make(client: Client, **changes: Any) -> Any:
    return client.post("/api/v1/projects/", SETTINGS | changes, content_type=JSON)


def test_project_is_made_and_shown(api: Api, lea: User, guideline: Guideline) -> None:
    response = make(api(lea))

    assert response.status_code == 201, response.content
    shown = api(lea).get("/api/v1/projects/moods/").json()
    assert {key: shown[key] for key in SETTINGS} == SETTINGS
    assert (shown["status"], shown["role"], shown["allows_amend"]) == ("active", "lead", True)
    initial = {
        "key": "initial", "kind": "initial", "state": "open", "major": 1, "tasks": 0, "done": 0, "needs_lead": 0,
        "wanted": 0, "labels": 0, "leased": 0,
    }  # fmt: skip
    assert shown["progress"] == {"items": 0, "labels": 0, "wanted": 0, "tasks": 0, "done": 0, "rounds": [initial]}


def test_progress_counts_what_is_there(api: Api, project: Project, lea: User, ana: User) -> None:
    for n in range(3):
        make_task(make_item(project, f"m{n}"), overlap=2)
    client = api(ana)
    task = client.post("/api/v1/projects/intents/assignments/claim/").json()
    sent = {"submission_id": str(uuid.uuid4()), "answer": {"intent": "refund"}}
    client.post(f"/api/v1/assignments/{task['id']}/submit/?claim_next=true", sent, content_type=JSON)

    progress = api(lea).get("/api/v1/projects/intents/").json()["progress"]

    assert (progress["items"], progress["labels"], progress["wanted"], progress["done"]) == (3, 1, 6, 0)
    assert (progress["rounds"][0]["leased"], progress["rounds"][0]["tasks"]) == (1, 3)
    assert client.get("/api/v1/projects/intents/").json()["progress"] == {"submitted": 1, "skipped": 0}


def test_repeat_with_an_idempotency_key_makes_one_project(api: Api, lea: User, guideline: Guideline) -> None:
    client = api(lea)
    headers = {"Idempotency-Key": "make-moods"}
    answers = [client.post("/api/v1/projects/", SETTINGS, content_type=JSON, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Project.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"guideline": "nothing"}, "guideline"),
        ({"overlap": {"labels_per_item": 99}}, "overlap.labels_per_item"),
        ({"fields": ["text"]}, "fields[0]"),
        ({"created_by": "olga"}, "created_by"),
        ({"lease_seconds": 1}, "lease_seconds"),
        ({"slug": "Not A Slug"}, "slug"),
    ],
)
def test_broken_settings_are_named(
    api: Api, lea: User, guideline: Guideline, changes: dict[str, Any], path: str
) -> None:
    response = make(api(lea), **changes)

    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == [path]
    assert not Project.objects.exists()


def test_lead_of_other_things_cannot_use_a_guideline_they_may_not_edit(
    api: Api, eve: User, guideline: Guideline
) -> None:
    response = make(api(eve))

    assert (response.status_code, response.json()["errors"][0]["path"]) == (400, "guideline")


def test_annotators_make_no_projects(api: Api, project: Project, ana: User) -> None:
    assert make(api(ana)).status_code == 403
    assert Project.objects.count() == 1


def test_everybody_lists_their_own_projects(api: Api, project: Project, ana: User, eve: User, olga: User) -> None:
    lists = {user.username: api(user).get("/api/v1/projects/").json()["results"] for user in (ana, eve, olga)}

    assert [(row["slug"], row["role"]) for row in lists["ana"]] == [("intents", "annotator")]
    assert lists["eve"] == []
    assert [(row["slug"], row["role"]) for row in lists["olga"]] == [("intents", "owner")]


def test_stranger_gets_the_404_of_a_project_that_is_not(api: Api, project: Project, eve: User) -> None:
    answers = [api(eve).get(f"/api/v1/projects/{slug}/") for slug in ("intents", "nothing")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert {a.json()["detail"] for a in answers} == {answers[0].json()["detail"]}


def test_lead_changes_settings_and_status(api: Api, project: Project, lea: User) -> None:
    url = "/api/v1/projects/intents/"

    changed = api(lea).patch(url, {"title": "Intents 2", "lease_seconds": 60, "status": "paused"}, content_type=JSON)

    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["lease_seconds"], changed.json()["status"]) == (
        "Intents 2",
        60,
        "paused",
    )
    assert changed.json()["overlap"] == {"labels_per_item": 2}


@pytest.mark.parametrize(
    "change", [{"slug": "other"}, {"guideline": "other"}, {"status": "gone"}, {"pseudonym_salt": "x"}, {"gold_rate": 2}]
)
def test_what_cannot_be_changed_is_refused(api: Api, project: Project, lea: User, change: dict[str, Any]) -> None:
    before = Project.objects.values().get()

    assert api(lea).patch("/api/v1/projects/intents/", change, content_type=JSON).status_code == 400
    assert Project.objects.values().get() == before


def test_only_leads_change_a_project(api: Api, project: Project, ana: User, max_: User, adi: User) -> None:
    for user in (ana, max_, adi):
        response = api(user).patch("/api/v1/projects/intents/", {"title": "Mine"}, content_type=JSON)
        assert response.status_code == 403

    assert Project.objects.get().title == "Intents"


def test_me_tells_who_i_am_and_where(api: Api, project: Project, ana: User) -> None:
    answer = api(ana, "label", "read").get("/api/v1/me/").json()

    assert answer["user"]["username"] == "ana"
    assert answer["memberships"] == [{"project": "intents", "role": "annotator", "paused": False}]
    assert answer["scopes"] == ["label", "read"]
    assert Member.objects.filter(user=ana).count() == 1


def test_routing_is_shown_to_who_sees_figures_and_changed_by_leads(
    api: Api, project: Project, lea: User, max_: User, adi: User, ana: User
) -> None:
    url = "/api/v1/projects/intents/"
    wanted = {"repeat_rate": 0.05, "max_per_day": 100, "time_zone": "Europe/Lisbon"}
    shown = api(lea).patch(url, {"routing": wanted}, content_type=JSON).json()["routing"]
    assert {name: shown[name] for name in wanted} == wanted
    assert api(max_).get(url).json()["routing"] == shown
    for user in (adi, ana):
        assert "routing" not in api(user).get(url).json()
    assert api(max_).patch(url, {"routing": wanted}, content_type=JSON).status_code == 403


@pytest.mark.parametrize(
    ("routing", "path"),
    [
        ({"repeat_rate": 2}, "routing.repeat_rate"),
        ({"max_per_day": "many"}, "routing.max_per_day"),
        ({"gold_rate": 0.1}, "routing.gold_rate"),
        ({"prelabel_model": "nobody"}, "routing.prelabel_model"),
        ([], "routing"),
    ],
)
def test_bad_routing_is_refused_by_path_and_nothing_else_is_changed(
    api: Api, project: Project, lea: User, routing: Any, path: str
) -> None:
    url = "/api/v1/projects/intents/"
    response = api(lea).patch(url, {"title": "Other", "routing": routing}, content_type=JSON)
    assert response.status_code == 400, response.content
    assert response.json()["errors"][0]["path"].startswith(path)
    assert api(lea).get(url).json()["title"] != "Other"
