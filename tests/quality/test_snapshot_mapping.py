"""A dataset whose rows say their labels as one version calls them: beside the stored ones, counted, reproducible."""

import csv
import io
import json
from copy import deepcopy
from typing import Any

import pyarrow.parquet as pq
import pytest

from accounts.errors import InvalidInput
from accounts.models import User
from annotation.models import Annotation, Project
from guidelines.models import Guideline
from operations.services.jobs import run_job
from operations.strict_json import canonical_json
from quality.models import DatasetSnapshot
from quality.services.snapshot_checks import verify_snapshot
from quality.services.snapshot_files import file_path
from quality.services.snapshots import request_snapshot
from tests.factories.guidelines import INTENT, make_version, option
from tests.factories.quality import make_gold, make_labels

MAPPINGS = [
    {"kind": "rename", "question": "intent", "from": ["refund"], "to": ["money_back"]},
    {"kind": "split", "question": "intent", "from": ["billing"], "to": ["charge", "fee"]},
    {"kind": "retire", "question": "intent", "from": ["other"], "to": []},
]


@pytest.fixture
def mapped(project: Project, guideline: Guideline, lea: User) -> Project:
    """Labels under 1.0, and one item under 2.0, which renames, splits and retires."""
    first = guideline.versions.get()
    make_labels(project, [("a", "ana", "refund"), ("a", "ben", "refund"), ("b", "ana", "billing")], version=first)
    make_labels(project, [("c", "ana", {"intent": "other", "urgency": 2})], version=first)
    content: dict[str, Any] = deepcopy(INTENT)
    content["questions"][0]["options"] = [
        option("money_back", "Money back", "", "1"), option("charge", "Charge", "", "2"), option("fee", "Fee", "", "3"),
    ]  # fmt: skip
    second = make_version(guideline, lea, content, label_migrations=MAPPINGS)
    make_labels(project, [("d", "ana", "fee")], version=second)
    return project


def take(project: Project, as_of: Any = None, **recipe: Any) -> DatasetSnapshot:
    job = request_snapshot(actor=project.created_by, project=project, as_of=as_of, recipe=recipe)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    assert job.result is not None
    return DatasetSnapshot.objects.select_related("project__guideline").get(pk=job.result["snapshot"])


def text_of(snapshot: DatasetSnapshot, name: str = "rows.jsonl") -> str:
    return file_path(snapshot.sha256, name).read_text()


def rows_of(snapshot: DatasetSnapshot) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in text_of(snapshot).splitlines()]
    return {row["external_id"]: row for row in rows}


def test_each_row_keeps_its_answer_and_says_beside_it_what_it_is_now(mapped: Project) -> None:
    before = list(Annotation.objects.order_by("pk").values())

    rows = rows_of(take(mapped, labels_as_of="2.0"))

    first = rows["a"]["annotations"][0]
    assert (first["answer"], first["guideline_version"]) == ({"intent": "refund"}, "1.0")
    assert first["mapped"] == {"answer": {"intent": "money_back"}, "mapped_from": "1.0"}
    assert rows["a"]["labels"]["intent"] == "refund"
    assert rows["a"]["mapped"] == {"labels": {"intent": "money_back"}, "mapped_from": "1.0"}
    split = {"outcome": "ambiguous", "candidates": ["charge", "fee"], "reason": "split", "at": "2.0"}
    assert rows["b"]["mapped"] == {"labels": {}, "mapped_from": "1.0", "not_mapped": {"intent": split}}
    retired = {"outcome": "lost", "candidates": [], "reason": "retired", "at": "2.0"}
    assert rows["c"]["annotations"][0]["mapped"] == {
        "answer": {"urgency": 2}, "mapped_from": "1.0", "not_mapped": {"intent": retired},
    }  # fmt: skip
    assert rows["d"]["mapped"] == {"labels": {"intent": "fee"}, "mapped_from": "2.0"}
    assert list(Annotation.objects.order_by("pk").values()) == before


def test_the_manifest_names_the_mapping_and_counts_what_became_of_the_labels(mapped: Project) -> None:
    said = take(mapped, labels_as_of="2.0").manifest["label_mapping"]

    assert said["labels_as_of"] == "2.0"
    assert said["mappings"] == [{"version": "2.0", "label_migrations": MAPPINGS}]
    assert said["annotations"] == {
        "intent": {"same": 1, "certain": 2, "ambiguous": 1, "lost": 1},
        "urgency": {"same": 1, "certain": 0, "ambiguous": 0, "lost": 0},
    }
    assert said["labels"]["intent"] == {"same": 1, "certain": 1, "ambiguous": 1, "lost": 1}


def test_it_is_reproducible_byte_for_byte_canonical_and_can_be_verified(mapped: Project) -> None:
    formats = ["jsonl", "csv", "parquet"]
    first = take(mapped, labels_as_of="2.0", formats=formats)
    make_labels(mapped, [("a", "late", "charge")], version=mapped.guideline.versions.last())

    again = take(mapped, as_of=first.as_of, labels_as_of="2.0", formats=formats)

    assert again.sha256 == first.sha256
    assert all(canonical_json(json.loads(line)).decode() == line for line in text_of(first).splitlines())
    assert verify_snapshot(first)["is_valid"]
    file_path(first.sha256, "rows.jsonl").write_text(text_of(first).replace("money_back", "money_bakc"))
    assert "line 1 is the first that differs" in " ".join(verify_snapshot(first)["problems"])


def test_without_it_rows_manifest_and_recipe_are_as_they_were(mapped: Project) -> None:
    snapshot = take(mapped, formats=["jsonl", "csv", "parquet"])

    assert "mapped" not in text_of(snapshot)
    assert "mapped" not in text_of(snapshot, "items.csv")
    assert "label_mapping" not in snapshot.manifest
    assert "labels_as_of" not in snapshot.recipe


def test_tables_have_columns_for_what_is_mapped(mapped: Project) -> None:
    snapshot = take(mapped, labels_as_of="2.0", formats=["csv", "parquet"])

    items = {row["external_id"]: row for row in csv.DictReader(io.StringIO(text_of(snapshot, "items.csv")))}
    answers = list(csv.DictReader(io.StringIO(text_of(snapshot, "annotations.csv"))))
    table = pq.read_table(file_path(snapshot.sha256, "rows.parquet")).to_pylist()
    assert (items["a"]["label.intent"], items["a"]["mapped.intent"], items["a"]["mapped_from"]) == (
        "refund", "money_back", "1.0",
    )  # fmt: skip
    assert (answers[0]["answer.intent"], answers[0]["mapped.intent"]) == ("refund", "money_back")
    assert items["b"]["mapped.intent"] == ""
    assert json.loads(table[0]["mapped"])["labels"] == {"intent": "money_back"}
    assert json.loads(table[0]["annotations"][0]["mapped"])["answer"] == {"intent": "money_back"}


def test_labels_as_of_an_older_version_and_gold(mapped: Project, lea: User) -> None:
    make_gold(mapped, "b", {"intent": "charge"}, lea)

    old = rows_of(take(mapped, labels_as_of="1.0"))
    now = rows_of(take(mapped, labels_as_of="2.0", aggregation="adjudicated_first"))

    assert old["a"]["mapped"]["labels"] == {"intent": "refund"}
    assert old["d"]["mapped"]["not_mapped"]["intent"]["reason"] == "later_version"
    assert now["b"]["mapped"]["labels"] == {"intent": "charge"}


@pytest.mark.parametrize("number", ["9.9", "two", "2", 2])
def test_a_version_that_there_is_not_is_refused_before_anything_is_queued(mapped: Project, number: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        request_snapshot(actor=mapped.created_by, project=mapped, recipe={"labels_as_of": number})

    assert refused.value.errors[0].path == "labels_as_of"
