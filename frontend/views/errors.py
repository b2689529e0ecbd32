"""Error pages. Under /api/ they are problem documents like every other refusal of the API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from operations.middleware import current_request_id
from operations.problems import problem_http_response

TEXTS = {
    400: ("bad_request", "Bad request", "The request could not be understood."),
    403: ("forbidden", "Forbidden", "Your role does not allow this."),
    404: ("not_found", "Not found", "There is nothing here, or it is not yours to see."),
    500: ("internal", "Something broke here", "It is not your fault; the request id helps us find it."),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    code, title, detail = TEXTS[status]
    if request.path.startswith("/api/"):
        return problem_http_response(status, code, title, detail)
    context = {"title": title, "detail": detail, "request_id": current_request_id.get()}
    return render(request, f"errors/{status if status != 400 else 404}.html", context, status=status)
