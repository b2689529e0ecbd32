"""The lead's desk: what waits, oldest first, and one of it with what can be done about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import Capability
from annotation.models import DeskNote
from annotation.selectors.access import ProjectAccess
from annotation.selectors.clarifications import question_behind
from annotation.selectors.desk import (
    KINDS,
    DeskEntry,
    answers_of_task,
    desk_counts,
    desk_entries,
    lapsed_leases,
    note_of,
)
from annotation.services.desk import close_note
from annotation.services.desk_decisions import reopen_task, set_aside
from frontend.forms.desk import ReplyForm, SetAsideForm
from frontend.guard import project_page
from frontend.reading.answers import current_questions, shown_answers
from frontend.reading.payloads import payload_gist, payload_views
from guidelines.selectors.access import current_version
from guidelines.selectors.versions import content_of

A_PAGE = 100


@dataclass(frozen=True)
class DeskRow:
    """One line of the list."""

    entry: DeskEntry
    kind: str
    gist: str
    says: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Tab:
    url: str
    label: str
    n: int
    current: bool


def kind_words() -> dict[str, str]:
    return {
        "park": _("question"), "flag": _("flag"), "skipped": _("skipped by all"),
        "abandoned": _("let go again and again"), "disagreement": _("people disagree"),
    }  # fmt: skip


@require_GET
@project_page(Capability.MANAGE_PROJECT)
def desk(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What waits of a kind (`?kind=`), the one chosen (`?entry=`) beside it; without a choice the oldest."""
    return _show(request, access, request.GET.get("kind", ""), request.GET.get("entry", ""))


def _show(
    request: HttpRequest, access: ProjectAccess, kind: str, key: str, form: ReplyForm | SetAsideForm | None = None
) -> HttpResponse:  # fmt: skip
    kind = kind if kind in KINDS else ""
    entries = desk_entries(access.project, kinds=[kind] if kind else KINDS, limit=A_PAGE + 1)
    chosen = next((entry for entry in entries if entry.key == key), entries[0] if entries else None)
    context: dict[str, Any] = {
        "rows": [_row(access, entry, kind, chosen) for entry in entries[:A_PAGE]], "tabs": _tabs(access, kind),
        "kind": kind, "has_more": len(entries) > A_PAGE,
    }  # fmt: skip
    if chosen is not None:
        context |= _detail(access, chosen) | {"form": form or _form_for(chosen)}
    return render(request, "desk/page.html", context, status=422 if form is not None else 200)


def _form_for(entry: DeskEntry) -> ReplyForm | SetAsideForm:
    return ReplyForm(is_question=entry.kind == DeskNote.Kind.PARK) if entry.note else SetAsideForm()


def _url(access: ProjectAccess, kind: str, key: str = "") -> str:
    query = "&".join(part for part in (f"kind={kind}" if kind else "", f"entry={key}" if key else "") if part)
    return reverse("desk", args=[access.project.slug]) + (f"?{query}" if query else "")


def _tabs(access: ProjectAccess, kind: str) -> list[Tab]:
    counts = desk_counts(access.project)
    words = {name: word.capitalize() for name, word in kind_words().items()}
    words |= {"park": _("Questions"), "flag": _("Flags")}
    every = Tab(_url(access, ""), _("All"), sum(counts.values()), not kind)
    return [every, *(Tab(_url(access, name), words[name], counts[name], name == kind) for name in KINDS)]


def _row(access: ProjectAccess, entry: DeskEntry, kind: str, chosen: DeskEntry | None) -> DeskRow:
    gist = payload_gist(access.project.fields, entry.item.payload, 80)
    says = entry.note.note if entry.note else ""
    return DeskRow(entry, kind_words()[entry.kind], gist, says, _url(access, kind, entry.key), entry == chosen)


def _detail(access: ProjectAccess, entry: DeskEntry) -> dict[str, Any]:
    """All that is known of one entry. Names are the lead's to see: they reply to a person."""
    questions = current_questions(access.project)
    answers = [(each, shown_answers(questions, each.answer)) for each in answers_of_task(entry.task_id)]
    asked = question_behind(entry.note) if entry.note else None
    return {
        "asked": asked, "entry": entry, "entry_kind": kind_words()[entry.kind],
        "payload": payload_views(access.project.fields, entry.item.payload), "answers": answers,
        "lapsed": list(lapsed_leases(entry.task_id)) if entry.kind == "abandoned" else [],
        "clause": _clause(access, entry.note.clause) if entry.note and entry.note.clause else None,
    }  # fmt: skip


def _clause(access: ProjectAccess, key: str) -> tuple[str, str]:
    """The clause a note names: its key, and its title in the newest version if it still has it."""
    version = current_version(access.project.guideline)
    clauses = content_of(version).clauses if version else ()
    return key, next((clause.title for clause in clauses if clause.key == key), "")


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def desk_reply(request: HttpRequest, access: ProjectAccess, note_id: int) -> HttpResponse:
    note = note_of(access.project, note_id)
    form = ReplyForm(request.POST, is_question=note.kind == DeskNote.Kind.PARK)

    def reply() -> str:
        words = form.cleaned_data["reply"]
        close_note(actor=access.user, project=access.project, note_id=note.pk, reply=words)
        return _("%(name)s has your reply.") % {"name": note.annotator.name} if words else _("Closed.")

    return _decide(request, access, f"note-{note.pk}", form, reply if form.is_valid() else None)


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def desk_decide(request: HttpRequest, access: ProjectAccess, task_id: int) -> HttpResponse:
    """Ask everybody again, or set the task aside with a reason, as the button says."""
    place: dict[str, Any] = {"actor": access.user, "project": access.project, "task_id": task_id}
    form = SetAsideForm(request.POST)

    def reopen() -> str:
        reopen_task(**place)
        return _("The item is handed out again.")

    def leave() -> str:
        set_aside(**place, reason=form.cleaned_data["reason"])
        return _("The item is set aside; its labels stay.")

    if request.POST.get("decision") == "reopen":
        return _decide(request, access, f"task-{task_id}", SetAsideForm(), reopen)
    return _decide(request, access, f"task-{task_id}", form, leave if form.is_valid() else None)


def _decide(
    request: HttpRequest, access: ProjectAccess, key: str, form: ReplyForm | SetAsideForm,
    act: Callable[[], str] | None,
) -> HttpResponse:  # fmt: skip
    """Do it and go on with the next entry of the list. A refusal by the form is shown beside what was written; one by
    the facts (somebody else has decided) on top of the list."""
    kind = request.POST.get("kind", "")
    if act is None:
        return _show(request, access, kind, key, form)
    try:
        messages.success(request, act())
    except (NotFound, Forbidden):
        raise
    except DomainError as refusal:
        messages.error(request, refusal.detail)
    return redirect(_url(access, kind if kind in KINDS else ""))
