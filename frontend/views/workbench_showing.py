"""What the workbench shows: an item, what comes back after an answer, or why there is no item. Fragments for htmx,
whole pages without it."""

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.models import Annotation, DeskNote
from annotation.selectors.access import ProjectAccess
from annotation.selectors.desk import notes_to_read, replies_about
from annotation.selectors.gold import Feedback
from annotation.selectors.instructions import instructions_of
from annotation.selectors.onboarding import Verdict
from annotation.selectors.progress import my_progress
from annotation.selectors.work import LeasedTask
from annotation.services.queue import why_nothing
from annotation.services.refusals import InvalidAnswer
from frontend.forms.workbench import SKIP_REASONS, QuestionField, question_fields
from frontend.reading.answered import shown_answers
from frontend.reading.feedback import Mistake, ToldAnswer, mistakes_of, told_answer
from frontend.reading.guides import Guide, guide_of
from frontend.reading.payloads import PayloadView, payload_gist, payload_views
from guidelines.label_schema import Question
from guidelines.markdown import render_markdown


@dataclass(frozen=True)
class ShownReply:
    """What the lead said of this item. It may be a ruling: Markdown, made safe."""

    note: str
    html: SafeString


@dataclass(frozen=True)
class Shown:
    """A leased task as the template shows it. `told`: what the gold says of the answer before it."""

    lease_id: uuid.UUID
    submission_id: uuid.UUID
    version: Any
    url: dict[str, str]
    payload: list[PayloadView]
    fields: list[QuestionField]
    notice: str = ""
    is_again: bool = False
    problem: str = ""
    replies: tuple[ShownReply, ...] = ()
    told: ToldAnswer | None = None
    suggestion: tuple[tuple[str, str], ...] = ()  # a model's answer, question by question
    is_swap: bool = False
    is_new_panel: bool = False


@dataclass(frozen=True)
class MyNote:
    """A parked item of one's own: in a line, with the question and what the lead said."""

    note: DeskNote
    gist: str

    @property
    def reply_html(self) -> SafeString:
        return SafeString(render_markdown(self.note.reply))


@dataclass(frozen=True)
class State:
    """What stands in place of a task. `kept` is an answer that could not be stored, question by question."""

    code: str
    title: str
    text: str
    action: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    notes: tuple[MyNote, ...] = ()
    seen_attempt: int | None = None
    href: str = ""  # where the action leads, when it is no claim
    mistakes: tuple[Mistake, ...] = ()
    is_swap: bool = field(default=True)


def states() -> dict[str, tuple[str, str, str]]:
    """Title, text and action by refusal code; other refusals show their own sentence."""
    return {
        "done": (
            _("Nothing for you right now"),
            _("Every item that needs you is answered or in somebody's hands. New ones appear here as they come."),
            _("Look again"),
        ),
        "daily_cap": (
            _("That is all for today"),
            _("You have answered as many items as one person may in a day. Go on tomorrow."),
            _("Look again"),
        ),
        "share_cap": (
            _("You have done your share"),
            _("You have answered as many items of this project as one person may; the others are for other people."),
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
        "acknowledgement_needed": (
            _("The guideline has changed"),
            _("What you have answered is stored. Before your next item, read what is new; then a few examples."),
            _("Read what is new"),
        ),
        "qualification_failed": (
            _("Not qualified yet"),
            _("You have used all attempts of the qualification. The lead of this project can give you another one."),
            _("Look again"),
        ),
    }  # fmt: skip


def status_of(access: ProjectAccess) -> dict[str, Any]:
    """The line above the item: how far they are today, and answers that wait to be read. Two queries."""
    answers = shown_answers(access.user.pk, access.project.guideline_id)
    return {"access": access, "mine": my_progress(access.annotator), "answers": answers}


def show_status(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    return render(request, "workbench/_status.html", status_of(access))


def show_nothing(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    return show_state(request, access, why_nothing(access.annotator))


def show_task(
    request: HttpRequest, access: ProjectAccess, task: LeasedTask, *, answer: dict[str, Any] | None = None,
    errors: dict[str, list[str]] | None = None, status: int = 200, **around: Any,
) -> HttpResponse:  # fmt: skip
    """The item with its questions; `around`: notice, problem, told of Shown."""
    is_swap = request.headers.get("HX-Request") == "true"
    is_new_panel = not is_swap or request.POST.get("panel_version") != task.version.sha256
    shown = shown_task(access, task, answer, errors, is_swap=is_swap, is_new_panel=is_new_panel, **around)
    guide = guide_for(access, task) if is_new_panel else None
    template = "workbench/_task.html" if is_swap else "workbench/page.html"
    return render(request, template, page_context(access, shown, guide), status=status)


def show_ahead(request: HttpRequest, access: ProjectAccess, task: LeasedTask) -> HttpResponse:
    return render(request, "workbench/_ahead.html", {"access": access} | _ahead_context(request, access, task))


def show_stored(
    request: HttpRequest, access: ProjectAccess, held: LeasedTask | None, after: LeasedTask | None,
    told: ToldAnswer | None,
) -> HttpResponse:  # fmt: skip
    """For an answer whose successor is on the screen already: the progress line, and the task after that."""
    context = status_of(access) | {"held": held, "told": told}
    ahead = _ahead_context(request, access, after) if after else {}
    return render(request, "workbench/_stored.html", context | ahead)


def _ahead_context(request: HttpRequest, access: ProjectAccess, task: LeasedTask) -> dict[str, Any]:
    """The same fragment as a swap brings, except for the progress line, which would be old when it is shown."""
    is_new_panel = request.POST.get("panel_version") != task.version.sha256
    return {
        "shown": shown_task(access, task, is_new_panel=is_new_panel),
        "guide": guide_for(access, task) if is_new_panel else None,
    }


def page_context(access: ProjectAccess, shown: Shown | None, guide: Guide | None) -> dict[str, Any]:
    return status_of(access) | {
        "shown": shown,
        "guide": guide,
        "renew_seconds": max(access.project.lease_seconds // 3, 5),
        "lease_seconds": access.project.lease_seconds,
        "skip_reasons": SKIP_REASONS,
    }


def show_refused(
    request: HttpRequest, access: ProjectAccess, task: LeasedTask, answer: dict[str, Any], error: InvalidAnswer
) -> HttpResponse:
    by_question: dict[str, list[str]] = {}
    for fault in error.errors:
        by_question.setdefault(re.split(r"[.\[]", fault.path.removeprefix("answer."))[0], []).append(fault.detail)
    problem = _("Not stored yet: see below.")
    return show_task(request, access, task, problem=problem, answer=answer, errors=by_question, status=422)


def show_state(
    request: HttpRequest, access: ProjectAccess, code: str, *, detail: str = "", status: int = 200,
    kept: tuple[tuple[str, str], ...] = (),
) -> HttpResponse:  # fmt: skip
    title, text, what_now = states().get(code, (_("This did not work"), detail, _("Next item")))
    notes = my_notes(access) if status == 200 else ()
    href = reverse("acknowledge", args=[access.project.slug]) if code == "acknowledgement_needed" else ""
    return _render_state(request, access, State(code, title, text, what_now, kept, notes, href=href), status)


def _render_state(request: HttpRequest, access: ProjectAccess, state: State, status: int = 200) -> HttpResponse:
    context = status_of(access) | {"state": state}
    if request.headers.get("HX-Request") != "true":
        return render(request, "workbench/state_page.html", context, status=status)
    return render(request, "workbench/_state.html", context, status=status)


def my_notes(access: ProjectAccess) -> tuple[MyNote, ...]:
    """What this person has parked, with the replies, for when they hold nothing."""
    fields = access.project.fields
    return tuple(MyNote(note, payload_gist(fields, note.item.payload, 90)) for note in notes_to_read(access.annotator))


def show_verdict(request: HttpRequest, access: ProjectAccess, verdict: Verdict) -> HttpResponse:
    return _render_state(request, access, verdict_state(access, verdict))


def verdict_state(access: ProjectAccess, verdict: Verdict) -> State:
    """How an attempt to qualify ended, before anything else is handed out; what was wrong, where that is shown."""
    score = _("%(right)s of %(all)s answered as they should be; needed: %(needed)s.") % {
        "right": verdict.n_right, "all": verdict.n_items, "needed": verdict.n_needed,
    }  # fmt: skip
    if verdict.is_passed:
        title, action = _("Qualification passed"), _("Start labeling")
    else:
        title, action = _("Qualification not passed"), _("Try again") if verdict.attempts_left else ""
        score = f"{score} {_attempts_left(verdict)}"
    mistakes = tuple(mistakes_of(access, verdict.attempt_id))
    return State("verdict", title, score, action, seen_attempt=verdict.attempt_id, mistakes=mistakes)


def _attempts_left(verdict: Verdict) -> str:
    n = verdict.attempts_left
    if not n:
        return _("No attempt is left; the lead of this project can give you another one.")
    return ngettext("You have %(n)s attempt left.", "You have %(n)s attempts left.", n) % {"n": n}


def show_feedback(
    request: HttpRequest, access: ProjectAccess, annotation: Annotation, feedback: Feedback
) -> HttpResponse:  # fmt: skip
    """The answered item once more, with what the gold says and why: read before the next one comes."""
    told = told_answer(annotation, feedback)
    item = annotation.item
    context = status_of(access) | {
        "told": told, "payload": payload_views(access.project.fields, item.payload), "is_swap": True,
    }  # fmt: skip
    is_swap = request.headers.get("HX-Request") == "true"
    response = render(request, "workbench/_feedback.html" if is_swap else "workbench/feedback_page.html", context)
    response.stays = True  # type: ignore[attr-defined]  # without htmx it is a page, not a step on the way to one
    return response


def shown_task(
    access: ProjectAccess, task: LeasedTask, answer: dict[str, Any] | None = None,
    errors: dict[str, list[str]] | None = None, **around: Any,
) -> Shown:  # fmt: skip
    questions: tuple[Question, ...] = instructions_of(task.version.id, task.version.sha256).questions
    args = [access.project.slug, task.lease.id]
    return Shown(
        lease_id=task.lease.id,
        submission_id=uuid.uuid4(),
        version=task.version,
        url={name: reverse(f"workbench-{name}", args=args) for name in ("submit", "draft", "renew")},
        payload=payload_views(task.fields, task.item.payload),
        fields=question_fields(questions, answer if answer is not None else task.draft or {}, errors),
        replies=tuple(
            ShownReply(said.note, SafeString(render_markdown(said.reply)))
            for said in replies_about(access.annotator, task.lease.id)
        ),
        suggestion=answer_in_words(questions, task.prelabel) if task.prelabel else (),
        **around,
    )


def guide_for(access: ProjectAccess, task: LeasedTask) -> Guide:
    return guide_of(access.project.guideline.title, task.version.id, task.version.sha256)


def answer_in_words(questions: tuple[Question, ...], answer: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """An answer as the person would read it: question titles and option labels."""
    rows = []
    for question in questions:
        if question.key in answer:
            labels = {option.key: option.label for option in question.options}
            value = answer[question.key]
            parts = value if isinstance(value, list) else [value]
            rows.append((question.title, ", ".join(_part_in_words(part, labels) for part in parts)))
    return tuple(rows)


def _part_in_words(part: Any, labels: dict[str, str]) -> str:
    """Of a mark its label, of a preference the candidate; anything else as it is."""
    if isinstance(part, dict):
        part = part.get("label", part.get("choice", part))
    return labels.get(part, part) if isinstance(part, str) else str(part)
