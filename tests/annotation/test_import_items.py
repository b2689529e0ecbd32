"""Items brought in: exact counts, nothing overwritten, nothing doubled, seats as the overlap policy says."""

from typing import Any

import pytest

from accounts.models import AuditEvent, User
from annotation.formats.rows import lines_from_values
from annotation.models import (
    Assignment,
    ImportBatch,
    ImportIssue,
    Item,
    Member,
    Project,
    Round,
    SliceContract,
    Task,
)
from annotation.overlap import parse_overlap, seats_for
from annotation.services.importing import ImportRefused, ImportReport, ItemImporter, import_items, run_import
from annotation.services.importing.items import OverlapChanged
from annotation.services.refusals import ProjectClosed
from guidelines.models import Guideline
from operations.strict_json import content_sha256
from tests.factories.annotation import make_project
from tests.factories.guidelines import make_version
from tests.factories.work import label, names


def item(name: str, text: str = "Where is my money?", **more: Any) -> dict[str, Any]:
    return {"external_id": name, "payload": {"text": text}, "meta": {"language": "en"}, **more}


def bring(project: Project, *values: Any, actor: User | None = None, **settings: Any) -> ImportReport:
    actor = actor or project.created_by
    return import_items(actor=actor, project=project, lines=lines_from_values(values), **settings)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (report.received, report.created, report.unchanged, report.conflicts, report.rejected)


def nothing_stored() -> bool:
    return not (Item.objects.exists() or Task.objects.exists() or Assignment.objects.exists())


def test_an_item_is_stored_exactly_as_it_came(project: Project) -> None:
    payload = {"text": "Cafe\u0301 \u2028 \uffff 👩‍👩‍👧", "n": 1.0, "deep": [{"a": None, "b": True}]}
    report = bring(project, {"external_id": "m1", "payload": payload, "meta": {"language": "de"}, "priority": 3})

    stored = Item.objects.get()
    assert counts(report) == (1, 1, 0, 0, 0)
    assert (stored.external_id, stored.payload, stored.meta, stored.priority) == ("m1", payload, {"language": "de"}, 3)
    assert stored.sha256 == content_sha256({"external_id": "m1", "payload": payload, "meta": {"language": "de"}})
    assert stored.batch_id == report.batch_id


def test_each_new_item_is_opened_in_the_first_round_with_the_overlap_and_priority(project: Project) -> None:
    bring(project, item("m1"), item("m2", priority=5))

    seats = Assignment.objects.order_by("id").values_list(
        "task__item__external_id", "slot", "rank", "round__key", "task__major"
    )
    assert list(seats) == [
        ("m2", 1, -5, "initial", 1), ("m2", 2, -5, "initial", 1),
        ("m1", 1, 0, "initial", 1), ("m1", 2, 0, "initial", 1),
    ]  # fmt: skip


def test_the_tasks_are_under_the_major_that_is_published_now(project: Project, lea: User) -> None:
    make_version(project.guideline, lea, level="major")
    bring(project, item("m1"))

    assert Task.objects.get().major == 2


def test_before_the_first_publish_tasks_are_under_major_one(project: Project, lea: User) -> None:
    unpublished = Guideline.objects.create(slug="empty", title="Empty", created_by=lea)
    other = make_project(lea, unpublished, slug="other")
    bring(other, item("m1"))

    assert Task.objects.get().major == 1


def test_the_share_of_shared_items_is_drawn_by_item_and_stratum(project: Project) -> None:
    overlap = {"labels_per_item": 1, "share": 0.3, "shared_labels": 3, "stratify_by": "language"}
    Project.objects.filter(pk=project.pk).update(overlap=overlap)
    project.refresh_from_db()
    bring(project, *(item(f"m{n}") for n in range(60)))

    policy = parse_overlap(overlap)
    wanted = {
        f"m{n}": seats_for(policy, item_key=f"m{n}", stratum="en", seed=project.pseudonym_salt) for n in range(60)
    }
    assert dict(Task.objects.values_list("item__external_id", "overlap")) == wanted
    assert set(wanted.values()) == {1, 3}
    assert Assignment.objects.count() == sum(wanted.values())


def test_a_repeat_changes_nothing(project: Project) -> None:
    bring(project, item("m1"), item("m2"))
    before = list(Assignment.objects.values_list("id", flat=True))

    report = bring(project, item("m1"), item("m2"))

    assert counts(report) == (2, 0, 2, 0, 0)
    assert list(Assignment.objects.values_list("id", flat=True)) == before


def test_other_content_is_a_conflict_and_the_rest_is_stored(project: Project) -> None:
    bring(project, item("m1", "first"))

    report = bring(project, item("m1", "changed"), item("m2"))

    assert counts(report) == (2, 1, 0, 1, 0)
    assert [(e.line, e.code) for e in report.errors] == [(1, "conflict")]
    assert Item.objects.get(external_id="m1").payload == {"text": "first"}


def test_a_changed_slice_value_is_other_content(project: Project) -> None:
    bring(project, item("m1"))

    assert counts(bring(project, item("m1", meta={"language": "de"}))) == (1, 0, 0, 1, 0)


def test_numbers_that_are_equal_are_the_same_content(project: Project) -> None:
    bring(project, {"external_id": "m1", "payload": {"n": 1.0}})

    assert counts(bring(project, {"external_id": "m1", "payload": {"n": 1}})) == (1, 0, 1, 0, 0)


def test_within_a_file_the_same_line_twice_is_one_item_and_a_different_one_a_conflict(project: Project) -> None:
    report = bring(project, item("m1"), item("m2"), item("m1"), item("m2", "other"), item("m2"))

    assert counts(report) == (5, 2, 2, 1, 0)
    assert [(e.line, e.code, e.detail) for e in report.errors] == [
        (4, "conflict", "stands with other content on line 2")
    ]
    assert Item.objects.count() == 2


def test_unicode_twins_are_two_items(project: Project) -> None:
    report = bring(project, item("caf\u00e9"), item("cafe\u0301"))

    assert counts(report) == (2, 2, 0, 0, 0)


def test_one_bad_line_keeps_everything_out(project: Project) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(project, item("m1"), {"external_id": "m2"}, item("m3"))

    report = refused.value.report
    assert counts(report) == (3, 0, 0, 0, 1)
    assert [(e.line, e.code, e.detail) for e in report.errors] == [(2, "required", "payload: payload is needed")]
    assert nothing_stored()
    assert not ImportBatch.objects.get().is_stored


def test_skip_stores_the_good_lines(project: Project) -> None:
    report = bring(project, item("m1"), {"external_id": "m2"}, item("m3"), on_error="skip")

    assert counts(report) == (3, 2, 0, 0, 1)
    assert list(Item.objects.order_by("id").values_list("external_id", flat=True)) == ["m1", "m3"]


def test_a_refused_item_comes_in_with_the_mended_file(project: Project) -> None:
    with pytest.raises(ImportRefused):
        bring(project, item("m1"), {"external_id": "m2"})

    assert counts(bring(project, item("m1"), item("m2"))) == (2, 2, 0, 0, 0)


def test_every_import_is_kept_with_its_issues_and_in_the_audit_log(project: Project, max_: User) -> None:
    bring(project, item("m1"), {"external_id": "m2"}, actor=max_, on_error="skip", source="messages.jsonl")

    batch = ImportBatch.objects.get()
    assert (batch.kind, batch.source, batch.created_by, batch.is_stored) == ("items", "messages.jsonl", max_, True)
    assert list(ImportIssue.objects.values_list("batch", "line", "code")) == [(batch.pk, 2, "required")]
    event = AuditEvent.objects.get(action="project.import")
    assert (event.actor, event.scope, event.target) == (max_, "project:intents", str(batch.pk))
    assert event.facts["created"] == 1


def test_two_projects_may_use_the_same_names(project: Project, lea: User) -> None:
    other = make_project(lea, project.guideline, slug="other")
    bring(project, item("m1"))

    assert counts(bring(other, item("m1", "other text"))) == (1, 1, 0, 0, 0)


def test_a_closed_project_takes_nothing(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(status="closed")
    project.refresh_from_db()

    with pytest.raises(ProjectClosed):
        bring(project, item("m1"))
    assert nothing_stored()
    assert not ImportBatch.objects.exists()


def test_an_overlap_changed_while_lines_are_read_refuses_the_import(project: Project) -> None:
    importer = ItemImporter(actor=project.created_by, project=project)
    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 5})

    with pytest.raises(OverlapChanged):
        run_import(importer, lines_from_values([item("m1")]), from_csv=False, on_error="abort", source="test")
    assert nothing_stored()


def test_a_policy_of_the_round_goes_before_the_projects(project: Project) -> None:
    Round.objects.filter(project=project, key="initial").update(overlap={"labels_per_item": 4})
    bring(project, item("m1"))

    assert Assignment.objects.count() == 4


def test_an_item_sent_again_with_another_priority_takes_its_new_place(project: Project) -> None:
    bring(project, item("m1"), item("m2"), item("m3", priority=1))

    report = bring(project, item("m2", priority=9, reason="drift alarm"), item("m1"), item("m3"))

    assert counts(report) == (3, 0, 3, 0, 0)
    stored = {each.external_id: (each.priority, each.feed_reason) for each in Item.objects.all()}
    assert stored == {"m1": (0, ""), "m2": (9, "drift alarm"), "m3": (1, "")}
    ranks = dict(Assignment.objects.values_list("task__item__external_id", "rank"))
    assert ranks == {"m1": 0, "m2": -9, "m3": -1}


def test_a_pushed_item_is_the_next_one_handed_out(project: Project, ana: User) -> None:
    member = Member.objects.get(project=project, user=ana)
    bring(project, *(item(f"m{n}") for n in range(5)))
    label(member)

    bring(project, item("urgent", priority=5, reason="user feedback"))
    first = label(member)
    bring(project, item("m4", priority=8))
    second = label(member)

    assert [names([first]), names([second])] == [["urgent"], ["m4"]]
    assert (first.reason, first.facts) == ("priority", {"priority": 5, "feed_reason": "user feedback"})


def test_items_of_a_contract_get_its_share_of_labels_and_its_lane(project: Project) -> None:
    SliceContract.objects.create(
        project=project, number=1, slice={"language": "de"}, overlap_share=1.0, shared_labels=4,
        cohort_key="site", least_cohorts=2,
    )  # fmt: skip

    bring(project, item("m1"), {"external_id": "m2", "payload": {"text": "x"}, "meta": {"language": "de"}})

    seats = Assignment.objects.order_by("task__item__external_id", "slot")
    assert list(seats.values_list("task__item__external_id", "lane", "needs_cohort")) == [
        ("m1", 0, False), ("m1", 0, False),
        ("m2", 1, True), ("m2", 1, True), ("m2", 1, False), ("m2", 1, False),
    ]  # fmt: skip


def test_a_contract_made_while_the_lines_were_read_stops_the_import(project: Project) -> None:
    importer = ItemImporter(actor=project.created_by, project=project)
    SliceContract.objects.create(project=project, number=1, slice={"language": "de"}, target_labels=5)

    with pytest.raises(OverlapChanged):
        run_import(importer, lines_from_values([item("m1")]), from_csv=False, on_error="abort", source="api")

    assert nothing_stored()
