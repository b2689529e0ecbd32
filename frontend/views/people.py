"""Who is in a project: the list, somebody new, changing, pausing and removing one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import DomainError, NotFound
from accounts.permissions import Capability
from annotation.models import Member
from annotation.selectors.access import ProjectAccess
from annotation.selectors.onboarding import attempts_of, qualification_of, standings
from annotation.selectors.people import activity_of, people_of, person_of
from annotation.services.members import add_member, remove_member, update_member
from annotation.services.rounds import current_major
from frontend.forms.people import AddPersonForm, ChangePersonForm, PauseForm
from frontend.guard import project_page
from frontend.navigation import url_if_there
from frontend.paging import keyset_page
from frontend.reading.profiles import pause_evidence

PAGE = 100


@require_GET
@project_page(Capability.MANAGE_MEMBERS)
def people(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Members, oldest first; those who left are shown when asked for."""
    shows_left = request.GET.get("left") == "1"
    page = keyset_page(request, people_of(access.project).filter(is_active=not shows_left), size=PAGE)
    activity = activity_of(page.rows)
    rules = qualification_of(access.project)
    stands = standings(rules, page.rows, current_major(access.project.guideline_id)) if rules else {}
    rows = [
        (member, activity[member.pk], _profile_url(access, member), stands.get(member.pk)) for member in page.rows
    ]  # fmt: skip
    context = {"page": page, "rows": rows, "shows_left": shows_left, "rules": rules}
    return render(request, "people/page.html", context)


def _profile_url(access: ProjectAccess, member: Member) -> str:
    """Figures are for people who answer."""
    labels = member.role == Member.Role.ANNOTATOR
    return url_if_there("profile", access.project.slug, member.pk) if labels else ""


@require_http_methods(["GET", "POST"])
@project_page(Capability.MANAGE_MEMBERS)
def person_new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = AddPersonForm(data, by_owner=access.user.is_owner)
    if data is not None and form.is_valid():
        try:
            member = add_member(actor=access.user, project=access.project, **form.wanted())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("%(name)s is in the project.") % {"name": member.name})
            return redirect("people", access.project.slug)
    return render(request, "people/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@project_page(Capability.MANAGE_MEMBERS)
def person(request: HttpRequest, access: ProjectAccess, member_id: int) -> HttpResponse:
    """Role and cohorts of one member, and what else can be done with the membership."""
    member = person_of(access.project, member_id)
    data = request.POST if request.method == "POST" else None
    form = ChangePersonForm(data, by_owner=access.user.is_owner, member=member)
    if data is not None and form.is_valid():
        try:
            update_member(actor=access.user, member=member, **form.wanted())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("%(name)s is changed.") % {"name": member.name})
            return redirect("people", access.project.slug)
    return _show_person(request, member, form, PauseForm(initial={"pause_reason": member.pause_reason}))


def _show_person(
    request: HttpRequest, member: Member, form: ChangePersonForm, pause_form: PauseForm
) -> HttpResponse:  # fmt: skip
    activity = activity_of([member])[member.pk]
    context = {"member": member, "activity": activity, "form": form, "pause_form": pause_form,
               "evidence": pause_evidence(member.pause_evidence)} | _qualification(member)  # fmt: skip
    return render(request, "people/person.html", context, status=422 if form.errors or pause_form.errors else 200)


def _qualification(member: Member) -> dict[str, Any]:
    """How they stand with the qualification; nothing where the project asks for none and they were never asked."""
    rules = qualification_of(member.project)
    attempts = list(attempts_of(member))
    if rules is None and not attempts:
        return {}
    major = current_major(member.project.guideline_id)
    return {"attempts": attempts, "standing": standings(rules, [member], major)[member.pk] if rules else None}


@require_POST
@project_page(Capability.MANAGE_MEMBERS)
def person_pause(request: HttpRequest, access: ProjectAccess, member_id: int) -> HttpResponse:
    """Pause (with a reason) or resume, as `paused` says."""
    member = person_of(access.project, member_id)
    wants_pause = request.POST.get("paused") == "true"
    form = PauseForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["pause_reason"] if wants_pause else None
        try:
            update_member(actor=access.user, member=member, paused=wants_pause, pause_reason=reason)
        except DomainError as refusal:
            form.add_error("pause_reason" if refusal.errors else None, refusal.detail)
        else:
            words = _("%(name)s is paused.") if wants_pause else _("%(name)s can go on.")
            messages.success(request, words % {"name": member.name})
            return redirect("people", access.project.slug)
    return _show_person(request, member, ChangePersonForm(None, by_owner=access.user.is_owner, member=member), form)


@require_POST
@project_page(Capability.MANAGE_MEMBERS)
def person_remove(request: HttpRequest, access: ProjectAccess, member_id: int) -> HttpResponse:
    member = person_of(access.project, member_id)
    try:
        remove_member(actor=access.user, member=member)
    except NotFound:
        raise
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return redirect("person", access.project.slug, member.pk)
    messages.success(request, _("%(name)s is no longer in the project. Their labels stay.") % {"name": member.name})
    return redirect("people", access.project.slug)
