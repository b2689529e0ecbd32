"""A draft tried on stored labels: exact counts on planted answers, newest per person, nothing changed."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import InvalidInput
from annotation.models import Annotation, Project
from guidelines.models import GuidelineDraft
from quality.services.label_trial import Trial, trial_body, try_draft
from tests.factories.guidelines import make_version, option
from tests.factories.quality import make_items, make_labels

Change = Callable[[dict[str, Any]], None]


def edit(project: Project, change: Change) -> None:
    draft = GuidelineDraft.objects.get(guideline=project.guideline)
    content = deepcopy(draft.content)
    change(content)
    draft.content, draft.revision = content, draft.revision + 1
    draft.save()


def options(content: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content["questions"][0]["options"]
    return found


def reshape(content: dict[str, Any]) -> None:
    """refund -> money_back; billing -> charge, fee; other gone."""
    content["questions"][0]["options"] = [
        option("money_back", "Money back", "", "1"), option("charge", "Wrong charge", "", "2"),
        option("fee", "Wrong fee", "", "3"),
    ]  # fmt: skip


MAPPINGS = [
    {"kind": "rename", "question": "intent", "from": ["refund"], "to": ["money_back"]},
    {"kind": "split", "question": "intent", "from": ["billing"], "to": ["charge", "fee"]},
    {"kind": "retire", "question": "intent", "from": ["other"], "to": []},
]


@pytest.fixture
def labelled(project: Project) -> Project:
    version = project.guideline.versions.get()
    make_items(project, "abcd")
    rows = [("a", "ana", "refund"), ("b", "ana", "refund"), ("a", "ben", "billing"), ("c", "ana", "other")]
    make_labels(project, rows, version=version)
    make_labels(project, [("d", "ana", {"intent": "refund", "urgency": 4})], version=version)
    return project


def by_label(trial: Trial) -> dict[tuple[str, str | None], tuple[str, int, tuple[str, ...], str]]:
    return {(row.question, row.label): (row.outcome, row.n, row.to, row.reason) for row in trial.rows}


def test_every_stored_answer_has_one_outcome_and_examples_are_named(labelled: Project) -> None:
    edit(labelled, reshape)

    trial = try_draft(labelled, MAPPINGS)

    assert by_label(trial) == {
        ("intent", "refund"): ("certain", 3, ("money_back",), ""),
        ("intent", "billing"): ("ambiguous", 1, ("charge", "fee"), "split"),
        ("intent", "other"): ("lost", 1, (), "retired"),
        ("urgency", "4"): ("same", 1, (), ""),
    }
    assert trial.counts == {"same": 1, "certain": 3, "ambiguous": 1, "lost": 1}
    assert trial.n_answers == sum(trial.counts.values()) == 6
    assert {row.label: row.examples for row in trial.rows}["refund"] == ("a", "b", "d")


def test_without_mappings_the_same_labels_are_lost(labelled: Project) -> None:
    edit(labelled, reshape)

    assert try_draft(labelled).counts == {"same": 1, "certain": 0, "ambiguous": 0, "lost": 5}


def test_only_the_newest_answer_of_a_person_counts_and_nothing_is_written(labelled: Project) -> None:
    make_labels(labelled, [("a", "ana", "other")], round_key="initial", version=labelled.guideline.versions.get())
    before = list(Annotation.objects.order_by("pk").values())
    edit(labelled, reshape)

    trial = try_draft(labelled, MAPPINGS)

    assert by_label(trial)["intent", "other"][1] == 2
    assert by_label(trial)["intent", "refund"][1] == 2
    assert list(Annotation.objects.order_by("pk").values()) == before


def test_answers_of_older_versions_go_through_every_step(labelled: Project, guideline: Any, lea: Any) -> None:
    content = deepcopy(guideline.versions.get().content)
    options(content)[0]["key"] = "money"
    renamed = {"kind": "rename", "question": "intent", "from": ["refund"], "to": ["money"]}
    make_version(guideline, lea, content, label_migrations=[renamed])
    GuidelineDraft.objects.filter(guideline=guideline).update(content=content)
    edit(labelled, lambda c: options(c)[0].update(key="money_back"))

    step = [{"kind": "rename", "question": "intent", "from": ["money"], "to": ["money_back"]}]

    assert by_label(try_draft(labelled, step))["intent", "refund"] == ("certain", 3, ("money_back",), "")
    assert by_label(try_draft(labelled))["intent", "refund"] == ("lost", 3, (), "unmapped")


def test_labels_that_name_no_version_are_read_under_the_newest_that_offers_them(labelled: Project) -> None:
    make_labels(labelled, [("c", "zoe", "refund")])
    edit(labelled, reshape)

    assert by_label(try_draft(labelled, MAPPINGS))["intent", "refund"][1] == 4


def test_a_mapping_that_publishing_would_refuse_is_refused(labelled: Project) -> None:
    edit(labelled, reshape)

    with pytest.raises(InvalidInput) as refused:
        try_draft(labelled, [{"kind": "rename", "question": "intent", "from": ["refund"], "to": ["nothing"]}])
    assert refused.value.errors[0].path == "label_migrations[0].to[0]"


def test_it_reads_the_answers_once_however_many_there_are(labelled: Project) -> None:
    edit(labelled, reshape)
    with CaptureQueriesContext(
        connection,
    ) as few:
        try_draft(labelled, MAPPINGS)
    make_labels(labelled, [(f"n{n}", "ana", "billing") for n in range(300)])
    with CaptureQueriesContext(connection) as many:
        trial = try_draft(labelled, MAPPINGS)

    assert len(many) == len(few)
    assert trial.counts["ambiguous"] == 301
    assert {row.label: row.examples for row in trial.rows}["billing"] == ("a", "n0", "n1")


def test_a_project_without_labels_has_an_empty_trial(project: Project) -> None:
    body = trial_body(try_draft(project))

    assert (body["answers"], body["results"]) == (0, [])
    assert body["counts"] == {"same": 0, "certain": 0, "ambiguous": 0, "lost": 0}
