"""Members over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Member, Project

Api = Callable[..., Client]
JSON = "application/json"
URL = "/api/v1/projects/intents/members/"


def test_lead_lists_everybody_also_who_cannot_sign_in(api: Api, project: Project, lea: User) -> None:
    Member.objects.create(project=project, name="a001", cohorts={"age": "30"})

    rows = api(lea).get(URL).json()["results"]

    assert [(row["name"], row["username"], row["role"]) for row in rows] == [
        ("lea", "lea", "lead"), ("max", "max", "engineer"), ("adi", "adi", "adjudicator"), ("ana", "ana", "annotator"),
        ("ben", "ben", "annotator"), ("a001", None, "annotator"),
    ]  # fmt: skip
    assert rows[-1]["cohorts"] == {"age": "30"}


def test_lead_adds_pauses_and_removes(api: Api, project: Project, lea: User, cho: User) -> None:
    client = api(lea)
    added = client.post(URL, {"username": "cho", "role": "annotator", "cohorts": {"site": "Lisbon"}}, content_type=JSON)
    assert added.status_code == 201, added.content
    url = f"{URL}{added.json()['id']}/"

    paused = client.patch(url, {"paused": True, "pause_reason": "Let us talk."}, content_type=JSON)
    removed = client.delete(url)

    assert (paused.json()["paused"], paused.json()["pause_reason"]) == (True, "Let us talk.")
    assert (removed.status_code, Member.objects.get(user=cho).is_active) == (204, False)


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"role": "annotator", "username": "nobody"}, "username"),
        ({"role": "annotator", "email": "nobody@example.org"}, "email"),
        ({"role": "king", "username": "cho"}, "role"),
        ({"username": "cho"}, "role"),
        ({"role": "annotator", "username": "cho", "kind": "model"}, "kind"),
        ({"role": "annotator", "username": "cho", "cohorts": {"age": 3}}, "cohorts.age"),
        ({"role": "annotator", "username": "cho", "skills": "en"}, "skills"),
    ],
)
def test_what_is_wrong_is_named(
    api: Api, project: Project, lea: User, cho: User, sent: dict[str, Any], path: str
) -> None:
    before = Member.objects.count()

    response = api(lea).post(URL, sent, content_type=JSON)

    assert response.status_code == 400
    assert response.json()["errors"][0]["path"] == path
    assert Member.objects.count() == before


def test_lead_makes_no_owner(api: Api, project: Project, lea: User, cho: User) -> None:
    response = api(lea).post(URL, {"username": "cho", "role": "owner"}, content_type=JSON)

    assert (response.status_code, response.json()["code"]) == (403, "only_owners_make_owners")
    assert not Member.objects.filter(user=cho).exists()


def test_others_see_and_change_nobody(api: Api, project: Project, ana: User, adi: User, max_: User, eve: User) -> None:
    target = f"{URL}{Member.objects.get(user=ana).pk}/"

    assert [api(user).get(URL).status_code for user in (ana, adi, max_, eve)] == [403, 403, 200, 404]
    for user, status in ((ana, 403), (adi, 403), (max_, 403), (eve, 404)):
        assert api(user).patch(target, {"role": "lead"}, content_type=JSON).status_code == status
        assert api(user).delete(target).status_code == status
    assert Member.objects.get(user=ana).role == "annotator"


def test_member_of_another_project_is_not_there(api: Api, project: Project, lea: User) -> None:
    for member_id in ("999999", "0", "x", "1" * 30):
        assert api(lea).patch(f"{URL}{member_id}/", {"paused": True}, content_type=JSON).status_code == 404
