"""Every refusal of the API is a problem document (RFC 9457) with a stable code and the request's id."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.errors import DomainError
from operations.problems import CONTENT_TYPE, domain_problem, problem

log = logging.getLogger(__name__)


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know is a bug and goes on to Django's 500."""
    headers: dict[str, str] = {}
    if isinstance(error, DomainError):
        body = domain_problem(error)
        if error.status in {429, 503}:
            headers["Retry-After"] = str(error.extra.get("retry_after", 5))
    elif isinstance(error, Http404):
        body = problem(404, "not_found", "Not found", "There is nothing here, or it is not yours to see.")
    elif isinstance(error, PermissionDenied):
        body = problem(403, "forbidden", "Forbidden", "Your role does not allow this.")
    elif isinstance(error, OperationalError):
        log.exception("the database did not answer")
        body = problem(503, "database_unavailable", "Unavailable", "The database did not answer; try again shortly.")
        headers["Retry-After"] = "2"
    elif isinstance(error, exceptions.APIException):
        body = _drf_problem(error)
        headers = _drf_headers(error)
    else:
        return None
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _drf_problem(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return problem(400, "invalid", "Invalid input", "The input breaks a rule; see the errors.", _flat(error.detail))
    code = getattr(error.detail, "code", None) or error.default_code
    title = HTTPStatus(error.status_code).phrase
    return problem(error.status_code, str(code), title, str(error.detail))


def _drf_headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)  # type: ignore[attr-defined]
    return headers


def _flat(detail: Any, path: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict):
        return [e for key, value in detail.items() for e in _flat(value, f"{path}.{key}" if path else str(key))]
    if isinstance(detail, list):
        nested = any(isinstance(value, dict | list) for value in detail)
        return [
            e for i, value in enumerate(detail) for e in _flat(value, f"{path}[{i}]" if nested else path)
        ]  # fmt: skip
    return [{"path": path, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]
