import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.errors import InvalidInput
from accounts.models import AuditEvent, User
from annotation.models import Annotation, Project, Round
from guidelines.models import Guideline
from operations.models import Job
from operations.services.jobs import run_job
from operations.strict_json import canonical_json, content_sha256
from quality.models import DatasetSnapshot, Finding
from quality.services.analyses import request_analysis
from quality.services.findings import change_finding
from quality.services.snapshot_audit import PolicyNotMet
from quality.services.snapshot_checks import verify_snapshot
from quality.services.snapshot_diff import diff_page
from quality.services.snapshot_files import file_path, snapshots_dir
from quality.services.snapshots import request_snapshot
from quality.stats.agreement import measure_agreement
from quality.stats.ratings import Ratings
from tests.factories.annotation import make_item
from tests.factories.guidelines import INTENT, make_version
from tests.factories.quality import make_gold, make_items, make_labels, make_planted_project

ALL = ["jsonl", "csv", "parquet"]


@pytest.fixture
def planted(project: Project) -> Project:
    make_planted_project(project)
    return project


def take(project: Project, as_of: Any = None, **recipe: Any) -> DatasetSnapshot:
    job = request_snapshot(actor=project.created_by, project=project, as_of=as_of, recipe=recipe)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    assert job.result is not None
    return DatasetSnapshot.objects.select_related("project__guideline").get(pk=job.result["snapshot"])


def bytes_of(snapshot: DatasetSnapshot, name: str = "rows.jsonl") -> bytes:
    return file_path(snapshot.sha256, name).read_bytes()


def rows_of(snapshot: DatasetSnapshot) -> list[dict[str, Any]]:
    return [json.loads(line) for line in bytes_of(snapshot).splitlines()]


def test_a_row_holds_item_labels_and_every_annotation_with_its_provenance(
    project: Project, guideline: Guideline
) -> None:
    version = guideline.versions.get()
    make_items(project, ["a"], text="=1+1 \u2028 “Grüße”", language="de")
    make_labels(
        project, [("a", "ana", "refund"), ("a", "ben", "refund"), ("a", "cho", "other")], version=version, seconds=2.5
    )
    make_labels(project, [("a", "robot", "billing")], kind="model")

    (row,) = rows_of(take(project))

    assert row["external_id"] == "a"
    assert row["payload"] == {"text": "=1+1 \u2028 “Grüße”"}
    assert row["meta"] == {"language": "de"}
    assert row["labels"] == {"intent": "refund", "urgency": None}
    assert row["soft_labels"]["intent"] == {"refund": 0.666667, "other": 0.333333}
    assert row["resolution"]["intent"] == {
        "method": "majority", "n_labels": 3, "agreement": 0.333333, "round": "imported",
    }  # fmt: skip
    assert row["resolution"]["urgency"] == {"method": "none", "n_labels": 0, "agreement": None, "round": None}
    assert [each["kind"] for each in row["annotations"]] == ["human", "human", "human", "model"]
    first = row["annotations"][0]
    assert first["guideline_version"] == "1.0"
    assert first["guideline_sha256"] == version.sha256
    assert (first["round"], first["seconds_spent"], first["answer"]) == ("imported", 2.5, {"intent": "refund"})
    assert first["annotator"] != "ana"
    assert row["annotations"][3]["guideline_version"] is None
    assert row["item_sha256"] == content_sha256({key: row[key] for key in ("external_id", "payload", "meta")})


def test_every_line_is_canonical_json_in_the_order_of_external_ids(project: Project) -> None:
    make_items(project, ["é", "Z", "a", "10", "2", "😀"])
    make_item(project, "numbers", "x", a=1.0, b=1e-7, c=2**53, nested=[{"z": None, "y": True}])
    make_labels(project, [("Z", "ana", {"intent": "refund", "urgency": 3})], seconds=0.1)

    snapshot = take(project)
    lines = bytes_of(snapshot).splitlines()

    assert [json.loads(line)["external_id"] for line in lines] == ["10", "2", "Z", "a", "numbers", "é", "😀"]
    assert all(canonical_json(json.loads(line)) == line for line in lines)


def test_the_same_instant_and_recipe_give_the_same_bytes_whatever_came_later(planted: Project, lea: User) -> None:
    first = take(planted, formats=ALL, aggregation="dawid_skene")
    make_labels(planted, [(f"i{n:04d}", "late", "refund") for n in range(300)], round_key="initial")
    make_items(planted, ["new item"])
    make_gold(planted, "i0001", {"intent": "other"}, lea)
    old = Annotation.objects.filter(project=planted, annotator__name="ana")[0]
    Annotation.objects.filter(pk=old.pk).update(superseded_at=timezone.now())
    run_job(request_analysis(actor=None, project=planted, kinds=["bias", "hotspots"]).pk)

    again = take(planted, as_of=first.as_of, formats=list(reversed(ALL)), aggregation="dawid_skene")
    later = take(planted, formats=ALL, aggregation="dawid_skene")

    assert again.pk != first.pk
    assert again.sha256 == first.sha256
    assert again.manifest == first.manifest
    assert later.sha256 != first.sha256
    assert {file["name"] for file in first.manifest["files"]} == {
        "rows.jsonl",
        "items.csv",
        "annotations.csv",
        "rows.parquet",
    }


@pytest.mark.django_db(transaction=True)
def test_another_process_gives_the_same_bytes(planted: Project, tmp_path: Path) -> None:
    first = take(planted, formats=ALL)
    script = """
import sys, django
from pathlib import Path
from datetime import datetime
django.setup()
from annotation.models import Project
from operations.strict_json import content_sha256
from quality.services.snapshot_recipe import read_recipe
from quality.services.snapshots import build_snapshot
project = Project.objects.get(slug="intents")
recipe = read_recipe({"formats": ["jsonl", "csv", "parquet"]})
print(content_sha256(build_snapshot(project, datetime.fromisoformat(sys.argv[1]), recipe, Path(sys.argv[2]))))
"""
    database = settings.DATABASES["default"]["NAME"]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings_test", "PGDATABASE": database, "PYTHONHASHSEED": "7"}

    done = subprocess.run(
        [sys.executable, "-c", script, first.as_of.isoformat(), str(tmp_path)], env=env, check=True,
        capture_output=True, text=True, cwd=settings.BASE_DIR,
    )  # fmt: skip

    assert done.stdout.strip() == first.sha256


def test_a_snapshot_holds_exactly_the_items_and_answers_of_its_instant(planted: Project) -> None:
    before = timezone.now()
    make_items(planted, ["later"])
    late = make_labels(planted, [("i0000", "late", "refund")])

    rows = rows_of(take(planted, as_of=before))

    assert len(rows) == 360
    assert sum(len(row["annotations"]) for row in rows) == Annotation.objects.filter(project=planted).count() - len(
        late
    )


def test_the_files_say_the_same_in_every_format(planted: Project) -> None:
    snapshot = take(planted, formats=ALL)
    rows = rows_of(snapshot)
    table = pq.read_table(file_path(snapshot.sha256, "rows.parquet")).to_pylist()
    files = {file["name"]: file for file in snapshot.manifest["files"]}

    assert [row["external_id"] for row in table] == [row["external_id"] for row in rows]
    assert [json.loads(row["labels"]) for row in table] == [row["labels"] for row in rows]
    assert [len(row["annotations"]) for row in table] == [len(row["annotations"]) for row in rows]
    first, written = table[0]["annotations"][0], rows[0]["annotations"][0]
    assert first["created_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ") == written["created_at"]
    assert json.loads(first["answer"]) == written["answer"]
    assert (files["rows.jsonl"]["rows"], files["rows.parquet"]["rows"], files["items.csv"]["rows"]) == (360, 360, 360)
    assert files["annotations.csv"]["rows"] == 1080
    assert bytes_of(snapshot, "items.csv").count(b"\r\n") == 361


def test_the_csv_does_not_run_in_a_spreadsheet(project: Project) -> None:
    make_items(project, ["=cmd()"], text="=HYPERLINK(1)")
    make_labels(project, [("=cmd()", "ana", "refund")])

    line = bytes_of(take(project, formats=["csv"]), "items.csv").decode().splitlines()[1]

    assert line.startswith('"\'=cmd()","\'=HYPERLINK(1)"')


def test_a_tie_is_no_label(project: Project) -> None:
    make_labels(project, [("a", "ana", "refund"), ("a", "ben", "other")])

    (row,) = rows_of(take(project))

    assert row["labels"]["intent"] is None
    assert row["resolution"]["intent"]["method"] == "tie"
    assert row["soft_labels"]["intent"] == {"refund": 0.5, "other": 0.5}


def test_gold_goes_first_where_the_recipe_says_so(project: Project, lea: User) -> None:
    make_labels(project, [("a", "ana", "refund"), ("a", "ben", "refund")])
    make_gold(project, "a", {"intent": "billing"}, lea)

    (by_gold,) = rows_of(take(project, aggregation="adjudicated_first"))
    (by_vote,) = rows_of(take(project, aggregation="majority"))

    assert (by_gold["labels"]["intent"], by_gold["resolution"]["intent"]["method"]) == ("billing", "gold")
    assert by_vote["labels"]["intent"] == "refund"


def test_a_finished_relabel_round_gives_the_label_and_all_annotations_stay(project: Project) -> None:
    Round.objects.create(project=project, key="relabel-1", kind="relabel", overlap={"labels_per_item": 2})
    make_labels(project, [(i, who, "refund") for i in "ab" for who in ("ana", "ben", "cho")], round_key="initial")
    make_labels(
        project, [("a", "ana", "billing"), ("a", "ben", "billing"), ("b", "ana", "other")], round_key="relabel-1"
    )

    first, second = rows_of(take(project))

    assert (first["labels"]["intent"], first["resolution"]["intent"]["round"]) == ("billing", "relabel-1")
    assert (second["labels"]["intent"], second["resolution"]["intent"]["round"]) == ("refund", "initial")
    assert [each["round"] for each in first["annotations"]] == ["initial"] * 3 + ["relabel-1"] * 2


def test_answers_to_open_questions_are_put_together_item_by_item(
    project: Project, guideline: Guideline, lea: User
) -> None:
    words = {"key": "words", "type": "text", "title": "Rewrite", "required": False, "max_length": 200}
    make_version(guideline, lea, {**INTENT, "questions": [*INTENT["questions"], words]}, level="minor")
    make_labels(project, [
        ("a", "ana", {"words": "x"}), ("a", "ben", {"words": "x"}), ("a", "cho", {"words": "y"}),
        ("b", "ana", {"words": "x"}), ("b", "ben", {"words": "y"}),
    ])  # fmt: skip

    first, second = rows_of(take(project))

    assert (first["labels"]["words"], first["resolution"]["words"]["method"]) == ("x", "majority")
    assert (second["labels"]["words"], second["resolution"]["words"]["method"]) == (None, "tie")


def test_pseudonyms_are_stable_in_a_project_and_say_nothing_in_another(planted: Project) -> None:
    first, second = (rows_of(take(planted)) for _ in range(2))
    names = {each["annotator"] for row in first for each in row["annotations"]}
    Project.objects.filter(pk=planted.pk).update(pseudonym_salt="other")
    planted.refresh_from_db()
    other = {each["annotator"] for row in rows_of(take(planted)) for each in row["annotations"]}

    assert first == second
    assert len(names) == 10
    assert not names & other
    assert not names & {"ana", "ben", "fay"}


def test_the_audit_can_be_computed_again_from_the_file_alone(planted: Project) -> None:
    """An independent reading of rows.jsonl gives the manifest's figures."""
    make_labels(planted, [("i0000", "ana", "billing", 2)], round_key="initial")
    snapshot = take(planted)
    values = ["refund", "billing", "other"]
    triples = [
        (number, each["annotator"], values.index(each["answer"]["intent"]))
        for number, row in enumerate(rows_of(snapshot))
        for each in row["annotations"]
        if each["kind"] == "human" and each["occurrence"] == 1
    ]
    people = sorted({who for _, who, _ in triples})
    ratings = Ratings(
        np.array([i for i, _, _ in triples]), np.array([people.index(w) for _, w, _ in triples]),
        np.array([v for _, _, v in triples]), 360, len(people), 3,
    )  # fmt: skip

    measured = measure_agreement(ratings)
    audit = snapshot.manifest["audit"]["agreement"]["intent"]["overall"]

    assert audit["krippendorff_alpha"]["nominal"] == pytest.approx(
        measured.krippendorff_alpha["nominal"].value, abs=1e-12
    )
    assert audit["cohen_kappa_mean_pairwise"] == pytest.approx(measured.cohen_kappa.value, abs=1e-12)
    assert audit["gwet_ac1"] == pytest.approx(measured.gwet_ac1.value, abs=1e-12)
    assert audit["n_labels"] == 1080


def test_the_audit_lists_what_was_open_at_its_instant(planted: Project, lea: User) -> None:
    run_job(request_analysis(actor=None, project=planted, kinds=["hotspots"]).pk)
    finding = Finding.objects.get()
    while_open = take(planted)
    change_finding(actor=lea, project=planted, finding_id=finding.pk, state="dismissed", note="fine")

    now, then = take(planted), take(planted, as_of=while_open.as_of)

    assert [entry["kind"] for entry in while_open.manifest["audit"]["open_findings"]] == ["hotspots"]
    assert while_open.manifest["audit"]["open_findings"][0]["effect"] == finding.effect
    assert now.manifest["audit"]["open_findings"] == []
    assert then.sha256 == while_open.sha256


def test_labels_below_the_policy_are_refused_with_where_and_by_how_much(planted: Project) -> None:
    with pytest.raises(PolicyNotMet) as caught:
        request_snapshot(
            actor=planted.created_by,
            project=planted,
            recipe={"policy": {"min_alpha_low": 0.9, "questions": ["intent"]}},
        )

    failures = caught.value.extra["failures"]
    assert [failure["where"].get("slice") for failure in failures] == [None, {"language": "de"}, {"language": "en"}]
    assert all(failure["rule"] == "min_alpha_low" for failure in failures)
    assert failures[0]["short_by"] == pytest.approx(0.9 - failures[0]["actual"])
    assert not Job.objects.exists()
    assert not DatasetSnapshot.objects.exists()


def test_an_undefined_alpha_does_not_meet_a_bound(planted: Project) -> None:
    with pytest.raises(PolicyNotMet) as caught:
        request_snapshot(
            actor=planted.created_by, project=planted, recipe={"policy": {"min_alpha": -1, "per_slice": False}}
        )

    (failure,) = caught.value.extra["failures"]
    assert (failure["where"], failure["actual"]) == ({"question": "urgency"}, None)
    assert "0 items have labels of two people" in failure["reason"]


def test_open_hotspots_can_close_the_gate(planted: Project) -> None:
    policy = {"max_open_hotspots": 0}
    take(planted, policy=policy)
    run_job(request_analysis(actor=None, project=planted, kinds=["hotspots"]).pk)

    with pytest.raises(PolicyNotMet) as caught:
        request_snapshot(actor=planted.created_by, project=planted, recipe={"policy": policy})

    (failure,) = caught.value.extra["failures"]
    assert (failure["required"], failure["actual"], failure["short_by"]) == (0, 1, 1)
    assert failure["findings"][0]["labels"] == ["refund", "billing"]


def test_a_waiver_lets_it_pass_and_stands_in_manifest_and_audit_log(planted: Project) -> None:
    recipe = {"policy": {"min_alpha": 0.99, "per_slice": False}, "waiver": {"reason": "Pilot only."}}

    snapshot = take(planted, **recipe)

    assert snapshot.manifest["waiver"] == {"reason": "Pilot only."}
    assert snapshot.manifest["policy_failures"][0]["rule"] == "min_alpha"
    assert AuditEvent.objects.get(action="snapshot.taken").facts["waived"] is True


@pytest.mark.parametrize(
    ("recipe", "path"),
    [
        ({"formats": ["xml"]}, "formats"), ({"formats": "jsonl"}, "formats"), ({"formats": [["jsonl"]]}, "formats"),
        ({"aggregation": "median"}, "aggregation"), ({"aggregation": ["majority"]}, "aggregation"),
        ({"policy": []}, "policy"), ({"policy": {"min_kappa": 1}}, "policy.min_kappa"),
        ({"policy": {"min_alpha": "high"}}, "policy.min_alpha"), ({"policy": {"min_alpha": True}}, "policy.min_alpha"),
        ({"policy": {"max_open_hotspots": -1}}, "policy.max_open_hotspots"), ({"waiver": {"reason": ""}}, "waiver"),
        ({"waiver": "please"}, "waiver"), ({"policy": {"questions": []}}, "policy.questions"),
    ],
)  # fmt: skip
def test_a_bad_recipe_is_refused(planted: Project, recipe: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        request_snapshot(actor=planted.created_by, project=planted, recipe=recipe)

    assert caught.value.errors[0].path == path
    assert not Job.objects.exists()


def test_an_instant_to_come_is_refused(planted: Project) -> None:
    with pytest.raises(InvalidInput) as caught:
        request_snapshot(actor=planted.created_by, project=planted, as_of=timezone.now() + timedelta(minutes=1))

    assert caught.value.errors[0].path == "as_of"


def test_a_cancelled_snapshot_leaves_no_file_and_no_row(planted: Project) -> None:
    job = request_snapshot(actor=planted.created_by, project=planted)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)

    run_job(job.pk)

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not DatasetSnapshot.objects.exists()
    assert not list(snapshots_dir().glob(".tmp-*"))


def test_a_disk_that_fails_fails_the_job_with_the_reason_and_leaves_nothing(
    planted: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    job = request_snapshot(actor=planted.created_by, project=planted)
    monkeypatch.setattr(os, "fsync", full)
    run_job(job.pk)

    job.refresh_from_db()
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("failed", "storage_failed")
    assert "No space left on device" in job.error["detail"]
    assert not DatasetSnapshot.objects.exists()
    assert not list(snapshots_dir().glob(".tmp-*"))


def test_a_stored_snapshot_cannot_be_changed(planted: Project) -> None:
    snapshot = take(planted)

    with pytest.raises(DatabaseError), transaction.atomic():
        DatasetSnapshot.objects.filter(pk=snapshot.pk).update(sha256="0" * 64)
    with pytest.raises(DatabaseError), transaction.atomic():
        DatasetSnapshot.objects.filter(pk=snapshot.pk).delete()


def test_verify_finds_an_untouched_snapshot_valid(planted: Project) -> None:
    snapshot = take(planted, formats=ALL)

    found = verify_snapshot(snapshot)

    assert (found["is_valid"], found["problems"], found["sha256"]) == (True, [], snapshot.sha256)
    call_command("verify_snapshot", str(snapshot.pk))


def test_verify_names_the_first_row_that_was_changed(planted: Project) -> None:
    snapshot = take(planted)
    path = file_path(snapshot.sha256, "rows.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[41] = (
        lines[41].replace(b"refund", b"REFUND", 1) if b"refund" in lines[41] else lines[41].replace(b"other", b"OTHER")
    )
    path.write_bytes(b"".join(lines))

    found = verify_snapshot(snapshot)

    assert not found["is_valid"]
    assert found["problems"] == [
        "rows.jsonl is not the file that was written.",
        "rows.jsonl: line 42 is the first that differs from the database.",
    ]  # fmt: skip
    with pytest.raises(CommandError, match="line 42"):
        call_command("verify_snapshot", str(snapshot.pk))


def test_verify_says_which_file_is_gone_and_a_new_snapshot_of_the_instant_brings_it_back(planted: Project) -> None:
    snapshot = take(planted, formats=ALL)
    file_path(snapshot.sha256, "items.csv").unlink()

    before = verify_snapshot(snapshot)
    take(planted, as_of=snapshot.as_of, formats=ALL)

    assert before["problems"] == ["items.csv cannot be read: No such file or directory."]
    assert verify_snapshot(snapshot)["is_valid"]


def test_the_difference_of_two_snapshots_names_the_cause_of_every_changed_label(
    project: Project, guideline: Guideline, lea: User
) -> None:
    version = guideline.versions.get()
    people = ("ana", "ben", "cho")
    make_labels(project, [(i, who, "refund") for i in "abcdef" for who in people], round_key="initial", version=version)
    make_labels(project, [("tie", "ana", "refund"), ("tie", "ben", "other")], round_key="initial", version=version)
    old = take(project, aggregation="adjudicated_first")

    Round.objects.create(project=project, key="relabel-1", kind="relabel", overlap={"labels_per_item": 2})
    make_labels(project, [("a", who, "other") for who in people[:2]], round_key="relabel-1", version=version)
    make_gold(project, "b", {"intent": "billing"}, lea)
    newer = make_version(guideline, lea)
    make_labels(project, [("c", who, "billing") for who in ("x", "y", "z")], round_key="initial", version=newer)
    for name in people[:2]:
        found = Annotation.objects.get(project=project, item__external_id="d", annotator__name=name)
        Annotation.objects.filter(pk=found.pk).update(superseded_at=timezone.now())
        make_labels(project, [("d", name, "other")], round_key="initial", version=version)
    make_labels(project, [("tie", "cho", "other"), ("zz new", "ana", "refund")], round_key="initial", version=version)
    new = take(project, aggregation="adjudicated_first")

    changes, place = diff_page(old, new, (0, 0), 100)

    assert place is None
    assert [(c["external_id"], c["before"], c["after"], c["cause"]) for c in changes] == [
        ("a", "refund", "other", "relabel"), ("b", "refund", "billing", "gold"),
        ("c", "refund", "billing", "guideline"),
        ("d", "refund", "other", "amended"), ("tie", None, "other", "new_data"), ("zz new", None, "refund", "new_item"),
    ]  # fmt: skip


def test_a_difference_comes_in_pages(project: Project) -> None:
    make_labels(project, [(f"i{n}", "ana", "refund") for n in range(7)])
    old = take(project)
    make_labels(project, [(f"i{n}", "ana", "other") for n in range(7)], round_key="initial")
    new = take(project)

    found, place = [], (0, 0)
    while place is not None:
        changes, place = diff_page(old, new, place, 3)  # type: ignore[assignment]
        found += [change["external_id"] for change in changes]

    assert found == [f"i{n}" for n in range(7)]


def test_an_empty_project_has_an_empty_snapshot(project: Project) -> None:
    snapshot = take(project, formats=ALL)

    assert bytes_of(snapshot) == b""
    assert snapshot.manifest["counts"]["items"] == 0
    assert verify_snapshot(snapshot)["is_valid"]
