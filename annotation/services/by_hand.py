"""The queue by hand: a seat kept for one person, given back to everybody, or taken out of somebody's hands."""

import uuid

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.errors import FieldError, InvalidInput, NotFound
from accounts.models import User
from accounts.permissions import Capability, role_allows
from accounts.services.audit import record_event
from annotation.models import Assignment, Item, Lease, Member, Project, Round, Skip, SliceContract, Task
from annotation.services.by_hand_refusals import (
    AlreadyInTask,
    CannotLabelHere,
    NobodyHoldsIt,
    NoSeatOpen,
    RoundIsAmbiguous,
    SeatIsTaken,
    SkippedByThem,
    TaskIsOver,
)
from annotation.services.clock import tick
from annotation.services.leases import free_seats, lock_seat
from annotation.services.statements import rows_changed

OPEN_TO_WORK = (Task.State.OPEN, Task.State.NEEDS_LEAD)


def assign_item(
    *, actor: User, project: Project, external_id: str, annotator: Member, round: str | None = None
) -> Assignment:
    """Keep one open seat of the item's task for a person, who gets it before anything else. Twice is once.

    Without a round: of the one in which the item is open. Refuses an item that is unknown or waits for nobody, a
    person who cannot label here, sits in the task already or has skipped it, and a task without an open seat.
    """
    with transaction.atomic():
        _lock_who_can_label(annotator)
        task = _lock_task(_open_task(project, external_id, round).pk)
        seat = _reserved_already(task, annotator)
        if seat is None:
            seat = _seat_for(task, annotator)
            _record(actor, project, "item.assigned", external_id, seat, annotator)
            seat.reserved_for, seat.late = annotator, tick(project.pk)
            seat.save(update_fields=["reserved_for", "late"])
    return seat


def unassign(*, actor: User, project: Project, seat_id: int) -> None:
    """Let everybody have a reserved seat again. NotFound for one that is not reserved, SeatIsTaken once it is held."""
    found = Assignment.objects.filter(pk=seat_id, project=project).first()
    if found is None:
        raise NotFound
    with transaction.atomic():
        task = _lock_task(found.task_id)
        seat = Assignment.objects.select_for_update(no_key=True, of=("self",)).select_related("reserved_for").get(
            pk=seat_id
        )  # fmt: skip
        if seat.reserved_for is None:
            raise NotFound
        if seat.state != Assignment.State.OPEN:
            raise SeatIsTaken
        _record(actor, project, "item.unassigned", task.item.external_id, seat, seat.reserved_for)
        seat.reserved_for, seat.late = None, tick(project.pk)
        seat.save(update_fields=["reserved_for", "late"])


def release_lease_by_hand(*, actor: User, project: Project, lease_id: uuid.UUID) -> bool:
    """Put what somebody holds back into the queue, its draft kept for them; False if they no longer held it.

    What they submit after that counts while nobody else has the seat, as after a lease that ran out. NobodyHoldsIt
    for an answer that is parked: the lead's desk decides of it.
    """
    lease = Lease.objects.select_related("annotator", "assignment__task__item").filter(
        pk=lease_id, project=project
    ).first()  # fmt: skip
    if lease is None:
        raise NotFound
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=lease.annotator_id)
        seat = lock_seat(lease.annotator, lease_id)
        if seat.ending == Lease.Ending.PARKED and seat.seat_state == Assignment.State.PARKED:
            raise NobodyHoldsIt
        if not seat.is_held:
            return False
        external_id = lease.assignment.task.item.external_id
        _record(actor, project, "lease.released", external_id, lease.assignment, lease.annotator)
        free_seats([seat.seat_id], Lease.Ending.RELEASED)
    return True


def clear_reservations_of_absent(limit: int = 500) -> int:
    """Give to everybody what was kept for people who are paused, have left or cannot sign in; returns how many seats.

    Passes over what is locked; the next sweep comes to it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_KEPT_FOR_ABSENT, [limit])
        seats = cursor.fetchall()
        return sum(_give_to_all(project_id, seats) for project_id in sorted({project_id for _, project_id in seats}))


_KEPT_FOR_ABSENT = """
    SELECT seat.id, seat.project_id FROM annotation_assignment seat
    JOIN annotation_task task ON task.id = seat.task_id
    JOIN annotation_member member ON member.id = seat.reserved_for_id
    LEFT JOIN accounts_user person ON person.id = member.user_id
    WHERE seat.state = 'open' AND seat.reserved_for_id IS NOT NULL
      AND NOT (member.is_active AND coalesce(person.is_active, false) AND member.paused_at IS NULL)
    ORDER BY seat.task_id, seat.rank, seat.id LIMIT %s FOR NO KEY UPDATE OF task, seat SKIP LOCKED
"""


def _give_to_all(project_id: int, seats: list[tuple[int, int]]) -> int:
    return rows_changed(
        "UPDATE annotation_assignment SET reserved_for_id = NULL, late = %s WHERE id = ANY(%s) AND state = 'open'",
        [tick(project_id), [seat_id for seat_id, of in seats if of == project_id]],
    )


def _lock_who_can_label(annotator: Member) -> None:
    """Their row first, as everywhere: a pause or removal is seen, or waits."""
    person = Member.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=annotator.pk)
    name = person.name
    if person.kind == Member.Kind.MODEL:
        raise CannotLabelHere(f"{name} is a model; models hold no seats, their predictions are imported.")
    if person.user is None:
        raise CannotLabelHere(f"{name} was brought in with labels made elsewhere and cannot sign in.")
    if not (person.is_active and person.user.is_active):
        raise CannotLabelHere(f"{name} is no longer in this project.")
    if person.paused_at is not None:
        raise CannotLabelHere(f"{name} is paused; resume them first.")
    if not role_allows(person.role, Capability.LABEL):
        raise CannotLabelHere(f"{name} is here as {person.get_role_display().lower()} and does not label.")


def _open_task(project: Project, external_id: str, round: str | None) -> Task:
    """The task to work on now, as it was a moment ago: it is looked at again under its lock."""
    item = None if "\x00" in external_id else Item.objects.filter(project=project, external_id=external_id).first()
    if item is None:
        raise InvalidInput(errors=[FieldError("external_id", "unknown", "This project has no item of that name.")])
    tasks = list(_current_tasks(item).filter(**({} if round is None else {"round__key": round})))
    if not tasks:
        where = "" if round is None else f" in the round {round}"
        raise TaskIsOver(f"{external_id} is not in the queue{where}: nothing of it is open there.")
    open_ones = [task for task in tasks if task.state in OPEN_TO_WORK]
    if not open_ones:
        raise TaskIsOver(f"{external_id} is done: all labels asked for are given.")
    if len(open_ones) > 1:
        keys = ", ".join(task.round.key for task in open_ones)
        raise RoundIsAmbiguous(f"{external_id} is open in several rounds; name one of: {keys}.")
    return open_ones[0]


def _current_tasks(item: Item) -> QuerySet[Task]:
    queued = Task.objects.filter(item=item, round__kind__in=Round.QUEUED).exclude(round__state=Round.State.CLOSED)
    return queued.exclude(state=Task.State.SUPERSEDED).select_related("round").order_by("round_id", "-major")


def _lock_task(task_id: int) -> Task:
    return Task.objects.select_for_update(no_key=True, of=("self",)).select_related("item").get(pk=task_id)


def _reserved_already(task: Task, annotator: Member) -> Assignment | None:
    return Assignment.objects.filter(task=task, reserved_for=annotator, state=Assignment.State.OPEN).first()


def _seat_for(task: Task, annotator: Member) -> Assignment:
    """An open seat that is nobody's, locked. Seats for one person of each cohort come last."""
    _refuse_who_met_it(task, annotator)
    if task.state not in OPEN_TO_WORK:
        raise TaskIsOver
    seats = list(Assignment.objects.select_for_update(no_key=True).filter(task=task).order_by("rank", "id"))
    free = [seat for seat in seats if seat.state == Assignment.State.OPEN and seat.reserved_for_id is None]
    if not free:
        raise NoSeatOpen(_where_seats_are(seats))
    fitting = [seat for seat in free if not seat.needs_cohort] or _seats_of_their_cohort(free, seats, annotator)
    if not fitting:
        raise NoSeatOpen(f"The open seats are for another cohort than {annotator.name}'s.")
    return fitting[0]


def _refuse_who_met_it(task: Task, annotator: Member) -> None:
    theirs = Assignment.objects.filter(task=task, annotator=annotator).first()
    if theirs is not None:
        what = {"leased": "holds it now", "submitted": "has answered it", "parked": "has parked it for the lead"}
        raise AlreadyInTask(f"{annotator.name} {what.get(theirs.state, 'has had it')}.")
    if Skip.objects.filter(task=task, annotator=annotator).exists():
        raise SkippedByThem(f"{annotator.name} has skipped this item; it is not offered to them again.")


def _seats_of_their_cohort(free: list[Assignment], seats: list[Assignment], annotator: Member) -> list[Assignment]:
    """Seats whose lane wants different cohorts on an item, while nobody of theirs sits in one."""
    contract = SliceContract.objects.filter(project_id=annotator.project_id, number=free[0].lane).first()
    value = str(annotator.cohorts.get(contract.cohort_key, "")) if contract else ""
    is_there = any(seat.needs_cohort and seat.cohort == value for seat in seats)
    return free if value and not is_there else []


def _where_seats_are(seats: list[Assignment]) -> str:
    states = [seat.state for seat in seats]
    reserved = sum(seat.reserved_for_id is not None and seat.state == Assignment.State.OPEN for seat in seats)
    counts = {
        "answered": states.count("submitted"), "held": states.count("leased"), "parked": states.count("parked"),
        "reserved": reserved,
    }  # fmt: skip
    told = ", ".join(f"{n} {word}" for word, n in counts.items() if n)
    wanted = len(states) - states.count("withdrawn")
    return f"No seat of this item is open: of {wanted}, {told}." if told else NoSeatOpen.sentence


def _record(
    actor: User, project: Project, action: str, external_id: str, seat: Assignment, annotator: Member
) -> None:  # fmt: skip
    record_event(
        actor=actor, action=action, scope=f"project:{project.slug}", target=external_id,
        facts={"seat": seat.pk, "annotator": annotator.pk},
    )  # fmt: skip
