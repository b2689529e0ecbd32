"""A lease's life after the claim: kept alive, drafted in, given back, skipped, run out.

Every end of a lease that is not an answer frees its seat: back into the queue, or out of it when its task has been
superseded or its round is over. All clocks are the database's.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.errors import FieldError, NotFound
from annotation.models import Assignment, Lease, Member
from annotation.prepared import Prepared, first_row
from annotation.selectors.work import LeasedTask, current_task
from annotation.services.answers import answer_path
from annotation.services.refusals import DraftTooLate, InvalidAnswer, LeaseExpired
from annotation.services.statements import rows_changed
from annotation.services.stuck import flag_if_stuck
from annotation.services.turns import Turn, holds_any, take_turn
from operations.strict_json import StrictJsonError, canonical_json, check_value

LARGEST_DRAFT = 1024 * 1024  # bytes of canonical JSON


@dataclass(frozen=True)
class SeatOfLease:
    """A lease, its seat and its task as they stand while we hold all three."""

    lease_id: uuid.UUID
    epoch: int
    granted_at: datetime
    ending: str | None
    version_id: int
    version_sha256: str
    seat_id: int
    seat_state: str
    seat_epoch: int
    purpose: str | None
    needs_cohort: bool
    task_id: int
    task_state: str
    round_id: int
    round_state: str
    round_kind: str
    most_labels: int | None
    item_id: int
    revisions: int
    earlier_id: int | None
    holds_another: bool
    now: datetime

    @property
    def is_held(self) -> bool:
        """Nobody has ended it. It may be past its time: while nobody took the seat it is still this person's."""
        return self.ending is None and self.seat_state == Assignment.State.LEASED and self.seat_epoch == self.epoch

    @property
    def is_free_again(self) -> bool:
        """It ran out or was given back, and nobody has had the seat since: its epoch is still this lease's.

        A seat of one's own that was given back is nobody else's, so it is free for them as long as its round is open.
        """
        was_let_go = self.ending in {Lease.Ending.EXPIRED, Lease.Ending.RELEASED}
        free = Assignment.State.WITHDRAWN if self.is_ones_own else Assignment.State.OPEN
        return was_let_go and self.seat_state == free and self.seat_epoch == self.epoch

    @property
    def is_ones_own(self) -> bool:
        return self.purpose in Assignment.PERSONAL


_HOLDS_ANOTHER = holds_any(project="lease.project_id", annotator="lease.annotator_id", but="seat.id")
# "+ 0": never by the index of the annotator, who may have a hundred thousand leases.
_LOCK = Prepared(
    "concord_lock_seat",
    f"""
    SELECT lease.id, lease.epoch, lease.granted_at, lease.ending, lease.guideline_version_id, version.sha256,
           seat.id, seat.state, seat.epoch, seat.purpose, seat.needs_cohort, task.id, task.state,
           round.id, round.state, round.kind, task.most_labels, task.item_id,
           (SELECT coalesce(max(answer.revision), 0) FROM annotation_annotation answer
            WHERE answer.assignment_id = seat.id AND answer.annotator_id = lease.annotator_id),
           (SELECT answer.id FROM annotation_annotation answer
            WHERE answer.annotator_id = lease.annotator_id AND answer.submission_id = %(submission)s),
           {_HOLDS_ANOTHER},
           clock_timestamp()
    FROM annotation_lease lease
    JOIN annotation_assignment seat ON seat.id = lease.assignment_id
    JOIN annotation_task task ON task.id = seat.task_id
    JOIN annotation_round round ON round.id = task.round_id
    JOIN guidelines_guidelineversion version ON version.id = lease.guideline_version_id
    WHERE lease.id = %(lease)s AND lease.annotator_id + 0 = %(annotator)s
    FOR NO KEY UPDATE OF task, seat, lease
    """,  # noqa: S608  (our own text)
    {"lease": "uuid", "annotator": "bigint", "submission": "uuid"},
)


def lock_seat(annotator: Member, lease_id: uuid.UUID, submission_id: uuid.UUID | None = None) -> SeatOfLease:
    """The annotator's own lease with task and seat locked, in that order; NotFound for anybody else's. One query.

    With a submission: `earlier_id` is the annotation it has become already.
    """
    row = first_row(_LOCK, {"lease": lease_id, "annotator": annotator.pk, "submission": submission_id})
    if row is None:
        raise NotFound
    return SeatOfLease(*row)


def renew_lease(*, annotator: Member, lease_id: uuid.UUID) -> LeasedTask:
    """The lease, lasting its full time from now. One that ran out is taken up again while its seat is free."""
    with transaction.atomic():
        turn = take_turn(annotator)
        seat = lock_seat(annotator, lease_id)
        if not seat.is_held:
            _take_up_again(turn, seat)
        _set_end(turn, seat)
        both = (current_task(annotator, ahead=is_ahead) for is_ahead in (False, True))
        renewed = next((task for task in both if task is not None and task.lease.id == lease_id), None)
    if renewed is None:
        raise LeaseExpired
    return renewed


def _take_up_again(turn: Turn, seat: SeatOfLease) -> None:
    holds_another = Assignment.objects.filter(
        annotator_id=turn.annotator_id, state=Assignment.State.LEASED, is_ahead=False
    )  # fmt: skip
    is_resumable = seat.ending == Lease.Ending.EXPIRED and seat.is_free_again
    if not is_resumable or holds_another.exists() or is_taken_from(turn, seat):
        raise LeaseExpired
    rows_changed(_TAKE_UP, {"seat": seat.seat_id, "annotator": turn.annotator_id, "now": seat.now})
    Lease.objects.filter(pk=seat.lease_id).update(ended_at=None, ending=None)


def is_taken_from(turn: Turn, seat: SeatOfLease) -> bool:
    """A seat that is free again is not theirs any more: they took another of the same task after it was given back,
    or it is for a cohort that the task lacks and somebody of theirs has come meanwhile."""
    sits = Assignment.objects.filter(task_id=seat.task_id, annotator_id=turn.annotator_id).exclude(pk=seat.seat_id)
    if sits.exists():
        return True
    return (
        seat.needs_cohort and rows_changed(_COHORT_IS_THERE, {"seat": seat.seat_id, "annotator": turn.annotator_id}) > 0
    )


COHORT_OF_HOLDER = """
    CASE WHEN annotation_assignment.needs_cohort THEN (
        SELECT nullif(member.cohorts ->> contract.cohort_key, '')
        FROM annotation_member member JOIN annotation_slicecontract contract ON contract.project_id = member.project_id
        WHERE member.id = %(annotator)s AND contract.number = annotation_assignment.lane) END
"""
_COHORT_IS_THERE = f"""
    SELECT 1 FROM annotation_assignment
    WHERE id = %(seat)s AND EXISTS (
        SELECT 1 FROM annotation_assignment other
        WHERE other.task_id = annotation_assignment.task_id AND other.id <> annotation_assignment.id
          AND other.needs_cohort AND other.cohort = {COHORT_OF_HOLDER})
"""  # noqa: S608  (our own text)
_TAKE_UP = f"""
    WITH taken AS (
        UPDATE annotation_assignment SET
            state = 'leased', annotator_id = %(annotator)s, annotator_kind = 'human', leased_until = %(now)s,
            cohort = {COHORT_OF_HOLDER}
        WHERE id = %(seat)s RETURNING project_id, lane, purpose
    )
    INSERT INTO annotation_lanecount AS counted (project_id, annotator_id, lane, taken)
    SELECT project_id, %(annotator)s, lane, 1 FROM taken
    WHERE coalesce(purpose NOT IN ('gold', 'repeat', 'qualify'), true)
    ON CONFLICT (annotator_id, lane) DO UPDATE SET taken = counted.taken + 1
"""  # noqa: S608


def _set_end(turn: Turn, seat: SeatOfLease) -> None:
    rows_changed(
        """
        UPDATE annotation_assignment SET leased_until = clock_timestamp() + make_interval(secs => %s)
        WHERE id = %s OR (annotator_id = %s AND state = 'leased')
        """,
        [turn.lease_seconds, seat.seat_id, turn.annotator_id],
    )


def save_draft(*, annotator: Member, lease_id: uuid.UUID, answer: Any) -> None:
    """Keep an unsent answer, also when the lease has run out. DraftTooLate, and nothing kept, when it was answered,
    skipped or taken back meanwhile: a slow autosave must not come back to life after the submit."""
    check_draft(answer)
    with transaction.atomic():
        take_turn(annotator)
        seat = lock_seat(annotator, lease_id)
        if not (seat.is_held or seat.ending in {Lease.Ending.EXPIRED, Lease.Ending.RELEASED}):
            raise DraftTooLate
        keep_draft(seat, answer)


def check_draft(answer: Any) -> None:
    """Refuses what is no answer at all, holds what JSON or the database cannot, or is over a megabyte."""
    try:
        check_value(answer)
    except StrictJsonError as error:
        raise InvalidAnswer(errors=[FieldError(answer_path(error.path), error.code, error.detail)]) from error
    if not isinstance(answer, dict) or len(canonical_json(answer)) > LARGEST_DRAFT:
        detail = f"An answer is an object of at most {LARGEST_DRAFT} bytes."
        raise InvalidAnswer(errors=[FieldError("answer", "not_an_answer", detail)])


def keep_draft(seat: SeatOfLease, answer: dict[str, Any]) -> None:
    Lease.objects.filter(pk=seat.lease_id).update(draft=answer, draft_saved_at=seat.now)


def release_lease(*, annotator: Member, lease_id: uuid.UUID) -> None:
    """Give the seat back; the draft stays for its author. Done twice, or too late, it changes nothing."""
    with transaction.atomic():
        take_turn(annotator)
        seat = lock_seat(annotator, lease_id)
        if seat.is_held:
            free_seats([seat.seat_id], Lease.Ending.RELEASED)


def skip_task(*, annotator: Member, lease_id: uuid.UUID, reason: str = "") -> None:
    """Free the seat for others and never offer this task to this person again.

    A task that everybody who could take it has skipped becomes the lead's (`needs_lead`). Twice changes nothing.
    """
    with transaction.atomic():
        turn = take_turn(annotator)
        seat = lock_seat(annotator, lease_id)
        if seat.ending == Lease.Ending.SKIPPED:
            return
        if not (seat.is_held or seat.is_free_again):
            raise LeaseExpired
        _store_skip(turn, seat, reason)
        if seat.is_held:
            free_seats([seat.seat_id], Lease.Ending.SKIPPED)
        else:
            Lease.objects.filter(pk=seat.lease_id).update(ending=Lease.Ending.SKIPPED)
        flag_if_stuck(seat.task_id)


def _store_skip(turn: Turn, seat: SeatOfLease, reason: str) -> None:
    rows_changed(
        """
        INSERT INTO annotation_skip (project_id, task_id, annotator_id, lease_id, reason, created_at)
        VALUES (%s, %s, %s, %s, %s, clock_timestamp()) ON CONFLICT (task_id, annotator_id) DO NOTHING
        """,
        [turn.project_id, seat.task_id, turn.annotator_id, seat.lease_id, reason],
    )


ABANDONED_AFTER = 5  # leases of a task that ran out: then it waits for the lead instead of the next person

# The clock of each project first, in order: its tick is the seats' place among what came late. Counts after that,
# in order too. A seat of one's own is not for others: it leaves the queue and stays theirs.
_FREE = """
    WITH seat AS MATERIALIZED (
        SELECT seat.id, seat.project_id, seat.task_id, seat.annotator_id, seat.lane, seat.epoch,
               coalesce(seat.purpose IN ('gold', 'repeat', 'qualify'), false) AS is_ones_own,
               task.state = 'superseded' OR round.state = 'closed' AS is_over,
               task.state <> 'superseded' AS is_counted
        FROM annotation_assignment seat
        JOIN annotation_task task ON task.id = seat.task_id JOIN annotation_round round ON round.id = task.round_id
        WHERE seat.id = ANY(%(seats)s) AND seat.state = 'leased'
    ), ticked AS (
        INSERT INTO annotation_queueclock AS clock (project_id, ticks)
        SELECT DISTINCT project_id, 2 FROM seat ORDER BY project_id
        ON CONFLICT (project_id) DO UPDATE SET ticks = clock.ticks + 1 RETURNING clock.project_id, clock.ticks
    ), counted AS MATERIALIZED (
        SELECT lane.id, gone.n FROM annotation_lanecount lane
        JOIN (SELECT annotator_id, lane, count(*) AS n FROM seat
              WHERE is_counted AND NOT is_ones_own GROUP BY 1, 2) gone
            ON gone.annotator_id = lane.annotator_id AND gone.lane = lane.lane
        WHERE EXISTS (SELECT 1 FROM ticked)
        ORDER BY lane.id FOR NO KEY UPDATE OF lane
    ), uncounted AS (
        UPDATE annotation_lanecount SET taken = greatest(0, taken - counted.n) FROM counted
        WHERE annotation_lanecount.id = counted.id
    ), freed AS (
        UPDATE annotation_assignment SET
            state = CASE WHEN seat.is_over OR seat.is_ones_own THEN 'withdrawn' ELSE 'open' END,
            annotator_id = CASE WHEN seat.is_ones_own THEN seat.annotator_id END,
            annotator_kind = CASE WHEN seat.is_ones_own THEN annotator_kind END,
            reserved_for_id = CASE WHEN %(ending)s = 'expired' AND NOT seat.is_over AND NOT seat.is_ones_own
                                   THEN reserved_for_id END,
            leased_until = NULL, is_ahead = false, cohort = NULL, late = ticked.ticks
        FROM seat JOIN ticked ON ticked.project_id = seat.project_id
        WHERE annotation_assignment.id = seat.id
    ), abandoned AS (
        UPDATE annotation_task SET
            expiries = expiries + gone.n,
            desk_reason = CASE WHEN expiries + gone.n >= %(abandoned_after)s AND state = 'open' THEN 'abandoned'
                               ELSE desk_reason END,
            state = CASE WHEN expiries + gone.n >= %(abandoned_after)s AND state = 'open' THEN 'needs_lead'
                         ELSE state END
        FROM (SELECT task_id, count(*) AS n FROM seat WHERE NOT is_ones_own GROUP BY task_id) gone
        WHERE %(ending)s = 'expired' AND annotation_task.id = gone.task_id
    )
    UPDATE annotation_lease SET ended_at = clock_timestamp(), ending = %(ending)s
    FROM seat
    WHERE annotation_lease.assignment_id = seat.id AND annotation_lease.epoch = seat.epoch
      AND annotation_lease.ended_at IS NULL
"""


def free_seats(seat_ids: list[int], ending: Lease.Ending) -> int:
    """End the leases of these seats, whose tasks the caller has locked; returns how many were ended."""
    values = {"seats": seat_ids, "ending": ending, "abandoned_after": ABANDONED_AFTER}
    return rows_changed(_FREE, values) if seat_ids else 0


def free_seats_of(member: Member, ending: Lease.Ending = Lease.Ending.RELEASED) -> int:
    """End what a member holds. The caller has locked the member's row, so they can claim nothing more meanwhile."""
    return _free_where("seat.project_id = %s AND seat.annotator_id = %s", [member.project_id, member.pk], ending)


def free_seats_in_project(project_id: int) -> int:
    """End every lease of a project that closes."""
    return _free_where("seat.project_id = %s", [project_id], Lease.Ending.RELEASED)


def free_seats_in_round(round_id: int) -> int:
    """End every lease of a round that closes."""
    return _free_where("seat.round_id = %s", [round_id], Lease.Ending.RELEASED)


def release_leases_of_absent() -> int:
    """End the leases of people whose account was closed, or who were paused or removed as they claimed."""
    absent = """
        seat.annotator_id IN (
            SELECT member.id FROM annotation_member member LEFT JOIN accounts_user person ON person.id = member.user_id
            WHERE NOT (member.is_active AND coalesce(person.is_active, false) AND member.paused_at IS NULL))
    """
    with transaction.atomic():
        return _free_where(absent, [], Lease.Ending.RELEASED)


def expire_leases(now: datetime | None = None, *, project_id: int | None = None, limit: int = 500) -> int:
    """Free seats whose lease is over; returns how many.

    Passes over what is locked: who holds it is answering it at this moment, or another sweep has it. `now` is the
    database's clock unless given. With a project: of that project only.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OVER, {"now": now, "project": project_id, "limit": limit})
        seats = [seat_id for (seat_id,) in cursor.fetchall()]
        return free_seats(seats, Lease.Ending.EXPIRED) if seats else 0


_OVER = """
    SELECT seat.id FROM annotation_assignment seat JOIN annotation_task task ON task.id = seat.task_id
    WHERE seat.state = 'leased' AND seat.leased_until < coalesce(%(now)s, clock_timestamp())
      AND seat.project_id = coalesce(%(project)s, seat.project_id)
    ORDER BY seat.leased_until LIMIT %(limit)s FOR NO KEY UPDATE OF task, seat SKIP LOCKED
"""


def _free_where(condition: str, values: list[Any], ending: Lease.Ending) -> int:
    """Wait for and free the leased seats that meet a condition over `seat`."""
    seats = [seat_id for seat_id, _ in lock_seats(f"seat.state = 'leased' AND {condition}", values)]
    return free_seats(seats, ending) if seats else 0


def lock_seats(condition: str, values: list[Any]) -> list[tuple[int, str]]:
    """Lock seats that meet a condition over `seat`, tasks first; returns (id, state) of each.

    Tasks in the order of their ids, seats in the order of the queue: so nobody waits in a circle, neither with
    another service that does this nor with a claim that waits for seats.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id FROM annotation_task
            WHERE id IN (SELECT seat.task_id FROM annotation_assignment seat WHERE {condition})
            ORDER BY id FOR NO KEY UPDATE
            """,  # noqa: S608  (the conditions are ours)
            values,
        )
        tasks = [task_id for (task_id,) in cursor.fetchall()]
        cursor.execute(
            f"""
            SELECT seat.id, seat.state FROM annotation_assignment seat WHERE seat.task_id = ANY(%s) AND {condition}
            ORDER BY seat.rank, seat.id FOR NO KEY UPDATE
            """,  # noqa: S608
            [tasks, *values],
        )
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows
