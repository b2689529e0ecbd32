"""Questions to a guideline: the lead answers what waits, longest first; anybody else asks and follows their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import Capability
from annotation.selectors.clarifications import links_for
from annotation.services.clarifications import answer_clarification, withdraw_question
from frontend.forms.questions import AskForm, RulingForm
from frontend.guard import page, signed_in_user
from frontend.guideline_guard import guideline_page
from frontend.reading.guidelines import ReadClause, reading_of
from frontend.reading.payloads import PayloadView, payload_views
from guidelines.content import EMPTY_CONTENT, Clause, GuidelineContent
from guidelines.models import Clarification, Guideline
from guidelines.selectors.access import current_version, may_edit
from guidelines.selectors.clarifications import (
    Group,
    clarification_counts,
    clarifications_for,
    open_groups,
)
from guidelines.selectors.versions import content_of, draft_of
from guidelines.services.clarifications import (
    ask_question,
    dismiss_notice,
    group_clarifications,
    set_service_level,
    ungroup_clarification,
)

MOST_CLOSED = 50
MOST_ITEMS = 5


@dataclass(frozen=True)
class Row:
    """One group of the list."""

    group: Group
    url: str
    is_current: bool


@dataclass(frozen=True)
class ClauseRow:
    """How often a clause was asked about; `share` of the most asked, for the bar."""

    key: str
    title: str
    asked: int
    open: int
    share: float


@dataclass(frozen=True)
class AskedItem:
    """An item on which a question arose, for who may see it."""

    project: str
    external_id: str
    annotator: str
    payload: list[PayloadView]
    is_parked: bool


@require_GET
@guideline_page(Capability.READ_GUIDELINE)
def questions(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """What waits, with one of it (`?question=`; else the longest) beside it; for who does not edit, their own."""
    if may_edit(signed_in_user(request), guideline):
        return _desk(request, guideline, _number(request.GET.get("question", "")))
    return _mine(request, guideline)


def _number(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0


def _content(guideline: Guideline) -> GuidelineContent:
    version = current_version(guideline)
    return content_of(version) if version else EMPTY_CONTENT


def _mine(request: HttpRequest, guideline: Guideline, form: AskForm | None = None) -> HttpResponse:
    clauses = _content(guideline).clauses
    asked = clarifications_for(signed_in_user(request), guideline).order_by("-number")[:MOST_CLOSED]
    context = {
        "guideline": guideline, "tab": "questions", "is_editor": False, "asked": list(asked), "clauses": clauses,
        "form": form or AskForm(clauses=clauses, clause=request.GET.get("clause", "")),
    }  # fmt: skip
    return render(request, "questions/mine.html", context, status=422 if form is not None else 200)


def _desk(
    request: HttpRequest, guideline: Guideline, number: int, form: RulingForm | None = None,
    ask_form: AskForm | None = None,
) -> HttpResponse:  # fmt: skip
    groups = open_groups(guideline)
    chosen = next(
        (group for group in groups if number in {each.number for each in group.questions}),
        groups[0] if groups else None,
    )
    content = _content(guideline)
    closed = clarifications_for(signed_in_user(request), guideline).exclude(state=Clarification.State.OPEN)
    context: dict[str, Any] = {
        "guideline": guideline, "tab": "questions", "is_editor": True, "clauses": _clause_rows(guideline, content),
        "rows": [Row(group, _url(guideline, group.first.number), group is chosen) for group in groups],
        "n_overdue": sum(group.is_overdue for group in groups), "closed": list(closed.order_by("-closed_at")[:50]),
        "ask_form": ask_form or AskForm(clauses=content.clauses, clause=request.GET.get("clause", "")),
    }  # fmt: skip
    if chosen is not None:
        context |= _detail(request, guideline, chosen, content)
        context["form"] = form or RulingForm(asked=chosen.first, clauses=_all_clauses(guideline, content))
        context["others"] = [group.first for group in groups if group is not chosen]
    is_refused = form is not None or ask_form is not None
    return render(request, "questions/desk.html", context, status=422 if is_refused else 200)


def _url(guideline: Guideline, number: int = 0) -> str:
    return reverse("questions", args=[guideline.slug]) + (f"?question={number}" if number else "")


def _all_clauses(guideline: Guideline, content: GuidelineContent) -> list[Clause]:
    """Those of the current version and of the draft: a precedent may stand under either."""
    both = {clause.key: clause for clause in (*content.clauses, *content_of(draft_of(guideline)).clauses)}
    return list(both.values())


def _clause_rows(guideline: Guideline, content: GuidelineContent) -> list[ClauseRow]:
    """The clauses that were asked about, the most asked first."""
    titles = {clause.key: clause.title for clause in content.clauses}
    counts = clarification_counts(guideline.pk)
    most = max((each.asked for each in counts.values()), default=1)
    rows = [
        ClauseRow(key, titles.get(key, "") if key else _("no clause"), each.asked, each.open, each.asked / most)
        for key, each in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row.asked, row.key))


def _detail(request: HttpRequest, guideline: Guideline, group: Group, content: GuidelineContent) -> dict[str, Any]:
    ids = [each.pk for each in group.questions]
    links = links_for(signed_in_user(request)).filter(clarification__in=ids)[:MOST_ITEMS]
    return {
        "group": group, "clause": _clause(content, group.first.clause),
        "items": [
            AskedItem(
                link.project.slug, link.item.external_id, link.annotator.name,
                payload_views(link.project.fields, link.item.payload), link.note_id is not None,
            )
            for link in links
        ],
    }  # fmt: skip


def _clause(content: GuidelineContent, key: str) -> ReadClause | None:
    """The clause as it is published, with the precedents it has already."""
    return next((clause for clause in reading_of(content).clauses if clause.key == key), None) if key else None


@require_POST
@guideline_page(Capability.READ_GUIDELINE)
def question_ask(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    user = signed_in_user(request)
    form = AskForm(request.POST, clauses=_content(guideline).clauses)
    if form.is_valid():
        try:
            asked = ask_question(actor=user, guideline=guideline, **form.cleaned_data)
        except (NotFound, Forbidden):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Asked. You are told the answer."))
            return redirect(_url(guideline, asked.number))
    if may_edit(user, guideline):
        return _desk(request, guideline, 0, ask_form=form)
    return _mine(request, guideline, form)


@require_POST
@guideline_page(Capability.EDIT_GUIDELINE)
def question_rule(request: HttpRequest, guideline: Guideline, number: int) -> HttpResponse:
    asked = clarifications_for(signed_in_user(request), guideline).filter(number=number).first()
    if asked is None:
        raise NotFound
    form = RulingForm(request.POST, asked=asked, clauses=_all_clauses(guideline, _content(guideline)))
    if not form.is_valid():
        return _desk(request, guideline, number, form)
    said = form.cleaned_data
    try:
        ruled, n_told = answer_clarification(
            actor=signed_in_user(request), guideline=guideline, number=number, ruling=said["ruling"],
            outcome=said["outcome"], clause=said["clause"], question=said["question"] or None,
        )  # fmt: skip
    except (NotFound, Forbidden):
        raise
    except DomainError as refusal:
        if not refusal.errors:  # somebody else has answered: said on top of what still waits
            messages.error(request, _with_their_ruling(refusal))
            return redirect(_url(guideline))
        form.refuse(refusal)
        return _desk(request, guideline, number, form)
    messages.success(request, _answered(ruled.asked, n_told))
    return redirect(_url(guideline))


def _with_their_ruling(refusal: DomainError) -> str:
    ruling = refusal.extra.get("ruling")
    return f"{refusal.detail} {_('The ruling is:')} {ruling}" if ruling else refusal.detail


def _answered(asked: Clarification, n_told: int) -> str:
    told = ngettext("%(n)s person is told.", "%(n)s people are told.", n_told) % {"n": n_told}
    if asked.published_in is not None:
        values = {"key": asked.precedent, "version": asked.published_in.number}
        return f"{_('%(key)s is published in version %(version)s.') % values} {told}"
    if asked.precedent:
        return f"{_('%(key)s is in the draft.') % {'key': asked.precedent}} {told}"
    return f"{_('Answered.')} {told}"


@require_POST
@guideline_page(Capability.EDIT_GUIDELINE)
def question_group(request: HttpRequest, guideline: Guideline, number: int) -> HttpResponse:
    others = [_number(raw) for raw in request.POST.getlist("other")[:200]]

    def group() -> None:
        group_clarifications(actor=signed_in_user(request), guideline=guideline, number=number, others=others)

    return _act(request, guideline, number, group)


@require_POST
@guideline_page(Capability.EDIT_GUIDELINE)
def question_ungroup(request: HttpRequest, guideline: Guideline, number: int) -> HttpResponse:
    def ungroup() -> None:
        ungroup_clarification(actor=signed_in_user(request), guideline=guideline, number=number)

    return _act(request, guideline, number, ungroup)


@require_POST
@guideline_page(Capability.READ_GUIDELINE)
def question_withdraw(request: HttpRequest, guideline: Guideline, number: int) -> HttpResponse:
    def withdraw() -> None:
        withdraw_question(actor=signed_in_user(request), guideline=guideline, number=number)
        messages.success(request, _("Withdrawn."))

    return _act(request, guideline, 0, withdraw)


@require_POST
@guideline_page(Capability.EDIT_GUIDELINE)
def question_promise(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """Within how many hours questions are to be answered."""

    def promise() -> None:
        set_service_level(
            actor=signed_in_user(request), guideline=guideline, hours=_number(request.POST.get("hours", ""))
        )  # fmt: skip
        messages.success(request, _("Stored."))

    return _act(request, guideline, 0, promise)


def _act(request: HttpRequest, guideline: Guideline, number: int, act: Callable[[], None]) -> HttpResponse:
    """Do it and show the list again; a refusal by the facts is said on top of it."""
    try:
        act()
    except (NotFound, Forbidden):
        raise
    except DomainError as refusal:
        messages.error(request, " ".join(error.detail for error in refusal.errors) or refusal.detail)
    return redirect(_url(guideline, number))


@require_POST
@page(Capability.SIGNED_IN)
def answer_read(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Put an answer away on the start page."""
    dismiss_notice(user=signed_in_user(request), notice_id=notice_id)
    return redirect("home")
