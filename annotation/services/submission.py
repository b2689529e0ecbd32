"""Taking an answer: stored once, for the seat that was leased, under the version that was shown, or not at all."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from accounts.errors import DomainError
from annotation.models import Annotation, Assignment, Lease, Member, Round
from annotation.prepared import Prepared, first_row
from annotation.selectors.work import LeasedTask
from annotation.services.adaptive import settle_task
from annotation.services.answers import (
    COLUMN_TYPES,
    INSERT_ANNOTATION,
    Reply,
    believable_seconds,
    checked_answer,
    column_values,
    replay_of,
)
from annotation.services.corrections import amend_annotation, undo_last_submission
from annotation.services.leases import (
    COHORT_OF_HOLDER,
    SeatOfLease,
    check_draft,
    is_taken_from,
    keep_draft,
    lock_seat,
)
from annotation.services.pairs import record_meetings
from annotation.services.queue import claim_next, fast_claim
from annotation.services.refusals import AlreadyAnswered, LeaseExpired, RoundClosed
from annotation.services.turns import Turn, write_as

__all__ = [
    "Submitted",
    "SubmittedAndNext",
    "amend_annotation",
    "submit_and_claim",
    "submit_annotation",
    "undo_last_submission",
]


@dataclass(frozen=True)
class Submitted:
    """`may_echo`: in this project an answer may be followed by what the gold says (selectors/feedback.py)."""

    annotation: Annotation
    is_replay: bool
    may_echo: bool


@dataclass(frozen=True)
class SubmittedAndNext:
    """An answer that is stored, and the next task, or why there is none (None: nothing for them now)."""

    submitted: Submitted
    next: LeasedTask | None
    refusal: DomainError | None


@dataclass(frozen=True)
class _Sent:
    """An answer on its way in."""

    annotator: Member
    lease_id: uuid.UUID
    reply: Reply
    fingerprint: str
    submission_id: uuid.UUID
    seconds_spent: float | None
    source: str


def submit_annotation(
    *, annotator: Member, lease_id: uuid.UUID, answer: Any, submission_id: uuid.UUID,
    seconds_spent: float | None = None, confidence: float | None = None, comment: str = "",
    clauses: Sequence[str] = (), source: str = Annotation.Source.WORKBENCH,
) -> Submitted:  # fmt: skip
    """Store an answer for a lease; sent again under its `submission_id` it returns what was stored then.

    An answer that comes after its time counts while nobody else has had the seat. One that comes too late is kept as
    the lease's draft and refused with LeaseExpired (RoundClosed, AnnotatorPaused ... likewise); what does not fit the
    version that the lease names is InvalidAnswer and changes nothing. Call it outside of a transaction: what is
    refused must still be kept.
    """
    reply = Reply(answer, confidence, comment, tuple(clauses))
    sent = _Sent(annotator, lease_id, reply, reply.fingerprint(), submission_id, seconds_spent, source)
    return _submit(sent, and_claim=False)[0]


def submit_and_claim(
    *, annotator: Member, lease_id: uuid.UUID, answer: Any, submission_id: uuid.UUID,
    seconds_spent: float | None = None, confidence: float | None = None, comment: str = "",
    clauses: Sequence[str] = (), source: str = Annotation.Source.WORKBENCH,
) -> SubmittedAndNext:  # fmt: skip
    """The same, and the next task with it, in one transaction if nobody has to be waited for.

    Once the answer is stored it stays so: that nothing can be handed out after it is no refusal of it.
    """
    reply = Reply(answer, confidence, comment, tuple(clauses))
    sent = _Sent(annotator, lease_id, reply, reply.fingerprint(), submission_id, seconds_spent, source)
    submitted, task = _submit(sent, and_claim=True)
    if task is not None:
        return SubmittedAndNext(submitted, task, None)
    try:
        return SubmittedAndNext(submitted, claim_next(annotator=annotator), None)
    except DomainError as error:
        return SubmittedAndNext(submitted, None, error)


def _submit(sent: _Sent, *, and_claim: bool) -> tuple[Submitted, LeasedTask | None]:
    try:
        return _store_or_keep(sent, and_claim=and_claim)
    except IntegrityError:  # somebody of the same cohort took a seat of the task in this moment: look again
        return _store_or_keep(sent, and_claim=and_claim)


def _store_or_keep(sent: _Sent, *, and_claim: bool) -> tuple[Submitted, LeasedTask | None]:
    annotator = sent.annotator
    with transaction.atomic():
        now, turn = write_as(annotator)
        seat = lock_seat(annotator, sent.lease_id, sent.submission_id)
        if seat.earlier_id is not None:
            earlier = Annotation.objects.get(pk=seat.earlier_id)
            return Submitted(replay_of(earlier, sent.fingerprint), True, turn.rules.teaches), None
        refusal = _refusal(turn, seat)
        if refusal is None:
            stored = _store(_row(sent, seat, now), turn, seat)
            rest = replace(turn, holds_any=seat.holds_another)
            submitted = Submitted(stored, False, turn.rules.teaches)
            return submitted, fast_claim(annotator, rest) if and_claim else None
        if not isinstance(refusal, AlreadyAnswered):
            check_draft(sent.reply.answer)
            keep_draft(seat, sent.reply.answer)
    raise refusal


def _refusal(turn: Turn, seat: SeatOfLease) -> DomainError | None:
    if seat.ending == Lease.Ending.SUBMITTED:
        return AlreadyAnswered()
    if turn.refusal is not None:
        return turn.refusal
    if seat.round_state == Round.State.CLOSED:
        return RoundClosed()
    if seat.is_held or (seat.is_free_again and not is_taken_from(turn, seat)):
        return None
    return LeaseExpired()


def _row(sent: _Sent, seat: SeatOfLease, now: datetime) -> Annotation:
    reply = sent.reply
    return Annotation(
        project_id=sent.annotator.project_id, round_id=seat.round_id, item_id=seat.item_id,
        annotator_id=sent.annotator.pk, annotator_kind=Member.Kind.HUMAN, assignment_id=seat.seat_id,
        lease_id=seat.lease_id, revision=seat.revisions + 1, submission_id=sent.submission_id,
        occurrence=2 if seat.purpose == Assignment.Purpose.REPEAT else 1, answer_sha256=sent.fingerprint,
        answer=checked_answer(
            reply, version_id=seat.version_id, version_sha256=seat.version_sha256, item_id=seat.item_id
        ),
        guideline_version_id=seat.version_id, confidence=reply.confidence, comment=reply.comment,
        clauses=list(reply.clauses), labeled_at=now, created_at=now, source=sent.source,
        seconds_spent=believable_seconds(sent.seconds_spent, seat.granted_at, now),
    )  # fmt: skip


# The task is locked: whoever answers its last seat sees that the others are answered, and only they close it. Tasks of
# one's own round stay open for whoever comes. A seat that was given back and is answered late is theirs again.
_STORE = Prepared(
    "concord_store_answer",
    f"""
    WITH answered AS (
        UPDATE annotation_assignment
        SET state = 'submitted', annotator_id = %(annotator_id)s, annotator_kind = 'human', leased_until = NULL,
            is_ahead = false, cohort = {COHORT_OF_HOLDER.replace("%(annotator)s", "%(annotator_id)s")}
        WHERE id = %(assignment_id)s
    ), ended AS (
        UPDATE annotation_lease
        SET ended_at = %(created_at)s, ending = 'submitted', draft = NULL, draft_saved_at = NULL
        WHERE id = %(lease_id)s
    ), done AS (
        UPDATE annotation_task SET state = 'done', desk_reason = ''
        WHERE id = %(task_id)s AND state IN ('open', 'needs_lead') AND NOT %(is_ones_own)s
          AND NOT EXISTS (SELECT 1 FROM annotation_assignment other
                          WHERE other.task_id = %(task_id)s AND other.id <> %(assignment_id)s
                            AND other.state IN ('open', 'leased', 'parked'))
    ), today AS (
        INSERT INTO annotation_queuememory AS memory (annotator_id, day, served, answered, gold, repeats)
        VALUES (%(annotator_id)s, %(day)s, 0, 1, 0, 0)
        ON CONFLICT (annotator_id) DO UPDATE SET
            day = EXCLUDED.day,
            answered = 1 + CASE WHEN memory.day = EXCLUDED.day THEN memory.answered ELSE 0 END,
            served = CASE WHEN memory.day = EXCLUDED.day THEN memory.served ELSE 0 END,
            gold = CASE WHEN memory.day = EXCLUDED.day THEN memory.gold ELSE 0 END,
            repeats = CASE WHEN memory.day = EXCLUDED.day THEN memory.repeats ELSE 0 END
    ), in_lane AS (
        INSERT INTO annotation_lanecount AS counted (project_id, annotator_id, lane, taken)
        SELECT project_id, %(annotator_id)s, lane, 1 FROM annotation_assignment
        WHERE id = %(assignment_id)s AND %(comes_back)s AND NOT %(is_ones_own)s
        ON CONFLICT (annotator_id, lane) DO UPDATE SET taken = counted.taken + 1
    )
    {INSERT_ANNOTATION}
    """,  # noqa: S608  (our own statement)
    COLUMN_TYPES | {"task_id": "bigint", "is_ones_own": "boolean", "comes_back": "boolean", "day": "date"},
)


def _store(annotation: Annotation, turn: Turn, seat: SeatOfLease) -> Annotation:
    """Annotation, seat, lease, task and counts in one statement; then what the answer means for the task's overlap."""
    values = column_values(annotation) | {
        "task_id": seat.task_id, "is_ones_own": seat.is_ones_own, "comes_back": not seat.is_held, "day": turn.today.day,
    }  # fmt: skip
    (annotation.pk,) = first_row(_STORE, values)
    annotation._state.adding, annotation._state.db = False, connection.alias
    if turn.rules.shared_per_pair and not seat.is_ones_own:
        record_meetings(turn.annotator_id, turn.project_id, seat.task_id)
    if turn.rules.stop_at_posterior is not None:
        settle_task(turn, seat)
    return annotation
