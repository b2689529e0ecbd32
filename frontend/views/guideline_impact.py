"""What a draft would do to labels: the set that may be invalid, the draft tried on stored labels, a sample to judge."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import Conflict, DomainError, InvalidInput, NotFound
from accounts.permissions import Capability
from annotation.models import Project
from annotation.overlap import MOST_LABELS
from annotation.selectors.labels import counting_labels
from frontend.forms.impact import SampleForm, chosen_reasons
from frontend.forms.label_mappings import MappingForm
from frontend.forms.refusals import show_refusal
from frontend.guard import signed_in_user
from frontend.guideline_guard import guideline_page
from frontend.reading.answers import current_questions, shown_answers
from frontend.reading.guideline_differences import shown_difference
from frontend.reading.impact import (
    breakdowns,
    entries_for,
    publish_url,
    reading_progress,
    reason_rows,
    trial_bars,
    trial_totals,
)
from frontend.reading.payloads import payload_views
from guidelines.label_proposals import lost_options, proposed_migrations
from guidelines.models import Guideline
from guidelines.selectors.access import current_version
from guidelines.selectors.differences import draft_difference
from guidelines.selectors.versions import draft_of
from quality.models import ImpactJudgement, ImpactSample
from quality.selectors.impact_projects import impact_project, impact_projects
from quality.selectors.impact_samples import is_of_this_draft, samples_of
from quality.services.impact import Impact, impact_of
from quality.services.impact_samples import SampleOutdated, draw_sample, estimate_of, judge_item
from quality.services.label_trial import try_draft

EDIT = Capability.EDIT_GUIDELINE
MOST_SAMPLES = 10


@require_GET
@guideline_page(EDIT)
def guideline_impact(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """The set that may be invalid, for one project; without labels, versions or changes the page says so."""
    projects = impact_projects(signed_in_user(request), guideline)
    context: dict[str, Any] = {"guideline": guideline, "tab": "impact", "is_editor": True, "projects": projects}
    if not projects or current_version(guideline) is None:
        return render(request, "impact/page.html", context | {"is_empty": True})
    project = _chosen_project(request, guideline, projects)
    impact = impact_of(
        project, reasons=chosen_reasons(request.GET), labels_per_item=_labels_per_item(request.GET)
    )  # fmt: skip
    context |= _shown(impact)
    if request.headers.get("HX-Request") == "true":
        return render(request, "impact/_set.html", context)
    return render(request, "impact/page.html", context | _samples(impact) | {"sample_form": SampleForm()})


def _chosen_project(request: HttpRequest, guideline: Guideline, projects: list[Project]) -> Project:
    slug = request.GET.get("project", "")
    return impact_project(signed_in_user(request), guideline, slug) if slug else projects[0]


def _labels_per_item(given: QueryDict) -> int | None:
    raw = given.get("labels_per_item", "")
    is_number = raw.isascii() and raw.isdigit() and len(raw) < 4
    return int(raw) if is_number and 1 <= int(raw) <= MOST_LABELS else None


def _shown(impact: Impact) -> dict[str, Any]:
    chosen = [reason.key for reason in impact.reasons]
    slug, project = impact.project.guideline.slug, impact.project
    hours = impact.total.hours
    return {
        "project": project, "impact": impact, "total": impact.total, "reasons": reason_rows(impact),
        "breakdowns": breakdowns(impact), "seconds": None if hours is None else hours * 3600,
        "has_labels": bool(impact.table.n_labels), "most_labels": MOST_LABELS,
        "publish_url": publish_url(slug, project.slug, chosen, impact.labels_per_item) if impact.total.n_items else "",
        "chosen": chosen,
    }  # fmt: skip


def _samples(impact: Impact) -> dict[str, Any]:
    """The newest sample that speaks for this draft, and the others, which do not."""
    found = list(samples_of(impact.project).select_related("base_version__guideline")[:MOST_SAMPLES])
    rows = [(sample, estimate_of(sample), is_of_this_draft(sample)) for sample in found]
    current = next((row for row in rows if row[2]), None)
    return {
        "sample": current[0] if current else None, "estimate": current[1] if current else None,
        "other_samples": [row for row in rows if row is not current],
    }  # fmt: skip


@require_POST
@guideline_page(EDIT)
def guideline_try(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """The draft tried on stored labels with the mappings as they stand in the form. It changes nothing."""
    projects = impact_projects(signed_in_user(request), guideline)
    difference = draft_difference(guideline, draft_of(guideline))
    form = MappingForm(difference, {}, request.POST)
    if "mappings" not in request.POST:
        migrations = proposed_migrations(lost_options(difference.before, difference.after))
    else:
        migrations = form.migrations()
    context: dict[str, Any] = {"guideline": guideline, "tab": "impact", "is_editor": True}
    try:
        trials = [try_draft(project, migrations) for project in projects]
    except InvalidInput as refusal:
        words = " ".join(error.detail for error in refusal.errors) or refusal.detail
        return _show_trial(request, context | {"refusal": words}, 422)
    shown = [(trial, trial_totals(trial), trial_bars(trial, difference.before, difference.after)) for trial in trials]
    return _show_trial(request, context | {"trials": shown}, 200)


def _show_trial(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    is_fragment = request.headers.get("HX-Request") == "true"
    # htmx shows what a 200 says; the refusal is part of the answer here, not of the form.
    status = 200 if is_fragment else status
    return render(request, "impact/_trial.html" if is_fragment else "impact/trial.html", context, status=status)


@require_POST
@guideline_page(EDIT)
def impact_sample_draw(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    project = impact_project(signed_in_user(request), guideline, request.POST.get("project", ""))
    form = SampleForm(request.POST)
    if form.is_valid():
        try:
            sample = draw_sample(
                actor=signed_in_user(request), project=project, size=form.cleaned_data["size"],
                seed=form.cleaned_data["seed"], reasons=chosen_reasons(request.POST),
            )  # fmt: skip
            return redirect("impact-sample", guideline.slug, sample.pk)
        except (InvalidInput, Conflict) as refusal:
            show_refusal(form, refusal)
    impact = impact_of(project)
    context = {
        "guideline": guideline, "tab": "impact", "is_editor": True, "sample_form": form,
        "projects": impact_projects(signed_in_user(request), guideline),
    }  # fmt: skip
    return render(request, "impact/page.html", context | _shown(impact) | _samples(impact), status=422)


@require_GET
@guideline_page(EDIT)
def impact_sample(request: HttpRequest, guideline: Guideline, sample_id: int) -> HttpResponse:
    """One drawn item after the other, with the changed text beside it; `?at=` opens one."""
    sample = _sample(request, guideline, sample_id)
    rows = list(ImpactJudgement.objects.filter(sample=sample).select_related("item").order_by("position"))
    at = _place(request, rows)
    return _show_sample(request, guideline, sample, rows, at)


def _place(request: HttpRequest, rows: list[ImpactJudgement]) -> ImpactJudgement | None:
    """The item named in the address, else the first without a verdict, else none: all are judged."""
    raw = request.GET.get("at", "")
    if raw.isascii() and raw.isdigit() and 1 <= int(raw[:6]) <= len(rows):
        return rows[int(raw[:6]) - 1]
    return next((row for row in rows if not row.verdict), None)


def _show_sample(
    request: HttpRequest, guideline: Guideline, sample: ImpactSample, rows: list[ImpactJudgement],
    at: ImpactJudgement | None,
) -> HttpResponse:  # fmt: skip
    difference = shown_difference(draft_difference(guideline, draft_of(guideline)))
    estimate = estimate_of(sample)
    context = {
        "guideline": guideline, "tab": "impact", "is_editor": True, "sample": sample, "rows": rows, "at": at,
        "estimate": estimate, "is_current": is_of_this_draft(sample), "project": sample.project,
        "progress": reading_progress(estimate.n_judged, estimate.n_drawn),
        "verdicts": [("stays", _("Stays"), "1 s"), ("changes", _("Changes"), "2 c"), ("unsure", _("Unsure"), "3 u")],
    }  # fmt: skip
    if at is not None:
        context |= {
            "payload": payload_views(sample.project.fields, at.item.payload), "answers": _answers(sample.project, at),
            "entries": entries_for(difference, at.reason),
        }  # fmt: skip
    return render(request, "impact/sample.html", context)


def _answers(project: Project, at: ImpactJudgement) -> list[tuple[Any, Any]]:
    questions = current_questions(project)
    found = counting_labels().filter(project=project, item=at.item).select_related("annotator", "guideline_version")
    return [(label, shown_answers(questions, label.answer)) for label in found.order_by("pk")]


def _sample(request: HttpRequest, guideline: Guideline, sample_id: int) -> ImpactSample:
    known = impact_projects(signed_in_user(request), guideline)
    rows = ImpactSample.objects.filter(project__in=known).select_related(
        "project__guideline", "base_version__guideline"
    )
    sample = rows.filter(pk=sample_id).first() if sample_id < 2**63 else None
    if sample is None:
        raise NotFound
    return sample


@require_POST
@guideline_page(EDIT)
def impact_judge(request: HttpRequest, guideline: Guideline, sample_id: int, position: int) -> HttpResponse:
    """Store a verdict and go to the next item without one."""
    sample = _sample(request, guideline, sample_id)
    try:
        judge_item(
            actor=signed_in_user(request), sample=sample, position=position, verdict=request.POST.get("verdict", "")
        )
    except SampleOutdated as refusal:
        messages.error(request, refusal.detail)
    except NotFound:
        raise
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return redirect(f"{request.path.rsplit('/judge/', 1)[0]}/?at={position}")
    return redirect("impact-sample", guideline.slug, sample.pk)
