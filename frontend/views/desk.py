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

from accounts.errors import DomainError, NotFound
from accounts.permissions import Capability
from annotation.selectors.access import ProjectAccess
from annotation.selectors.desk import KINDS, DeskEntry, answers_of_task, desk_counts, desk_entries, lapsed_leases
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
        context |= _detail(access, chosen) | {"form": form or (ReplyForm() if chosen.note else SetAsideForm())}
    return render(request, "desk/page.html", context, status=422 if form is not None else 200)


def _url(access: ProjectAccess, kind: str, key: str = "") -> str:
    query = "&".join(part for part in (f"kind={kind}" if kind else "", f"entry={key}" if key else "") if part)
    return reverse("desk", args=[access.project.slug]) + (f"?{query}" if query else "")


def _tabs(access: ProjectAccess, kind: str) -> list[Tab]:
    counts, words = desk_counts(access.project), kind_words()
    every = Tab(_url(access, ""), _("All"), sum(counts.values()), not kind)
    return [every, *(Tab(_url(access, name), words[name].capitalize(), counts[name], name == kind) for name in KINDS)]


def _row(access: ProjectAccess, entry: DeskEntry, kind: str, chosen: DeskEntry | None) -> DeskRow:
    gist = payload_gist(access.project.fields, entry.item.payload, 80)
    says = entry.note.note if entry.note else ""
    return DeskRow(entry, kind_words()[entry.kind], gist, says, _url(access, kind, entry.key), entry == chosen)


def _detail(access: ProjectAccess, entry: DeskEntry) -> dict[str, Any]:
    """All that is known of one entry. Names are the lead's to see: they reply to a person."""
    questions = current_questions(access.project)
    answers = [(each, shown_answers(questions, each.answer)) for each in answers_of_task(entry.task_id)]
    return {
        "entry": entry, "entry_kind": kind_words()[entry.kind],
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
    form = ReplyForm(request.POST)
    form.is_valid()

    def reply() -> str:
        note = close_note(
            actor=access.user, project=access.project, note_id=note_id, reply=form.cleaned_data.get("reply", "")
        )
        words = _("%(name)s has your reply.") if note.reply else _("Closed.")
        return words % {"name": note.annotator.name} if note.reply else words

    return _decide(request, access, f"note-{note_id}", form, reply)


@require_POST
@project_page(Capability.MANAGE_PROJECT)
def desk_decide(request: HttpRequest, access: ProjectAccess, task_id: int) -> HttpResponse:
    """Ask everybody again, or set the task aside with a reason, as the button says."""
    form = SetAsideForm(request.POST)
    form.is_valid()

    def decide() -> str:
        if request.POST.get("decision") == "reopen":
            reopen_task(actor=access.user, project=access.project, task_id=task_id)
            return _("The item is handed out again.")
        reason = form.cleaned_data.get("reason", "")
        set_aside(actor=access.user, project=access.project, task_id=task_id, reason=reason)
        return _("The item is set aside; its labels stay.")

    return _decide(request, access, f"task-{task_id}", form, decide)


def _decide(
    request: HttpRequest, access: ProjectAccess, key: str, form: ReplyForm | SetAsideForm, act: Callable[[], str]
) -> HttpResponse:  # fmt: skip
    """Do it and go on with the next entry of the list; a refusal is shown beside what was written."""
    kind = request.POST.get("kind", "")
    if not form.errors:
        try:
            messages.success(request, act())
            return redirect(_url(access, kind if kind in KINDS else ""))
        except NotFound:
            raise
        except DomainError as refusal:
            form.refuse(refusal)
    return _show(request, access, kind, key, form)
