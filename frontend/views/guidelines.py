"""Guidelines: the list, reading a version, its history, the difference of two."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.errors import DomainError, FieldError, Forbidden, InvalidInput
from accounts.permissions import Capability
from frontend.forms.guideline_files import sent_file
from frontend.forms.guidelines import GuidelineForm, sentence
from frontend.forms.refusals import show_refusal
from frontend.guard import page, signed_in_user
from frontend.guideline_guard import guideline_page
from frontend.reading.guideline_differences import shown_difference
from frontend.reading.guidelines import reading_of
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from guidelines.passages import precedents_of
from guidelines.searching import LONGEST_QUERY
from guidelines.selectors.access import may_edit
from guidelines.selectors.acknowledgements import asking_versions
from guidelines.selectors.differences import DRAFT, difference
from guidelines.selectors.reading import change_log, search_guideline
from guidelines.selectors.versions import content_of, draft_of, guidelines_of, version_by_number, versions_of
from guidelines.services.editing import create_guideline
from guidelines.services.files import BadFile, start_guideline_from_file
from quality.selectors.clause_health import judged_projects

A_YEAR = 365 * 86400


@require_GET
@page(Capability.SIGNED_IN)
def guidelines(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    listed = guidelines_of(user).order_by("title", "pk")
    may_start = user.is_owner or user.may_start_projects
    return render(request, "guidelines/list.html", {"guidelines": listed, "may_start": may_start})


@require_http_methods(["GET", "POST"])
@page(Capability.START_PROJECT)
def guideline_new(request: HttpRequest) -> HttpResponse:
    form = GuidelineForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            made = _started(request, form)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return redirect("guideline-edit", made.slug)
    return render(request, "guidelines/new.html", {"form": form}, status=422 if form.errors else 200)


def _started(request: HttpRequest, form: GuidelineForm) -> Guideline:
    said = {name: form.cleaned_data[name] for name in ("slug", "title")}
    if form.cleaned_data["file"] is None:
        return create_guideline(actor=signed_in_user(request), **said)
    try:
        return start_guideline_from_file(actor=signed_in_user(request), data=sent_file(request), **said)
    except BadFile as refusal:
        # Paths of the file are no fields of this form, though some have their names.
        raise InvalidInput(
            errors=[FieldError("file", "bad_file", sentence(e.detail)) for e in refusal.errors]
        ) from refusal


@require_GET
@guideline_page(Capability.READ_GUIDELINE)
def guideline(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """The current version, `?version=2.1`, or for its editors `?version=draft`; `?q=` searches in it."""
    versions = list(versions_of(guideline).defer("content").order_by("-sequence"))
    is_editor = may_edit(signed_in_user(request), guideline)
    wanted = request.GET.get("version") or (versions[0].number if versions else DRAFT)
    if wanted == DRAFT and not is_editor:
        if request.GET.get("version"):
            raise Forbidden
        return render(request, "guidelines/unpublished.html", {"guideline": guideline, "tab": "read"})
    text = draft_of(guideline) if wanted == DRAFT else version_by_number(guideline, wanted)
    is_current = bool(versions) and versions[0].number == wanted
    context = {
        "guideline": guideline, "tab": "read", "is_editor": is_editor, "versions": versions, "wanted": wanted,
        "text": text, "reading": reading_of(content_of(text), precedents_of(text.content)), "is_current": is_current,
        "sees_health": _sees_health(request, guideline), **_search(request, text),
        "since": _last_read(request, versions) if is_current else "",
    }  # fmt: skip
    response = render(request, "guidelines/read.html", context)
    if is_current:
        _remember_reading(request, response, versions[0])
    return response


def _search(request: HttpRequest, text: GuidelineVersion | GuidelineDraft) -> dict[str, Any]:
    query = request.GET.get("q", "")[:LONGEST_QUERY].strip()
    return {"query": query, "hits": search_guideline(text, query) if query else []}


def _sees_health(request: HttpRequest, guideline: Guideline) -> bool:
    return bool(judged_projects(signed_in_user(request), guideline))


def _last_read(request: HttpRequest, versions: list[GuidelineVersion]) -> str:
    """The version that was current when it was last read in this browser, unless it still is. No row is kept of it."""
    number = request.COOKIES.get(_cookie(versions[0]), "")
    return number if number in {version.number for version in versions[1:]} else ""


def _remember_reading(request: HttpRequest, response: HttpResponse, version: GuidelineVersion) -> None:
    response.set_cookie(
        _cookie(version), version.number, max_age=A_YEAR, path=request.path, httponly=True, samesite="Lax",
        secure=request.is_secure(),
    )  # fmt: skip


def _cookie(version: GuidelineVersion) -> str:
    return f"read-{version.guideline_id}"


@require_GET
@guideline_page(Capability.READ_GUIDELINE)
def guideline_versions(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """The change log: every version with its note, who published it, and which parts it changed."""
    rows = change_log(guideline)
    is_editor = may_edit(signed_in_user(request), guideline)
    context = {
        "guideline": guideline, "tab": "versions", "is_editor": is_editor, "rows": rows,
        "versions": [row.version for row in rows], "sees_health": _sees_health(request, guideline),
        "draft": draft_of(guideline) if is_editor else None,
        "asking": asking_versions(guideline) if is_editor else set(),
    }  # fmt: skip
    return render(request, "guidelines/versions.html", context)


@require_GET
@guideline_page(Capability.READ_GUIDELINE)
def guideline_diff(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """`?from=1.0&to=2.0`; without them the newest version against the one before it."""
    is_editor = may_edit(signed_in_user(request), guideline)
    versions = list(versions_of(guideline).defer("content").order_by("-sequence"))
    numbers = [version.number for version in versions]
    names = [DRAFT, *numbers] if is_editor else numbers
    new = request.GET.get("to") or (numbers[0] if numbers else "")
    old = request.GET.get("from") or _before(new, numbers)
    context = {
        "guideline": guideline, "tab": "diff", "is_editor": is_editor, "names": names, "old": old, "new": new,
        "is_side_by_side": request.GET.get("view") == "side",
    }  # fmt: skip
    if old and new:
        if not {old, new} <= set(names):
            raise Http404
        context["difference"] = shown_difference(difference(guideline, old, new))
    return render(request, "guidelines/diff.html", context)


def _before(name: str, numbers: list[str]) -> str:
    """The version before one of `numbers` (newest first); before the draft stands the newest."""
    if name == DRAFT:
        return numbers[0] if numbers else ""
    later = numbers[numbers.index(name) + 1 :] if name in numbers else []
    return later[0] if later else ""
