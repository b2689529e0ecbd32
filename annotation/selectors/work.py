"""What one annotator has before them. Nothing here tells of gold, overlap, peers or the kind of round."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.prepared import Prepared, first_row
from annotation.models import Member
from annotation.selectors.instructions import instructions_of


@dataclass(frozen=True)
class HeldLease:
    """`nth`: the how manieth time this person holds the item. The seat's `epoch` counts other people's leases too,
    so an annotator is never told it: it would tell gold, which nobody else can have held, from what was given back."""

    id: uuid.UUID
    epoch: int
    granted_at: datetime
    leased_until: datetime
    nth: int


@dataclass(frozen=True)
class ShownItem:
    """An item as its annotator may see it: only the payload fields that the project shows."""

    id: int
    external_id: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class ShownVersion:
    id: int
    number: str
    sha256: str


@dataclass(frozen=True)
class LeasedTask:
    """All that a workbench needs to show a lease."""

    lease: HeldLease
    item: ShownItem
    fields: list[dict[str, Any]]
    version: ShownVersion
    questions: list[dict[str, Any]]
    draft: dict[str, Any] | None
    prelabel: dict[str, Any] | None = None


SHOWN_COLUMNS = """
    lease.id, lease.epoch, lease.granted_at, seat.leased_until, item.id, item.external_id, item.payload,
    project.fields, version.id, version.major, version.minor, version.sha256, lease.draft,
    CASE WHEN lease.prelabel_shown THEN {prelabel} END,
    {nth}
"""
_PRELABEL = "(SELECT answer FROM annotation_prediction WHERE id = lease.prelabel_id)"
_NTH = """(
        SELECT count(*) FROM annotation_assignment sibling
        JOIN annotation_lease earlier ON earlier.assignment_id = sibling.id
        WHERE sibling.task_id = seat.task_id AND earlier.annotator_id + 0 = %(annotator)s)"""
_SHOWN = Prepared(
    "concord_current_task",
    f"""
    SELECT {SHOWN_COLUMNS.format(prelabel=_PRELABEL, nth=_NTH)}
    FROM annotation_assignment seat
    JOIN annotation_lease lease ON lease.assignment_id = seat.id AND lease.epoch = seat.epoch
    JOIN annotation_task task ON task.id = seat.task_id
    JOIN annotation_item item ON item.id = task.item_id
    JOIN annotation_project project ON project.id = seat.project_id
    JOIN guidelines_guidelineversion version ON version.id = lease.guideline_version_id
    WHERE seat.project_id = %(project)s AND seat.annotator_id = %(annotator)s AND seat.state = 'leased'
      AND seat.is_ahead = %(ahead)s
    """,  # noqa: S608  (our own text)
    {"project": "bigint", "annotator": "bigint", "ahead": "boolean"},
)


def current_task(annotator: Member, *, ahead: bool = False) -> LeasedTask | None:
    """What this annotator holds now, with its draft; also after its time, while nobody else has taken it. One query.

    `ahead`: what the workbench has fetched for after that.
    """
    row = first_row(_SHOWN, {"project": annotator.project_id, "annotator": annotator.pk, "ahead": ahead})
    return leased_task(row) if row else None


def leased_task(row: tuple[Any, ...]) -> LeasedTask:
    """From a row of SHOWN_COLUMNS."""
    lease_id, epoch, granted_at, until, item_id, external_id, raw_payload, raw_fields, *rest = row
    version_id, major, minor, sha, raw_draft, raw_prelabel, nth = rest
    payload, fields = json.loads(raw_payload), json.loads(raw_fields)
    return LeasedTask(
        lease=HeldLease(lease_id, epoch, granted_at, until, nth),
        item=ShownItem(item_id, external_id, shown_payload(payload, fields)),
        fields=fields,
        version=ShownVersion(version_id, f"{major}.{minor}", sha),
        questions=instructions_of(version_id, sha).questions_json,
        draft=json.loads(raw_draft) if raw_draft is not None else None,
        prelabel=json.loads(raw_prelabel) if raw_prelabel is not None else None,
    )


def shown_payload(payload: dict[str, Any], fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Payload keys beyond the project's `fields` are kept and not shown: they may hold anything, a gold answer too.

    A project that names no fields shows every text.
    """
    if not fields:
        return {key: value for key, value in payload.items() if isinstance(value, str)}
    return {field["key"]: payload[field["key"]] for field in fields if field["key"] in payload}
