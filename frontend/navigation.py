"""What the rail and the top line of every page show: the project's places that this person may enter."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts.permissions import Capability
from annotation.selectors.access import ProjectAccess


@dataclass(frozen=True)
class Place:
    """One entry of the rail."""

    url: str
    label: str
    icon: str
    current: bool


# (url name, label, icon, capability)
PLACES: tuple[tuple[str, str, str, Capability], ...] = ()


def house(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame: theme, the current project and its places."""
    access: ProjectAccess | None = getattr(request, "access", None)
    return {
        "theme": request.COOKIES.get("theme", ""),
        "access": access,
        "nav": _places(request, access) if access else [],
    }


def _places(request: HttpRequest, access: ProjectAccess) -> list[Place]:
    places = []
    for name, label, icon, capability in PLACES:
        if access.allows(capability):
            url = reverse(name, args=[access.project.slug])
            is_here = request.path == url or (name != "project" and request.path.startswith(url))
            places.append(Place(url, label, icon, is_here))
    return places
