"""What models say of items, brought in and listed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from annotation.formats.rows import lines_from_values
from annotation.models import Annotation, Member, Prediction, Project
from annotation.services.importing import ImportRefused, ImportReport, import_predictions
from operations.models import Job
from operations.services.jobs import run_job
from tests.factories.annotation import make_item, make_member, make_project

URL = "/api/v1/projects/intents/predictions/"


@pytest.fixture(autouse=True)
def items(project: Project) -> None:
    make_item(project, "m1")
    make_item(project, "m2")


def said(item: str = "m1", intent: str = "refund", **more: Any) -> dict[str, Any]:
    return {"external_id": item, "model": "gpt", "model_version": "1", "answer": {"intent": intent}} | more


def bring(project: Project, actor: User, *values: Any, **settings: Any) -> ImportReport:
    return import_predictions(actor=actor, project=project, lines=lines_from_values(values), **settings)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (report.received, report.created, report.unchanged, report.conflicts, report.rejected)


def test_a_prediction_is_stored_and_its_model_made(project: Project, max_: User) -> None:
    report = bring(project, max_, said(score=0.5, model_family="transformer"), said("m2", model_version="2"))

    assert counts(report) == (2, 2, 0, 0, 0)
    first, second = Prediction.objects.order_by("pk")
    model = Member.objects.get(project=project, name="gpt")
    assert (model.kind, model.role, model.user) == ("model", "annotator", None)
    assert (first.item.external_id, first.model, first.model_version, first.model_kind) == ("m1", model, "1", "model")
    assert (first.model_family, first.answer, first.score) == ("transformer", {"intent": "refund"}, 0.5)
    assert (second.model, second.model_version, second.score) == (model, "2", None)
    assert first.batch is not None
    assert first.batch.kind == "predictions"
    assert AuditEvent.objects.get(action="project.import").facts["created"] == 2
    assert not Annotation.objects.exists()


def test_the_same_again_is_unchanged_and_another_version_is_new(project: Project, max_: User) -> None:
    bring(project, max_, said(score=0.1 + 0.2))

    assert counts(bring(project, max_, said(score=0.1 + 0.2), said(model_version="2"))) == (2, 1, 1, 0, 0)


@pytest.mark.parametrize(
    "changed", [said(intent="other"), said(score=0.4), said(model_family="other")], ids=["answer", "score", "family"]
)
def test_something_else_of_the_same_version_is_a_conflict(
    project: Project, max_: User, changed: dict[str, Any]
) -> None:
    bring(project, max_, said(score=0.3))

    report = bring(project, max_, changed)

    assert counts(report) == (1, 0, 0, 1, 0)
    assert report.errors[0].detail.startswith("answer: this version of the model has said something else")
    assert Prediction.objects.get().answer == {"intent": "refund"}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (said("nothere"), "unknown_item"),
        (said(model="ana"), "not_a_model"),
        (said(model=""), "required"),
        (said(model_version=""), "required"),
        (said(model_version=2), "not_text"),
        (said(intent="refnd"), "unknown_option"),
        (said(score=1.5), "out_of_range"),
        (said(score="high"), "not_a_number"),
        (said(model=" gpt"), "surrounding_space"),
        (said(confidence=1), "unknown_key"),
        ({"external_id": "m1"}, "required"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_stored(
    project: Project, max_: User, bad: dict[str, Any], code: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(project, max_, said("m2"), bad)

    assert (refused.value.report.errors[0].line, refused.value.report.errors[0].code) == (2, code)
    assert not Prediction.objects.exists()
    assert not Member.objects.filter(kind="model").exists()


def test_a_model_that_is_a_member_already_is_that_member_and_of_another_project_is_not(
    project: Project, eve: User, max_: User
) -> None:
    model = make_member(project, None, name="gpt", kind="model")
    make_member(make_project(eve, project.guideline, slug="other"), None, name="gpt", kind="model")

    bring(project, max_, said())

    assert Prediction.objects.get().model == model


def test_csv_has_a_column_for_each_question(project: Project, api: Callable[..., Client], max_: User) -> None:
    body = "external_id,model,model_version,score,intent,urgency\nm1,gpt,1.0,0.75,refund,4\nm2,gpt,1.0,,other,\n"

    report = api(max_).post(URL, body, content_type="text/csv").json()

    assert (report["created"], report["errors"]) == (2, [])
    assert list(Prediction.objects.order_by("pk").values_list("model_version", "answer", "score")) == [
        ("1.0", {"intent": "refund", "urgency": 4}, 0.75),
        ("1.0", {"intent": "other"}, None),
    ]


def test_a_job_brings_them_in_as_well(project: Project, api: Callable[..., Client], max_: User) -> None:
    lines = "\n".join(json.dumps(line) for line in (said(), said("m2")))

    answer = api(max_).post(f"{URL}?async=true", lines, content_type="application/x-ndjson")
    run_job(Job.objects.get(pk=answer.json()["id"]).pk)

    assert answer.status_code == 202
    assert Job.objects.get(pk=answer.json()["id"]).result["created"] == 2
    assert Prediction.objects.count() == 2


def test_they_are_listed_by_model_and_version_page_by_page(
    project: Project, api: Callable[..., Client], max_: User
) -> None:
    bring(project, max_, said(score=0.5), said("m2"), said(model="bert"), said(model_version="2"))
    client = api(max_, "read")

    page = client.get(f"{URL}?limit=3").json()
    rest = client.get(page["next"]).json()

    first = page["results"][0]
    assert first.pop("created_at").endswith("Z")
    assert first == {
        "external_id": "m1", "model": "gpt", "model_version": "1", "model_family": "", "answer": {"intent": "refund"},
        "score": 0.5,
    }  # fmt: skip
    assert (len(page["results"]), len(rest["results"]), rest["next"]) == (3, 1, None)
    assert len(client.get(f"{URL}?model=gpt").json()["results"]) == 3
    assert len(client.get(f"{URL}?model=gpt&model_version=2").json()["results"]) == 1
    assert client.get(f"{URL}?model=nobody").json()["results"] == []
    assert client.get(f"{URL}?score=1").status_code == 400


def test_annotators_and_strangers_get_none(project: Project, api: Callable[..., Client], ana: User, eve: User) -> None:
    assert api(ana).get(URL).status_code == 403
    assert api(ana).post(URL, json.dumps(said()), content_type="application/x-ndjson").status_code == 403
    assert api(eve).get(URL).status_code == 404
