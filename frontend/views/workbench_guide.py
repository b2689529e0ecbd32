"""The guideline beside an item: a whole version, kept by the browser under its hash, and search inside it."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.errors import NotFound
from accounts.permissions import Capability
from annotation.selectors.access import ProjectAccess
from frontend.guard import project_page
from frontend.reading.guides import guide_of
from guidelines.models import GuidelineVersion
from guidelines.searching import LONGEST_QUERY
from guidelines.selectors.reading import search_guideline
from guidelines.selectors.versions import versions_of

FOR_EVER = "private, max-age=31536000, immutable"
JUMPS_TO = {"clause", "precedent", "option", "example"}  # a question stands on the screen already


@require_GET
@project_page(Capability.LABEL)
def guide(request: HttpRequest, access: ProjectAccess, sha256: str) -> HttpResponse:
    """The panel of one version. It never changes, so the browser asks once."""
    version = _version(access, sha256)
    shown = guide_of(access.project.guideline.title, version.pk, version.sha256)
    response = render(request, "workbench/_clauses.html", {"access": access, "guide": shown, "is_whole": True})
    response["Cache-Control"] = FOR_EVER
    return response


@require_GET
@project_page(Capability.LABEL)
def guide_search(request: HttpRequest, access: ProjectAccess, sha256: str) -> HttpResponse:
    """The places in that version that have every word of `?q=`, as options of a list."""
    query = request.GET.get("q", "")[:LONGEST_QUERY].strip()
    hits = [hit for hit in search_guideline(_version(access, sha256), query) if hit.passage.kind in JUMPS_TO]
    return render(request, "workbench/_hits.html", {"query": query, "hits": hits})


def _version(access: ProjectAccess, sha256: str) -> GuidelineVersion:
    """A published version of the project's guideline by its hash; two may say the same, and either will do."""
    is_hash = re.fullmatch(r"[0-9a-f]{64}", sha256) is not None
    version = versions_of(access.project.guideline).filter(sha256=sha256).first() if is_hash else None
    if version is None:
        raise NotFound
    return version
