"""A project: its making, its morning page, its settings."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import DomainError, Forbidden, InvalidInput, NotFound
from accounts.permissions import Capability, Role
from annotation.models import Project
from annotation.selectors.access import ProjectAccess
from annotation.selectors.people import standing_of
from annotation.selectors.progress import progress
from annotation.services.projects import change_project, create_project, set_project_status
from frontend.forms.projects import NewProjectForm, SettingsForm
from frontend.forms.schedule import ScheduleForm
from frontend.guard import page, project_page, signed_in_user
from frontend.navigation import url_if_there
from frontend.reading import morning
from frontend.reading.answers import current_questions
from guidelines.selectors.access import current_version
from guidelines.selectors.versions import versions_of
from operations.health import check_worker
from quality.selectors.headline import (
    Measured,
    heaviest_findings,
    last_analysis_job,
    last_measured,
    newest_snapshot,
    overall_rows,
    weekly_rows,
)
from quality.services.analyses import request_analysis
from quality.services.schedules import schedule_facts, schedule_of, set_schedule

MOST_FINDINGS = 5


@require_http_methods(["GET", "POST"])
@page(Capability.START_PROJECT)
def project_new(request: HttpRequest) -> HttpResponse:
    """The form; a POST makes the project and leads on to the import of its items."""
    user = signed_in_user(request)
    form = NewProjectForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            project = create_project(actor=user, **form.wanted())
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The project is there, and you lead it. Now bring its items."))
            return redirect("project", project.slug)
    return render(request, "projects/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@project_page(Capability.VIEW_PROJECT)
def project(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What needs somebody, most urgent first. Annotators go to the workbench: the rest would tell them of peers."""
    if access.role is Role.ANNOTATOR:
        return redirect("workbench", access.project.slug)
    questions = current_questions(access.project)
    context = _work(access)
    if access.allows(Capability.VIEW_QUALITY):
        context |= _quality(access, questions)
    return render(request, "projects/page.html", context)


def _work(access: ProjectAccess) -> dict[str, Any]:
    """How far the labeling is, and what keeps it from going on."""
    how_far, people = progress(access.project), standing_of(access.project)
    version = current_version(access.project.guideline)
    return {
        "urgent": [
            *morning.setup_sentences(access, how_far, version is not None, people.annotators),
            *morning.standing_sentences(access, how_far, people.paused),
            *morning.question_sentences(access),
        ],
        "how_far": how_far, "rounds": morning.round_bars(how_far), "version": version, "people": people,
    }  # fmt: skip


def _quality(access: ProjectAccess, questions: Any) -> dict[str, Any]:
    measured = last_measured(access.project)
    findings, n_open = heaviest_findings(access.project, MOST_FINDINGS)
    context: dict[str, Any] = {
        "findings": [morning.finding_sentence(finding, access) for finding in findings], "n_open": n_open,
        "more_findings": max(0, n_open - MOST_FINDINGS), "findings_url": url_if_there("findings", access.project.slug),
    }  # fmt: skip
    if measured.analysis is not None:
        url = url_if_there("agreement", access.project.slug)
        context |= {
            "agreement": morning.agreement_headline(overall_rows(measured.analysis), questions, url),
            "weekly": _weekly(access.project, measured, questions),
            "checked": morning.checked(measured.analysis, questions),
        }
    return context | _measuring(access, measured) | _datasets(access)


def _datasets(access: ProjectAccess) -> dict[str, Any]:
    if not access.allows(Capability.EXPORT):
        return {}
    return {"may_export": True, "snapshot": newest_snapshot(access.project)}


def _weekly(project: Project, measured: Measured, questions: Any) -> Any:
    if measured.analysis is None:
        return []
    weeks = weekly_rows(measured.analysis)
    if all(len(rows) < 2 for rows in weeks.values()):
        return []
    published = [(f"{v.published_at:%G-W%V}", v.number) for v in versions_of(project.guideline).order_by("sequence")]
    return morning.agreement_by_week(weeks, published, questions)


def _measuring(access: ProjectAccess, measured: Measured) -> dict[str, Any]:
    """The state of the analysis: up to date, old, missing, on its way, waiting for a worker that nobody sees."""
    job = measured.job
    is_live = job is not None and not job.is_finished
    worker = check_worker() if is_live else None
    return {
        "measured": measured, "measuring": morning.measuring_sentence(measured), "job": job, "job_is_live": is_live,
        "worker": worker, "may_measure": access.allows(Capability.RUN_QUALITY),
    }  # fmt: skip


@require_POST
@project_page(Capability.RUN_QUALITY)
def measure(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Queue an analysis of everything; while one waits or runs, that one."""
    request_analysis(actor=access.user, project=access.project)
    if request.headers.get("HX-Request") == "true":
        return measuring_state(request, access)
    return redirect("project", access.project.slug)


@require_GET
@project_page(Capability.VIEW_QUALITY)
def measuring(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The part of the morning page that follows a running analysis; when it has ended, the page is loaded anew."""
    job = last_analysis_job(access.project)
    if job is None or job.is_finished:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return measuring_state(request, access)


def measuring_state(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    return render(request, "projects/_measuring.html", _measuring(access, last_measured(access.project)))


@require_http_methods(["GET", "POST"])
@project_page(Capability.MANAGE_PROJECT)
def project_settings(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    project = access.project
    form = SettingsForm(request.POST if request.method == "POST" else None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            change_project(actor=access.user, project=project, **form.wanted())
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("project-settings", project.slug)
    return _settings_page(request, form, ScheduleForm(initial=schedule_facts(schedule_of(project))))


def _settings_page(request: HttpRequest, form: SettingsForm, schedule: ScheduleForm) -> HttpResponse:
    status = 422 if form.errors or schedule.errors else 200
    return render(request, "projects/settings.html", {"form": form, "schedule": schedule}, status=status)


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def project_schedule(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """When the project is measured without being asked."""
    schedule = ScheduleForm(request.POST)
    if schedule.is_valid():
        try:
            set_schedule(actor=access.user, project=access.project, **schedule.wanted())
        except InvalidInput as refusal:
            schedule.refuse(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("project-settings", access.project.slug)
    return _settings_page(request, SettingsForm(None, project=access.project), schedule)


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def project_status(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Pause, resume or close."""
    status = request.POST.get("status", "")
    if status not in Project.Status.values:
        raise NotFound
    set_project_status(actor=access.user, project=access.project, status=status)
    messages.success(request, {
        "active": _("The project runs: items are handed out."),
        "paused": _("The project is paused: nothing new is handed out."),
        "closed": _("The project is closed."),
    }[status])  # fmt: skip
    return redirect("project-settings", access.project.slug)
