"""`@guideline_page(capability)`: a page under `/g/<slug>/`, for whoever may read or edit that guideline."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.errors import Forbidden, NotFound
from accounts.permissions import Capability
from annotation.models import Project
from annotation.selectors.access import project_access
from frontend.guard import View, page, signed_in_user
from guidelines.models import Guideline
from guidelines.selectors.access import guideline_for


def guideline_page(capability: Capability) -> Callable[[View], View]:
    """For `view(request, guideline, ...)`. Reading needs any grant, EDIT_GUIDELINE a grant to edit."""

    def decorate(view: View) -> View:
        @page(capability)
        @functools.wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            is_edit = capability is Capability.EDIT_GUIDELINE
            guideline = guideline_for(signed_in_user(request), slug, edit=is_edit)
            _show_places_of_its_project(request, guideline)
            return view(request, guideline, *args, **kwargs)

        return guarded

    return decorate


def _show_places_of_its_project(request: HttpRequest, guideline: Guideline) -> None:
    """Where one project uses the guideline, its places stay at hand while one reads or edits."""
    projects = Project.objects.filter(guideline=guideline).values_list("slug", flat=True)[:2]
    if len(projects) != 1:
        return
    try:
        access = project_access(signed_in_user(request), projects[0], Capability.VIEW_PROJECT)
    except (NotFound, Forbidden):
        return
    request.access = access  # type: ignore[attr-defined]
