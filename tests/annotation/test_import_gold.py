"""Gold answers brought in: one current answer an item, a different one is reported, never taken silently."""

from typing import Any

import pytest

from accounts.models import AuditEvent, User
from annotation.formats.rows import lines_from_values
from annotation.models import GoldLabel, Project
from annotation.services.importing import ImportRefused, ImportReport, import_gold
from tests.factories.annotation import make_item


@pytest.fixture(autouse=True)
def items(project: Project) -> None:
    make_item(project, "m1")
    make_item(project, "m2")


def gold(item: str = "m1", intent: str = "refund", rationale: str = "C3 says so") -> dict[str, Any]:
    return {"external_id": item, "answer": {"intent": intent}, "rationale": rationale}


def bring(project: Project, actor: User, *values: Any, **settings: Any) -> ImportReport:
    return import_gold(actor=actor, project=project, lines=lines_from_values(values), **settings)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (report.received, report.created, report.unchanged, report.conflicts, report.rejected)


def test_gold_is_stored_with_its_reason_and_author(project: Project, max_: User) -> None:
    report = bring(project, max_, gold())

    stored = GoldLabel.objects.get()
    assert counts(report) == (1, 1, 0, 0, 0)
    assert (stored.project, stored.item.external_id, stored.answer) == (project, "m1", {"intent": "refund"})
    assert (stored.rationale, stored.created_by, stored.superseded_at) == ("C3 says so", max_, None)
    assert AuditEvent.objects.get(action="project.import").facts["kind"] == "gold"


def test_the_same_again_is_unchanged(project: Project, max_: User) -> None:
    bring(project, max_, gold())

    assert counts(bring(project, max_, gold())) == (1, 0, 1, 0, 0)


@pytest.mark.parametrize("changed", [gold(intent="other"), gold(rationale="another reason")])
def test_another_answer_or_reason_is_a_conflict(project: Project, max_: User, changed: dict[str, Any]) -> None:
    bring(project, max_, gold())

    report = bring(project, max_, changed, gold("m2"))

    assert counts(report) == (2, 1, 0, 1, 0)
    assert GoldLabel.objects.get(item__external_id="m1").answer == {"intent": "refund"}


@pytest.mark.parametrize(("bad", "code"), [(gold("nothere"), "unknown_item"), (gold(intent="x"), "unknown_option")])
def test_a_bad_line_keeps_all_out(project: Project, max_: User, bad: dict[str, Any], code: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring(project, max_, gold("m2"), bad)

    assert [(e.line, e.code) for e in refused.value.report.errors] == [(2, code)]
    assert not GoldLabel.objects.exists()
