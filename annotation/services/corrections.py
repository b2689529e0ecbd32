"""Second thoughts: a new revision of one's own answer, or taking the last one back. Old rows stay as they are."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.errors import NotFound
from annotation.models import Annotation, Assignment, Lease, Member, QueueMemory, Round, Task
from annotation.routing import Reason
from annotation.selectors.work import LeasedTask, current_task
from annotation.services.adaptive import settle_task
from annotation.services.answers import Reply, believable_seconds, checked_answer, replay_of
from annotation.services.leases import free_seats, lock_seat, lock_seats
from annotation.services.pairs import record_meetings
from annotation.services.refusals import AmendNotAllowed, NothingToUndo
from annotation.services.statements import rows_changed
from annotation.services.turns import Turn, take_turn
from annotation.services.write_lock import hold_for_writing

UNDO = Reason.UNDO.value


def amend_annotation(
    *, annotator: Member, annotation_id: uuid.UUID, answer: Any, submission_id: uuid.UUID,
    seconds_spent: float | None = None, confidence: float | None = None, comment: str = "",
    clauses: Sequence[str] = (), source: str = Annotation.Source.WORKBENCH,
) -> Annotation:  # fmt: skip
    """A new revision of one's own answer, in the same seat and under the version it was given under.

    Refused when the project does not allow it, the round is closed, the task was superseded by a new major version,
    or the answer named has been amended or taken back already. Sent again it returns the revision it made.
    """
    reply = Reply(answer, confidence, comment, tuple(clauses))
    fingerprint = reply.fingerprint()
    with transaction.atomic():
        now = hold_for_writing(annotator.project_id)
        turn = take_turn(annotator)
        old = _own_answer(annotator, annotation_id)
        earlier = Annotation.objects.filter(annotator_id=annotator.pk, submission_id=submission_id).first()
        if earlier is not None:
            return replay_of(earlier, fingerprint)
        if old.superseded_at is not None or not _may_correct(turn, old):
            raise AmendNotAllowed
        now = max(now, old.created_at)  # the answer may have been stored while this waited for its turn
        Annotation.objects.filter(pk=old.pk).update(superseded_at=now)
        amended = Annotation.objects.create(
            project_id=old.project_id, round_id=old.round_id, item_id=old.item_id, annotator_id=annotator.pk,
            annotator_kind=old.annotator_kind, assignment_id=old.assignment_id, lease_id=old.lease_id,
            revision=old.revision + 1, submission_id=submission_id, answer_sha256=fingerprint,
            answer=_checked(reply, old), guideline_version_id=old.guideline_version_id, source=source,
            seconds_spent=believable_seconds(seconds_spent, old.created_at, now), confidence=confidence,
            comment=comment, clauses=list(reply.clauses), labeled_at=now, created_at=now, occurrence=old.occurrence,
        )  # fmt: skip
        if turn.rules.stop_at_posterior is not None and old.lease_id is not None:
            settle_task(turn, lock_seat(annotator, old.lease_id))
    return amended


def _own_answer(annotator: Member, annotation_id: uuid.UUID) -> Annotation:
    mine = Annotation.objects.filter(annotator_id=annotator.pk, assignment__isnull=False)
    old = mine.select_related("assignment__task", "round").filter(public_id=annotation_id).first()
    if old is None:
        raise NotFound
    return old


def _may_correct(turn: Turn, old: Annotation) -> bool:
    seat = old.assignment
    is_current = seat is not None and seat.task.state != Task.State.SUPERSEDED
    return turn.allows_amend and is_current and old.round.state != Round.State.CLOSED


def _checked(reply: Reply, old: Annotation) -> dict[str, Any]:
    version = old.guideline_version
    if version is None:
        raise AmendNotAllowed
    return checked_answer(reply, version_id=version.pk, version_sha256=version.sha256, item_id=old.item_id)


def undo_last_submission(*, annotator: Member) -> LeasedTask:
    """Take back the last answer: its seat is leased to the same person again, with the answer as the draft.

    One step, while answers may be amended. What they hold meanwhile is given back with its draft kept. A second call
    returns the lease that the first one made.
    """
    with transaction.atomic():
        now = hold_for_writing(annotator.project_id)
        turn = take_turn(annotator)
        last = _last_answer(annotator)
        if last is None or (last.superseded_at is None and not _may_correct(turn, last)):
            raise NothingToUndo
        if last.superseded_at is None:
            _take_back(turn, last, now)
        shown = current_task(annotator)
    if shown is None or not _is_undo_of(last, shown):
        raise NothingToUndo
    return shown


def _is_undo_of(last: Annotation, shown: LeasedTask) -> bool:
    return Lease.objects.filter(pk=shown.lease.id, reason=UNDO, assignment=last.assignment).exists()


def _last_answer(annotator: Member) -> Annotation | None:
    mine = Annotation.objects.filter(annotator_id=annotator.pk, assignment__isnull=False)
    return mine.select_related("assignment__task", "round").order_by("-id").first()


def _take_back(turn: Turn, last: Annotation, now: datetime) -> None:
    held = _lock_seats(turn, last)
    free_seats(held, Lease.Ending.RELEASED)
    Annotation.objects.filter(pk=last.pk).update(superseded_at=max(now, last.created_at))
    Lease.objects.filter(assignment=last.assignment, ending=Lease.Ending.SUBMITTED).update(ending=Lease.Ending.UNDONE)
    QueueMemory.objects.filter(annotator_id=turn.annotator_id, day=turn.today.day, answered__gt=0).update(
        answered=F("answered") - 1
    )
    if turn.rules.shared_per_pair and last.round.kind in Round.QUEUED and last.assignment is not None:
        record_meetings(turn.annotator_id, turn.project_id, last.assignment.task_id, by=-1)
    values = {
        "seat": last.assignment_id, "old_lease": last.lease_id, "lease": uuid.uuid4(), "answer": last.pk,
        "lease_seconds": turn.lease_seconds, "reason": UNDO,
    }  # fmt: skip
    rows_changed(_LEASE_AGAIN, values)


def _lock_seats(turn: Turn, last: Annotation) -> list[int]:
    """Lock the seat of the answer and the one held now, with their tasks; returns the one held."""
    both = "(seat.id = %s OR (seat.project_id = %s AND seat.annotator_id = %s AND seat.state = 'leased'))"
    locked = lock_seats(both, [last.assignment_id, turn.project_id, turn.annotator_id])
    return [seat_id for seat_id, state in locked if state == Assignment.State.LEASED]


_LEASE_AGAIN = """
    WITH seat AS (
        UPDATE annotation_assignment SET
            state = 'leased', epoch = epoch + 1,
            leased_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
        WHERE id = %(seat)s RETURNING id, task_id, epoch
    ), task AS (
        UPDATE annotation_task SET state = 'open' FROM seat
        WHERE annotation_task.id = seat.task_id AND annotation_task.state = 'done'
    )
    INSERT INTO annotation_lease (id, project_id, assignment_id, annotator_id, epoch, guideline_version_id, reason,
                                  item_sha256, granted_at, draft, draft_saved_at)
    SELECT %(lease)s, old.project_id, seat.id, old.annotator_id, seat.epoch, old.guideline_version_id, %(reason)s,
           old.item_sha256, clock_timestamp(), answer.answer, clock_timestamp()
    FROM seat
    JOIN annotation_lease old ON old.id = %(old_lease)s
    JOIN annotation_annotation answer ON answer.id = %(answer)s
"""
