"""The set-up of the qualification, and one more attempt for somebody."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from accounts.permissions import Capability
from annotation.selectors.access import ProjectAccess
from annotation.selectors.onboarding import gold_to_choose, items_of_set, qualification_of, used_elsewhere
from annotation.selectors.people import person_of
from annotation.services.qualification_settings import grant_attempt, remove_qualification, set_qualification
from annotation.services.refusals import AttemptNotNeeded
from frontend.forms.qualification import QualificationForm, as_initial
from frontend.guard import project_page
from frontend.reading.answers import current_questions, shown_answers
from frontend.reading.payloads import payload_gist


@require_http_methods(["GET", "POST"])
@project_page(Capability.MANAGE_PROJECT)
def qualification(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The rules and the set. Searching the gold posts the form without storing it, so that nothing typed is lost."""
    if request.method != "POST":
        rules = qualification_of(access.project)
        names = list(items_of_set(access.project).values_list("external_id", flat=True))
        return _show(request, access, QualificationForm(initial=as_initial(rules, names) if rules else None))
    posted = _with_ticked(request.POST)
    if posted.get("do") == "search":
        return _show(request, access, QualificationForm(initial=_kept(posted)), posted.get("search", ""))
    form = QualificationForm(posted)
    if form.is_valid():
        try:
            set_qualification(access.user, access.project, **form.wanted())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The qualification is stored."))
            return redirect("qualification", access.project.slug)
    return _show(request, access, form, posted.get("search", ""))


def _with_ticked(posted: QueryDict) -> QueryDict:
    """The posted form, where ticked gold items have been added to the list."""
    lines = [line.strip() for line in posted.get("items", "").splitlines() if line.strip()]
    merged = posted.copy()
    merged["items"] = "\n".join(dict.fromkeys([*lines, *posted.getlist("add")]))
    return merged


def _kept(posted: QueryDict) -> dict[str, Any]:
    boxes = ("is_required", "shows_feedback", "again_after_major")
    texts = ("threshold", "attempts", "items")
    return {name: name in posted for name in boxes} | {name: posted.get(name, "") for name in texts}


def _show(request: HttpRequest, access: ProjectAccess, form: QualificationForm, search: str = "") -> HttpResponse:
    questions = current_questions(access.project)
    listed = set(str(form["items"].value() or "").split("\n"))
    gold = [
        (each.item, payload_gist(access.project.fields, each.item.payload, 80), shown_answers(questions, each.answer))
        for each in gold_to_choose(access.project, search.strip())
        if each.item.external_id not in listed
    ]
    context = {
        "form": form, "gold": gold, "search": search, "rules": qualification_of(access.project),
        "n_met": used_elsewhere(access.project),
    }  # fmt: skip
    return render(request, "qualification/page.html", context, status=422 if form.errors else 200)


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def qualification_remove(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    remove_qualification(access.user, access.project)
    messages.success(request, _("Nobody has to qualify any more. Who has passed stays on record."))
    return redirect("qualification", access.project.slug)


@require_POST
@project_page(Capability.MANAGE_MEMBERS)
def attempt_grant(request: HttpRequest, access: ProjectAccess, member_id: int) -> HttpResponse:
    member = person_of(access.project, member_id)
    try:
        grant_attempt(access.user, member)
    except AttemptNotNeeded as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("%(name)s has one more attempt.") % {"name": member.name})
    return redirect("person", access.project.slug, member.pk)
