"""A page or endpoint that forgets who may use it fails here, not in production."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.api.permissions import capability_of
from accounts.permissions import SCOPE_OF, Capability

# Views of libraries, with the reason why each may stand without a declaration of ours.
FOREIGN = {
    "allauth": "signs people in and out, and guards its own pages; sign-up is closed (accounts/adapter.py)",
}


def walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.callback


ALL = list(walk(get_resolver()))
OURS = [(route, view) for route, view in ALL if view.__module__.split(".")[0] not in FOREIGN]


def methods_of(view_class: Any) -> list[str]:
    names = view_class.http_method_names
    return [m.upper() for m in names if hasattr(view_class, m) and m not in {"options", "head"}]


def undeclared(view: Any) -> list[str]:
    """The methods for which a view names no capability."""
    view_class = getattr(view, "cls", getattr(view, "view_class", None))
    if view_class is None:
        return [] if isinstance(getattr(view, "capability", None), Capability) else ["ANY"]
    return [m for m in methods_of(view_class) if not isinstance(capability_of(view_class, m), Capability)]


@pytest.mark.parametrize(("route", "view"), OURS, ids=[route for route, _ in OURS])
def test_view_declares_a_capability_for_every_method(route: str, view: Any) -> None:
    assert undeclared(view) == []


def test_the_guard_sees_a_view_without_one() -> None:
    def forgetful(request: object) -> None: ...

    assert undeclared(forgetful) == ["ANY"]


def test_the_walk_finds_pages_and_endpoints() -> None:
    routes = {route for route, _ in ALL}

    assert {"", "api/v1/tokens/", "health/live"} <= routes


def test_every_capability_but_public_has_a_token_scope() -> None:
    assert set(SCOPE_OF) == set(Capability) - {Capability.PUBLIC}
