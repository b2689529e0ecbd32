"""The draft's editor: one clause, question, example or precedent at a time, saved by htmx or by a plain form post."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import InvalidInput
from accounts.permissions import Capability
from annotation.selectors.access import project_access
from frontend.forms.guideline_parts import NewQuestionForm, beginning_of
from frontend.forms.guideline_posted import is_rearranged, key_from, posted_part
from frontend.forms.refusals import show_refusal
from frontend.guard import signed_in_user
from frontend.guideline_desk import Desk, desk_of
from frontend.guideline_editor import KIND_WORDS, BothSides, PartFields, both_sides, fields_of, own_errors
from frontend.guideline_guard import guideline_page
from frontend.guideline_splits import split_to_undo
from frontend.reading.guideline_differences import shown_difference
from frontend.reading.guideline_examples import example_of_item
from frontend.reading.guideline_preview import preview_of
from guidelines.models import Guideline
from guidelines.parts import LISTS, Part, find_part, next_clause_key, next_precedent_key, part_digest, parts_of
from guidelines.selectors.comments import threads_on
from guidelines.selectors.differences import draft_difference
from guidelines.selectors.images import images_of
from guidelines.selectors.versions import used_clause_keys, used_precedent_keys
from guidelines.services.parts import PartChanged, add_part, move_part, nest_clause, save_part
from guidelines.services.presence import note_editor

EDIT = Capability.EDIT_GUIDELINE


@require_GET
@guideline_page(EDIT)
def guideline_edit(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    note_editor(actor=signed_in_user(request), guideline=guideline)
    desk = desk_of(request, guideline)
    difference = shown_difference(draft_difference(guideline, desk.draft))
    return render(request, "guidelines/edit.html", desk.page(None) | {"difference": difference})


@require_http_methods(["GET", "POST"])
@guideline_page(EDIT)
def guideline_part(request: HttpRequest, guideline: Guideline, kind: str, key: str) -> HttpResponse:
    desk = desk_of(request, guideline)
    part = _find(desk, kind, key)
    if request.method == "GET":
        if part is None:
            raise Http404
        note_editor(actor=signed_in_user(request), guideline=guideline, kind=kind, key=key, looks=True)
        desk = desk_of(request, guideline)
        return _answer(request, desk, fields_of(kind, part, desk.draft.content, desk.questions), part_digest(part))
    old = part or _removed(request, desk, kind, key)
    posted = posted_part(request.POST, kind, old, desk.questions)
    base = request.POST.get("base", "")
    if is_rearranged(request.POST, posted):
        fields = fields_of(kind, posted, desk.draft.content, desk.questions)
        return _answer(request, desk, fields, base, is_unsaved=True)
    return _save(request, desk, kind, posted, base)


def _save(request: HttpRequest, desk: Desk, kind: str, posted: Part, base: str) -> HttpResponse:
    key, content, questions = posted["key"], desk.draft.content, desk.questions
    try:
        save_part(actor=signed_in_user(request), guideline=desk.guideline, kind=kind, part=posted, base=base)
    except InvalidInput as refusal:
        errors = own_errors(refusal.errors, kind, key, content)
        return _answer(request, desk, fields_of(kind, posted, content, questions, errors), base, status=422)
    except PartChanged as conflict:
        now = desk_of(request, desk.guideline)
        sides = both_sides(now.draft, conflict.theirs, posted)
        fields = fields_of(kind, posted, now.draft.content, now.questions)
        return _answer(request, now, fields, part_digest(conflict.theirs), sides=sides, status=409)
    if not request.headers.get("HX-Request"):
        messages.success(request, _("Saved."))
        return redirect("guideline-part", desk.guideline.slug, kind, key)
    saved = desk_of(request, desk.guideline)
    part = find_part(saved.draft.content, kind, key) or posted
    fields = fields_of(kind, part, saved.draft.content, saved.questions)
    return _answer(request, saved, fields, part_digest(part), is_saved=True)


def _answer(
    request: HttpRequest,
    desk: Desk,
    fields: PartFields,
    base: str,
    *,
    status: int = 200,
    sides: BothSides | None = None,
    is_saved: bool = False,
    is_unsaved: bool = False,
) -> HttpResponse:
    """The whole page; for htmx the form with the outline; for a save by itself only its state, so that what is
    being typed stays untouched."""
    context = desk.page((fields.kind, fields.part["key"])) | {
        "fields": fields, "base": base, "sides": sides, "is_saved": is_saved, "is_unsaved": is_unsaved,
        "kind_words": KIND_WORDS[fields.kind], "preview": preview_of(desk.questions, fields.kind, fields.part),
    }  # fmt: skip
    if not request.headers.get("HX-Request"):
        return render(request, "guidelines/part.html", context | beside_part(request, desk, fields), status=status)
    if request.headers.get("X-Autosave"):
        # Until the person has seen both sides, the save stays based on what was shown.
        context["base"] = request.POST.get("base", "") if sides else base
        response = render(request, "guidelines/_autosaved.html", context, status=status)
        response["HX-Retarget"], response["HX-Reswap"] = "#save-state", "outerHTML"
        return response
    response = render(request, "guidelines/_part_answer.html", context, status=status)
    if is_saved:
        response["HX-Trigger"] = json.dumps({"announce": _("Saved.")})
    return response


def beside_part(request: HttpRequest, desk: Desk, fields: PartFields) -> dict[str, Any]:
    """What a whole page has around the form: comments, the guideline's images, a split that can be taken back."""
    kind, key = fields.kind, fields.part["key"]
    return {
        "threads": threads_on(desk.guideline, kind, key), "kind": kind, "key": key,
        "images": images_of(desk.guideline) if kind == "clause" else None,
        "split": split_to_undo(request, desk.guideline, key) if kind == "clause" else None,
    }  # fmt: skip


def _find(desk: Desk, kind: str, key: str) -> Part | None:
    if kind not in LISTS:
        raise Http404
    return find_part(desk.draft.content, kind, key)


def _removed(request: HttpRequest, desk: Desk, kind: str, key: str) -> Part:
    """A part that somebody took out while it was being edited: enough of it to keep what was typed."""
    if "base" not in request.POST:
        raise Http404
    published = find_part(desk.current.content, kind, key) if desk.current else None
    kept: Part = {"key": key, "type": request.POST.get("type", ""), "options": []}
    return published or (kept if kind == "question" else {"key": key})


@require_http_methods(["GET", "POST"])
@guideline_page(EDIT)
def guideline_part_new(request: HttpRequest, guideline: Guideline, kind: str) -> HttpResponse:
    desk = desk_of(request, guideline)
    if kind == "question":
        return _new_question(request, desk)
    if kind not in LISTS:
        raise Http404
    part = _blank(desk, kind, request.GET.get("under", "")) | _from_item(request, desk, kind)
    if request.method == "GET":
        return _new_page(request, desk, fields_of(kind, part, desk.draft.content, desk.questions))
    posted = posted_part(request.POST, kind, part, desk.questions)
    try:
        add_part(actor=signed_in_user(request), guideline=guideline, kind=kind, part=posted)
    except InvalidInput as refusal:
        errors = own_errors(refusal.errors, kind, posted["key"], desk.draft.content)
        return _new_page(request, desk, fields_of(kind, posted, desk.draft.content, desk.questions, errors))
    return redirect("guideline-part", guideline.slug, kind, posted["key"])


def _from_item(request: HttpRequest, desk: Desk, kind: str) -> Part:
    """`?project=…&item=…`: what a new example takes from a real item."""
    if kind != "example" or not request.GET.get("item"):
        return {}
    access = project_access(signed_in_user(request), request.GET.get("project", ""), Capability.VIEW_ITEMS)
    if access.project.guideline_id != desk.guideline.pk:
        raise Http404
    return example_of_item(access, request.GET["item"], desk.questions)


def _new_page(request: HttpRequest, desk: Desk, fields: PartFields) -> HttpResponse:
    first = next(name for name in ("title", "question", "text", "rationale") if name in fields.form.fields)
    fields.form.fields[first].widget.attrs["autofocus"] = True
    context = desk.page((fields.kind, "")) | {"fields": fields, "kind_words": KIND_WORDS[fields.kind]}
    context["preview"] = preview_of(desk.questions, fields.kind, fields.part)
    return render(request, "guidelines/part_new.html", context, status=200 if request.method == "GET" else 422)


def _blank(desk: Desk, kind: str, under: str) -> Part:
    if kind == "clause":
        key = next_clause_key(used_clause_keys(desk.guideline))
        parent = under if find_part(desk.draft.content, "clause", under) else None
        return {"key": key, "title": "", "body": "", "parent": parent}
    if kind == "precedent":
        clause = under if find_part(desk.draft.content, "clause", under) else ""
        return {"key": next_precedent_key(used_precedent_keys(desk.guideline)), "clause": clause}
    taken = {part["key"].upper() for part in parts_of(desk.draft.content, "example")}
    key = next(f"E{number}" for number in range(1, len(taken) + 2) if f"E{number}" not in taken)
    cited = under if find_part(desk.draft.content, "clause", under) else None
    return {"key": key, "kind": "positive", "text": "", "clause": cited}


def _new_question(request: HttpRequest, desk: Desk) -> HttpResponse:
    form = NewQuestionForm(request.POST or None)
    form.fields["title"].widget.attrs["autofocus"] = True
    if form.is_valid():
        key = form.cleaned_data["key"] or key_from(form.cleaned_data["title"])
        part: Part = {"key": key, "type": form.cleaned_data["type"], "title": form.cleaned_data["title"]}
        part |= beginning_of(part["type"])
        try:
            add_part(actor=signed_in_user(request), guideline=desk.guideline, kind="question", part=part)
        except InvalidInput as refusal:
            errors = own_errors(refusal.errors, "question", key, desk.draft.content)
            show_refusal(form, InvalidInput(errors=errors))
        else:
            return redirect("guideline-part", desk.guideline.slug, "question", key)
    context = desk.page(("question", "")) | {"form": form}
    return render(request, "guidelines/question_new.html", context, status=422 if form.errors else 200)


@require_POST
@guideline_page(EDIT)
def guideline_part_move(request: HttpRequest, guideline: Guideline, kind: str, key: str) -> HttpResponse:
    if kind not in LISTS:
        raise Http404
    direction = request.POST.get("direction")
    if kind == "clause" and direction in {"in", "out"}:
        step = 1 if direction == "in" else -1
        nest_clause(actor=signed_in_user(request), guideline=guideline, key=key, step=step)
        return redirect("guideline-part", guideline.slug, kind, key)
    step = -1 if direction == "up" else 1
    move_part(actor=signed_in_user(request), guideline=guideline, kind=kind, key=key, step=step)
    return redirect("guideline-part", guideline.slug, kind, key)


@require_POST
@guideline_page(EDIT)
def guideline_preview(request: HttpRequest, guideline: Guideline, kind: str, key: str) -> HttpResponse:
    """How the posted part will read; nothing is stored."""
    desk = desk_of(request, guideline)
    part = _find(desk, kind, key) or _removed(request, desk, kind, key)
    posted = posted_part(request.POST, kind, part, desk.questions)
    return render(request, "guidelines/_preview.html", {"preview": preview_of(desk.questions, kind, posted)})
