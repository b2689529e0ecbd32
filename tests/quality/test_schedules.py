"""Projects are measured without being asked: when something is new and due, one at a time, and apart."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import InvalidInput
from accounts.models import AuditEvent, User
from annotation.models import Project
from operations.jobs import TICKS
from operations.models import Job
from quality.models import Analysis, AnalysisSchedule
from quality.services.schedules import due_reason, schedule_facts, schedule_of, set_schedule, start_due_analyses
from tests.factories.guidelines import make_version
from tests.factories.quality import make_items, make_labels

NEVER: dict[str, Any] = {"every_hours": None, "after_labels": None, "after_publish": False}


@pytest.fixture
def label(project: Project) -> Callable[[int], None]:
    names = [f"m{number:03d}" for number in range(60)]
    make_items(project, names)
    given = iter(names)

    def more(count: int) -> None:
        make_labels(project, [(next(given), "ana", "refund") for _ in range(count)])

    return more


def measured(project: Project) -> None:
    Analysis.objects.create(
        project=project, kinds=["agreement"], as_of=timezone.now(), seed=1, input_sha256="0" * 64, code_version="1"
    )  # fmt: skip


def reason(project: Project, *, in_hours: float = 0, **schedule: Any) -> str | None:
    now = timezone.now() + timedelta(hours=in_hours)
    return due_reason(project, AnalysisSchedule(project=project, **NEVER | schedule), now)


def test_a_project_without_settings_has_the_defaults(project: Project) -> None:
    assert schedule_facts(schedule_of(project)) == {"every_hours": 24, "after_labels": 500, "after_publish": True}


def test_the_first_one_comes_when_something_can_be_said(project: Project, label: Callable[[int], None]) -> None:
    label(19)
    assert reason(project, every_hours=1) is None
    label(1)
    assert reason(project, every_hours=1) == "first"
    assert reason(project) is None


def test_by_the_clock_only_if_a_label_is_new(project: Project, label: Callable[[int], None]) -> None:
    label(20)
    measured(project)
    assert reason(project, in_hours=2, every_hours=1) is None

    label(1)
    assert reason(project, in_hours=2, every_hours=1) == "timetable"
    assert reason(project, in_hours=2, every_hours=3) is None


def test_after_so_many_new_labels(project: Project, label: Callable[[int], None]) -> None:
    label(20)
    measured(project)
    label(9)
    assert reason(project, after_labels=10) is None
    label(1)
    assert reason(project, after_labels=10) == "labels"


def test_after_a_publish_once_labels_under_it_are_there(
    project: Project, lea: User, label: Callable[[int], None]
) -> None:
    label(20)
    measured(project)
    make_version(project.guideline, lea)
    assert reason(project, after_publish=True) is None
    label(20)
    assert reason(project, after_publish=True) == "publish"
    measured(project)
    label(1)
    assert reason(project, after_publish=True) is None


def test_what_is_due_is_started_once(project: Project, label: Callable[[int], None]) -> None:
    label(20)
    TICKS["start-analyses"]()
    assert start_due_analyses() == 0

    job = Job.objects.get(kind="analysis")
    assert (job.created_by, job.payload["reason"]) == (None, "first")


def test_after_one_that_failed_the_next_begins_later(project: Project, label: Callable[[int], None]) -> None:
    label(20)
    assert start_due_analyses() == 1
    Job.objects.update(state="failed", finished_at=timezone.now())
    assert start_due_analyses() == 0
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    assert start_due_analyses() == 1


def test_paused_and_closed_projects_rest(project: Project, label: Callable[[int], None]) -> None:
    label(20)
    Project.objects.update(status="paused")
    assert start_due_analyses() == 0


def test_settings_are_stored_with_who_set_them(project: Project, lea: User) -> None:
    wanted = {"every_hours": 6, "after_labels": None, "after_publish": False}
    set_schedule(actor=lea, project=project, **wanted)

    assert schedule_facts(schedule_of(project)) == wanted
    event = AuditEvent.objects.get(action="analyses.scheduled")
    assert (event.actor, event.facts) == (lea, wanted)


@pytest.mark.parametrize(
    ("name", "value"), [("every_hours", 0), ("every_hours", 721), ("after_labels", 9), ("after_labels", 1_000_001)]
)
def test_bad_settings_are_named_and_not_stored(project: Project, lea: User, name: str, value: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        set_schedule(actor=lea, project=project, **NEVER | {name: value})
    assert [error.path for error in refused.value.errors] == [name]
    assert not AnalysisSchedule.objects.exists()


def test_the_database_keeps_them_sane(project: Project) -> None:
    for bad in ({"every_hours": 0}, {"every_hours": 721}, {"after_labels": 9}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AnalysisSchedule.objects.create(project=project, **bad)
