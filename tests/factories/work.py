"""What annotators do, in one word each: for tests of what follows from it."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from annotation.models import Annotation, Assignment, Lease, Member
from annotation.selectors.work import LeasedTask
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation


def claimed(member: Member) -> LeasedTask:
    """The next task; there must be one."""
    task = claim_next(annotator=member)
    assert task is not None
    return task


def answer(member: Member, task: LeasedTask, intent: str = "refund", **more: Any) -> Annotation:
    return submit_annotation(
        annotator=member, lease_id=task.lease.id, answer={"intent": intent} | more, submission_id=uuid.uuid4()
    ).annotation


def label(member: Member, intent: str = "refund") -> Lease:
    """Claim and answer; returns the lease with its reason."""
    task = claimed(member)
    answer(member, task, intent)
    return Lease.objects.get(pk=task.lease.id)


def label_all(member: Member, intent: str = "refund") -> list[Lease]:
    """Until nothing is left for them."""
    leases = []
    while (task := claim_next(annotator=member)) is not None:
        answer(member, task, intent)
        leases.append(Lease.objects.select_related("assignment__task__item").get(pk=task.lease.id))
    return leases


def let_run_out(task: LeasedTask) -> None:
    """Unless it has been ended meanwhile: one statement over one table, which looks again after a lock."""
    seat_id = Lease.objects.values_list("assignment_id", flat=True).get(pk=task.lease.id)
    held = Assignment.objects.filter(pk=seat_id, state="leased")
    held.update(leased_until=timezone.now() - timedelta(seconds=1))


def names(leases: list[Lease]) -> list[str]:
    return [lease.assignment.task.item.external_id for lease in leases]
