"""Pages that explain: what the figures mean, and how clauses are written that people can follow."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from frontend.guard import page
from guidelines.markdown import render_markdown

GUIDE = settings.BASE_DIR / "docs" / "writing-clauses.md"


@require_GET
@page(Capability.SIGNED_IN)
def methods(request: HttpRequest) -> HttpResponse:
    """What the figures mean and how findings are tested, in words."""
    return render(request, "quality/methods.html")


@require_GET
@page(Capability.SIGNED_IN)
def writing_clauses(request: HttpRequest) -> HttpResponse:
    """The lead's guide of docs/, so that there is one text of it."""
    return render(request, "guidelines/writing.html", {"text": _guide()})


@cache
def _guide() -> SafeString:
    """Without its title, which is the page's; through the same fence as everybody's Markdown."""
    _title, _newline, body = GUIDE.read_text().partition("\n")
    return SafeString(render_markdown(body))
