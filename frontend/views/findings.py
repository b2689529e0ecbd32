"""Findings: the list, one with its evidence, what is decided about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import InvalidInput, NotFound
from accounts.permissions import Capability
from annotation.models import Member
from annotation.selectors.access import ProjectAccess
from frontend.forms.findings import DecisionForm
from frontend.guard import project_page
from frontend.navigation import url_if_there
from frontend.reading import findings as reading
from frontend.reading.answers import current_questions
from frontend.views.agreement import Choice, analysis_job
from quality.models import Finding
from quality.selectors.analyses import latest_analysis
from quality.selectors.evidence import evidence_of, people_behind
from quality.selectors.findings import finding_counts, findings_to_read
from quality.selectors.headline import last_measured
from quality.services.finding_names import record_names_shown
from quality.services.findings import change_finding

A_PAGE, EVIDENCE_A_PAGE = 50, 12
STATES = ("open", "acknowledged", "dismissed", "resolved", "all")


@require_GET
@project_page(Capability.VIEW_QUALITY)
def findings(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Those of a state (`?state=`, open first) and kind (`?kind=`), what touches most labels on top."""
    project = access.project
    state, kind = request.GET.get("state", "open"), request.GET.get("kind", "")
    is_known = state in STATES and (not kind or kind in reading.kind_words())
    if not is_known:
        state, kind = "open", ""
    counts = finding_counts(project)
    found = findings_to_read(project, state=None if state == "all" else state, kind=kind or None)
    start = _start(request)
    rows = [reading.finding_row(finding) for finding in found[start : start + A_PAGE + 1]]
    analysis, measured = latest_analysis(project), last_measured(project)
    titles = {question.key: question.title for question in current_questions(project)}
    context = {
        "rows": rows[:A_PAGE], "states": _states(counts, state, kind), "kinds": _kinds(counts, state, kind),
        "kind_name": reading.kind_words().get(kind, ""), "state": state, "analysis": analysis, "measured": measured,
        "looked": reading.looked_for(analysis, titles) if analysis else None,
        "job": analysis_job(measured, project.slug), "may_run": access.allows(Capability.RUN_QUALITY),
        "next_url": _page_url(state, kind, start + A_PAGE) if len(rows) > A_PAGE else "",
        "previous_url": _page_url(state, kind, max(0, start - A_PAGE)) if start else "", "is_unknown": not is_known,
    }  # fmt: skip
    return render(request, "quality/findings.html", context, status=200 if is_known else 422)


def _start(request: HttpRequest) -> int:
    raw = request.GET.get("from", "0")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 7 else 0


def _page_url(state: str, kind: str, start: int) -> str:
    return f"?state={state}{f'&kind={kind}' if kind else ''}&from={start}"


def _states(counts: dict[tuple[str, str], int], state: str, kind: str) -> list[tuple[Choice, int]]:
    """The tabs with how many there are of each."""
    words = reading.state_words() | {"all": _("all")}
    tabs = []
    for name in STATES:
        n = sum(c for (s, k), c in counts.items() if (name in {"all", s}) and kind in {"", k})
        url = f"?state={name}{f'&kind={kind}' if kind else ''}"
        tabs.append((Choice(url, words[name].capitalize(), name == state), n))
    return tabs


def _kinds(counts: dict[tuple[str, str], int], state: str, kind: str) -> list[Choice]:
    """The kinds that occur at all."""
    present = [name for name in reading.kind_words() if any(k == name for _s, k in counts)]
    if len(present) < 2 and not kind:
        return []
    every = Choice(f"?state={state}", _("All kinds"), not kind)
    return [every, *(Choice(f"?state={state}&kind={k}", reading.kind_words()[k], k == kind) for k in present)]


@require_GET
@project_page(Capability.VIEW_QUALITY)
def finding(request: HttpRequest, access: ProjectAccess, finding_id: int) -> HttpResponse:
    return _show(request, access, _finding(access, finding_id), DecisionForm())


def _finding(access: ProjectAccess, finding_id: int) -> Finding:
    found = Finding.objects.filter(project=access.project, pk=finding_id).first() if finding_id < 2**63 else None
    if found is None:
        raise NotFound
    found.project = access.project
    return found


def _show(request: HttpRequest, access: ProjectAccess, found: Finding, form: DecisionForm) -> HttpResponse:
    project, start = access.project, _start(request)
    has_names = _names_key(found) in request.session
    hidden = {} if has_names else reading.veils(project, found, people_behind(found))
    key = found.subject.get("question", "")
    question = next((q for q in current_questions(project) if q.key == key), None)
    items = evidence_of(found, start=start, size=EVIDENCE_A_PAGE)
    context: dict[str, Any] = {
        "row": reading.finding_row(found), "finding": found, "method": reading.method_words(found.kind),
        "evidence": reading.shown_evidence(found, project, items, question, hidden), "has_names": has_names,
        "start": start, "end": start + len(items), "total": len(found.evidence), "question": question,
        "next_url": f"?from={start + EVIDENCE_A_PAGE}" if start + EVIDENCE_A_PAGE < len(found.evidence) else "",
        "previous_url": f"?from={max(0, start - EVIDENCE_A_PAGE)}" if start else "",
        "clauses": reading.clauses_behind(found, project), "history": reading.history_of(found), "form": form,
        "campaigns": found.campaigns.select_related("round").order_by("-pk"),
        "n_scope": len({*found.evidence, *(found.facts.get("scope") or ())}),
    } | _actions(access, found)  # fmt: skip
    return render(request, "quality/finding.html", context, status=422 if form.errors else 200)


def _actions(access: ProjectAccess, found: Finding) -> dict[str, Any]:
    """What this person may do about it, as addresses."""
    slug = access.project.slug
    named = Member.objects.filter(project=access.project, name__in=reading.subjects(found)).order_by("name")
    may_edit, may_relabel = access.allows(Capability.EDIT_GUIDELINE), access.allows(Capability.RELABEL)
    return {
        "people": [(member.name, reverse("profile", args=[slug, member.pk])) for member in named],
        "may_decide": access.allows(Capability.RUN_QUALITY),
        "relabel_url": f"{reverse('campaign-new', args=[slug])}?finding={found.pk}" if may_relabel else "",
        "edit_base": url_if_there("guideline-edit", access.project.guideline.slug) if may_edit else "",
    }  # fmt: skip


@require_POST
@project_page(Capability.RUN_QUALITY)
def finding_decide(request: HttpRequest, access: ProjectAccess, finding_id: int) -> HttpResponse:
    """Acknowledge, dismiss with a reason, or open again."""
    found, form = _finding(access, finding_id), DecisionForm(request.POST)
    if form.is_valid():
        try:
            change_finding(actor=access.user, project=access.project, finding_id=found.pk, **form.cleaned_data)
        except InvalidInput as refusal:
            form.refuse(refusal)
        else:
            words = reading.state_words()[form.cleaned_data["state"]]
            messages.success(request, _("The finding is %(state)s now.") % {"state": words})
            return redirect("finding", access.project.slug, found.pk)
    return _show(request, access, found, form)


@require_POST
@project_page(Capability.VIEW_QUALITY)
def finding_names(request: HttpRequest, access: ProjectAccess, finding_id: int) -> HttpResponse:
    """Show who said what, for the rest of this session; that it was asked is recorded. Or hide it again."""
    found = _finding(access, finding_id)
    key = _names_key(found)
    if request.POST.get("names") == "hide":
        request.session.pop(key, None)
    elif key not in request.session:
        record_names_shown(actor=access.user, finding=found)
        request.session[key] = True
    start = request.POST.get("from", "0")
    query = f"?from={start}" if start.isascii() and start.isdigit() and start != "0" else ""
    return redirect(f"{reverse('finding', args=[access.project.slug, found.pk])}{query}")


def _names_key(found: Finding) -> str:
    return f"names-of-finding-{found.pk}"
