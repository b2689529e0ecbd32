"""Why this item: every hand-out with its reason, filtered, and as a file. For leads and engineers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from annotation.formats.writers import write_csv
from annotation.models import Member
from annotation.selectors.access import ProjectAccess
from annotation.selectors.control_room import time_zone_of
from annotation.selectors.why import LeaseFilter, all_leases, checked_filter, edge_of, lease_rows
from frontend.forms.steering import LeaseFilterForm
from frontend.guard import project_page
from frontend.reading.why import reason_words, why_sentence
from operations.strict_json import canonical_json

PAGE = 100
COLUMNS = (
    "lease", "annotator", "item", "round", "guideline_version", "reason", "facts", "granted_at", "ended_at", "ending",
    "seconds_spent", "prelabel_shown",
)  # fmt: skip


@dataclass(frozen=True)
class LeaseRow:
    lease: Any
    reason: str
    sentence: str
    ending: str


@require_GET
@project_page(Capability.VIEW_QUALITY)
def reasons(request: HttpRequest, access: ProjectAccess) -> HttpResponseBase:
    """The newest first. A filter that cannot be understood is refused beside its field and filters nothing out."""
    form = _form(request, access)
    wanted = checked_filter(form.wanted()) if form.is_valid() else LeaseFilter()
    if request.GET.get("format") == "csv" and not form.errors:
        return _as_csv(access, wanted)
    found, edge = lease_rows(access.project, wanted, size=PAGE, before=edge_of(request.GET.get("before", "")))
    context = {
        "tab": "reasons", "form": form, "rows": [_row(lease) for lease in found], "is_filtered": form.is_filtering(),
        "next_url": _address(request, before=edge.text()) if edge else "",
        "newest_url": _address(request) if "before" in request.GET else "",
        "export_url": _address(request, format="csv"),
    }  # fmt: skip
    return render(request, "routing/why.html", context, status=422 if form.errors else 200)


def _form(request: HttpRequest, access: ProjectAccess) -> LeaseFilterForm:
    people = Member.objects.filter(project=access.project, kind=Member.Kind.HUMAN, user__isnull=False)
    return LeaseFilterForm(
        request.GET, project=access.project, people=list(people.order_by("name").values_list("name", flat=True)),
        zone=ZoneInfo(time_zone_of(access.project)),
    )  # fmt: skip


def _row(lease: Any) -> LeaseRow:
    endings = {
        "submitted": _("answered"), "released": _("given back"), "expired": _("ran out"), "skipped": _("skipped"),
        "undone": _("taken back"), "parked": _("parked"),
    }  # fmt: skip
    words = reason_words().get(lease.reason, lease.reason)
    return LeaseRow(lease, words, why_sentence(lease.reason, lease.facts), endings.get(lease.ending or "", ""))


def _address(request: HttpRequest, **more: str) -> str:
    query = request.GET.copy()
    for name in ("before", "format"):
        query.pop(name, None)
    for name, value in more.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}"


def _as_csv(access: ProjectAccess, wanted: LeaseFilter) -> StreamingHttpResponse:
    """Every lease that meets the filter, safe to open in a spreadsheet."""
    chunks = write_csv(COLUMNS, _cells(access, wanted), spreadsheet_safe=True)
    response = StreamingHttpResponse(chunks, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{access.project.slug}-reasons.csv"'
    return response


def _cells(access: ProjectAccess, wanted: LeaseFilter) -> Iterator[tuple[Any, ...]]:
    for found in all_leases(access.project, wanted):
        lease: Any = found
        yield (
            str(lease.pk), lease.annotator.name, lease.external_id, lease.round_key, lease.guideline_version.number,
            lease.reason, canonical_json(lease.facts).decode() if lease.facts else "", lease.granted_at.isoformat(),
            lease.ended_at.isoformat() if lease.ended_at else "", lease.ending or "", lease.seconds_spent,
            "" if lease.prelabel_shown is None else str(lease.prelabel_shown).lower(),
        )  # fmt: skip
