"""What is done to a whole part of the draft: taken out, split in two, put together again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import InvalidInput
from accounts.permissions import Capability
from annotation.selectors.citations import citations_of
from frontend.guard import signed_in_user
from frontend.guideline_desk import desk_of
from frontend.guideline_editor import own_errors
from frontend.guideline_guard import guideline_page
from frontend.guideline_splits import forget_split, remember_split, split_to_undo
from guidelines.models import Guideline
from guidelines.parts import LISTS, find_part, part_digest, parts_of
from guidelines.selectors.versions import draft_of
from guidelines.services.parts import PartChanged, remove_part
from guidelines.services.splitting import split_part, undo_split
from guidelines.splitting import split_points

EDIT = Capability.EDIT_GUIDELINE


@require_http_methods(["GET", "POST"])
@guideline_page(EDIT)
def guideline_part_remove(request: HttpRequest, guideline: Guideline, kind: str, key: str) -> HttpResponse:
    """Asks first. A clause that stored labels cite goes only once their number, as it is now, was read."""
    if kind not in LISTS:
        raise Http404
    if request.method == "GET":
        return _ask(request, guideline, kind, key)
    if kind == "clause" and _count(request.POST.get("cited", "")) < sum(c.count for c in citations_of(guideline, key)):
        return _ask(request, guideline, kind, key, status=409)
    try:
        remove_part(
            actor=signed_in_user(request), guideline=guideline, kind=kind, key=key, base=request.POST.get("base", "")
        )
    except PartChanged:
        messages.error(request, _("Somebody changed %(key)s meanwhile, so it was kept. Look again.") % {"key": key})
        return redirect("guideline-edit", guideline.slug)
    except InvalidInput as refusal:
        content = draft_of(guideline).content
        for error in own_errors(refusal.errors, kind, key, content):
            messages.error(request, _("%(key)s was kept. %(why)s") % {"key": key, "why": error.detail})
        return redirect("guideline-part", guideline.slug, kind, key)
    messages.success(request, _("%(key)s is out of the draft. Published versions keep it.") % {"key": key})
    return redirect("guideline-edit", guideline.slug)


def _count(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0


def _ask(request: HttpRequest, guideline: Guideline, kind: str, key: str, *, status: int = 200) -> HttpResponse:
    desk = desk_of(request, guideline)
    content = desk.draft.content
    part = find_part(content, kind, key)
    if part is None:
        raise Http404
    cited = citations_of(guideline, key) if kind == "clause" else []
    options = [
        (question, option)
        for question in parts_of(content, "question")
        for option in question.get("options", [])
        if kind == "clause" and key in option.get("clauses", [])
    ]
    context = desk.page((kind, key)) | {
        "part": part, "kind": kind, "base": part_digest(part), "cited": cited, "count": sum(c.count for c in cited),
        "options": options, "below": [c for c in parts_of(content, "clause") if c.get("parent") == key],
        "examples": [e for e in parts_of(content, "example") if kind == "clause" and e.get("clause") == key],
    }  # fmt: skip
    return render(request, "guidelines/retire.html", context, status=status)


@require_http_methods(["GET", "POST"])
@guideline_page(EDIT)
def guideline_clause_split(request: HttpRequest, guideline: Guideline, key: str) -> HttpResponse:
    """`?line=` is where the cursor stood: the block it was in is offered first."""
    desk = desk_of(request, guideline)
    clause = find_part(desk.draft.content, "clause", key)
    if clause is None:
        raise Http404
    if request.method == "POST":
        return _split(request, guideline, key)
    points = split_points(clause["body"])
    line = _count(request.GET.get("line", ""))
    near = max((point.line for point in points if point.line <= line), default=points[0].line if points else 0)
    context = desk.page(("clause", key)) | {
        "clause": clause, "base": part_digest(clause), "points": points, "near": near,
    }  # fmt: skip
    return render(request, "guidelines/split.html", context)


def _split(request: HttpRequest, guideline: Guideline, key: str) -> HttpResponse:
    line, base = _count(request.POST.get("line", "")), request.POST.get("base", "")
    try:
        split = split_part(actor=signed_in_user(request), guideline=guideline, key=key, line=line, base=base)
    except PartChanged:
        messages.error(
            request, _("Somebody changed %(key)s meanwhile, so it was not split. Look again.") % {"key": key}
        )
    except InvalidInput as refusal:
        for error in refusal.errors:
            messages.error(request, error.detail)
    else:
        remember_split(request, guideline, split)
        messages.success(request, _("%(new)s holds what was split off.") % {"new": split.new_key})
        return redirect("guideline-part", guideline.slug, "clause", split.new_key)
    return redirect("guideline-part", guideline.slug, "clause", key)


@require_POST
@guideline_page(EDIT)
def guideline_clause_unsplit(request: HttpRequest, guideline: Guideline, key: str) -> HttpResponse:
    split = split_to_undo(request, guideline, key)
    if split is None:
        raise Http404
    forget_split(request, guideline)
    try:
        undo_split(actor=signed_in_user(request), guideline=guideline, split=split)
    except PartChanged:
        messages.error(request, _("One of the two was changed since, so both were kept as they are."))
        return redirect("guideline-part", guideline.slug, "clause", key)
    messages.success(request, _("The split is taken back."))
    return redirect("guideline-part", guideline.slug, "clause", split.before["key"])
