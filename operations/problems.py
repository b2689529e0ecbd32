"""The shape of a problem document (RFC 9457): stable code, one sentence, the request's id."""

from typing import Any

from django.http import HttpResponse, JsonResponse

from accounts.errors import DomainError
from operations.middleware import current_request_id

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int, code: str, title: str, detail: str, errors: list[dict[str, str]] | None = None, **extra: Any
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"/api/docs/#{code}", "title": title, "status": status, "code": code, "detail": detail,
        "request_id": current_request_id.get(),
    }  # fmt: skip
    if errors:
        body["errors"] = errors
    return body | extra


def domain_problem(error: DomainError) -> dict[str, Any]:
    errors = [{"path": e.path, "code": e.code, "detail": e.detail} for e in error.errors]
    return problem(error.status, error.code, error.sentence, error.detail, errors) | error.extra


def problem_http_response(status: int, code: str, title: str, detail: str) -> HttpResponse:
    """For Django's own error answers under /api/, where the REST framework never got the request."""
    return JsonResponse(problem(status, code, title, detail), status=status, content_type=CONTENT_TYPE)
