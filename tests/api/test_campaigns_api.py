from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Project
from quality.models import RelabelCampaign
from tests.factories.quality import make_labels

Api = Callable[..., Client]
URL = "/api/v1/projects/intents/campaigns/"
JSON = "application/json"


@pytest.fixture
def labelled(project: Project) -> Project:
    make_labels(project, [(i, who, label) for i in "abc" for who, label in (("x", "refund"), ("y", "billing"))])
    return project


def test_a_lead_previews_starts_watches_and_closes_a_campaign(labelled: Project, api: Api, lea: User) -> None:
    client, wanted = api(lea), {"scope": {"ids": ["a", "b"]}, "labels_per_item": 2}

    preview = client.post(f"{URL}preview/", wanted, content_type=JSON).json()
    started = client.post(URL, wanted | {"reason": "C3 reworded"}, content_type=JSON)
    again = client.post(URL, wanted | {"reason": "C3 reworded"}, content_type=JSON)
    shown = client.get(f"{URL}{started.json()['id']}/").json()
    refused = client.post(f"{URL}{started.json()['id']}/close/", {}, content_type=JSON)
    closed = client.post(f"{URL}{started.json()['id']}/close/", {"cut_short": True}, content_type=JSON).json()

    assert (preview["n_items"], preview["n_labels"]) == (2, 4)
    assert (started.status_code, again.status_code, again.json()["id"]) == (201, 200, started.json()["id"])
    assert (shown["state"], shown["round"], shown["progress"]["labels_wanted"]) == ("running", "relabel-1", 4)
    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_unfinished")
    assert (closed["state"], closed["report"]["n_items_relabeled"]) == ("closed", 0)
    assert [row["id"] for row in client.get(URL).json()["results"]] == [shown["id"]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scope": {"ids": ["a"]}},
        {"scope": "all", "reason": "x"},
        {"scope": {"ids": ["a"]}, "reason": "x", "key": "a b"},
        {"scope": {"ids": ["a"]}, "reason": "x", "labels_per_item": "many"},
        {"scope": {"ids": [7]}, "reason": "x"},
    ],
)
def test_a_bad_start_is_a_problem_and_starts_nothing(
    labelled: Project, api: Api, lea: User, body: dict[str, object]
) -> None:
    answer = api(lea).post(URL, body, content_type=JSON)

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert not RelabelCampaign.objects.exists()


def test_only_leads_start_and_close_campaigns(
    labelled: Project, api: Api, lea: User, max_: User, ana: User, eve: User
) -> None:
    body = {"scope": {"ids": ["a"]}, "reason": "x"}

    assert [api(user).post(URL, body, content_type=JSON).status_code for user in (max_, ana, eve)] == [403, 403, 404]
    assert api(lea, "read").post(URL, body, content_type=JSON).status_code == 403
    assert not RelabelCampaign.objects.exists()
    assert api(max_).get(URL).status_code == 200
    assert api(max_).get(f"{URL}999/").status_code == 404
    assert api(max_).get(f"{URL}x/").status_code == 404
