"""What an import did, line by line, and how it is said."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings

from accounts.errors import DomainError
from annotation.models import ImportBatch, ImportIssue

MOST_ERRORS_SHOWN = 1000
LINE_LIMITS = frozenset({"line_too_long", "row_too_long"})


class LineError(NamedTuple):
    line: int
    code: str
    detail: str


@dataclass(frozen=True)
class ImportReport:
    """received = created + unchanged + conflicts + rejected lines, unless nothing was stored: then created is 0."""

    batch_id: int
    is_stored: bool
    received: int
    created: int
    unchanged: int
    conflicts: int
    rejected: int
    errors: tuple[LineError, ...]
    has_more_errors: bool

    def counts(self) -> dict[str, int]:
        return {
            "received": self.received, "created": self.created, "unchanged": self.unchanged,
            "conflicts": self.conflicts, "rejected": self.rejected,
        }  # fmt: skip


class ImportRefused(DomainError):
    """Nothing was stored. The report says which lines are bad."""

    code, status = "import_refused", 400
    sentence = "Nothing was stored, because lines are bad; mend them or send ?on_error=skip."

    def __init__(self, report: ImportReport, project_slug: str, detail: str | None = None) -> None:
        body = report_body(report, project_slug)
        # A problem document's errors have a path; in a file of lines it is the line.
        body["errors"] = [{"path": f"line {error['line']}", **error} for error in body["errors"]]
        super().__init__(detail, extra=body)
        self.report = report


class LineTooLong(ImportRefused):
    code, status = "line_too_long", 413
    sentence = "Nothing was stored, because a line is longer than the limit."


def refusal_of(report: ImportReport, project_slug: str, detail: str | None) -> ImportRefused:
    codes = {error.code for error in report.errors}
    kind = LineTooLong if codes and codes <= LINE_LIMITS else ImportRefused
    return kind(report, project_slug, detail)


def report_of(batch: ImportBatch) -> ImportReport:
    """The report of a stored batch with its first errors by line. One query."""
    issues = batch.issues.order_by("line", "id").values_list("line", "code", "detail")[: MOST_ERRORS_SHOWN + 1]
    errors = tuple(LineError(*issue) for issue in issues)
    return ImportReport(
        batch_id=batch.pk, is_stored=batch.is_stored, received=batch.received, created=batch.created,
        unchanged=batch.unchanged, conflicts=batch.conflicts, rejected=batch.rejected,
        errors=errors[:MOST_ERRORS_SHOWN], has_more_errors=len(errors) > MOST_ERRORS_SHOWN,
    )  # fmt: skip


def report_body(report: ImportReport, project_slug: str) -> dict[str, Any]:
    """The answer of the bulk calls; `errors_url` leads to the errors beyond the first thousand."""
    body: dict[str, Any] = {
        **report.counts(),
        "errors": [error_body(error) for error in report.errors],
        "import": str(report.batch_id),
    }
    if report.has_more_errors:
        body["errors_url"] = f"{settings.ORIGIN}/api/v1/projects/{project_slug}/imports/{report.batch_id}/errors/"
    return body


def error_body(error: LineError | ImportIssue) -> dict[str, Any]:
    return {"line": error.line, "code": error.code, "detail": error.detail}


def batch_body(batch: ImportBatch) -> dict[str, Any]:
    """One import in a list: what was brought in, by whom, with which counts."""
    return {
        "id": str(batch.pk), "kind": batch.kind, "source": batch.source, "is_stored": batch.is_stored,
        "received": batch.received, "created": batch.created, "unchanged": batch.unchanged,
        "conflicts": batch.conflicts, "rejected": batch.rejected,
        "created_by": batch.created_by.username, "created_at": batch.created_at,
    }  # fmt: skip
