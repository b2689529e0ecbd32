"""The lead's desk: what annotators asked and flagged, tasks that wait for a decision; and one person's own notes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.errors import NotFound
from annotation.models import Annotation, Assignment, DeskNote, Item, Lease, Member, Project, Skip, Task
from annotation.prepared import Prepared, first_row

NOTES = ("park", "flag")
TASKS = ("skipped", "abandoned", "disagreement")
KINDS = (*NOTES, *TASKS)


class Place(NamedTuple):
    """Where an entry stands on the desk: an order of all of them, oldest first."""

    since: datetime
    kind: str
    id: int


@dataclass(frozen=True)
class DeskEntry:
    """One thing to reply to or to decide. Of a note: `note`. Of a task: who passed on it, and why."""

    place: Place
    age_seconds: float
    item: Item
    task_id: int
    note: DeskNote | None
    skips: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        return self.place.kind

    @property
    def key(self) -> str:
        return f"{'note' if self.note else 'task'}-{self.place.id}"


# A task came to the desk when somebody last had it in their hands.
_ENTRIES = """
    WITH entry AS (
        SELECT note.created_at AS since, note.kind, note.id, note.item_id, note.task_id, note.closed_at
        FROM annotation_desknote note
        WHERE note.project_id = %(project)s AND (note.closed_at IS NULL) = %(is_open)s
        UNION ALL
        SELECT coalesce((SELECT max(lease.ended_at) FROM annotation_assignment seat
                         JOIN annotation_lease lease ON lease.assignment_id = seat.id WHERE seat.task_id = task.id),
                        item.created_at),
               task.desk_reason, task.id, task.item_id, task.id, NULL
        FROM annotation_task task JOIN annotation_item item ON item.id = task.item_id
        WHERE task.project_id = %(project)s AND NOT (task.desk_reason = '') AND %(is_open)s
    )
    SELECT since, kind, id, extract(epoch FROM coalesce(closed_at, clock_timestamp()) - since), item_id, task_id
    FROM entry
    WHERE kind = ANY(%(kinds)s)
      AND (%(since)s::timestamptz IS NULL OR (since, kind, id) > (%(since)s, %(kind)s, %(id)s))
    ORDER BY since, kind, id LIMIT %(limit)s
"""


def desk_entries(
    project: Project, *, kinds: Sequence[str] = KINDS, is_open: bool = True, after: Place | None = None,
    limit: int = 100,
) -> list[DeskEntry]:  # fmt: skip
    """What lies on the desk (or, of notes, what was closed), oldest first, from behind a place. Four queries."""
    since, kind, last = after or (None, None, None)
    values: dict[str, Any] = {
        "project": project.pk, "kinds": list(kinds), "is_open": is_open, "since": since, "kind": kind, "id": last,
        "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, values)
        rows = cursor.fetchall()
    return _entries(rows)


def _entries(rows: list[tuple[Any, ...]]) -> list[DeskEntry]:
    items = Item.objects.in_bulk({item_id for *_, item_id, _ in rows})
    noted = [row[2] for row in rows if row[1] in NOTES]
    notes = DeskNote.objects.select_related("annotator", "closed_by").in_bulk(noted)
    skips = _skips([row[2] for row in rows if row[1] in TASKS])
    return [
        DeskEntry(
            Place(since, kind, entry_id), max(0.0, float(age)), items[item_id], task_id,
            notes.get(entry_id) if kind in NOTES else None, tuple(skips[entry_id]) if kind in TASKS else (),
        )
        for since, kind, entry_id, age, item_id, task_id in rows
    ]  # fmt: skip


def _skips(task_ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    if task_ids:
        rows = Skip.objects.filter(task__in=task_ids).order_by("pk")
        for task_id, name, reason in rows.values_list("task_id", "annotator__name", "reason"):
            found[task_id].append((name, reason))
    return found


_WAITING = Prepared(
    "concord_desk_counts",
    """
    SELECT (SELECT count(*) FILTER (WHERE kind = 'park') FROM annotation_desknote
            WHERE project_id = %(project)s AND closed_at IS NULL),
           (SELECT count(*) FILTER (WHERE kind = 'flag') FROM annotation_desknote
            WHERE project_id = %(project)s AND closed_at IS NULL),
           count(*) FILTER (WHERE desk_reason = 'skipped'),
           count(*) FILTER (WHERE desk_reason = 'abandoned'),
           count(*) FILTER (WHERE desk_reason = 'disagreement')
    FROM annotation_task WHERE project_id = %(project)s AND NOT (desk_reason = '')
    """,
    {"project": "bigint"},
)


def desk_counts(project: Project) -> dict[str, int]:
    """How much waits, by kind. One query over what waits, whatever the size of the project."""
    return dict(zip(KINDS, first_row(_WAITING, {"project": project.pk}), strict=True))


def note_of(project: Project, note_id: int) -> DeskNote:
    """A note of the project; NotFound otherwise."""
    note = DeskNote.objects.filter(project=project, pk=note_id).select_related("annotator").first()
    if note is None:
        raise NotFound
    return note


def answers_of_task(task_id: int) -> QuerySet[Annotation]:
    """What people said of a task, for who decides on it."""
    answers = Annotation.objects.filter(assignment__task=task_id, superseded_at=None)
    return answers.select_related("annotator").order_by("pk")


def lapsed_leases(task_id: int) -> QuerySet[Lease]:
    """Who had a task and let its time run out."""
    lapsed = Lease.objects.filter(assignment__task=task_id, ending=Lease.Ending.EXPIRED)
    return lapsed.select_related("annotator").order_by("granted_at")


def notes_to_read(annotator: Member) -> QuerySet[DeskNote]:
    """Somebody's parked items, and replies of the lead to items that are still theirs to answer. Newest first."""
    unanswered = Task.objects.filter(
        Exists(Assignment.objects.filter(task=OuterRef("pk"), reserved_for=annotator, state=Assignment.State.OPEN)),
        pk=OuterRef("task_id"),
    )
    notes = DeskNote.objects.filter(annotator=annotator, kind=DeskNote.Kind.PARK).select_related("item")
    return notes.filter(Q(closed_at=None) | (Exists(unanswered) & ~Q(reply=""))).order_by("-pk")


@dataclass(frozen=True)
class Reply:
    """A question or flag of somebody's own, and what the lead said to it."""

    note: str
    reply: str


# Asked before every item that is shown, like everything there: it must not take longer for some of them.
_REPLIES = Prepared(
    "concord_replies_about",
    """
    SELECT note.note, note.reply FROM annotation_lease lease
    JOIN annotation_assignment seat ON seat.id = lease.assignment_id
    JOIN annotation_desknote note ON note.task_id = seat.task_id AND note.annotator_id = lease.annotator_id
    WHERE lease.id = %(lease)s AND lease.annotator_id = %(annotator)s AND note.closed_by_id IS NOT NULL
      AND note.reply <> ''
    ORDER BY note.closed_at DESC LIMIT 3
    """,
    {"annotator": "bigint", "lease": "uuid"},
)


def replies_about(annotator: Member, lease_id: Any) -> list[Reply]:
    """What the lead replied to this person's questions and flags about the item of a lease, newest first. One query."""
    with connection.cursor() as cursor:
        _REPLIES.run(cursor, {"annotator": annotator.pk, "lease": lease_id})
        return [Reply(*row) for row in cursor.fetchall()]
