"""The workbench: one page; each action answers with the next task as a fragment, or redirects without htmx.

The script may fetch one task ahead and show it while the answer before it is still on its way. Then the answer says
with `on_screen` which lease is on the screen already, and gets what comes after that one.
"""

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, NotFound
from accounts.permissions import Capability
from annotation.models import Annotation, Project
from annotation.selectors.access import ProjectAccess
from annotation.selectors.feedback import echo_of
from annotation.selectors.instructions import instructions_of
from annotation.selectors.work import LeasedTask, current_task
from annotation.services.clarifications import ask_clarification
from annotation.services.desk import flag_item, park_task, take_back_parked
from annotation.services.onboarding import verdict_to_show, verdict_was_shown
from annotation.services.queue import claim_ahead, claim_next, release_lease, renew_lease, save_draft, skip_task
from annotation.services.refusals import AcknowledgementNeeded, InvalidAnswer, LeaseExpired
from annotation.services.submission import SubmittedAndNext, submit_and_claim, undo_last_submission
from frontend.forms.workbench import parse_answer, skip_reason
from frontend.guard import project_page
from frontend.reading.feedback import told_answer
from frontend.views.workbench_showing import (
    answer_in_words,
    guide_for,
    page_context,
    show_ahead,
    show_feedback,
    show_nothing,
    show_refused,
    show_state,
    show_status,
    show_stored,
    show_task,
    show_verdict,
    shown_task,
    verdict_state,
)
from guidelines.label_schema import Question
from guidelines.selectors.acknowledgements import pending_request
from guidelines.services.clarifications import dismiss_notice

View = Callable[..., HttpResponse]


def action(view: View) -> View:
    """A POST of the workbench: the fragment for htmx, a redirect to the page without it, refusals as states."""

    @require_POST
    @project_page(Capability.LABEL)
    @wraps(view)
    def acting(request: HttpRequest, access: ProjectAccess, *args: Any, **kwargs: Any) -> HttpResponse:
        access.annotator  # noqa: B018  (an owner who is no member is refused before anything is shown)
        try:
            response = view(request, access, *args, **kwargs)
        except NotFound:
            raise
        except AcknowledgementNeeded as error:
            if request.headers.get("HX-Request") != "true":
                return redirect("acknowledge", access.project.slug)
            response = show_state(request, access, error.code, status=error.status)
        except DomainError as error:
            response = show_state(request, access, error.code, detail=error.detail, status=error.status)
        is_a_step = response.status_code in {200, 204} and not hasattr(response, "stays")
        if request.headers.get("HX-Request") != "true" and is_a_step:
            return redirect("workbench", access.project.slug)
        return response

    return acting


@require_GET
@project_page(Capability.LABEL)
def workbench(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The page: how a qualification ended, while nobody has read it; the item held now; or a start that claims one.

    Who holds nothing and has a new version to acknowledge is sent there first.
    """
    verdict = verdict_to_show(access.annotator) if access.annotator.paused_at is None else None
    task = current_task(access.annotator) if verdict is None else None
    if task is not None:
        shown = shown_task(access, task, is_swap=False)
        return render(request, "workbench/page.html", page_context(access, shown, guide_for(access, task)))
    if verdict is None and _must_acknowledge(access):
        return redirect("acknowledge", access.project.slug)
    state = verdict_state(access, verdict) if verdict else None
    return render(request, "workbench/page.html", page_context(access, None, None) | {"state": state})


def _must_acknowledge(access: ProjectAccess) -> bool:
    """Who would be given nothing anyhow is told that first, by the claim."""
    if access.annotator.paused_at is not None or access.project.status != Project.Status.ACTIVE:
        return False
    return pending_request(access.user, access.project.guideline_id) is not None


@action
def claim(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    seen = request.POST.get("seen", "")
    if seen.isascii() and seen.isdigit() and len(seen) < 19:
        verdict_was_shown(access.annotator, int(seen))
    return _show_next(request, access)


@action
def submit(request: HttpRequest, access: ProjectAccess, lease_id: uuid.UUID) -> HttpResponse:
    """Store the answer and show the next item. What is refused comes back with its errors, or as text to keep."""
    questions = _questions_of(access, lease_id)
    answer = parse_answer(questions, request.POST)
    try:
        both = submit_and_claim(
            annotator=access.annotator,
            lease_id=lease_id,
            answer=answer,
            submission_id=_submission_id(request.POST),
            seconds_spent=_seconds(request.POST),
            source=Annotation.Source.WORKBENCH,
        )
    except InvalidAnswer as error:
        task = _held(access, lease_id)
        if task is None:
            raise
        return show_refused(request, access, task, answer, error)
    except NotFound:
        raise
    except DomainError as error:
        kept = answer_in_words(questions, answer)
        return show_state(request, access, error.code, detail=error.detail, kept=kept, status=error.status)
    return _show_what_follows(request, access, both)


def _show_what_follows(request: HttpRequest, access: ProjectAccess, both: SubmittedAndNext) -> HttpResponse:
    """What the gold says, where it is told: a mistake before anything else, a right answer above the next item."""
    answered = both.submitted.annotation
    echo = echo_of(answered)
    if echo.feedback is not None and not echo.feedback.all_right:
        return show_feedback(request, access, answered, echo.feedback)
    verdict = verdict_to_show(access.annotator) if echo.is_of_qualification else None
    if verdict is not None:
        return show_verdict(request, access, verdict)
    told = told_answer(answered, echo.feedback) if echo.feedback else None
    if "on_screen" in request.POST:
        return show_stored(request, access, both.next, _after(request, access, both.next), told)
    if both.refusal is not None:  # the answer is stored: this is no refusal of it
        return show_state(request, access, both.refusal.code, detail=both.refusal.detail)
    return show_task(request, access, both.next, told=told) if both.next else show_nothing(request, access)


@require_POST
@project_page(Capability.LABEL)
def ahead(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The task after the one on the screen, for the script to keep until it is wanted. 204 when there is none."""
    task = _after(request, access, current_task(access.annotator))
    return HttpResponse(status=204) if task is None else show_ahead(request, access, task)


def _after(request: HttpRequest, access: ProjectAccess, held: LeasedTask | None) -> LeasedTask | None:
    """What to show after the task on the screen: what they hold beside it, or one that is leased ahead now."""
    if held is not None and str(held.lease.id) != request.POST.get("on_screen"):
        return held
    try:
        return claim_ahead(annotator=access.annotator)
    except DomainError:  # paused, closed: said when they get there
        return None


@action
def skip(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    reason = skip_reason(request.POST)
    skip_task(annotator=access.annotator, lease_id=_uuid(request.POST.get("lease", "")), reason=reason)
    return _show_next(request, access)


@action
def ask(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Park the item with a question to the lead, with what is chosen so far; or flag it and go on with it."""
    lease_id = _uuid(request.POST.get("lease", ""))
    words = {"note": request.POST.get("note", ""), "clause": request.POST.get("clause", "")}
    if request.POST.get("do") == "flag":
        flag_item(annotator=access.annotator, lease_id=lease_id, **words)
        return HttpResponse(status=204)
    answer = parse_answer(_questions_of(access, lease_id), request.POST)
    park_task(annotator=access.annotator, lease_id=lease_id, answer=answer or None, **words)
    return _show_next(request, access, notice=_("Parked. It comes back to you with the lead's reply."))


@action
def ask_guideline(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Ask what the guideline does not say, with the item parked until the answer, or going on with it.

    A refusal is shown in the dialog: what was typed there must not be lost, nor the item behind it.
    """
    try:
        return _ask_guideline(request, access)
    except NotFound:
        raise
    except DomainError as refusal:
        if request.headers.get("HX-Request") != "true":
            raise
        words = " ".join(error.detail for error in refusal.errors) or refusal.detail
        response = HttpResponse(words, status=422, content_type="text/plain")
        response["HX-Retarget"], response["HX-Reswap"] = "#gap-problem", "textContent"
        return response


def _ask_guideline(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    lease_id = _uuid(request.POST.get("lease", ""))
    words = {"question": request.POST.get("question", ""), "clause": request.POST.get("clause", "")}
    asked: dict[str, Any] = {"annotator": access.annotator, "lease_id": lease_id} | words
    if request.POST.get("do") == "go_on":
        ask_clarification(**asked, parks=False)
        return HttpResponse(status=204)
    answer = parse_answer(_questions_of(access, lease_id), request.POST)
    try:
        ask_clarification(**asked, answer=answer or None)
    except LeaseExpired:  # the item is somebody else's, the question is still theirs
        ask_clarification(**asked, parks=False)
        notice = _("Asked. The item had gone to somebody else meanwhile.")
        return _show_next(request, access, notice=notice)
    return _show_next(request, access, notice=_("Asked. The item comes back to you with the answer."))


@action
def answer_read(request: HttpRequest, access: ProjectAccess, notice_id: int) -> HttpResponse:
    """Put an answer away; the status line comes back without it."""
    dismiss_notice(user=access.user, notice_id=notice_id)
    return show_status(request, access)


@action
def take_back(request: HttpRequest, access: ProjectAccess, note_id: int) -> HttpResponse:
    take_back_parked(annotator=access.annotator, note_id=note_id)
    return _show_next(request, access)


@action
def undo(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    try:
        task = undo_last_submission(annotator=access.annotator)
    except DomainError as error:
        held = current_task(access.annotator)
        if held is None:
            raise
        return show_task(request, access, held, is_again=True, notice=error.detail)
    return show_task(request, access, task, is_again=True, notice=_("Taken back. Change it and submit again."))


@require_POST
@project_page(Capability.LABEL)
def pause(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Give back the item, and the one fetched ahead, and leave; drafts stay with their leases."""
    for is_ahead in (True, False):
        task = current_task(access.annotator, ahead=is_ahead)
        if task is not None:
            with suppress(LeaseExpired):  # it has been given away already: just what was wanted
                release_lease(annotator=access.annotator, lease_id=task.lease.id)
    return redirect("home")


@require_POST
@project_page(Capability.LABEL)
def draft(request: HttpRequest, access: ProjectAccess, lease_id: uuid.UUID) -> HttpResponse:
    """Keep the unsent answer on the server. 409 when the lease is over: a late autosave changes nothing."""
    answer = parse_answer(_questions_of(access, lease_id), request.POST)
    try:
        save_draft(annotator=access.annotator, lease_id=lease_id, answer=answer)
    except NotFound:
        raise
    except DomainError as error:
        return HttpResponse(error.detail, status=error.status, content_type="text/plain")
    return HttpResponse(status=204)


@require_POST
@project_page(Capability.LABEL)
def renew(request: HttpRequest, access: ProjectAccess, lease_id: uuid.UUID) -> HttpResponse:
    try:
        renew_lease(annotator=access.annotator, lease_id=lease_id)
    except NotFound:
        raise
    except DomainError as error:
        return HttpResponse(error.detail, status=error.status, content_type="text/plain")
    return HttpResponse(status=204)


def _show_next(request: HttpRequest, access: ProjectAccess, *, notice: str = "") -> HttpResponse:
    verdict = verdict_to_show(access.annotator)
    if verdict is not None:
        return show_verdict(request, access, verdict)
    task = claim_next(annotator=access.annotator)
    return show_nothing(request, access) if task is None else show_task(request, access, task, notice=notice)


def _held(access: ProjectAccess, lease_id: uuid.UUID) -> LeasedTask | None:
    """The task of a lease, if it is one of the two that this person may hold."""
    both = (current_task(access.annotator, ahead=is_ahead) for is_ahead in (False, True))
    return next((task for task in both if task is not None and task.lease.id == lease_id), None)


# --- what was posted -----------------------------------------------------------------------------------------


def _questions_of(access: ProjectAccess, lease_id: uuid.UUID) -> tuple[Question, ...]:
    """The questions of the version on the lease, which need not be the one held now (an old tab, a lost lease)."""
    lease = access.annotator.leases.filter(pk=lease_id).values_list(
        "guideline_version_id", "guideline_version__sha256"
    ).first()  # fmt: skip
    if lease is None:
        raise NotFound
    return instructions_of(*lease).questions


def _submission_id(posted: QueryDict) -> uuid.UUID:
    """The page's own id for this answer. A page without one gets a fresh one: nothing to replay."""
    try:
        return uuid.UUID(posted.get("submission_id", ""))
    except ValueError:
        return uuid.uuid4()


def _uuid(raw: str) -> uuid.UUID:
    try:
        return uuid.UUID(raw)
    except ValueError as error:
        raise NotFound from error


def _seconds(posted: QueryDict) -> float | None:
    raw = posted.get("seconds_spent", "")
    return float(raw) if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", raw) else None
