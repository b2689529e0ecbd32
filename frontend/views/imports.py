"""Bringing in items, annotators, labels, gold and predictions: the page, the upload, the reports."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import DomainError, NotFound
from accounts.permissions import Capability
from annotation.models import ImportBatch
from annotation.selectors.access import ProjectAccess
from annotation.selectors.imports import import_of, imports_of, issues_of
from annotation.services.importing import ImportRefused, ImportReport, read_lines, rehearse_import, run_import
from annotation.services.importing.sources import chunks_of
from frontend.forms.imports import ImportForm, ImportOrder
from frontend.guard import project_page
from frontend.import_kinds import IMPORTERS, curl_call, import_kind, kind_titles, python_call
from frontend.paging import keyset_page
from frontend.reading.answers import current_questions
from frontend.uploads import received_upload

SHOWN_ERRORS = 25
HISTORY, ISSUES = 10, 200


@dataclass(frozen=True)
class Outcome:
    """What a run or a dry run came to, or why there was none."""

    kind: str
    is_dry_run: bool
    on_error: str = "abort"
    report: ImportReport | None = None
    problem: str = ""

    @property
    def shown_errors(self) -> Any:
        return self.report.errors[:SHOWN_ERRORS] if self.report else ()

    @property
    def has_more_errors(self) -> bool:
        return self.report is not None and (self.report.has_more_errors or len(self.report.errors) > SHOWN_ERRORS)

    @property
    def can_skip(self) -> bool:
        """Whether anything is left of it without the bad lines."""
        return self.report is not None and self.report.received > self.report.rejected

    @property
    def rules(self) -> list[tuple[str, int]]:
        """How often each rule was broken, among the errors that the report lists."""
        return Counter(error.code for error in self.report.errors).most_common() if self.report else []


@require_GET
@project_page(Capability.IMPORT)
def import_page(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    return _page(request, access, _kind(request.GET.get("kind", "items")), None, 200)


@require_GET
@project_page(Capability.IMPORT)
def import_history(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The list of imports alone, for a page whose upload has just ended."""
    return render(request, "imports/_history.html", _history(access))


@require_POST
@project_page(Capability.IMPORT)
def import_send(request: HttpRequest, access: ProjectAccess, kind: str) -> HttpResponse:
    """Take in one file. A script gets the report alone and sends the file as the body; a form gets the page."""
    kind = _kind(kind)
    is_form = request.content_type == "multipart/form-data"
    order = ImportOrder(request.POST if is_form else request.GET)
    if not order.is_valid():
        raise NotFound
    outcome, status = _take_in(request, access, kind, order.wanted())
    if request.headers.get("HX-Request") == "true":
        return render(request, "imports/_outcome.html", {"outcome": outcome}, status=status)
    return _page(request, access, kind, outcome, status)


def _kind(key: str) -> str:
    if key not in IMPORTERS:
        raise NotFound
    return key


def _take_in(
    request: HttpRequest, access: ProjectAccess, kind: str, order: dict[str, Any]
) -> tuple[Outcome, int]:  # fmt: skip
    is_dry, on_error = order["is_dry_run"], order["on_error"]
    try:
        with received_upload(request, name=order["name"], wanted_format=order["format"]) as upload:
            importer = IMPORTERS[kind](actor=access.user, project=access.project)
            lines, from_csv = read_lines(chunks_of(upload.file), upload.line_format), upload.line_format.from_csv
            if is_dry:
                report = rehearse_import(importer, lines, from_csv=from_csv, on_error=on_error)
            else:
                report = run_import(importer, lines, from_csv=from_csv, on_error=on_error, source=upload.name)
    except ImportRefused as refusal:
        return Outcome(kind, is_dry, on_error, refusal.report), 422
    except DomainError as refusal:
        return Outcome(kind, is_dry, on_error, problem=refusal.detail), 422
    return Outcome(kind, is_dry, on_error, report), 200


def _page(
    request: HttpRequest, access: ProjectAccess, kind: str, outcome: Outcome | None, status: int
) -> HttpResponse:  # fmt: skip
    shown = import_kind(kind, access.project, current_questions(access.project))
    api = request.build_absolute_uri(f"/api/v1/projects/{access.project.slug}/{kind}/")
    context = {
        "kind": shown, "kinds": kind_titles().items(), "outcome": outcome,
        "form": ImportForm(initial={"format": "auto"}), "curl": curl_call(kind, api), "python": python_call(kind, api),
        "facts": {"columns": shown.columns, "required": shown.required, "other": shown.other, "guesses": shown.guesses},
        "send_url": reverse("import-send", args=[access.project.slug, kind]),
        **_history(access),
    }  # fmt: skip
    return render(request, "imports/page.html", context, status=status)


def _history(access: ProjectAccess) -> dict[str, Any]:
    batches: list[ImportBatch] = list(imports_of(access.project).order_by("-pk")[: HISTORY + 1])
    return {"history": batches[:HISTORY], "has_more_history": len(batches) > HISTORY}


@require_GET
@project_page(Capability.IMPORT)
def imports(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Every import, newest first."""
    page = keyset_page(request, imports_of(access.project), size=50, newest_first=True)
    return render(request, "imports/list.html", {"page": page})


@require_GET
@project_page(Capability.IMPORT)
def import_report(request: HttpRequest, access: ProjectAccess, batch_id: int) -> HttpResponse:
    """One import with every line that was refused or in conflict."""
    batch = import_of(access.project, batch_id)
    page = keyset_page(request, issues_of(batch), size=ISSUES)
    return render(request, "imports/report.html", {"batch": batch, "page": page})
