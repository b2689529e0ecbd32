"""Why each item went to whom: the leases of a project, newest first. For leads and engineers, never for annotators."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from accounts.errors import FieldError, InvalidInput
from annotation.models import Annotation, Lease, Project
from annotation.routing import Reason

REASONS = tuple(reason.value for reason in Reason)
CHUNK = 1000  # rows of an export that are read at a time


@dataclass(frozen=True)
class Edge:
    """A place in the list: leases older than it come next."""

    granted_at: datetime
    id: uuid.UUID

    def text(self) -> str:
        return f"{self.granted_at.isoformat()}_{self.id}"


def edge_of(text: str) -> Edge | None:
    """The place that `Edge.text` wrote; None for anything else."""
    at, _, key = text.partition("_")
    try:
        edge = Edge(datetime.fromisoformat(at), uuid.UUID(key))
    except ValueError:
        return None
    return edge if edge.granted_at.tzinfo is not None else None


@dataclass(frozen=True)
class LeaseFilter:
    """All that is given must hold. `since` is inclusive, `until` is not."""

    reason: str | None = None
    annotator: str | None = None
    item: str | None = None
    round: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def checked_filter(wanted: LeaseFilter) -> LeaseFilter:
    """The filter, or InvalidInput for a reason that there is not or a time without its zone."""
    errors = []
    if wanted.reason is not None and wanted.reason not in REASONS:
        errors.append(FieldError("reason", "unknown_value", f"One of: {', '.join(REASONS)}."))
    for name in ("annotator", "item", "round"):
        if "\x00" in (getattr(wanted, name) or ""):
            errors.append(FieldError(name, "unknown_value", "A name holds no NUL."))
    for name in ("since", "until"):
        at = getattr(wanted, name)
        if at is not None and at.tzinfo is None:
            errors.append(FieldError(name, "time", "A time with its zone, like 2026-03-01T09:00:00Z."))
    if errors:
        raise InvalidInput(errors=errors)
    return wanted


def lease_rows(
    project: Project, wanted: LeaseFilter, *, size: int, before: Edge | None = None
) -> tuple[list[Lease], Edge | None]:
    """A page, newest first, and the edge where the next one begins (None: there is none). One query.

    Each lease carries its annotator, version, seat, round and item, and `seconds_spent` of the answer it became.
    """
    rows = _filtered(project, wanted)
    if before is not None:
        older = Q(granted_at__lt=before.granted_at) | Q(granted_at=before.granted_at, pk__lt=before.id)
        rows = rows.filter(older, granted_at__lte=before.granted_at)  # the second, so that an index starts there
    found = list(rows.order_by("-granted_at", "-pk")[: size + 1])
    page = found[:size]
    return page, Edge(page[-1].granted_at, page[-1].pk) if len(found) > size else None


def all_leases(project: Project, wanted: LeaseFilter) -> Iterator[Lease]:
    """Every lease that meets the filter, newest first, read piece by piece: constant memory, no long transaction."""
    edge: Edge | None = None
    while True:
        page, edge = lease_rows(project, wanted, size=CHUNK, before=edge)
        yield from page
        if edge is None:
            return


def _filtered(project: Project, wanted: LeaseFilter) -> QuerySet[Lease]:
    conditions = {
        "reason": wanted.reason, "annotator__name": wanted.annotator,
        "assignment__task__item__external_id": wanted.item, "assignment__round__key": wanted.round,
        "granted_at__gte": wanted.since, "granted_at__lt": wanted.until,
    }  # fmt: skip
    rows = Lease.objects.filter(project=project, **{name: value for name, value in conditions.items() if value})
    if wanted.item:
        rows = rows.filter(assignment__task__item__project=project)
    seconds = Annotation.objects.filter(lease=OuterRef("pk"), assignment=OuterRef("assignment")).order_by("id")
    return rows.select_related("annotator", "guideline_version").annotate(
        seconds_spent=Subquery(seconds.values("seconds_spent")[:1]),
        external_id=F("assignment__task__item__external_id"), round_key=F("assignment__round__key"),
    )  # fmt: skip
