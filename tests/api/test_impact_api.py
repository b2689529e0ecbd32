"""Trial, impact, samples, and publishing with a re-label round, over the API."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Project
from guidelines.models import GuidelineDraft, GuidelineVersion
from quality.models import ImpactSample, RelabelCampaign
from tests.factories.quality import make_planted_project

Api = Callable[..., Client]
URL = "/api/v1/guidelines/support/"
JSON = "application/json"
HERE = {"project": "intents"}


@pytest.fixture
def changed(project: Project) -> Project:
    make_planted_project(project, 60)
    draft = GuidelineDraft.objects.get(guideline=project.guideline)
    draft.content = deepcopy(draft.content)
    draft.content["questions"][0]["options"][0]["definition"] = "Only if the full price is named; never a voucher."
    draft.revision = 2
    draft.save()
    return project


def post(client: Client, path: str, body: dict[str, Any], **headers: str) -> Any:
    return client.post(f"{URL}{path}", HERE | body, content_type=JSON, headers=headers)


def test_a_lead_tries_weighs_samples_judges_publishes_and_relabels(changed: Project, api: Api, lea: User) -> None:
    client = api(lea)

    tried = post(client, "draft/try/", {}).json()
    impact = post(client, "draft/impact/", {}).json()
    chosen = {"reasons": ["option:intent/refund"]}
    drawn = post(client, "draft/impact/samples/", chosen | {"size": 3, "seed": 5})
    sample = drawn.json()
    where = f"/api/v1/impact-samples/{sample['id']}/"
    judged = client.put(f"{where}judgements/1/", {"verdict": "changes"}, content_type=JSON).json()
    shown = client.get(where).json()
    listed = client.get(f"{URL}draft/impact/samples/?project=intents").json()
    body = {"level": "major", "change_note": "Narrower", "reason": "Narrower", "labels_per_item": 2}
    done = post(client, "publish-and-relabel/", body | chosen, **{"If-Match": '"2"'})

    assert tried["counts"]["same"] == tried["answers"] == 180
    assert (impact["from"], impact["draft_revision"]) == ("1.0", 2)
    assert impact["reasons"][0]["key"] == "option:intent/refund"
    assert (drawn.status_code, sample["drawn"], sample["is_current"]) == (201, 3, True)
    assert (judged["changes"], judged["share_that_changes"]) == (1, 1.0)
    assert [item["verdict"] for item in shown["items"]] == ["changes", None, None]
    assert [row["id"] for row in listed["results"]] == [sample["id"]]
    assert done.status_code == 201
    assert (done.json()["version"]["number"], done.json()["campaign"]["guideline_version"]) == ("2.0", "2.0")
    assert done.json()["campaign"]["n_items"] == impact["reasons"][0]["items"]
    assert client.get(where).json()["is_current"] is False


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("draft/try/", {"project": "other"}, "project"), ("draft/try/", {"label_migrations": {}}, "label_migrations"),
        ("draft/try/", {"label_migrations": [7]}, "label_migrations[0]"),
        ("draft/impact/", {"reasons": ["x"]}, "reasons"),
        ("draft/impact/", {"labels_per_item": 0}, "labels_per_item"), ("draft/impact/", {"what": 1}, "what"),
        ("draft/impact/samples/", {"size": 0}, "size"), ("draft/impact/samples/", {"seed": -1}, "seed"),
    ],
)  # fmt: skip
def test_bad_input_names_the_field_and_nothing_is_stored(
    changed: Project, api: Api, lea: User, path: str, body: dict[str, Any], field: str
) -> None:
    answer = post(api(lea), path, body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == field
    assert not ImpactSample.objects.exists()


def test_publishing_needs_the_etag_of_what_was_seen(changed: Project, api: Api, lea: User) -> None:
    body = {"level": "major", "change_note": "x", "reason": "y"}

    without = post(api(lea), "publish-and-relabel/", body)
    stale = post(api(lea), "publish-and-relabel/", body, **{"If-Match": '"1"'})

    assert (without.status_code, without.json()["code"]) == (412, "precondition_required")
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert (GuidelineVersion.objects.count(), RelabelCampaign.objects.count()) == (1, 0)


def test_only_who_may_edit_the_guideline_and_leads_the_project_sees_it(
    changed: Project, api: Api, lea: User, ana: User, max_: User, eve: User
) -> None:
    sample = post(api(lea), "draft/impact/samples/", {}).json()

    assert post(api(eve), "draft/impact/", {}).status_code == 404
    assert post(api(ana), "draft/impact/", {}).status_code == 403
    assert post(api(max_), "draft/try/", {}).status_code == 403
    assert api(eve).get(f"/api/v1/impact-samples/{sample['id']}/").status_code == 404
    assert api(ana).get(f"/api/v1/impact-samples/{sample['id']}/").status_code == 403
    judged = api(ana).put(
        f"/api/v1/impact-samples/{sample['id']}/judgements/1/", {"verdict": "stays"}, content_type=JSON
    )
    assert judged.status_code == 403
    assert api(lea).get("/api/v1/impact-samples/999999999999999999999/").status_code == 404
