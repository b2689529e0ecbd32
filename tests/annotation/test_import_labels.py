"""Labels made elsewhere: read with the version they name, kept beside the queue, never doubled or overwritten."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from annotation.formats.rows import lines_from_values
from annotation.models import Annotation, Assignment, ImportBatch, Member, Project
from annotation.services.importing import ImportRefused, ImportReport, LineFormat, import_labels, read_lines
from annotation.services.importing.answers import NoQuestions
from guidelines.models import Guideline, GuidelineDraft
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import INTENT, make_guideline, make_version

KINDS = [{"key": "PER", "label": "Person"}, {"key": "LOC", "label": "Place"}]
SPANS = {
    "clauses": [], "examples": [],
    "questions": [{"key": "names", "type": "span", "title": "Names", "field": "text", "options": KINDS}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def items(project: Project) -> None:
    make_item(project, "m1")
    make_item(project, "m2")


def label(item: str = "m1", annotator: str = "ana", intent: str = "refund", **more: Any) -> dict[str, Any]:
    return {"external_id": item, "annotator": annotator, "answer": {"intent": intent}, **more}


def bring(project: Project, *values: Any, **settings: Any) -> ImportReport:
    return import_labels(actor=project.created_by, project=project, lines=lines_from_values(values), **settings)


def bring_csv(project: Project, text: str) -> ImportReport:
    lines = read_lines([text.encode()], LineFormat("csv"))
    return import_labels(actor=project.created_by, project=project, lines=lines, from_csv=True)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (report.received, report.created, report.unchanged, report.conflicts, report.rejected)


def errors(refused: Any) -> list[tuple[int, str]]:
    return [(error.line, error.code) for error in refused.value.report.errors]


def test_a_label_lies_in_the_imported_round_without_a_seat(project: Project, ana: User) -> None:
    report = bring(project, label(seconds_spent=4.5, created_at="2025-03-01T10:30:00+02:00"))

    stored = Annotation.objects.get()
    assert counts(report) == (1, 1, 0, 0, 0)
    assert (stored.round.key, stored.source, stored.assignment, stored.lease) == ("imported", "import", None, None)
    assert (stored.annotator.user, stored.annotator_kind) == (ana, "human")
    assert (stored.answer, stored.occurrence, stored.revision) == ({"intent": "refund"}, 1, 1)
    assert (stored.seconds_spent, stored.guideline_version) == (4.5, None)
    assert stored.labeled_at == datetime(2025, 3, 1, 8, 30, tzinfo=UTC)
    assert timezone.now() - stored.created_at < timedelta(minutes=1)


def test_a_label_without_a_time_was_labeled_when_it_came(project: Project) -> None:
    bring(project, label())

    stored = Annotation.objects.get()
    assert stored.labeled_at == stored.created_at


def test_a_stranger_becomes_a_person_of_this_project(project: Project) -> None:
    bring(project, label(annotator="a001"), label("m2", annotator="a001"))

    stranger = Member.objects.get(name="a001")
    assert (stranger.project, stranger.user, stranger.kind, stranger.role) == (project, None, "human", "annotator")
    assert stranger.annotations.count() == 2


def test_labels_of_a_model_are_a_models(project: Project) -> None:
    make_member(project, None, name="gpt", kind="model")
    bring(project, label(annotator="gpt"))

    assert Annotation.objects.get().annotator_kind == "model"


def test_labels_leave_the_queue_alone(project: Project) -> None:
    item = make_item(project, "m3")
    make_task(item, overlap=2)
    bring(project, label("m3"))

    assert list(Assignment.objects.values_list("state", flat=True)) == ["open", "open"]


def test_an_answer_may_hold_some_of_the_questions(project: Project) -> None:
    bring(project, {"external_id": "m1", "annotator": "ana", "answer": {"urgency": 4}})

    assert Annotation.objects.get().answer == {"urgency": 4}


def test_repeats_of_one_person_on_one_item_stand_side_by_side(project: Project) -> None:
    report = bring(project, label(), label(occurrence=2, intent="other"), label(occurrence=3))

    assert counts(report) == (3, 3, 0, 0, 0)
    assert list(Annotation.objects.order_by("occurrence").values_list("occurrence", "answer__intent")) == [
        (1, "refund"), (2, "other"), (3, "refund"),
    ]  # fmt: skip


def test_the_same_again_is_unchanged_and_another_answer_a_conflict(project: Project) -> None:
    bring(project, label(), label("m2"))

    report = bring(project, label(), label("m2", intent="other"), label("m2", annotator="ben"))

    assert counts(report) == (3, 1, 1, 1, 0)
    assert [(e.line, e.code) for e in report.errors] == [(2, "conflict")]
    assert Annotation.objects.get(item__external_id="m2", annotator__name="ana").answer == {"intent": "refund"}


def test_two_answers_of_one_person_in_one_file_are_a_conflict_at_the_later_line(project: Project) -> None:
    report = bring(project, label(), label(), label(intent="other"))

    assert counts(report) == (3, 1, 1, 1, 0)
    assert [(e.line, e.code) for e in report.errors] == [(3, "conflict")]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (label("nothere"), "unknown_item"),
        (label(intent="refnud"), "unknown_option"),
        ({"external_id": "m1", "annotator": "ana", "answer": {"mood": 1}}, "unknown_question"),
        ({"external_id": "m1", "annotator": "ana", "answer": {}}, "empty_answer"),
        ({"external_id": "m1", "answer": {"intent": "refund"}}, "required"),
        (label(guideline_version="9.9"), "unknown_version"),
        (label(guideline_version="latest"), "bad_version"),
        (label(created_at="yesterday"), "not_a_time"),
        (label(created_at="2025-03-01T10:30:00"), "no_offset"),
        (label(created_at="2999-01-01T00:00:00Z"), "in_future"),
        (label(seconds_spent=-1), "out_of_range"),
        (label(occurrence=0), "out_of_range"),
        (label(is_gold=True), "unknown_key"),
    ],
)
def test_a_bad_label_keeps_all_out(project: Project, bad: dict[str, Any], code: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(project, label("m2", annotator="new"), bad)

    assert errors(refused) == [(2, code)]
    assert not Annotation.objects.exists()
    assert not Member.objects.filter(name="new").exists()


def test_a_label_of_another_projects_item_is_unknown(project: Project, lea: User) -> None:
    make_item(make_project(lea, project.guideline, slug="other"), "theirs")

    with pytest.raises(ImportRefused) as refused:
        bring(project, label("theirs"))
    assert errors(refused) == [(1, "unknown_item")]


def test_a_label_is_read_with_the_version_it_names(project: Project, lea: User) -> None:
    questions = [{**INTENT["questions"][0], "options": [{"key": "new", "label": "New"}, {"key": "o", "label": "O"}]}]
    second = make_version(project.guideline, lea, {**INTENT, "questions": questions})

    report = bring(project, label(guideline_version="1.0"), label("m2", intent="new", guideline_version="2.0"))

    first = project.guideline.versions.get(major=1)
    assert counts(report) == (2, 2, 0, 0, 0)
    assert list(Annotation.objects.order_by("id").values_list("guideline_version", flat=True)) == [first.pk, second.pk]


def test_without_a_version_the_newest_one_is_used(project: Project, lea: User) -> None:
    questions = [{**INTENT["questions"][0], "options": [{"key": "new", "label": "New"}, {"key": "o", "label": "O"}]}]
    make_version(project.guideline, lea, {**INTENT, "questions": questions})

    with pytest.raises(ImportRefused) as refused:
        bring(project, label())
    assert errors(refused) == [(1, "unknown_option")]
    assert counts(bring(project, label(intent="new"))) == (1, 1, 0, 0, 0)


def test_before_the_first_publish_the_draft_is_used(lea: User) -> None:
    guideline = Guideline.objects.create(slug="draft", title="Draft", created_by=lea)
    GuidelineDraft.objects.create(guideline=guideline, content=INTENT, updated_by=lea)
    unpublished = make_project(lea, guideline, slug="unpublished")
    make_item(unpublished, "m1")

    bring(unpublished, label())

    assert Annotation.objects.get().guideline_version is None


def test_a_guideline_that_asks_nothing_refuses_labels(lea: User) -> None:
    guideline = Guideline.objects.create(slug="empty", title="Empty", created_by=lea)
    empty = make_project(lea, guideline, slug="empty")

    with pytest.raises(NoQuestions):
        bring(empty, label())
    assert not ImportBatch.objects.exists()


def test_spans_must_lie_inside_the_text_of_their_item(lea: User) -> None:
    spans = make_project(lea, make_guideline(lea, "spans", SPANS), slug="spans")
    make_item(spans, "m1", "Anna 👋 Bo")

    def marked(end: int) -> dict[str, Any]:
        return {"external_id": "m1", "annotator": "a", "answer": {"names": [{"start": 7, "end": end, "label": "PER"}]}}

    with pytest.raises(ImportRefused) as refused:
        bring(spans, marked(10))
    assert errors(refused) == [(1, "out_of_range")]
    assert counts(bring(spans, marked(9))) == (1, 1, 0, 0, 0)


def test_csv_has_a_column_for_each_question(project: Project) -> None:
    report = bring_csv(project, "external_id,annotator,intent,urgency\nm1,ana,refund,3\nm1,ben,,5\nm2,ana,other,\n")

    assert counts(report) == (3, 3, 0, 0, 0)
    assert list(Annotation.objects.order_by("id").values_list("answer", flat=True)) == [
        {"intent": "refund", "urgency": 3}, {"urgency": 5}, {"intent": "other"},
    ]  # fmt: skip


def test_csv_may_have_one_column_of_json(project: Project) -> None:
    report = bring_csv(project, 'external_id,annotator,answer,occurrence\nm1,ana,"{""intent"":""refund""}",2\n')

    assert counts(report) == (1, 1, 0, 0, 0)
    assert Annotation.objects.get().occurrence == 2


def test_a_column_that_is_no_question_refuses_the_file(project: Project) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring_csv(project, "external_id,annotator,intent,mood\nm1,ana,refund,3\n")
    assert errors(refused) == [(1, "unknown_column")]


def test_a_repeat_right_after_the_import_does_not_walk_all_labels_of_a_person(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand labels of two people, and no statistics yet: planned badly, the repeat takes forever."""
    monkeypatch.setattr("annotation.services.importing.running.WORTH_STATISTICS", 10**9)
    labels = [label(annotator=f"a{n % 2}", occurrence=1 + n // 2) for n in range(10_000)]
    began = time.monotonic()
    bring(project, *labels)
    first = time.monotonic() - began

    began = time.monotonic()
    assert counts(bring(project, *labels)) == (10_000, 0, 10_000, 0, 0)
    assert time.monotonic() - began < 3 * first + 1
