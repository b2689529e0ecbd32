"""What a draft may do to labels, on planted data: the exact set, its reasons, what it costs, and what is left out."""

import uuid
from copy import deepcopy
from typing import Any

import pytest

from accounts.errors import InvalidInput
from accounts.models import User
from annotation.models import Annotation, DeskNote, Lease, Member, Project
from guidelines.models import Guideline, GuidelineDraft
from quality.services.impact import Impact, NothingToCompare, impact_body, impact_of
from tests.factories.annotation import make_item, make_project, make_task
from tests.factories.guidelines import INTENT, make_version
from tests.factories.quality import make_items, make_labels
from tests.factories.work import claimed

# Three items where refund and billing meet, one where refund and other do; billing alone on e and f, other alone on g.
ROWS = [
    *[(item, who, said) for item in "abc" for who, said in (("ana", "refund"), ("ben", "billing"))],
    ("d", "ana", "refund"), ("d", "ben", "other"), ("e", "ana", "billing"), ("e", "ben", "billing"),
    ("f", "ana", "billing"), ("g", "ana", "other"), ("h", "ana", "refund"), ("h", "ben", "refund"),
]  # fmt: skip


@pytest.fixture
def labelled(project: Project) -> Project:
    make_items(project, "abcd", language="de")
    make_items(project, "efgh", language="en")
    make_labels(project, ROWS, round_key="initial", seconds=36.0, version=project.guideline.versions.get())
    return project


def edit(project: Project, change: Any) -> None:
    draft = GuidelineDraft.objects.get(guideline=project.guideline)
    content = deepcopy(draft.content)
    change(content)
    draft.content, draft.revision = content, draft.revision + 1
    draft.save()


def define_refund(content: dict[str, Any]) -> None:
    content["questions"][0]["options"][0]["definition"] = "Only a voucher never counts; the full price must be named."


def names(impact: Impact, key: str) -> list[str]:
    (reason,) = [reason for reason in impact.all_reasons if reason.key == key]
    return impact.table.external_ids(sorted(set(impact.table.item[reason.rows].tolist())))


def keys(impact: Impact) -> list[str]:
    return [reason.key for reason in impact.all_reasons]


def test_a_changed_option_and_its_measured_neighbour_and_nothing_else(labelled: Project) -> None:
    edit(labelled, define_refund)

    impact = impact_of(labelled)

    assert keys(impact) == ["option:intent/refund", "neighbour:intent/billing"]
    assert names(impact, "option:intent/refund") == ["a", "b", "c", "d", "h"]
    assert names(impact, "neighbour:intent/billing") == ["a", "b", "c", "e", "f"]
    assert impact.table.external_ids(impact.items) == ["a", "b", "c", "d", "e", "f", "h"]
    near = impact.all_reasons[1].beside["refund"]
    assert (near.n_both, near.n_shared) == (3, 5)
    assert (impact.total.n_items, impact.total.n_labels, impact.total.n_redo) == (7, 12, 14)
    assert impact.total.hours == pytest.approx(14 * 36 / 3600)


def test_chosen_reasons_make_the_set_and_an_unknown_one_is_refused(labelled: Project) -> None:
    edit(labelled, define_refund)

    chosen = impact_of(labelled, reasons=["neighbour:intent/billing"], labels_per_item=3)

    assert (chosen.total.n_items, chosen.total.n_redo) == (5, 15)
    assert keys(chosen) == ["option:intent/refund", "neighbour:intent/billing"]
    with pytest.raises(InvalidInput) as refused:
        impact_of(labelled, reasons=["option:intent/other"])
    assert refused.value.errors[0].path == "reasons"


def test_it_is_told_by_slice_and_by_version(labelled: Project, guideline: Guideline, lea: User) -> None:
    make_labels(labelled, [("f", "ben", "refund")], round_key="initial", version=make_version(guideline, lea))
    make_labels(labelled, [("k", "ben", "refund")], round_key="initial")
    GuidelineDraft.objects.filter(guideline=guideline).update(content=guideline.versions.last().content)
    edit(labelled, define_refund)

    impact = impact_of(labelled, reasons=["option:intent/refund"])

    by_version = {row.name: (row.n_items, row.n_labels) for row in impact.by_version()}
    assert by_version == {"": (1, 1), "1.0": (5, 6), "2.0": (1, 1)}
    (rows,) = impact.by_slice().values()
    assert {row.name: (row.n_items, row.n_labels) for row in rows} == {"de": (4, 4), "en": (3, 4)}


def test_a_changed_clause_reaches_the_options_that_stand_on_it_and_answers_that_cite_it(labelled: Project) -> None:
    first = Annotation.objects.get(item__external_id="g", annotator__name="ana")
    Annotation.objects.filter(pk=first.pk).update(superseded_at=first.created_at)
    first.pk, first.public_id, first.clauses, first.created_at = None, uuid.uuid4(), ["C1"], first.created_at
    first.save(force_insert=True)

    def change(content: dict[str, Any]) -> None:
        content["clauses"][0]["body"] = "Never decide by what the customer asks for."

    edit(labelled, change)
    impact = impact_of(labelled)
    assert keys(impact) == ["cited:C1"]
    assert names(impact, "cited:C1") == ["g"]

    edit(labelled, lambda content: content["clauses"][1].update(body="Both are one thing unless a sum is named."))
    impact = impact_of(labelled)
    assert keys(impact) == ["option:intent/refund", "option:intent/billing", "cited:C1"]
    assert impact.all_reasons[0].what == ("clause C3",)


def test_items_about_which_somebody_asked_the_lead_belong_to_the_clause(labelled: Project, ana: User) -> None:
    item = make_item(labelled, "x")
    task = make_task(item)
    member = Member.objects.get(project=labelled, user=ana)
    lease = Lease.objects.get(pk=claimed(member).lease.id)
    make_labels(labelled, [("x", "zoe", "other")], round_key="initial")
    DeskNote.objects.create(
        project=labelled, item=item, task=task, lease=lease, annotator=member, kind="flag", note="?", clause="C1",
        created_at=lease.granted_at,
    )  # fmt: skip
    edit(labelled, lambda content: content["clauses"][0].update(body="Never read it."))

    assert keys(impact_of(labelled)) == ["asked:C1"]


def test_words_that_turn_nothing_change_no_label_but_are_named(labelled: Project) -> None:
    long = "Wants the money of an order back, in cash or as a voucher, whatever the reason for it was at the time."
    content = deepcopy(INTENT)
    content["questions"][0]["options"][0]["definition"] = long
    make_version(labelled.guideline, labelled.created_by, content, level="minor")
    GuidelineDraft.objects.filter(guideline=labelled.guideline).update(content=content)
    edit(labelled, lambda c: c["questions"][0]["options"][0].update(definition=long.replace("cash", "coins")))
    edit(labelled, lambda c: c["questions"][0]["options"][1].update(hotkey="x", color="#ff0000"))

    impact = impact_of(labelled)

    assert keys(impact) == []
    assert impact.touched.wording == ("intent/refund",)
    assert (impact.total.n_items, impact.total.hours) == (0, 0.0)


def test_another_scale_touches_every_answer_to_its_question(labelled: Project) -> None:
    make_labels(labelled, [("a", "cho", {"intent": "other", "urgency": 3})], round_key="initial")
    edit(labelled, lambda content: content["questions"][1].update(max=7))

    impact = impact_of(labelled)

    assert keys(impact) == ["question:urgency"]
    assert (impact.total.n_items, impact.total.n_labels) == (1, 1)


def test_labels_in_sets_and_on_marks_are_found(lea: User) -> None:
    options = [{"key": "x", "label": "X", "definition": "one"}, {"key": "y", "label": "Y"}]
    content = INTENT | {
        "questions": [
            {"key": "tags", "type": "choices", "title": "T", "options": options, "min": 0, "max": 2},
            {"key": "marks", "type": "span", "title": "M", "field": "text", "options": options},
        ]
    }
    from_scratch = Guideline.objects.create(slug="marks", title="Marks", created_by=lea)
    GuidelineDraft.objects.create(guideline=from_scratch, content=content, updated_by=lea)
    make_version(from_scratch, lea, content)
    marked = make_project(lea, from_scratch, slug="marks")
    span = {"start": 0, "end": 2, "label": "x"}
    rows = [("a", {"tags": ["x", "y"]}), ("b", {"tags": ["y"]}), ("c", {"tags": ["y"], "marks": [span]})]
    make_labels(marked, [(item, "ana", said) for item, said in rows])
    edit(marked, lambda c: [q["options"][0].update(definition="something else") for q in c["questions"]])

    impact = impact_of(marked)

    assert names(impact, "option:tags/x") == ["a"]
    assert names(impact, "option:marks/x") == ["c"]


def test_models_and_control_answers_are_not_in_it_and_nothing_published_is_said(labelled: Project, lea: User) -> None:
    make_labels(labelled, [("m", "robot", "refund")], kind="model")
    edit(labelled, define_refund)
    fresh = Guideline.objects.create(slug="fresh", title="Fresh", created_by=lea)
    GuidelineDraft.objects.create(guideline=fresh, content=INTENT, updated_by=lea)

    assert "m" not in names(impact_of(labelled), "option:intent/refund")
    with pytest.raises(NothingToCompare):
        impact_of(make_project(lea, fresh, slug="fresh"))


def test_the_body_says_rule_and_counts(labelled: Project) -> None:
    edit(labelled, define_refund)

    body = impact_body(impact_of(labelled, reasons=["option:intent/refund"]))

    assert body["total"] == {"items": 5, "labels": 6, "labels_to_redo": 10, "hours": pytest.approx(0.1)}
    assert [(r["key"], r["is_chosen"], r["items"]) for r in body["reasons"]] == [
        ("option:intent/refund", True, 5), ("neighbour:intent/billing", False, 5),
    ]  # fmt: skip
    assert body["reasons"][1]["confused_with"]["refund"]["items"] == 3
    assert body["slices"]["language"][0] == {
        "value": "de", "items": 4, "labels": 4, "labels_to_redo": 8, "hours": pytest.approx(0.08),
    }  # fmt: skip
