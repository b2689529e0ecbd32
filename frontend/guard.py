"""Every page declares what it needs: `@page(...)` for the installation, `@project_page(...)` inside a project.

The guard test walks the URL configuration and fails for a view that carries no capability.
"""

import functools
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from accounts.errors import DomainError, Forbidden, NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.selectors.access import ProjectAccess, project_access

View = Callable[..., HttpResponse]


def signed_in_user(request: HttpRequest) -> User:
    return cast(User, request.user)


def page(capability: Capability) -> Callable[[View], View]:
    """For views outside a project: `view(request, ...)`."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if capability is not Capability.PUBLIC:
                if not request.user.is_authenticated:
                    return sign_in_first(request)
                _check_global_right(signed_in_user(request), capability)
            return answer(request, lambda: view(request, *args, **kwargs))

        guarded.capability = capability  # type: ignore[attr-defined]
        return guarded

    return decorate


def project_page(capability: Capability) -> Callable[[Callable[..., HttpResponseBase]], View]:
    """For views under `/p/<slug>/`: `view(request, access, ...)` with the caller's ProjectAccess."""

    def decorate(view: Callable[..., HttpResponseBase]) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return sign_in_first(request)

            def inside() -> HttpResponse:
                access: ProjectAccess = project_access(signed_in_user(request), slug, capability)
                request.access = access  # type: ignore[attr-defined]  # the navigation shows this project's places
                return cast(HttpResponse, view(request, access, *args, **kwargs))  # or a stream of one

            return answer(request, inside)

        guarded.capability = capability  # type: ignore[attr-defined]
        return guarded

    return decorate


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page; an htmx request gets 401, so that the page can keep what was typed and say so."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse("Your session has ended. Sign in again; what you typed is kept.", status=401)
    return redirect_to_login(request.get_full_path())


def _check_global_right(user: User, capability: Capability) -> None:
    if capability in {Capability.MANAGE_PEOPLE, Capability.SEE_HEALTH} and not user.is_owner:
        raise PermissionDenied
    if capability is Capability.START_PROJECT and not (user.is_owner or user.may_start_projects):
        raise PermissionDenied


def answer(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """What the view says; a refusal it did not word itself becomes the site's 404, 403 or a page with its sentence."""
    try:
        return view()
    except NotFound as error:
        raise Http404 from error
    except Forbidden as error:
        raise PermissionDenied(error.detail) from error
    except DomainError as error:
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(error.detail, status=error.status, content_type="text/plain")
        return render(
            request, "errors/refused.html", {"title": error.sentence, "detail": error.detail}, status=error.status
        )
