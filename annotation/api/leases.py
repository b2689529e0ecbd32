"""Why each item went to whom, as pages of JSON or as one stream of JSON lines. Never for annotators."""

from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import FieldError, InvalidInput
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.formats.writers import write_jsonl
from annotation.selectors.why import REASONS, LeaseFilter, all_leases, checked_filter, edge_of, lease_rows
from operations.api.pages import check_parameters, next_url, page_cursor, page_limit

FILTERS = ("reason", "annotator", "item", "round", "since", "until")
NDJSON = "application/x-ndjson"


def lease_body(lease: Any) -> dict[str, Any]:
    """A lease from `lease_rows`; times as text, so that a stream can carry them too."""
    return {
        "id": str(lease.pk), "annotator": lease.annotator.name, "external_id": lease.external_id,
        "round": lease.round_key, "guideline_version": lease.guideline_version.number, "reason": lease.reason,
        "facts": lease.facts, "granted_at": _text(lease.granted_at), "ended_at": _text(lease.ended_at),
        "ending": lease.ending, "seconds_spent": lease.seconds_spent, "prelabel_shown": lease.prelabel_shown,
    }  # fmt: skip


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


class LeasesView(ProjectView):
    capability: ClassVar = Capability.VIEW_QUALITY

    @extend_schema(
        summary="Who got which item, when and why; newest first",
        parameters=[
            OpenApiParameter("reason", enum=REASONS), OpenApiParameter("annotator", description="a name"),
            OpenApiParameter("item", description="an external_id"), OpenApiParameter("round", description="a key"),
            OpenApiParameter("since", datetime, description="handed out then or later"),
            OpenApiParameter("until", datetime, description="handed out before"),
            OpenApiParameter("format", enum=("json", "ndjson"), description="ndjson: all of them as one stream"),
        ],
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        check_parameters(request, [*FILTERS, "format"])
        wanted = _wanted(request)
        if _is_stream(request):
            rows = (lease_body(lease) for lease in all_leases(self.access.project, wanted))
            return StreamingHttpResponse(write_jsonl(rows), content_type=NDJSON)
        cursor = page_cursor(request)
        before = edge_of(str(cursor)) if cursor is not None else None
        page, edge = lease_rows(self.access.project, wanted, size=page_limit(request), before=before)
        following = None if edge is None else next_url(request, edge.text())
        return Response({"results": [lease_body(lease) for lease in page], "next": following})


def _is_stream(request: Request) -> bool:
    form = request.query_params.get("format", "json")
    if form not in {"json", "ndjson"}:
        raise InvalidInput(errors=[FieldError("format", "unknown_value", "json or ndjson.")])
    return form == "ndjson"


def _wanted(request: Request) -> LeaseFilter:
    given = request.query_params
    wanted = LeaseFilter(
        reason=given.get("reason"), annotator=given.get("annotator"), item=given.get("item"), round=given.get("round"),
        since=_time("since", given.get("since")), until=_time("until", given.get("until")),
    )  # fmt: skip
    return checked_filter(wanted)


def _time(name: str, raw: str | None) -> datetime | None:
    if raw is None:
        return None
    try:
        return datetime.fromisoformat(raw)
    except ValueError as error:
        detail = "A time with its zone, like 2026-03-01T09:00:00Z."
        raise InvalidInput(errors=[FieldError(name, "time", detail)]) from error
