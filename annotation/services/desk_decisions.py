"""What the lead decides about a task that waits on the desk: ask everybody again, or leave it as it is."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import NotFound
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Assignment, DeskNote, Lease, Project, Round, Skip, Task
from annotation.services.clock import tick
from annotation.services.desk import checked_note, give_back
from annotation.services.leases import free_seats
from annotation.services.refusals import RoundClosed, TaskNotWaiting
from annotation.services.statements import rows_changed


def reopen_task(*, actor: User, project: Project, task_id: int) -> Task:
    """Hand it out again to everybody, also to who skipped it, as if nobody had let it go.

    Where all its labels are given and still differ, one person more is asked. TaskNotWaiting when it no longer waits.
    """
    with transaction.atomic():
        task = _waiting(project, task_id)
        if task.round.state == Round.State.CLOSED:
            raise RoundClosed
        n_skips, _ = Skip.objects.filter(task=task).delete()
        has_seats_left = task.assignments.filter(state__in=["open", "leased", "parked"]).exists()
        task.state, task.desk_reason, task.expiries = Task.State.OPEN, "", 0
        if not has_seats_left:
            task.overlap += 1
            task.most_labels = max(task.most_labels, task.overlap) if task.most_labels is not None else None
        task.save(update_fields=["state", "desk_reason", "expiries", "overlap", "most_labels"])
        _open_seats(task, adds_one=not has_seats_left)
        _record(actor, project, "task.reopened", task, {"skips": n_skips, "one_more": not has_seats_left})
    return task


def _waiting(project: Project, task_id: int) -> Task:
    """The task, locked; NotFound for another project's, TaskNotWaiting when somebody has decided meanwhile."""
    locked = Task.objects.select_for_update(no_key=True, of=("self",)).select_related("round", "item")
    task = locked.filter(project=project, pk=task_id).first()
    if task is None:
        raise NotFound
    if task.state != Task.State.NEEDS_LEAD:
        raise TaskNotWaiting
    seats = Assignment.objects.select_for_update(no_key=True).filter(task=task).order_by("rank", "pk")
    list(seats)
    return task


def _open_seats(task: Task, *, adds_one: bool) -> None:
    """Everybody's position in the queue may lie behind its seats: they come as late ones."""
    late = tick(task.project_id)
    if not adds_one:
        task.assignments.filter(state=Assignment.State.OPEN).update(late=late)
        return
    rows_changed(
        """
        INSERT INTO annotation_assignment (project_id, round_id, task_id, slot, state, rank, lane, epoch, purpose, late)
        SELECT project_id, round_id, task_id, max(slot) + 1, 'open', min(rank), min(lane), 0, 'adaptive', %s
        FROM annotation_assignment WHERE task_id = %s GROUP BY project_id, round_id, task_id
        """,
        [late, task.pk],
    )


def set_aside(*, actor: User, project: Project, task_id: int, reason: str) -> Task:
    """Ask nobody any more: it is done with the answers it has, which stay and count. What people hold of it ends with
    their drafts kept; questions about it are closed with the reason. A changed overlap does not bring it back."""
    words = checked_note(reason, path="reason")
    with transaction.atomic():
        task = _waiting(project, task_id)
        held = task.assignments.filter(state=Assignment.State.LEASED).values_list("pk", flat=True)
        free_seats(list(held), Lease.Ending.RELEASED)
        task.state, task.desk_reason, task.is_set_aside = Task.State.DONE, "", True
        task.save(update_fields=["state", "desk_reason", "is_set_aside"])
        _close_questions(actor, task, words)
        task.assignments.filter(state=Assignment.State.OPEN).update(
            state=Assignment.State.WITHDRAWN, reserved_for=None
        )  # fmt: skip
        n_answers = task.assignments.filter(state=Assignment.State.SUBMITTED).count()
        _record(actor, project, "task.set_aside", task, {"answers": n_answers})
    return task


def _close_questions(actor: User, task: Task, reply: str) -> None:
    parked = task.assignments.filter(state=Assignment.State.PARKED).values_list("annotator_id", flat=True)
    for annotator_id in list(parked):
        if annotator_id is not None:
            give_back(task.project_id, task.pk, annotator_id)
    open_parks = DeskNote.objects.filter(task=task, kind=DeskNote.Kind.PARK, closed_at=None)
    open_parks.update(reply=reply, closed_at=Now(), closed_by=actor)


def _record(actor: User, project: Project, action: str, task: Task, facts: dict[str, Any]) -> None:
    record_event(
        actor=actor, action=action, scope=f"project:{project.slug}", target=task.item.external_id,
        facts={"task": task.pk} | facts,
    )  # fmt: skip
