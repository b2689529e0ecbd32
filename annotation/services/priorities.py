"""What comes first: the priority of an item, and the place of its seats in the queue with it."""

from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.errors import FieldError, InvalidInput, NotFound
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Item, Project, Round
from annotation.services.clock import reorder, tick

HIGHEST = 1000  # and minus that is the lowest
LONGEST_REASON = 200
TABLE = "priorities_wanted"
# So many seats are put back into the queue one by one; more are cheaper found from its start.
MOST_LATE = 500


def set_priority(
    *, actor: User, project: Project, external_id: str, priority: int | None = None, reason: str | None = None
) -> Item:
    """The item with another priority, or another reason for it; its open seats are in their new place at once.

    NotFound for an unknown item. The same again changes nothing.
    """
    _check(priority, reason)
    with transaction.atomic():
        # Whoever starts a campaign holds the project from reading priorities until its seats are there.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        _lock_rounds(project)
        item = None if "\x00" in external_id else Item.objects.filter(project=project, external_id=external_id).first()
        if item is None:
            raise NotFound
        before = item.priority
        wanted = (item.pk, before if priority is None else priority, item.feed_reason if reason is None else reason)
        with connection.cursor() as cursor:
            create_wanted(cursor)
            cursor.execute(f"INSERT INTO {TABLE} VALUES (%s, %s, %s)", wanted)  # noqa: S608  (our own name)
            if apply_priorities(cursor, project):
                _record(actor, project, item, {"priority": wanted[1], "priority_before": before})
            cursor.execute(f"DROP TABLE {TABLE}")
        item.refresh_from_db(fields=["priority", "feed_reason"])
    return item


def _check(priority: int | None, reason: str | None) -> None:
    errors = []
    if priority is None and reason is None:
        errors.append(FieldError("priority", "required", "Give a priority, a reason, or both."))
    if priority is not None and not -HIGHEST <= priority <= HIGHEST:
        errors.append(FieldError("priority", "range", f"A whole number from -{HIGHEST} to {HIGHEST}."))
    if reason is not None and (len(reason) > LONGEST_REASON or "\x00" in reason):
        errors.append(FieldError("reason", "length", f"At most {LONGEST_REASON} characters."))
    if errors:
        raise InvalidInput(errors=errors)


def _record(actor: User, project: Project, item: Item, facts: dict[str, Any]) -> None:
    record_event(
        actor=actor, action="item.priority", scope=f"project:{project.slug}", target=item.external_id, facts=facts
    )  # fmt: skip


def create_wanted(cursor: CursorWrapper) -> None:
    """The temporary table that `apply_priorities` reads; each item stands in it once at most."""
    cursor.execute(f"CREATE TEMP TABLE {TABLE} (item_id bigint, priority smallint, reason text) ON COMMIT DROP")


def apply_priorities(cursor: CursorWrapper, project: Project) -> int:
    """Give the items of `priorities_wanted` the priority and reason that stand there; returns how many were changed.

    Belongs inside a transaction. All seats of an item's tasks move alike, also those that are held or answered: they
    may come back. What a campaign put ahead of the queue stays as far ahead. Rounds are locked in the order of their
    ids, so that nobody meanwhile makes new seats in the old place; then items and tasks likewise, then seats in the
    order of the queue, the project's clock last.
    """
    _lock_rounds(project)
    cursor.execute(_CHANGED, {"project": project.pk})
    changed: int = cursor.rowcount
    if changed:
        cursor.execute(_STORE)
        cursor.execute(_LOCK_TASKS)
        cursor.execute(_LOCK_SEATS)
        _move(cursor, project.pk)
        cursor.execute("DROP TABLE tasks_moved, seats_moved")
    cursor.execute("DROP TABLE priorities_changed")
    return changed


def _lock_rounds(project: Project) -> None:
    rounds = Round.objects.filter(project=project, kind__in=Round.QUEUED).order_by("pk")
    list(rounds.select_for_update(no_key=True).values_list("pk"))


def _move(cursor: CursorWrapper, project_id: int) -> None:
    """What becomes urgent must be found first by everybody, so positions are void. A few seats that only come nearer
    are put back into the queue like any that was given back; what moves away is met where it is then."""
    cursor.execute(_HOW)
    nearer, becomes_urgent = cursor.fetchone()
    is_late = 0 < nearer <= MOST_LATE and not becomes_urgent
    cursor.execute(_MOVE, {"late": tick(project_id) if is_late else None})
    if nearer and not is_late:
        reorder(project_id)


_CHANGED = """
    CREATE TEMP TABLE priorities_changed ON COMMIT DROP AS
    SELECT item.id, item.priority::int AS before, wanted.priority, wanted.reason
    FROM priorities_wanted wanted JOIN annotation_item item ON item.id = wanted.item_id
    WHERE item.project_id = %(project)s AND (item.priority, item.feed_reason) <> (wanted.priority, wanted.reason)
    ORDER BY item.id FOR NO KEY UPDATE OF item
"""
_STORE = """
    UPDATE annotation_item SET priority = changed.priority, feed_reason = changed.reason
    FROM priorities_changed changed WHERE annotation_item.id = changed.id
"""
_LOCK_TASKS = """
    CREATE TEMP TABLE tasks_moved ON COMMIT DROP AS
    SELECT task.id, changed.before - changed.priority AS further
    FROM priorities_changed changed
    JOIN annotation_task task ON task.item_id = changed.id
    JOIN annotation_round round ON round.id = task.round_id
    WHERE changed.before <> changed.priority AND task.state <> 'superseded'
      AND round.kind IN ('initial', 'relabel') AND round.state <> 'closed'
    ORDER BY task.id FOR NO KEY UPDATE OF task
"""
_LOCK_SEATS = """
    CREATE TEMP TABLE seats_moved ON COMMIT DROP AS
    SELECT seat.id, seat.rank, seat.state, moved.further
    FROM tasks_moved moved JOIN annotation_assignment seat ON seat.task_id = moved.id
    ORDER BY seat.rank, seat.id FOR NO KEY UPDATE OF seat
"""
_HOW = """
    SELECT count(*) FILTER (WHERE further < 0), coalesce(bool_or(further < 0 AND rank + further < 0), false)
    FROM seats_moved WHERE state = 'open'
"""
_MOVE = """
    UPDATE annotation_assignment SET
        rank = annotation_assignment.rank + moved.further,
        late = CASE WHEN moved.state = 'open' AND moved.further < 0 THEN coalesce(%(late)s, late) ELSE late END
    FROM seats_moved moved WHERE annotation_assignment.id = moved.id
"""
