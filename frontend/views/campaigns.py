"""Re-label campaigns: the list, a new one from a finding, one with its progress and its report."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import Capability
from annotation.models import Round
from annotation.selectors.access import ProjectAccess
from frontend.forms.campaigns import CampaignForm
from frontend.guard import project_page
from frontend.plots import progress_bar
from frontend.reading.answers import current_questions
from frontend.reading.campaigns import shown_report
from frontend.reading.findings import sentence_of
from frontend.reading.payloads import payload_views
from quality.models import Finding, RelabelCampaign
from quality.selectors.campaigns import CampaignRow, campaigns_of
from quality.services.campaign_scope import preview_campaign
from quality.services.campaigns import campaign_progress, close_campaign, start_campaign


@require_GET
@project_page(Capability.VIEW_QUALITY)
def campaigns(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    questions = current_questions(access.project)
    rows = [_row(row, questions) for row in campaigns_of(access.project)]
    context = {"rows": rows, "may_relabel": access.allows(Capability.RELABEL)}
    return render(request, "quality/campaigns.html", context)


def _row(row: CampaignRow, questions: Any) -> dict[str, Any]:
    campaign = row.campaign
    report = shown_report(campaign, questions) if campaign.report else None
    return {
        "campaign": campaign, "progress": progress_bar(row.done, row.tasks), "report": report,
        "sentence": sentence_of(campaign.finding) if campaign.finding else "",
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@project_page(Capability.RELABEL)
def campaign_new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What labeling a finding's items again would ask for; a POST starts it. Seeing it changes nothing."""
    project = access.project
    found = _finding(access, request.POST.get("finding") or request.GET.get("finding", ""))
    scope = {"finding": str(found.pk)}
    try:
        form = CampaignForm(request.POST or None, initial={"reason": _reason(found)})
        if request.method == "POST" and form.is_valid():
            started = start_campaign(actor=access.user, project=project, scope=scope, **form.wanted())
            words = _("The re-labeling runs.") if started.is_new else _("This re-labeling was running already.")
            messages.success(request, words)
            return redirect("campaign", project.slug, started.campaign.pk)
        preview = preview_campaign(project, scope, _labels_per_item(request, form))
    except NotFound:
        raise
    except DomainError as refusal:
        words = " ".join([refusal.detail, *(error.detail for error in refusal.errors)])
        context = {"finding": found, "sentence": sentence_of(found), "refusal": words}
        return render(request, "quality/campaign_refused.html", context, status=422)
    return _show_new(request, access, found, form, preview)


def _finding(access: ProjectAccess, raw: str) -> Finding:
    is_number = raw.isascii() and raw.isdigit() and len(raw) < 19
    found = Finding.objects.filter(project=access.project, pk=int(raw)).first() if is_number else None
    if found is None:
        raise NotFound
    return found


def _reason(found: Finding) -> str:
    clause = found.subject.get("clause")
    return _("Clause %(clause)s was unclear") % {"clause": clause} if clause else ""


def _labels_per_item(request: HttpRequest, form: CampaignForm) -> int | None:
    """As asked for in the form or the address, where it is a number that can be; else what the project has."""
    raw = (request.POST or request.GET).get("labels_per_item", "")
    field = form.fields["labels_per_item"]
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 4 and 1 <= int(raw) <= field.max_value else None  # type: ignore[attr-defined]


def _show_new(
    request: HttpRequest, access: ProjectAccess, found: Finding, form: CampaignForm, preview: dict[str, Any]
) -> HttpResponse:
    form.initial["labels_per_item"] = preview["labels_per_item"]
    fields, sample = access.project.fields, preview["sample"]
    views = [(entry["external_id"], payload_views(fields, entry["payload"])) for entry in sample]
    context = {
        "finding": found, "sentence": sentence_of(found), "form": form, "preview": preview, "sample": views,
        "is_same_text": found.kind == "hotspots" and preview["guideline_version"] == found.guideline_version,
        "seconds": None if preview["hours"] is None else preview["hours"] * 3600,
    }  # fmt: skip
    if request.headers.get("HX-Request") == "true" and request.method == "GET":
        return render(request, "quality/_campaign_preview.html", context)
    return render(request, "quality/campaign_new.html", context, status=422 if form.errors else 200)


@require_GET
@project_page(Capability.VIEW_QUALITY)
def campaign(request: HttpRequest, access: ProjectAccess, campaign_id: int) -> HttpResponse:
    return _show(request, access, _campaign(access, campaign_id))


def _campaign(access: ProjectAccess, campaign_id: int) -> RelabelCampaign:
    found = RelabelCampaign.objects.filter(project=access.project, pk=campaign_id).select_related(
        "round", "finding", "guideline_version", "created_by", "project"
    ).first() if campaign_id < 2**63 else None  # fmt: skip
    if found is None:
        raise NotFound
    return found


def _show(request: HttpRequest, access: ProjectAccess, found: RelabelCampaign, *, refusal: str = "") -> HttpResponse:
    progress = campaign_progress(found)
    unfinished = progress["open"] + progress["needs_lead"]
    context = {
        "campaign": found, "sentence": sentence_of(found.finding) if found.finding else "", "progress": progress,
        "bar": progress_bar(progress["labels_done"], progress["labels_wanted"]), "unfinished": unfinished,
        "is_ended": found.round.state == Round.State.CLOSED, "refusal": refusal,
        "report": shown_report(found, current_questions(access.project)) if found.report else None,
        "may_close": access.allows(Capability.RELABEL), "close_hidden": [("cut_short", "yes")],
        "close_url": reverse("campaign-close", args=[access.project.slug, found.pk]),
    }  # fmt: skip
    if request.headers.get("HX-Request") == "true" and request.method == "GET":
        return render(request, "quality/_campaign_progress.html", context)
    return render(request, "quality/campaign.html", context, status=409 if refusal else 200)


@require_POST
@project_page(Capability.RELABEL)
def campaign_close(request: HttpRequest, access: ProjectAccess, campaign_id: int) -> HttpResponse:
    """Close and measure. With work left it needs `cut_short`, so that nobody ends one by a stray click."""
    found = _campaign(access, campaign_id)
    try:
        close_campaign(actor=access.user, campaign=found, cut_short=request.POST.get("cut_short") == "yes")
    except (NotFound, Forbidden):
        raise
    except DomainError as refusal:
        return _show(request, access, found, refusal=refusal.detail)
    messages.success(request, _("The re-labeling is closed and measured."))
    return redirect("campaign", access.project.slug, found.pk)
