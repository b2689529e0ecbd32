"""Annotators brought in: members by name, people of one project, models; cohorts filled once, never overwritten."""

from typing import Any

import pytest

from accounts.models import User
from annotation.formats.rows import lines_from_values
from annotation.models import Member, Project
from annotation.services.importing import ImportRefused, ImportReport, import_annotators
from tests.factories.annotation import make_project


def bring(project: Project, *values: Any, **settings: Any) -> ImportReport:
    return import_annotators(actor=project.created_by, project=project, lines=lines_from_values(values), **settings)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (report.received, report.created, report.unchanged, report.conflicts, report.rejected)


def test_a_stranger_becomes_a_person_of_this_project_who_cannot_sign_in(project: Project) -> None:
    users = User.objects.count()

    report = bring(project, {"annotator": "a001", "kind": "human", "gender": "f", "age": 31})

    member = Member.objects.get(project=project, name="a001")
    assert counts(report) == (1, 1, 0, 0, 0)
    assert (member.user, member.kind, member.role, member.is_active) == (None, "human", "annotator", True)
    assert member.cohorts == {"gender": "f", "age": "31"}
    assert User.objects.count() == users


def test_a_model_is_a_model(project: Project) -> None:
    bring(project, {"annotator": "gpt", "kind": "model", "family": "x"})

    assert Member.objects.get(name="gpt").kind == "model"


def test_a_members_username_is_that_member_whose_empty_cohorts_are_filled(project: Project, ana: User) -> None:
    report = bring(project, {"annotator": "ana", "region": "north"})

    assert counts(report) == (1, 1, 0, 0, 0)
    assert Member.objects.get(project=project, user=ana).cohorts == {"region": "north"}
    assert Member.objects.filter(project=project, name="ana").count() == 1


def test_a_repeat_changes_nothing(project: Project) -> None:
    values = [{"annotator": "ana", "region": "north"}, {"annotator": "a001"}, {"annotator": "ben"}]
    bring(project, *values)

    assert counts(bring(project, *values)) == (3, 0, 3, 0, 0)


@pytest.mark.parametrize(
    "changed",
    [{"region": "south"}, {"region": "north", "age": "3"}, {"region": "north", "kind": "model"}, {}],
    ids=["value", "further", "kind", "none"],
)
def test_other_attributes_or_kind_are_a_conflict(project: Project, changed: dict[str, str]) -> None:
    bring(project, {"annotator": "a001", "region": "north"})

    report = bring(project, {"annotator": "a001", **changed}, {"annotator": "a002"})

    assert counts(report) == (2, 1, 0, 1, 0)
    member = Member.objects.get(name="a001")
    assert (member.cohorts, member.kind) == ({"region": "north"}, "human")


def test_a_person_is_never_turned_into_a_model(project: Project) -> None:
    report = bring(project, {"annotator": "lea", "kind": "model", "family": "x"})

    lead = Member.objects.get(project=project, name="lea")
    assert counts(report) == (1, 0, 0, 1, 0)
    assert (lead.kind, lead.role, lead.cohorts) == ("human", "lead", {})


def test_names_belong_to_the_project(project: Project, lea: User) -> None:
    other = make_project(lea, project.guideline, slug="other")
    bring(project, {"annotator": "a001", "age": "1"})

    assert counts(bring(other, {"annotator": "a001", "age": "2"})) == (1, 1, 0, 0, 0)
    assert list(Member.objects.filter(name="a001").order_by("id").values_list("cohorts", flat=True)) == [
        {"age": "1"}, {"age": "2"},
    ]  # fmt: skip


def test_one_bad_line_keeps_everybody_out(project: Project) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(project, {"annotator": "a001"}, {"annotator": "a002", "kind": "robot"})

    assert [(e.line, e.code) for e in refused.value.report.errors] == [(2, "unknown_kind")]
    assert not Member.objects.filter(name__startswith="a00").exists()
