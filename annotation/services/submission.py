"""Taking an answer: stored once, for the seat that was leased, under the version that was shown, or not at all."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.errors import DomainError
from annotation.models import Annotation, Assignment, Lease, Member, Round
from annotation.prepared import Prepared, first_row
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
from annotation.services.leases import SeatOfLease, check_draft, keep_draft, lock_seat
from annotation.services.refusals import AlreadyAnswered, LeaseExpired, RoundClosed
from annotation.services.turns import Turn, lock_annotator
from annotation.services.write_lock import hold_for_writing

__all__ = ["Submitted", "amend_annotation", "submit_annotation", "undo_last_submission"]


@dataclass(frozen=True)
class Submitted:
    annotation: Annotation
    is_replay: bool


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
    fingerprint = reply.fingerprint()
    with transaction.atomic():
        now = hold_for_writing(annotator.project_id)
        turn = lock_annotator(annotator)
        seat = lock_seat(annotator, lease_id, submission_id)
        if seat.earlier_id is not None:
            return Submitted(replay_of(Annotation.objects.get(pk=seat.earlier_id), fingerprint), is_replay=True)
        refusal = _refusal(turn, seat)
        if refusal is None:
            row = _row(annotator, seat, reply, submission_id, fingerprint, now)
            row.seconds_spent, row.source = believable_seconds(seconds_spent, seat.granted_at, now), source
            return Submitted(_store(row, seat), is_replay=False)
        if not isinstance(refusal, AlreadyAnswered):
            check_draft(answer)
            keep_draft(seat, answer)
    raise refusal


def _refusal(turn: Turn, seat: SeatOfLease) -> DomainError | None:
    if seat.ending == Lease.Ending.SUBMITTED:
        return AlreadyAnswered()
    if turn.refusal is not None:
        return turn.refusal
    if seat.round_state != Round.State.OPEN:
        return RoundClosed()
    if seat.is_held or (seat.is_free_again and not _sits_in_task(turn, seat)):
        return None
    return LeaseExpired()


def _sits_in_task(turn: Turn, seat: SeatOfLease) -> bool:
    """They took another seat of the same task after this one was given back."""
    return Assignment.objects.filter(task_id=seat.task_id, annotator_id=turn.annotator_id).exists()


def _row(
    annotator: Member, seat: SeatOfLease, reply: Reply, submission_id: uuid.UUID, fingerprint: str, now: datetime
) -> Annotation:
    return Annotation(
        project_id=annotator.project_id, round_id=seat.round_id, item_id=seat.item_id, annotator_id=annotator.pk,
        annotator_kind=Member.Kind.HUMAN, assignment_id=seat.seat_id, lease_id=seat.lease_id,
        revision=seat.revisions + 1, submission_id=submission_id, answer_sha256=fingerprint,
        answer=checked_answer(
            reply, version_id=seat.version_id, version_sha256=seat.version_sha256, item_id=seat.item_id
        ),
        guideline_version_id=seat.version_id, confidence=reply.confidence, comment=reply.comment,
        clauses=list(reply.clauses), labeled_at=now, created_at=now,
    )  # fmt: skip


# The task is locked: whoever answers its last seat sees that the others are answered, and only they close it.
_STORE = Prepared(
    "concord_store_answer",
    f"""
    WITH answered AS (
        UPDATE annotation_assignment
        SET state = 'submitted', annotator_id = %(annotator_id)s, annotator_kind = 'human', leased_until = NULL
        WHERE id = %(assignment_id)s
    ), ended AS (
        UPDATE annotation_lease
        SET ended_at = %(created_at)s, ending = 'submitted', draft = NULL, draft_saved_at = NULL
        WHERE id = %(lease_id)s
    ), done AS (
        UPDATE annotation_task SET state = 'done'
        WHERE id = %(task_id)s AND state IN ('open', 'needs_lead')
          AND NOT EXISTS (SELECT 1 FROM annotation_assignment other
                          WHERE other.task_id = %(task_id)s AND other.id <> %(assignment_id)s
                            AND other.state IN ('open', 'leased'))
    )
    {INSERT_ANNOTATION}
    """,  # noqa: S608  (our own statement)
    COLUMN_TYPES | {"task_id": "bigint"},
)


def _store(annotation: Annotation, seat: SeatOfLease) -> Annotation:
    """Annotation, seat, lease and task in one statement."""
    (annotation.pk,) = first_row(_STORE, column_values(annotation) | {"task_id": seat.task_id})
    annotation._state.adding, annotation._state.db = False, connection.alias
    return annotation
