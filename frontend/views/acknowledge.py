"""A new version before the next item: read what it changes, prove it on a few examples, back to labeling.

One address; which step it shows is what the database says, so a refresh, another device or a typed address go on
exactly where the person is.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import Conflict, InvalidInput
from accounts.permissions import Capability
from annotation.selectors.access import ProjectAccess
from annotation.selectors.acknowledgements import known_version
from frontend.forms.workbench import parse_answer
from frontend.guard import project_page
from frontend.reading.acknowledgements import shown_proof, shown_reading
from guidelines.label_schema import parse_questions
from guidelines.models import AcknowledgementRequest
from guidelines.proof_items import asked_questions
from guidelines.selectors.acknowledgements import Step, acknowledgement_of, pending_request, proof_step
from guidelines.services.acknowledgements import answer_proof_item, mark_as_read


@require_GET
@project_page(Capability.LABEL)
def acknowledge(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What changed, until it was read, and with `?read=again`; then the proof item that is open."""
    asked = _pending(access)
    if asked is None:
        return redirect("workbench", access.project.slug)
    own = acknowledgement_of(access.user, asked)
    step = proof_step(own) if own is not None and own.read_at is not None else None
    if own is not None and step is not None and request.GET.get("read") != "again":
        return _show_item(request, access, asked, step)
    since = own.since if own is not None and step is not None else known_version(access.user, asked)
    context = {"access": access, "asked": asked, "shown": shown_reading(asked, since), "step": step}
    return render(request, "workbench/acknowledge_read.html", context)


@require_POST
@project_page(Capability.LABEL)
def acknowledge_read(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    asked = _pending(access)
    if asked is None:
        return redirect("workbench", access.project.slug)
    if request.POST.get("version") != asked.version.number:
        messages.info(request, _("A newer version has been published meanwhile. This is what it changes."))
        return redirect("acknowledge", access.project.slug)
    own = mark_as_read(actor=access.user, request=asked, since=known_version(access.user, asked))
    return _back_to_work(request, access, asked) if own.passed_at else redirect("acknowledge", access.project.slug)


@require_POST
@project_page(Capability.LABEL)
def acknowledge_answer(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Take an answer to the item that is open. One sent twice, or for another item, shows where the person is."""
    asked = _pending(access)
    own = acknowledgement_of(access.user, asked) if asked else None
    step = proof_step(own) if own is not None and own.read_at is not None else None
    if asked is None or step is None or request.POST.get("item") != f"{asked.pk}.{step.item.position}":
        return redirect("acknowledge", access.project.slug)
    questions = asked_questions(parse_questions(asked.version.content["questions"]), step.item.answer)
    answer = parse_answer(questions, request.POST)
    try:
        stored = answer_proof_item(actor=access.user, request=asked, position=step.item.position, answer=answer)
    except InvalidInput as refusal:
        errors = {error.path.removeprefix("answer."): [_("Choose an answer.")] for error in refusal.errors}
        return _show_item(request, access, asked, step, errors=errors)
    except Conflict:  # their other tab was quicker, or another version came
        return redirect("acknowledge", access.project.slug)
    if not stored.is_right:
        return redirect("acknowledge", access.project.slug)
    if step.item.position == step.n_items:
        return _back_to_work(request, access, asked)
    messages.success(request, _("That is right."))
    return redirect("acknowledge", access.project.slug)


def _pending(access: ProjectAccess) -> AcknowledgementRequest | None:
    access.annotator  # noqa: B018  (an owner who is no member is refused before anything is shown)
    return pending_request(access.user, access.project.guideline_id)


def _show_item(
    request: HttpRequest, access: ProjectAccess, asked: AcknowledgementRequest, step: Step,
    errors: dict[str, list[str]] | None = None,
) -> HttpResponse:  # fmt: skip
    shown = shown_proof(access.project.fields, asked.version, step, errors)
    context = {"access": access, "asked": asked, "shown": shown}
    return render(request, "workbench/acknowledge_item.html", context, status=422 if errors else 200)


def _back_to_work(request: HttpRequest, access: ProjectAccess, asked: AcknowledgementRequest) -> HttpResponse:
    text = _("Thank you. From here on you label under version %(number)s.") % {"number": asked.version.number}
    messages.success(request, text)
    return redirect("workbench", access.project.slug)
