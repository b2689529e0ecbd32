from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from annotation.models import Annotation, Member, Project, Round
from guidelines.models import Guideline
from quality.ratings_loader import (
    LabelTable,
    NoQuestions,
    UnknownRound,
    cohort_groupings,
    count_labels,
    item_texts,
    load_labels,
    slice_groupings,
)
from tests.factories.annotation import make_item
from tests.factories.guidelines import INTENT, make_version
from tests.factories.quality import make_items, make_labels, person


def read(project: Project, **options: object) -> LabelTable:
    return load_labels(project, as_of=timezone.now(), **options)  # type: ignore[arg-type]


def labels_of(table: LabelTable, key: str = "intent") -> set[tuple[str, str, str]]:
    """(item, person, value) of every label."""
    ids = table.external_ids(range(len(table.item_ids)))
    ratings, keys = table.ratings(key), table.question(key).keys
    triples = zip(ratings.item, ratings.annotator, ratings.value, strict=True)
    return {(ids[i], table.names[a], keys[v]) for i, a, v in triples}


def test_labels_become_codes_in_a_fixed_order(project: Project) -> None:
    make_labels(
        project, [("é", "zoe", "other"), ("b", "zoe", "refund"), ("Z", "ana", "billing"), ("b", "Bo", "refund")]
    )

    table = read(project)

    assert table.external_ids(range(3)) == ["Z", "b", "é"]
    assert table.names == ("Bo", "ana", "zoe")
    assert table.question("intent").keys == ("refund", "billing", "other")
    assert table.ratings("intent").item.tolist() == [0, 1, 1, 2]
    assert labels_of(table) == {
        ("é", "zoe", "other"), ("b", "zoe", "refund"), ("Z", "ana", "billing"), ("b", "Bo", "refund"),
    }  # fmt: skip


def test_models_repeats_and_superseded_answers_do_not_count(project: Project) -> None:
    make_labels(project, [("1", "ana", "refund"), ("1", "ana", "billing", 2), ("1", "ben", "other")])
    make_labels(project, [("1", "robot", "refund")], kind="model")
    old = Annotation.objects.get(project=project, annotator__name="ben")
    Annotation.objects.filter(pk=old.pk).update(superseded_at=timezone.now())

    assert labels_of(read(project)) == {("1", "ana", "refund")}
    assert count_labels(project, up_to=10) == 1


def test_a_superseded_answer_still_counts_at_an_earlier_instant(project: Project) -> None:
    (old,) = make_labels(project, [("1", "ana", "refund")])
    before = timezone.now()
    Annotation.objects.filter(pk=old.pk).update(superseded_at=timezone.now())
    make_labels(project, [("1", "ana", "billing")])

    assert labels_of(load_labels(project, as_of=before)) == {("1", "ana", "refund")}
    assert labels_of(read(project)) == {("1", "ana", "billing")}


def test_an_unanswered_question_has_no_label(project: Project) -> None:
    make_labels(
        project, [("1", "ana", {"intent": "refund"}), ("1", "ben", {"urgency": 4}), ("2", "ben", {"urgency": None})]
    )

    table = read(project)

    assert table.ratings("intent").n_labels == 1
    assert table.ratings("urgency").value.tolist() == [3]
    assert table.ratings("urgency").levels is not None
    assert table.ratings("urgency").levels.tolist() == [1, 2, 3, 4, 5]  # type: ignore[union-attr]


def test_sets_are_compared_as_wholes(project: Project, guideline: Guideline, lea: User) -> None:
    topics = {"key": "topics", "type": "choices", "title": "Topics", "options": INTENT["questions"][0]["options"]}
    make_version(guideline, lea, {**INTENT, "questions": [topics]})
    make_labels(
        project,
        [
            ("1", "ana", {"topics": ["refund", "other"]}),
            ("1", "ben", {"topics": ["refund", "other"]}),
            ("1", "cho", {"topics": []}),
        ],
    )

    assert labels_of(read(project), "topics") == {
        ("1", "ana", "refund|other"), ("1", "ben", "refund|other"), ("1", "cho", ""),
    }  # fmt: skip


def test_an_option_that_a_newer_version_dropped_keeps_its_labels(
    project: Project, guideline: Guideline, lea: User
) -> None:
    make_labels(project, [("1", "ana", "other")], version=guideline.versions.get())
    intent = INTENT["questions"][0]
    make_version(guideline, lea, {**INTENT, "questions": [{**intent, "options": intent["options"][:2]}]})

    table = read(project)

    assert table.question("intent").keys == ("refund", "billing", "other")
    assert labels_of(table) == {("1", "ana", "other")}


def test_a_relabel_round_takes_an_item_over_once_it_has_its_labels(project: Project) -> None:
    Round.objects.create(project=project, key="relabel-1", kind="relabel", overlap={"labels_per_item": 2})
    make_labels(project, [(i, p, "refund") for i in "12" for p in ("ana", "ben", "cho")], round_key="initial")
    make_labels(
        project, [("1", "ana", "billing"), ("1", "ben", "billing"), ("2", "ana", "other")], round_key="relabel-1"
    )

    table = read(project)

    assert labels_of(table) == {
        ("1", "ana", "billing"), ("1", "ben", "billing"),
        ("2", "ana", "refund"), ("2", "ben", "refund"), ("2", "cho", "refund"),
    }  # fmt: skip
    assert table.items_per_round() == {"initial": 1, "relabel-1": 1}


def test_labels_made_here_take_over_from_imported_ones(project: Project) -> None:
    make_labels(project, [("1", "ana", "refund"), ("1", "ben", "refund"), ("2", "ben", "other")])
    make_labels(project, [("1", "cho", "billing")], round_key="initial")

    assert labels_of(read(project)) == {("1", "cho", "billing"), ("2", "ben", "other")}


def test_one_round_can_be_asked_for(project: Project) -> None:
    make_labels(project, [("1", "ana", "refund")])
    make_labels(project, [("1", "cho", "billing")], round_key="initial")

    assert labels_of(read(project, scope="imported")) == {("1", "ana", "refund")}
    assert labels_of(read(project, scope="initial")) == {("1", "cho", "billing")}


def test_all_rounds_pool_the_newest_label_of_each_person(project: Project) -> None:
    make_labels(project, [("1", "ana", "refund"), ("1", "ben", "other")])
    make_labels(project, [("1", "ana", "billing")], round_key="initial")

    assert labels_of(read(project, scope="all")) == {("1", "ana", "billing"), ("1", "ben", "other")}


def test_an_unknown_round_is_refused_and_the_known_ones_are_named(project: Project) -> None:
    with pytest.raises(UnknownRound) as caught:
        read(project, scope="relabel-7")

    assert caught.value.errors[0].detail == "Allowed: latest, all, imported, initial."


def test_labels_under_two_majors_are_not_mixed_on_an_item(project: Project, guideline: Guideline, lea: User) -> None:
    old, new = guideline.versions.get(), make_version(guideline, lea)
    make_labels(project, [(i, p, "refund") for i in "12" for p in ("ana", "ben")], round_key="initial", version=old)
    make_labels(
        project,
        [("1", "cho", "other"), ("1", "dee", "other"), ("2", "cho", "other")],
        round_key="initial",
        version=new,
    )

    assert labels_of(read(project)) == {
        ("1", "cho", "other"), ("1", "dee", "other"), ("2", "ana", "refund"), ("2", "ben", "refund"),
    }  # fmt: skip
    assert labels_of(read(project, major=2)) == {("1", "cho", "other"), ("1", "dee", "other"), ("2", "cho", "other")}


def test_imported_labels_without_a_version_stand_beside_those_that_name_one(
    project: Project, guideline: Guideline
) -> None:
    make_labels(project, [("1", "ana", "refund")], version=guideline.versions.get())
    make_labels(project, [("1", "ben", "other")])

    assert labels_of(read(project)) == {("1", "ana", "refund"), ("1", "ben", "other")}


def test_slices_cohorts_and_texts_follow_the_codes(project: Project) -> None:
    make_items(project, ["a", "c"], text="first", language="en")
    make_item(project, "b", "second", language="de")
    make_item(project, "d", "third", other="x")
    Member.objects.filter(project=project, name="ana").update(cohorts={"age": "30", "team": ""})
    person(project, "zed", age="40")
    make_labels(project, [("a", "ana", "refund"), ("b", "zed", "refund"), ("d", "zed", "refund")])

    table = read(project)
    (language,) = slice_groupings(table, ["language"])

    assert (language.names, language.codes.tolist()) == (("de", "en"), [1, 0, -1])
    assert [(g.key, g.names, g.codes.tolist()) for g in cohort_groupings(table)] == [
        ("age", ("30", "40"), [0, 1]), ("team", (), [-1, -1]),
    ]  # fmt: skip
    assert item_texts(table) == ["first", "second", "third"]


def test_the_number_of_queries_does_not_grow_with_the_labels(project: Project) -> None:
    make_labels(project, [(str(i), p, "refund") for i in range(5) for p in ("ana", "ben")])
    with CaptureQueriesContext(connection) as few:
        read(project)
    make_labels(project, [(f"x{i}", p, "refund") for i in range(200) for p in ("ana", "ben", "cho")])
    with CaptureQueriesContext(connection) as many:
        table = read(project)

    assert table.n_labels == 610
    assert len(many) == len(few) <= 6


def test_the_hash_tells_inputs_apart_and_equal_ones_not(project: Project) -> None:
    make_labels(project, [("1", "ana", "refund")])
    first = read(project).sha256()
    assert read(project).sha256() == first

    make_labels(project, [("2", "ana", "refund")], at=timezone.now() - timedelta(days=3))

    assert read(project).sha256() != first


def test_without_a_published_version_there_is_nothing_to_measure(project: Project) -> None:
    with pytest.raises(NoQuestions):
        load_labels(project, as_of=timezone.now() - timedelta(days=1))


def test_an_empty_project_has_an_empty_table(project: Project) -> None:
    table = read(project)

    assert (table.n_labels, len(table.item_ids), table.names) == (0, 0, ())
    assert np.array_equal(table.ratings("intent").value_counts(), [0, 0, 0])
