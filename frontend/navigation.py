"""What the rail and the top line of every page show: the project's places that this person may enter."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Capability
from annotation.selectors.access import ProjectAccess
from annotation.selectors.desk import desk_counts
from annotation.selectors.projects import projects_of

MOST_IN_SWITCHER = 30


@dataclass(frozen=True)
class Place:
    """One entry of the rail."""

    url: str
    label: str
    icon: str
    current: bool
    count: int = 0  # of what waits there


@dataclass(frozen=True)
class Switch:
    """One project of the switcher."""

    url: str
    name: str
    current: bool


# (url name, label, icon, capability): the order of the rail
PLACES: tuple[tuple[str, Any, str, Capability], ...] = (
    ("project", _("Morning page"), "home", Capability.VIEW_ITEMS),
    ("workbench", _("Label"), "label", Capability.LABEL),
    ("items", _("Items"), "items", Capability.VIEW_ITEMS),
    ("desk", _("Desk"), "question", Capability.MANAGE_PROJECT),
    ("import", _("Import"), "import", Capability.IMPORT),
    ("guideline", _("Guideline"), "guideline", Capability.READ_GUIDELINE),
    ("routing", _("Routing"), "routing", Capability.VIEW_QUALITY),
    ("agreement", _("Agreement"), "agreement", Capability.VIEW_QUALITY),
    ("findings", _("Findings"), "findings", Capability.VIEW_QUALITY),
    ("campaigns", _("Re-labeling"), "rounds", Capability.VIEW_QUALITY),
    ("datasets", _("Datasets"), "datasets", Capability.VIEW_QUALITY),
    ("people", _("People"), "people", Capability.MANAGE_MEMBERS),
    ("project-settings", _("Settings"), "settings", Capability.MANAGE_PROJECT),
)


def house(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame: theme, the current project, its places, and the projects to switch to."""
    access: ProjectAccess | None = getattr(request, "access", None)
    return {
        "theme": request.COOKIES.get("theme", ""),
        "access": access,
        "nav": list(_places(request, access)) if access else [],
        "switcher": SimpleLazyObject(lambda: _switcher(access)) if access else [],
    }


def _places(request: HttpRequest, access: ProjectAccess) -> Iterator[Place]:
    for name, label, icon, capability in PLACES:
        if not access.allows(capability) or (name == "workbench" and access.member is None):
            continue
        slug = access.project.guideline.slug if name == "guideline" else access.project.slug
        url = url_if_there(name, slug)
        if url:
            yield Place(url, label, icon, _is_here(request, name, url), _count(access, name))


def _count(access: ProjectAccess, name: str) -> int:
    """How much waits for this person in a place. One query where it is the lead's desk."""
    return sum(desk_counts(access.project).values()) if name == "desk" else 0


def _is_here(request: HttpRequest, name: str, url: str) -> bool:
    return request.path == url or (name != "project" and request.path.startswith(url))


def url_if_there(name: str, *args: Any) -> str:
    """The address of a page, or "" where this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _switcher(access: ProjectAccess) -> list[Switch]:
    """One query, and only where a page shows it. Who labels here labels there too."""
    rows = projects_of(access.user).order_by("title", "pk").values_list("slug", "title")[:MOST_IN_SWITCHER]
    return [Switch(reverse("project", args=[slug]), title, slug == access.project.slug) for slug, title in rows]
