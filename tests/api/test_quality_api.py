from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Member, Project
from operations.models import Job
from operations.services.jobs import run_job
from quality.models import Finding
from quality.services.analyses import request_analysis
from tests.factories.quality import make_gold, make_labels, make_planted_project

Api = Callable[..., Client]
BASE = "/api/v1/projects/intents"


@pytest.fixture
def planted(project: Project) -> Project:
    make_planted_project(project)
    return project


@pytest.fixture
def analysed(planted: Project) -> Project:
    run_job(request_analysis(actor=None, project=planted, kinds=["agreement", "bias", "hotspots"]).pk)
    return planted


def test_agreement_by_slice(planted: Project, api: Api, max_: User) -> None:
    body = api(max_, "read").get(f"{BASE}/agreement/?question=intent&by=slice:language").json()

    assert [row["group"] for row in body["results"]] == [{"language": "de"}, {"language": "en"}]
    assert (body["stale"], body["analysis"], body["items_per_round"]) == (False, None, {"initial": 360})
    assert body["as_of"].endswith("Z")
    assert set(body["results"][0]) >= {
        "group", "n_items", "n_annotators", "n_labels", "percent_agreement", "cohen_kappa_mean_pairwise", "pairs",
        "pairs_undefined", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1", "interval", "prevalence", "undefined",
        "note",
    }  # fmt: skip


@pytest.mark.parametrize(
    "query", ["question=mood", "question=intent&by=week__x", "question=intent&min_n=0", "question=intent&min_n=x",
              "question=intent&order=1", "question=intent&round=x%00", "question=intent&question=urgency"],
)  # fmt: skip
def test_bad_parameters_are_named(planted: Project, api: Api, max_: User, query: str) -> None:
    answer = api(max_, "read").get(f"{BASE}/agreement/?{query}")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"][0]["path"] in {"question", "by", "min_n", "order", "round"}


def test_an_analysis_is_a_job_whose_result_names_the_findings(
    planted: Project, api: Api, lea: User, max_: User
) -> None:
    answer = api(max_).post(
        f"{BASE}/analyses/", {"kinds": ["agreement", "bias", "hotspots"]}, content_type="application/json"
    )
    run_job(Job.objects.get().pk)

    findings = api(lea).get(f"{BASE}/findings/").json()["results"]
    job = Job.objects.get()
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert answer.json()["id"] == str(job.pk)
    assert job.result is not None
    assert {entry["id"] for entry in job.result["findings"]} == {finding["id"] for finding in findings}
    hotspot = next(finding for finding in findings if finding["kind"] == "hotspots")
    assert hotspot["subject"]["labels"] == ["refund", "billing"]
    assert hotspot["state"] == "open"
    assert hotspot["interval"][0] < hotspot["effect"] < hotspot["interval"][1]
    assert hotspot["p_adjusted"] <= 0.05
    assert hotspot["evidence"][0].startswith("i")


def test_an_unknown_kind_is_a_problem_document(planted: Project, api: Api, max_: User) -> None:
    answer = api(max_).post(f"{BASE}/analyses/", {"kinds": ["vibes"]}, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"].startswith("Allowed: agreement, ")
    assert not Job.objects.exists()


def test_findings_are_filtered_by_kind_and_state(analysed: Project, api: Api, lea: User) -> None:
    client = api(lea)

    kinds = {f["kind"] for f in client.get(f"{BASE}/findings/?kind=bias&state=open").json()["results"]}

    assert kinds == {"bias"}
    assert client.get(f"{BASE}/findings/?state=dismissed").json()["results"] == []
    assert client.get(f"{BASE}/findings/?kind=nothing").status_code == 400


def test_a_lead_decides_on_a_finding_and_its_history_says_so(analysed: Project, api: Api, lea: User) -> None:
    finding = Finding.objects.filter(kind="hotspots").get()
    url = f"/api/v1/findings/{finding.pk}/"

    answer = api(lea).patch(url, {"state": "acknowledged", "note": "Clause C3."}, content_type="application/json")

    assert answer.json()["state"] == "acknowledged"
    history = api(lea).get(url).json()["history"]
    assert [(e["state"], e["note"], e["actor"]) for e in history] == [
        ("open", "", None),
        ("acknowledged", "Clause C3.", "lea"),
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"state": "gone"}, 400), ({"state": "dismissed"}, 400), ({}, 400), ({"state": "open", "effect": 0}, 400)],
)
def test_a_bad_decision_changes_nothing(
    analysed: Project, api: Api, lea: User, body: dict[str, Any], status: int
) -> None:
    finding = Finding.objects.filter(kind="hotspots").get()

    answer = api(lea).patch(f"/api/v1/findings/{finding.pk}/", body, content_type="application/json")

    finding.refresh_from_db()
    assert (answer.status_code, finding.state, finding.events.count()) == (status, "open", 1)


def test_a_profile_shows_confusion_speed_and_gold(planted: Project, api: Api, max_: User, lea: User) -> None:
    for number in range(1, 120):
        make_gold(planted, f"i{number:04d}", {"intent": ("refund", "billing", "other")[number % 3]}, lea)

    body = api(max_, "read").get(f"{BASE}/annotators/fay/profile/").json()

    intent = next(part for part in body["questions"] if part["question"] == "intent")
    assert intent["confusion"]["refund"]["other"] > intent["confusion"]["refund"]["billing"]
    assert intent["speed"]["median_seconds"] == 12.0
    assert intent["speed"]["times_as_long_as_others"] == pytest.approx(1)
    assert intent["gold"]["interval"][0] < intent["gold"]["accuracy"] < intent["gold"]["interval"][1]
    assert intent["gold"]["n"] == planted_gold_of_fay(planted)
    assert intent["severity"] is None


def planted_gold_of_fay(project: Project) -> int:
    labels = Member.objects.get(project=project, name="fay").annotations
    return labels.filter(item__external_id__gte="i0001", item__external_id__lte="i0119").count()


def test_a_severe_rater_has_a_negative_severity(project: Project, api: Api, max_: User) -> None:
    make_labels(
        project,
        [(f"i{n}", who, {"urgency": 2 if who == "ana" else 4}) for n in range(30) for who in ("ana", "ben", "cho")],
    )

    body = api(max_).get(f"{BASE}/annotators/ana/profile/").json()

    assert body["questions"][0]["severity"]["points"] == -2.0


def test_nobody_has_no_profile(planted: Project, api: Api, max_: User) -> None:
    assert api(max_).get(f"{BASE}/annotators/nobody/profile/").status_code == 404
    assert api(max_).get(f"{BASE}/annotators/%00/profile/").status_code == 404


def test_resolutions_by_majority_leave_ties_open(project: Project, api: Api, max_: User) -> None:
    make_labels(
        project,
        [
            ("a", "ana", "refund"),
            ("a", "ben", "refund"),
            ("a", "cho", "other"),
            ("b", "ana", "refund"),
            ("b", "ben", "other"),
        ],
    )

    body = api(max_).get(f"{BASE}/resolutions/?method=majority&question=intent").json()

    first, second = body["results"]
    assert (first["external_id"], first["label"], first["how"], first["n_labels"]) == ("a", "refund", "majority", 3)
    assert first["posterior"] == {"refund": 0.666667, "other": 0.333333}
    assert first["agreement"] == pytest.approx(1 / 3)
    assert (second["label"], second["how"]) == (None, "tie")


def test_resolutions_by_dawid_skene_come_in_pages(planted: Project, api: Api, max_: User) -> None:
    url, seen = f"{BASE}/resolutions/?method=dawid_skene&question=intent&limit=100", []
    while url:
        body = api(max_).get(url).json()
        seen += [(row["external_id"], row["how"]) for row in body["results"]]
        url = body["next"]

    assert seen == [(f"i{n:04d}", "dawid_skene") for n in range(360)]


def test_other_ways_to_resolve_are_refused_with_the_known_ones(planted: Project, api: Api, max_: User) -> None:
    answer = api(max_).get(f"{BASE}/resolutions/?method=adjudicated&question=intent")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "Allowed: majority, dawid_skene."


@pytest.mark.parametrize(
    "path", ["agreement/?question=intent", "findings/", "annotators/ana/profile/", "resolutions/?question=intent"]
)
def test_annotators_see_nothing_of_quality_and_strangers_nothing_at_all(
    planted: Project, api: Api, ana: User, eve: User, path: str
) -> None:
    assert api(ana).get(f"{BASE}/{path}").status_code == 403
    assert api(eve).get(f"{BASE}/{path}").status_code == 404
    assert Client().get(f"{BASE}/{path}").status_code == 401


def test_a_finding_of_another_project_is_not_there(
    analysed: Project, api: Api, ana: User, eve: User, adi: User
) -> None:
    url = f"/api/v1/findings/{Finding.objects.all()[0].pk}/"

    assert api(eve).patch(url, {"state": "open"}, content_type="application/json").status_code == 404
    assert api(adi).patch(url, {"state": "open"}, content_type="application/json").status_code == 403
    assert api(ana).get("/api/v1/findings/999999/").status_code == 404


def test_when_a_project_is_measured_by_itself(project: Project, api: Api, lea: User, ana: User) -> None:
    url, wanted = f"{BASE}/analyses/schedule/", {"every_hours": 6, "after_labels": None, "after_publish": False}

    assert api(lea).get(url).json() == {"every_hours": 24, "after_labels": 500, "after_publish": True}
    assert api(lea).put(url, wanted, content_type="application/json").json() == wanted
    assert api(lea).get(url).json() == wanted
    refused = api(lea).put(url, wanted | {"every_hours": 0}, content_type="application/json")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, "every_hours")
    assert api(lea).put(url, {"every_hours": 6}, content_type="application/json").status_code == 400
