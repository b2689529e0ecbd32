"""Working on one draft together: who is here, what others changed, comments, and the images that texts show."""

import re
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Conflict, InvalidInput
from accounts.models import User
from accounts.permissions import Capability
from frontend.guard import page, signed_in_user
from frontend.guideline_desk import desk_of
from frontend.guideline_guard import guideline_page
from guidelines.models import Guideline
from guidelines.parts import LISTS, Content, find_part, part_digest
from guidelines.selectors.comments import Thread, threads_of, threads_on
from guidelines.selectors.images import image_for, images_of
from guidelines.selectors.versions import draft_of
from guidelines.services.comments import add_comment, reopen_comment, reply_to_comment, resolve_comment
from guidelines.services.images import LARGEST_BYTES, add_image
from guidelines.services.presence import mark_all_seen, note_editor

EDIT = Capability.EDIT_GUIDELINE
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}\Z")
COMMENTS = ("comments", "")  # where somebody is who reads all of them


@dataclass(frozen=True)
class PlacedThread(Thread):
    place: str


@require_GET
@guideline_page(EDIT)
def guideline_presence(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """Asked every few seconds by a page in view. 204 while nothing is new, so that nothing on it moves."""
    kind, key = _place(request.GET.get("kind", ""), request.GET.get("key", ""))
    note_editor(actor=signed_in_user(request), guideline=guideline, kind=kind, key=key)
    desk = desk_of(request, guideline)
    if request.GET.get("state") == desk.state:
        return HttpResponse(status=204)
    whole = COMMENTS if request.GET.get("kind") == COMMENTS[0] else None
    context = desk.page((kind, key) if kind else whole)
    part = find_part(desk.draft.content, kind, key) if kind else None
    if kind and "base" in request.GET and part_digest(part) != request.GET["base"]:
        context |= {"news_by": desk.around.presence.change_of(kind, key), "is_removed": part is None}
    return render(request, "guidelines/_presence_answer.html", context)


def _place(kind: str, key: str) -> tuple[str, str]:
    return (kind, key) if kind in LISTS and _KEY.match(key) else ("", "")


@require_POST
@guideline_page(EDIT)
def guideline_seen(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    revision = request.POST.get("revision", "")
    if revision.isascii() and revision.isdigit() and len(revision) < 10:
        mark_all_seen(actor=signed_in_user(request), guideline=guideline, revision=int(revision))
    return redirect("guideline-edit", guideline.slug)


@require_http_methods(["GET", "POST"])
@guideline_page(EDIT)
def guideline_comments(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    """All comments; a POST adds one, on a part or on the whole draft."""
    if request.method == "GET":
        context = desk_of(request, guideline).page(COMMENTS) | {"threads": _placed(guideline), "is_all": True}
        return render(request, "guidelines/comments.html", context)
    kind, key = request.POST.get("kind", ""), request.POST.get("key", "")
    try:
        add_comment(
            actor=signed_in_user(request), guideline=guideline, text=request.POST.get("comment", ""), kind=kind, key=key
        )
    except InvalidInput as refusal:
        return _comments(request, guideline, refusal, comment=request.POST.get("comment", ""))
    return _comments(request, guideline)


@require_POST
@guideline_page(EDIT)
def guideline_comment(request: HttpRequest, guideline: Guideline, comment_id: int, what: str) -> HttpResponse:
    actor: User = signed_in_user(request)
    try:
        if what == "reply":
            text = request.POST.get("comment", "")
            reply_to_comment(actor=actor, guideline=guideline, comment_id=comment_id, text=text)
        elif what == "resolve":
            resolve_comment(actor=actor, guideline=guideline, comment_id=comment_id)
        elif what == "reopen":
            reopen_comment(guideline=guideline, comment_id=comment_id)
        else:
            raise Http404
    except InvalidInput as refusal:
        return _comments(request, guideline, refusal)
    return _comments(request, guideline)


def _comments(
    request: HttpRequest, guideline: Guideline, refusal: InvalidInput | None = None, comment: str = ""
) -> HttpResponse:
    """The list that the form stood in: of one part, or of all. Without script, the page it stands on."""
    kind, key = _place(request.POST.get("kind", ""), request.POST.get("key", ""))
    is_all = "all" in request.POST
    errors = [error.detail for error in refusal.errors] if refusal else []
    if request.headers.get("HX-Request"):
        threads = _placed(guideline) if is_all else threads_on(guideline, kind, key)
        context = {
            "guideline": guideline, "threads": threads, "kind": kind, "key": key, "is_all": is_all,
            "errors": errors, "comment": comment,
        }  # fmt: skip
        return render(request, "guidelines/_comments.html", context, status=422 if errors else 200)
    for error in errors:
        messages.error(request, error)
    is_there = not is_all and kind and find_part(desk_of(request, guideline).draft.content, kind, key)
    return (
        redirect("guideline-part", guideline.slug, kind, key)
        if is_there
        else redirect("guideline-comments", guideline.slug)
    )


@require_POST
@guideline_page(EDIT)
def guideline_image_add(request: HttpRequest, guideline: Guideline) -> HttpResponse:
    file = request.FILES.get("file")
    error = ""
    try:
        # One byte more than is allowed is enough to refuse it.
        data, name = (file.read(LARGEST_BYTES + 1), str(file.name)) if file else (b"", "")
        added = add_image(actor=signed_in_user(request), guideline=guideline, data=data, name=name)
    except InvalidInput as refusal:
        error = " ".join(problem.detail for problem in refusal.errors)
    except Conflict as refusal:
        error = refusal.detail
    if request.headers.get("HX-Request"):
        context = {
            "guideline": guideline, "images": images_of(guideline), "error": error, "is_open": True,
            "key": request.POST.get("key", ""),
        }  # fmt: skip
        return render(request, "guidelines/_images.html", context, status=422 if error else 200)
    if error:
        messages.error(request, error)
    else:
        messages.success(
            request, _("The image is kept. Write it as ![what it shows](%(own)s).") % {"own": f"image:{added.sha256}"}
        )
    kind, key = _place("clause", request.POST.get("key", ""))
    return redirect("guideline-part", guideline.slug, kind, key) if key else redirect("guideline-edit", guideline.slug)


def _placed(guideline: Guideline) -> list[PlacedThread]:
    """All threads, each with the address of its part while the draft has it."""
    content = draft_of(guideline).content
    return [
        PlacedThread(thread.first, thread.replies, _address(guideline, content, thread))
        for thread in threads_of(guideline)
    ]


def _address(guideline: Guideline, content: Content, thread: Thread) -> str:
    kind, key = thread.first.kind, thread.first.key
    is_there = bool(key) and kind in LISTS and find_part(content, kind, key) is not None
    return reverse("guideline-part", args=[guideline.slug, kind, key]) if is_there else ""


@require_GET
@page(Capability.SIGNED_IN)
def guideline_image(request: HttpRequest, sha256: str) -> HttpResponse:
    """The bytes, for readers of a guideline that has them. They never change, but who may read them can."""
    image = image_for(signed_in_user(request), sha256)
    response = HttpResponse(bytes(image.data), content_type=image.content_type)
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = "inline"
    return response
