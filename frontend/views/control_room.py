"""The control room: how the work goes, and the queue by hand."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, NotFound
from accounts.permissions import Capability
from annotation.models import Member, Round
from annotation.selectors.access import ProjectAccess
from annotation.selectors.control_room import ControlRoom, control_room
from annotation.selectors.in_hand import annotator_named, round_of, seats_in_hand, suggested_items
from annotation.selectors.savings import adaptive_savings
from annotation.selectors.slices import slice_progress
from annotation.services.by_hand import assign_item, release_lease_by_hand, unassign
from annotation.services.round_control import STATES, set_round_state
from frontend.forms.steering import AssignForm
from frontend.guard import project_page
from frontend.navigation import url_if_there
from frontend.reading import control_room as reading
from frontend.reading.why import reason_words

MOST_IN_HAND = 100
MOST_SUGGESTED = 20


@require_GET
@project_page(Capability.VIEW_QUALITY)
def routing(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    return _show(request, access, _assign_form(access, None))


def _show(request: HttpRequest, access: ProjectAccess, form: AssignForm, status: int = 200) -> HttpResponse:
    project = access.project
    room = control_room(project)
    held: list[Any] = list(seats_in_hand(project).order_by("pk")[: MOST_IN_HAND + 1])
    words = reason_words()
    context = {
        "tab": "room", "room": room, "form": form, "may_steer": access.allows(Capability.MANAGE_PROJECT),
        "has_slices": bool(project.slices), **_slices(request, access),
        "in_hand": [(seat, words.get(seat.reason or "", "")) for seat in held[:MOST_IN_HAND]],
        "has_more_in_hand": len(held) > MOST_IN_HAND, "savings": reading.savings_sentence(adaptive_savings(project)),
        **_sentences(room),
    }  # fmt: skip
    return render(request, "routing/control_room.html", context, status=status)


def _slices(request: HttpRequest, access: ProjectAccess) -> dict[str, Any]:
    """Counting them looks at every item; the page does not wait for that, unless it is asked to."""
    shows = request.GET.get("slices") == "1"
    return {"shows_slices": shows, "slices": reading.slice_tables(slice_progress(access.project)) if shows else []}


@require_GET
@project_page(Capability.VIEW_QUALITY)
def slices(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The part of the page that comes when it has been counted; without a script, the page with it."""
    if request.headers.get("HX-Request") != "true":
        return redirect(f"{url_if_there('routing', access.project.slug)}?slices=1")
    return render(
        request, "routing/_slices.html", {"slices": reading.slice_tables(slice_progress(access.project))}
    )  # fmt: skip


def _sentences(room: ControlRoom) -> dict[str, Any]:
    return {
        "rounds": reading.round_rows(room.rounds), "hours": reading.hours_plot(room.pace),
        "days": reading.days_plot(room.pace), "times": reading.times_sentence(room.times),
        "backlog": reading.backlog_sentence(room.backlog), "forecast": reading.forecast_sentence(room.forecast),
        "zone": reading.as_of(room),
    }  # fmt: skip


def _assign_form(access: ProjectAccess, data: Any) -> AssignForm:
    project = access.project
    people = Member.objects.filter(
        project=project, is_active=True, user__isnull=False, role=Member.Role.ANNOTATOR, kind=Member.Kind.HUMAN
    )  # fmt: skip
    rounds = Round.objects.filter(project=project, kind__in=Round.QUEUED).exclude(state=Round.State.CLOSED)
    return AssignForm(
        data, people=list(people.order_by("name").values_list("name", flat=True)),
        rounds=list(rounds.order_by("pk").values_list("key", flat=True)),
        suggest_url=url_if_there("routing-suggest", project.slug),
    )  # fmt: skip


@require_GET
@project_page(Capability.MANAGE_PROJECT)
def suggest(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Names of items that wait and begin so, as options of a list."""
    typed = request.GET.get("external_id", "")[:200]
    names = suggested_items(access.project, typed, most=MOST_SUGGESTED) if typed else []
    return render(request, "routing/_suggested.html", {"names": names})


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def assign(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    form = _assign_form(access, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            annotator = annotator_named(access.project, given["annotator"])
            assign_item(
                actor=access.user, project=access.project, external_id=given["external_id"], annotator=annotator,
                round=given.get("round") or None,
            )  # fmt: skip
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            words = {"item": given["external_id"], "name": annotator.name}
            messages.success(request, _("%(item)s is the next thing %(name)s gets.") % words)
            return redirect("routing", access.project.slug)
    return _show(request, access, form, status=422)


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def let_go(request: HttpRequest, access: ProjectAccess, seat_id: int) -> HttpResponse:
    """A reservation ends."""
    try:
        unassign(actor=access.user, project=access.project, seat_id=seat_id)
    except NotFound:
        messages.info(request, _("Nobody has it reserved any more."))
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("Everybody can get it again."))
    return redirect("routing", access.project.slug)


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def release(request: HttpRequest, access: ProjectAccess, lease_id: uuid.UUID) -> HttpResponse:
    try:
        was_held = release_lease_by_hand(actor=access.user, project=access.project, lease_id=lease_id)
    except NotFound:
        raise
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        done = _("It is back in the queue; the draft is kept for who held it.")
        messages.success(request, done if was_held else _("They no longer held it."))
    return redirect("routing", access.project.slug)


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def round_state(request: HttpRequest, access: ProjectAccess, key: str) -> HttpResponse:
    """Pause, resume or close a round."""
    round_, state = round_of(access.project, key), request.POST.get("state", "")
    if round_ is None or state not in STATES:
        raise NotFound
    try:
        set_round_state(actor=access.user, round=round_, state=state)
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, {
            "open": _("%(round)s runs: its items are handed out."),
            "paused": _("%(round)s is paused: nothing of it is handed out, what is held may be answered."),
            "closed": _("%(round)s is closed. Its answers stay."),
        }[state] % {"round": key})  # fmt: skip
    return redirect("routing", access.project.slug)
