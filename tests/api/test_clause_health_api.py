from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Project
from guidelines.models import Guideline, GuidelineGrant
from tests.factories.annotation import make_project
from tests.factories.quality import make_labels
from tests.frontend.quality_pages import make_finding
from tests.quality.test_clause_health import split_labels

ALL, ONE = "/api/v1/guidelines/support/clauses/", "/api/v1/guidelines/support/clauses/C3/health/"
Api = Callable[..., Client]


@pytest.fixture
def measured(project: Project) -> Project:
    make_labels(project, split_labels(30, 10), clauses=["C3"], version=project.guideline.versions.get())
    make_finding(project)
    return project


def test_all_clauses_those_in_need_first(api: Api, max_: User, measured: Project) -> None:
    body = api(max_, "read").get(ALL).json()

    assert [row["key"] for row in body["results"]] == ["C3", "C1"]
    assert (body["guideline_version"], body["projects"], body["next"]) == ("1.0", ["intents"], None)
    assert (body["labels"], body["labels_naming_a_clause"], body["needs_analysis"]) == (80, 80, [])
    worst = body["results"][0]
    assert worst["disagreement"]["n"] == 40
    assert worst["disagreement"]["share"] == 0.25
    assert worst["citations"]["cited"] == 80
    assert worst["confused"] == [{"question": "intent", "labels": ["refund", "billing"], "n_items": 10}]
    assert worst["options"] == [{"question": "intent", "option": key} for key in ("refund", "billing")]
    assert [finding["kind"] for finding in worst["findings"]] == ["hotspots"]


def test_one_clause_with_its_history(api: Api, lea: User, measured: Project) -> None:
    body = api(lea, "read").get(ONE).json()

    assert (body["key"], body["current"], body["questions_asked"]) == ("C3", True, 0)
    (history,) = body["history"]
    (point,) = history["versions"]
    assert (history["project"], history["question"], history["alpha"]) == ("intents", "intent", "nominal")
    assert (point["guideline_version"], point["clause"], point["n_shared_items"]) == ("1.0", "new", 40)
    assert point["percent_agreement"] == 0.75


def test_of_one_project_and_of_one_that_is_not_mine(api: Api, lea: User, eve: User, measured: Project) -> None:
    make_project(eve, measured.guideline, slug="second")
    client = api(lea, "read")

    assert client.get(f"{ONE}?project=intents").json()["disagreement"]["n"] == 40
    refused = client.get(f"{ONE}?project=second")
    assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (400, "Allowed: intents.")
    assert client.get(f"{ONE}?sort=x").status_code == 400


@pytest.mark.parametrize("url", [ALL, ONE])
def test_who_may_ask(
    api: Api, measured: Project, max_: User, ana: User, adi: User, eve: User, olga: User, url: str
) -> None:
    people = (max_, ana, adi, eve, olga)
    seen = {user.username: api(user, "read").get(url).status_code for user in people}

    assert seen == {"max": 200, "ana": 403, "adi": 403, "eve": 404, "olga": 200}
    assert api(max_, "label").get(url).status_code == 403
    assert Client().get(url).status_code == 401


def test_what_is_not_there(api: Api, lea: User, measured: Project) -> None:
    client = api(lea, "read")
    empty = Guideline.objects.create(slug="empty", title="Empty", created_by=lea)
    GuidelineGrant.objects.create(guideline=empty, user=lea, level="edit", source="creator")
    make_project(lea, empty, slug="new")

    assert client.get("/api/v1/guidelines/support/clauses/C99/health/").status_code == 404
    assert client.get("/api/v1/guidelines/nosuch/clauses/").status_code == 404
    refused = client.get("/api/v1/guidelines/empty/clauses/")
    assert (refused.status_code, refused.json()["code"]) == (409, "guideline_not_published")
