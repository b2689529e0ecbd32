"""The workbench: one page; each action answers with the next task as a fragment, or redirects without htmx."""

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, NotFound
from accounts.permissions import Capability
from annotation.models import Annotation
from annotation.selectors.access import ProjectAccess
from annotation.selectors.instructions import instructions_of
from annotation.selectors.progress import my_progress
from annotation.selectors.work import LeasedTask, current_task
from annotation.services.queue import claim_next, release_lease, renew_lease, save_draft, skip_task
from annotation.services.refusals import InvalidAnswer, LeaseExpired, SubmissionConflict
from annotation.services.submission import submit_annotation, undo_last_submission
from frontend.forms.workbench import QuestionField, parse_answer, question_fields
from frontend.guard import project_page
from frontend.reading.guides import Guide, guide_of
from frontend.reading.payloads import PayloadView, payload_views
from guidelines.label_schema import Question


@dataclass(frozen=True)
class Shown:
    """A leased task as the template shows it."""

    lease_id: uuid.UUID
    submission_id: uuid.UUID
    version: Any
    url: dict[str, str]
    payload: list[PayloadView]
    fields: list[QuestionField]
    notice: str = ""
    problem: str = ""
    is_swap: bool = False
    is_new_panel: bool = False


@dataclass(frozen=True)
class State:
    """What stands in place of a task. `kept` is an answer that could not be stored, question by question."""

    code: str
    title: str
    text: str
    action: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    is_swap: bool = False


def states() -> dict[str, tuple[str, str, str]]:
    """Title, text and action by refusal code; other refusals show their own sentence."""
    return {
        "done": (
            _("Nothing for you right now"),
            _("Every item that needs you is answered or in somebody's hands. New ones appear here as they come."),
            _("Look again"),
        ),
        "lease_expired": (
            _("This item went to somebody else"),
            _("You were away for longer than it is kept. What you answered is shown here and was not counted."),
            _("Next item"),
        ),
        "idempotency_conflict": (
            _("Your first answer is stored"),
            _("It had arrived before the connection broke. To change it, go on and press U."),
            _("Next item"),
        ),
        "annotator_paused": (_("Your work here is paused"), _("The lead of this project can tell you why."), ""),
        "project_paused": (
            _("This project is paused"), _("Nothing is handed out until the lead resumes it."), _("Look again"),
        ),
        "project_closed": (_("This project is closed"), _("Thank you. There is nothing left to label here."), ""),
        "guideline_not_published": (
            _("The guideline is not published yet"),
            _("Labeling starts when the lead publishes its first version."),
            _("Look again"),
        ),
    }  # fmt: skip


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
        except DomainError as error:
            response = _show_state(request, access, error.code, detail=error.detail, status=error.status)
        if request.headers.get("HX-Request") != "true" and response.status_code == 200:
            return redirect("workbench", access.project.slug)
        return response

    return acting


@require_GET
@project_page(Capability.LABEL)
def workbench(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The page: the item held now, or a start that claims one by POST."""
    task = current_task(access.annotator)
    shown = _shown(access, task, is_swap=False) if task else None
    return render(request, "workbench/page.html", _page_context(access, shown, _guide(access, task) if task else None))


@action
def claim(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    return _show_next(request, access)


@action
def submit(request: HttpRequest, access: ProjectAccess, lease_id: uuid.UUID) -> HttpResponse:
    """Store the answer and show the next item. What is refused comes back with its errors, or as text to keep."""
    task = current_task(access.annotator)
    questions = _questions_of(access, lease_id)
    answer = parse_answer(questions, request.POST)
    try:
        submit_annotation(
            annotator=access.annotator,
            lease_id=lease_id,
            answer=answer,
            submission_id=_submission_id(request.POST),
            seconds_spent=_seconds(request.POST),
            source=Annotation.Source.WORKBENCH,
        )
    except InvalidAnswer as error:
        if task is None or task.lease.id != lease_id:
            raise
        return _show_refused(request, access, task, answer, error)
    except (LeaseExpired, SubmissionConflict) as error:
        return _show_state(request, access, error.code, kept=_in_words(questions, answer), status=error.status)
    return _show_next(request, access)


@action
def skip(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    reason = request.POST.get("reason", "")[:500].strip()
    skip_task(annotator=access.annotator, lease_id=_uuid(request.POST.get("lease", "")), reason=reason)
    return _show_next(request, access)


@action
def undo(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    try:
        task = undo_last_submission(annotator=access.annotator)
    except DomainError as error:
        held = current_task(access.annotator)
        if held is None:
            raise
        return _show_task(request, access, held, notice=error.detail)
    return _show_task(request, access, task, notice=_("Taken back. Change it and submit again."))


@require_POST
@project_page(Capability.LABEL)
def pause(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Give the item back and leave; its draft stays with the lease."""
    task = current_task(access.annotator)
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


# --- what is shown -------------------------------------------------------------------------------------------


def _show_next(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    task = claim_next(annotator=access.annotator)
    if task is None:
        return _show_state(request, access, "done")
    return _show_task(request, access, task)


def _show_task(
    request: HttpRequest, access: ProjectAccess, task: LeasedTask, *, notice: str = "", problem: str = "",
    answer: dict[str, Any] | None = None, errors: dict[str, list[str]] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    is_swap = request.headers.get("HX-Request") == "true"
    is_new_panel = not is_swap or request.POST.get("panel_version") != task.version.sha256
    shown = _shown(
        access, task, answer, errors, notice=notice, problem=problem, is_swap=is_swap, is_new_panel=is_new_panel
    )
    guide = _guide(access, task) if is_new_panel else None
    template = "workbench/_task.html" if is_swap else "workbench/page.html"
    return render(request, template, _page_context(access, shown, guide), status=status)


def _page_context(access: ProjectAccess, shown: Shown | None, guide: Guide | None) -> dict[str, Any]:
    return {
        "access": access,
        "shown": shown,
        "guide": guide,
        "mine": my_progress(access.annotator),
        "renew_seconds": max(access.project.lease_seconds // 3, 5),
    }


def _show_refused(
    request: HttpRequest, access: ProjectAccess, task: LeasedTask, answer: dict[str, Any], error: InvalidAnswer
) -> HttpResponse:
    by_question: dict[str, list[str]] = {}
    for fault in error.errors:
        by_question.setdefault(re.split(r"[.\[]", fault.path.removeprefix("answer."))[0], []).append(fault.detail)
    problem = _("Not stored yet: see below.")
    return _show_task(request, access, task, problem=problem, answer=answer, errors=by_question, status=422)


def _show_state(
    request: HttpRequest, access: ProjectAccess, code: str, *, detail: str = "", status: int = 200,
    kept: tuple[tuple[str, str], ...] = (),
) -> HttpResponse:  # fmt: skip
    title, text, what_now = states().get(code, (_("This did not work"), detail, _("Next item")))
    state = State(code, title, text, what_now, kept, is_swap=True)
    context = {"access": access, "state": state, "mine": my_progress(access.annotator)}
    if request.headers.get("HX-Request") != "true":
        return render(request, "workbench/state_page.html", context, status=status)
    return render(request, "workbench/_state.html", context, status=status)


def _shown(
    access: ProjectAccess, task: LeasedTask, answer: dict[str, Any] | None = None,
    errors: dict[str, list[str]] | None = None, *, is_swap: bool = True, is_new_panel: bool = False,
    notice: str = "", problem: str = "",
) -> Shown:  # fmt: skip
    questions = instructions_of(task.version.id, task.version.sha256).questions
    args = [access.project.slug, task.lease.id]
    return Shown(
        lease_id=task.lease.id,
        submission_id=uuid.uuid4(),
        version=task.version,
        url={name: reverse(f"workbench-{name}", args=args) for name in ("submit", "draft", "renew")},
        payload=payload_views(task.fields, task.item.payload),
        fields=question_fields(questions, answer if answer is not None else task.draft or {}, errors),
        notice=notice,
        problem=problem,
        is_swap=is_swap,
        is_new_panel=is_new_panel,
    )


def _guide(access: ProjectAccess, task: LeasedTask) -> Guide:
    return guide_of(access.project.guideline.title, task.version.id, task.version.sha256)


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


def _in_words(questions: tuple[Question, ...], answer: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """An answer as the person would read it: question titles and option labels."""
    rows = []
    for question in questions:
        if question.key in answer:
            labels = {option.key: option.label for option in question.options}
            value = answer[question.key]
            words = [labels.get(part, str(part)) for part in (value if isinstance(value, list) else [value])]
            rows.append((question.title, ", ".join(words)))
    return tuple(rows)
