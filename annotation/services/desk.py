"""What annotators lay on the lead's desk, and how it comes back: flags, and questions with the item parked for them.

A flag changes nothing but the lead's list. A parked item leaves its person's hands with the draft kept and is nobody
else's; the lead's reply, or the person themself, puts it back into the queue, reserved for them. Who is away does not
keep it: `return_what_absent_people_keep` gives it to others.
"""

import uuid
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from accounts.errors import FieldError, InvalidInput, NotFound
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Assignment, DeskNote, Lease, Member, Project, Task
from annotation.selectors.instructions import instructions_of
from annotation.services.clock import tick
from annotation.services.leases import SeatOfLease, check_draft, keep_draft, lock_seat
from annotation.services.refusals import LeaseExpired, NoParkingHere, NoteClosed
from annotation.services.statements import rows_changed
from annotation.services.turns import Turn, take_turn

LONGEST_NOTE = 2000
GIVEN_TO_OTHERS = "Given back to the queue: its annotator is away, or the pass over the items has ended."


def flag_item(*, annotator: Member, lease_id: uuid.UUID, note: str, clause: str = "") -> DeskNote:
    """Tell the lead that something is odd about an item; work on it goes on. Told twice, the first stands."""
    with transaction.atomic():
        turn = take_turn(annotator)
        seat = lock_seat(annotator, lease_id)
        return _lay_down(turn, seat, DeskNote.Kind.FLAG, note, clause)


def park_task(
    *, annotator: Member, lease_id: uuid.UUID, note: str, clause: str = "", answer: dict[str, Any] | None = None
) -> DeskNote:
    """Ask the lead about an item and put it aside until they reply; the draft, or `answer`, is kept for then.

    Sent again it returns the note that was made. LeaseExpired when the item is no longer theirs; NoParkingHere in a
    qualification, which is answered by the guideline alone.
    """
    if answer is not None:
        check_draft(answer)
    with transaction.atomic():
        turn = take_turn(annotator)
        seat = lock_seat(annotator, lease_id)
        if seat.ending != Lease.Ending.PARKED:
            _park(seat, answer)
        return _lay_down(turn, seat, DeskNote.Kind.PARK, note, clause)


def _park(seat: SeatOfLease, answer: dict[str, Any] | None) -> None:
    if not seat.is_held:
        raise LeaseExpired
    if seat.purpose == Assignment.Purpose.QUALIFICATION:
        raise NoParkingHere
    if answer is not None:
        keep_draft(seat, answer)
    rows_changed(
        """
        WITH parked AS (
            UPDATE annotation_assignment SET state = 'parked', leased_until = NULL, is_ahead = false WHERE id = %s
        )
        UPDATE annotation_lease SET ended_at = clock_timestamp(), ending = 'parked' WHERE id = %s
        """,
        [seat.seat_id, seat.lease_id],
    )


def _lay_down(turn: Turn, seat: SeatOfLease, kind: DeskNote.Kind, note: str, clause: str) -> DeskNote:
    words = checked_note(note)
    _check_clause(seat, clause)
    laid, _ = DeskNote.objects.get_or_create(
        lease_id=seat.lease_id, kind=kind,
        defaults={
            "project_id": turn.project_id, "item_id": seat.item_id, "task_id": seat.task_id,
            "annotator_id": turn.annotator_id, "note": words, "clause": clause, "created_at": Now(),
        },
    )  # fmt: skip
    laid.refresh_from_db(fields=["created_at"])
    return laid


def checked_note(note: str, *, path: str = "note", may_be_empty: bool = False) -> str:
    """A text for the desk, without the white space around it."""
    words = note.strip()
    if (not words and not may_be_empty) or len(words) > LONGEST_NOTE or "\x00" in words:
        detail = f"A text of {0 if may_be_empty else 1} to {LONGEST_NOTE} characters."
        raise InvalidInput(errors=[FieldError(path, "length", detail)])
    return words


def _check_clause(seat: SeatOfLease, clause: str) -> None:
    if clause and clause not in instructions_of(seat.version_id, seat.version_sha256).clause_keys:
        raise InvalidInput(
            errors=[FieldError("clause", "unknown", "The version you were shown has no such clause.")]
        )  # fmt: skip


def close_note(*, actor: User, project: Project, note_id: int, reply: str) -> DeskNote:
    """The lead's reply. A parked item goes back to who parked it, before all other work; a question wants an answer.

    The same reply sent again changes nothing; another one to a closed note is NoteClosed.
    """
    found = DeskNote.objects.filter(project=project, pk=note_id).first()
    if found is None:
        raise NotFound
    words = checked_note(reply, path="reply", may_be_empty=found.kind == DeskNote.Kind.FLAG)
    with transaction.atomic():
        note = _locked(found)
        if note.closed_at is not None:
            if note.reply == words and note.closed_by_id == actor.pk:
                return note
            raise NoteClosed
        _close(note, reply=words, by=actor)
        facts = {"note": note.pk, "kind": note.kind, "annotator": note.annotator_id}
        record_event(
            actor=actor, action="desk.note_closed", scope=f"project:{project.slug}", target=note.item.external_id,
            facts=facts,
        )  # fmt: skip
    return note


def take_back_parked(*, annotator: Member, note_id: int) -> DeskNote:
    """Go on without the lead's reply: the item comes next. Done twice it changes nothing."""
    found = DeskNote.objects.filter(annotator=annotator, kind=DeskNote.Kind.PARK, pk=note_id).first()
    if found is None:
        raise NotFound
    with transaction.atomic():
        take_turn(annotator)
        note = _locked(found)
        if note.closed_at is None:
            _close(note, reply="", by=annotator.user)
    return note


def _locked(note: DeskNote) -> DeskNote:
    """The note as it is now, after its person, task and seats were locked in that order."""
    Member.objects.select_for_update(no_key=True).get(pk=note.annotator_id)
    Task.objects.select_for_update(no_key=True).get(pk=note.task_id)
    list(Assignment.objects.select_for_update(no_key=True).filter(task_id=note.task_id, annotator_id=note.annotator_id))
    return DeskNote.objects.select_for_update(no_key=True, of=("self",)).select_related("item").get(pk=note.pk)


def _close(note: DeskNote, *, reply: str, by: User | None) -> None:
    note.reply, note.closed_at, note.closed_by = reply, Now(), by
    note.save(update_fields=["reply", "closed_at", "closed_by"])
    note.refresh_from_db(fields=["closed_at"])
    if note.kind == DeskNote.Kind.PARK:
        give_back(note.project_id, note.task_id, note.annotator_id)


# Whoever is away gets nothing reserved. A seat of one's own is nobody else's: for who is away it leaves the queue.
_GIVE_BACK = """
    WITH seat AS MATERIALIZED (
        SELECT seat.id, seat.annotator_id, seat.annotator_kind, seat.lane, task.state = 'superseded' AS is_superseded,
               coalesce(seat.purpose IN ('gold', 'repeat', 'qualify'), false) AS is_ones_own,
               NOT (task.state IN ('superseded', 'done') OR round.state = 'closed') AS is_wanted,
               member.is_active AND member.paused_at IS NULL AND coalesce(person.is_active, false) AS is_here
        FROM annotation_assignment seat
        JOIN annotation_task task ON task.id = seat.task_id JOIN annotation_round round ON round.id = task.round_id
        JOIN annotation_member member ON member.id = seat.annotator_id
        LEFT JOIN accounts_user person ON person.id = member.user_id
        WHERE seat.task_id = %(task)s AND seat.annotator_id = %(annotator)s AND seat.state = 'parked'
    ), uncounted AS (
        UPDATE annotation_lanecount SET taken = greatest(0, taken - 1) FROM seat
        WHERE annotation_lanecount.annotator_id = seat.annotator_id AND annotation_lanecount.lane = seat.lane
          AND NOT seat.is_ones_own AND NOT seat.is_superseded
    ), back AS (
        SELECT *, is_wanted AND (is_here OR NOT is_ones_own) AS opens FROM seat
    )
    UPDATE annotation_assignment SET
        state = CASE WHEN back.opens THEN 'open' ELSE 'withdrawn' END,
        annotator_id = CASE WHEN back.is_ones_own AND NOT back.opens THEN back.annotator_id END,
        annotator_kind = CASE WHEN back.is_ones_own AND NOT back.opens THEN back.annotator_kind END,
        reserved_for_id = CASE WHEN back.opens AND back.is_here THEN back.annotator_id END,
        cohort = NULL, late = %(late)s
    FROM back WHERE annotation_assignment.id = back.id
"""


def give_back(project_id: int, task_id: int, annotator_id: int) -> None:
    """Put a parked seat, whose person and task the caller has locked, back into the queue, first of all for them."""
    rows_changed(_GIVE_BACK, {"task": task_id, "annotator": annotator_id, "late": tick(project_id)})


_AWAY = "NOT (member.is_active AND coalesce(person.is_active, false) AND member.paused_at IS NULL)"
_PARKED_FOR_NOBODY = f"""
    SELECT note.id FROM annotation_desknote note
    JOIN annotation_task task ON task.id = note.task_id JOIN annotation_round round ON round.id = task.round_id
    JOIN annotation_member member ON member.id = note.annotator_id
    LEFT JOIN accounts_user person ON person.id = member.user_id
    WHERE note.kind = 'park' AND note.closed_at IS NULL
      AND ({_AWAY} OR task.state IN ('superseded', 'done') OR round.state = 'closed')
    ORDER BY note.id
"""  # noqa: S608  (our own text)
_RESERVED_FOR_NOBODY = f"""
    SELECT seat.id, seat.project_id FROM annotation_assignment seat
    JOIN annotation_member member ON member.id = seat.reserved_for_id
    LEFT JOIN accounts_user person ON person.id = member.user_id
    WHERE seat.state = 'open' AND {_AWAY} ORDER BY seat.project_id, seat.rank, seat.id
"""  # noqa: S608
_UNRESERVE = """
    UPDATE annotation_assignment SET
        state = CASE WHEN purpose IN ('gold', 'repeat', 'qualify') THEN 'withdrawn' ELSE 'open' END,
        annotator_id = CASE WHEN purpose IN ('gold', 'repeat', 'qualify') THEN reserved_for_id END,
        annotator_kind = CASE WHEN purpose IN ('gold', 'repeat', 'qualify') THEN 'human' END,
        reserved_for_id = NULL, late = %(late)s
    WHERE id = %(seat)s AND state = 'open' AND reserved_for_id IS NOT NULL
"""


def return_what_absent_people_keep() -> int:
    """Give to others what is parked by, or reserved for, people who left or are paused, and what nobody wants any more.

    Returns how many. Each in a transaction of its own, so that two sweeps cannot wait for each other in a circle.
    """
    return sum(_return_parked(note_id) for (note_id,) in _rows(_PARKED_FOR_NOBODY)) + sum(
        _unreserve(seat_id, project_id) for seat_id, project_id in _rows(_RESERVED_FOR_NOBODY)
    )


def _rows(query: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows: list[tuple[int, ...]] = cursor.fetchall()
    return rows


def _return_parked(note_id: int) -> bool:
    with transaction.atomic():
        note = _locked(DeskNote.objects.get(pk=note_id))
        if note.closed_at is not None:
            return False
        _close(note, reply=GIVEN_TO_OTHERS, by=None)
    return True


def _unreserve(seat_id: int, project_id: int) -> bool:
    with transaction.atomic():
        Task.objects.select_for_update(no_key=True).get(assignments=seat_id)
        Assignment.objects.select_for_update(no_key=True).get(pk=seat_id)
        return rows_changed(_UNRESERVE, {"seat": seat_id, "late": tick(project_id)}) > 0
