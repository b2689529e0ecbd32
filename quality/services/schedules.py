"""Analyses that nobody asked for: on a timetable, once enough is new, after a new version of the guideline."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Project
from guidelines.selectors.access import current_version
from operations.models import Job
from quality.models import AnalysisSchedule
from quality.selectors.analyses import latest_analysis
from quality.services.analyses import request_analysis

FIRST_AT = 20  # labels; with fewer nothing can be said
APART = timedelta(minutes=10)  # so long after an analysis began none begins by itself, however it ended
LEAST_LABELS, MOST_LABELS, MOST_HOURS = 10, 1_000_000, 720


def schedule_of(project: Project) -> AnalysisSchedule:
    """When the project is measured by itself: as set, or by default."""
    return AnalysisSchedule.objects.filter(project=project).first() or AnalysisSchedule(project=project)


def set_schedule(
    *, actor: User, project: Project, every_hours: int | None, after_labels: int | None, after_publish: bool
) -> AnalysisSchedule:
    """Measure every so many hours if a label is new, after so many new labels, after a publish; None: not so."""
    errors = []
    if every_hours is not None and not 1 <= every_hours <= MOST_HOURS:
        errors.append(FieldError("every_hours", "range", f"From 1 to {MOST_HOURS}, or none."))
    if after_labels is not None and not LEAST_LABELS <= after_labels <= MOST_LABELS:
        errors.append(FieldError("after_labels", "range", f"From {LEAST_LABELS} to {MOST_LABELS}, or none."))
    if errors:
        raise InvalidInput(errors=errors)
    wanted = {"every_hours": every_hours, "after_labels": after_labels, "after_publish": after_publish}
    with transaction.atomic():
        schedule, _ = AnalysisSchedule.objects.update_or_create(project=project, defaults=wanted)
        record_event(
            actor=actor, action="analyses.scheduled", scope=f"project:{project.slug}", target=project.slug,
            facts=wanted,
        )  # fmt: skip
    return schedule


def start_due_analyses() -> int:
    """Start what is due in active projects; returns how many. Twice changes nothing: one at a time, and apart."""
    now, started = timezone.now(), 0
    for project in Project.objects.filter(status=Project.Status.ACTIVE).select_related("guideline").order_by("pk"):
        if not _began_lately(project, now) and (reason := due_reason(project, schedule_of(project), now)):
            request_analysis(actor=None, project=project, reason=reason)
            started += 1
    return started


def due_reason(project: Project, schedule: AnalysisSchedule, now: datetime) -> str | None:
    """Why the project should be measured now: `first`, `publish`, `labels`, `timetable`; or None."""
    if not (schedule.every_hours or schedule.after_labels or schedule.after_publish):
        return None
    last = latest_analysis(project, with_agreement=True)
    if last is None:
        return "first" if _labels_since(project, None, most=FIRST_AT) == FIRST_AT else None
    if not _labels_since(project, last.as_of, most=1):
        return None
    if schedule.after_publish and _is_new_version_in_use(project, last.as_of):
        return "publish"
    enough = schedule.after_labels
    if enough and _labels_since(project, last.as_of, most=enough) == enough:
        return "labels"
    return "timetable" if schedule.every_hours and now - last.as_of >= timedelta(hours=schedule.every_hours) else None


def _is_new_version_in_use(project: Project, as_of: datetime) -> bool:
    version = current_version(project.guideline)
    return (
        version is not None
        and version.published_at > as_of
        and _labels_since(project, version.published_at, most=FIRST_AT) == FIRST_AT
    )


# Ids follow the order in which labels came, so the newest are read off the end of an index: never more than wanted.
_NEW = """
    SELECT count(*) FROM (
        SELECT answer.created_at FROM annotation_annotation answer
        WHERE answer.project_id = %(project)s AND answer.annotator_kind = 'human'
        ORDER BY answer.id DESC LIMIT %(most)s
    ) newest WHERE %(since)s::timestamptz IS NULL OR created_at > %(since)s
"""


def _labels_since(project: Project, since: datetime | None, *, most: int) -> int:
    """How many labels of people came after that instant, counted up to `most`."""
    with connection.cursor() as cursor:
        cursor.execute(_NEW, {"project": project.pk, "since": since, "most": most})
        (count,) = cursor.fetchone()
    return int(count)


def _began_lately(project: Project, now: datetime) -> bool:
    jobs = Job.objects.filter(kind="analysis", scope=f"project:{project.slug}")
    return jobs.filter(created_at__gt=now - APART).exists() or jobs.filter(state__in=["queued", "running"]).exists()


def schedule_facts(schedule: AnalysisSchedule) -> dict[str, Any]:
    return {
        "every_hours": schedule.every_hours, "after_labels": schedule.after_labels,
        "after_publish": schedule.after_publish,
    }  # fmt: skip
