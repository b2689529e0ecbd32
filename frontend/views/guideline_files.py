"""A guideline as one file: out of a version or the draft, in over the draft after its difference was read."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.errors import InvalidInput
from accounts.permissions import Capability
from frontend.forms.guideline_files import DraftFileForm, sent_file
from frontend.forms.guidelines import sentence
from frontend.guard import signed_in_user
from frontend.guideline_guard import guideline_page
from frontend.reading.guideline_differences import shown_difference
from guidelines.models import Guideline
from guidelines.selectors.access import current_version
from guidelines.selectors.differences import draft_to_content
from guidelines.selectors.files import NamedFile, draft_file, version_file
from guidelines.selectors.versions import draft_of, version_by_number
from guidelines.services.editing import StaleDraft
from guidelines.services.files import checked_file, replace_draft_by_file


@require_GET
@guideline_page(Capability.READ_GUIDELINE)
def guideline_version_file(request: HttpRequest, guideline: Guideline, number: str) -> HttpResponse:
    return _download(version_file(guideline, version_by_number(guideline, number)))


@require_GET
@guideline_page(Capability.EDIT_GUIDELINE)
def guideline_draft_file(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    return _download(draft_file(guideline, draft_of(guideline)))


def _download(file: NamedFile) -> HttpResponse:
    response = HttpResponse(file.text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


@require_http_methods(["GET", "POST"])
@guideline_page(Capability.EDIT_GUIDELINE)
def guideline_replace(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """Choose a file; read what it changes; only then the draft is replaced, and only the one that was compared."""
    if request.method == "GET":
        return _page(request, guideline, {})
    form = DraftFileForm(request.POST)
    data = sent_file(request)
    try:
        if form.is_valid():
            replace_draft_by_file(
                actor=signed_in_user(request), guideline=guideline, data=data, revision=form.cleaned_data["revision"]
            )
            messages.success(request, _("The draft says what the file says."))
            return redirect("guideline-edit", guideline.slug)
        return _page(request, guideline, _compared(guideline, data))
    except StaleDraft:
        problems = [_("The draft was changed while you read. This is the difference now: read it again.")]
        return _page(request, guideline, _compared(guideline, data) | {"problems": problems}, 412)
    except InvalidInput as refusal:
        problems = [sentence(_in_place(error.path, error.detail)) for error in refusal.errors]
        return _page(request, guideline, {"problems": problems}, 422)


def _in_place(path: str, detail: str) -> str:
    return f"{detail} ({path})" if path else detail


def _compared(guideline: Guideline, data: bytes) -> dict[str, object]:
    draft, file = draft_of(guideline), checked_file(data)
    difference = shown_difference(draft_to_content(draft, file.content))
    text = data.decode("utf-8-sig")
    form = DraftFileForm(initial={"revision": draft.revision, "text": text})
    return {"difference": difference, "file": file, "form": form}


def _page(request: HttpRequest, guideline: Guideline, found: dict[str, object], status: int = 200) -> HttpResponse:
    context = {
        "guideline": guideline, "tab": "edit", "is_editor": True, "current": current_version(guideline),
        "draft": draft_of(guideline),
    }  # fmt: skip
    return render(request, "guidelines/replace.html", context | found, status=status)
