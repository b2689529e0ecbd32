"""Who has read and proved a version: for those who may edit its guideline."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, NotFound
from accounts.permissions import Capability
from annotation.selectors.acknowledgements import PASSED, WAIVED, acknowledgement_states, person_state
from frontend.guard import signed_in_user
from frontend.guideline_guard import guideline_page
from guidelines.models import Guideline
from guidelines.selectors.acknowledgements import newest_request, request_of_version
from guidelines.services.acknowledgements import waive_acknowledgement

EDIT = Capability.EDIT_GUIDELINE


@require_GET
@guideline_page(EDIT)
def acknowledgement_board(request: HttpRequest, guideline: Guideline, number: str) -> HttpResponse:
    asked = request_of_version(guideline, number)
    people = acknowledgement_states(asked)
    newest = newest_request(guideline.pk)
    context = {
        "guideline": guideline, "tab": "versions", "is_editor": True, "asked": asked, "people": people,
        "items": list(asked.items.all()), "n_done": sum(person.state in {PASSED, WAIVED} for person in people),
        "newest": newest, "is_newest": newest is not None and newest.pk == asked.pk,
    }  # fmt: skip
    return render(request, "guidelines/acknowledgement.html", context)


@require_POST
@guideline_page(EDIT)
def acknowledgement_waive(request: HttpRequest, guideline: Guideline, number: str) -> HttpResponse:
    asked = request_of_version(guideline, number)
    person = person_state(asked, request.POST.get("person", ""))
    try:
        waive_acknowledgement(
            actor=signed_in_user(request), request=asked, user=person.user, reason=request.POST.get("reason", "")
        )
    except NotFound:
        raise
    except DomainError as refusal:
        messages.error(request, refusal.errors[0].detail if refusal.errors else refusal.detail)
    else:
        messages.success(request, _("%(name)s may label on.") % {"name": person.user.username})
    return redirect("acknowledgement-board", guideline.slug, number)
