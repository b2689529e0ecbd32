from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken
from accounts.permissions import SCOPE_OF, Capability


def capability_of(view: Any, method: str) -> Capability | None:
    """The capability a view declares for a method: `capability`, or `capabilities[METHOD]`."""
    per_method: dict[str, Capability] = getattr(view, "capabilities", {})
    declared: Capability | None = per_method.get(method, getattr(view, "capability", None))
    return declared


class DeclaredCapability(BasePermission):
    """Refuses a view that declares nothing, a stranger where one must sign in, a token without the scope,
    and whoever lacks a global right. Rights inside a project are checked where the project is loaded."""

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method in {"HEAD", "OPTIONS"} else str(request.method)
        capability = capability_of(view, method)
        if capability is None:
            return method not in view.allowed_methods  # an undeclared method that does not exist is a 405
        if capability is Capability.PUBLIC:
            return True
        user = request.user
        if not user.is_authenticated:
            return False
        check_scope(request, capability)
        if capability in {Capability.MANAGE_PEOPLE, Capability.SEE_HEALTH}:
            return bool(user.is_owner)
        if capability is Capability.START_PROJECT:
            return bool(user.is_owner or user.may_start_projects)
        return True


def check_scope(request: Request, capability: Capability) -> None:
    """A token must carry the scope of the capability; sessions have them all."""
    if isinstance(request.auth, ApiToken) and SCOPE_OF[capability] not in request.auth.scopes:
        raise PermissionDenied(f"This token lacks the scope {SCOPE_OF[capability].value!r}.")
