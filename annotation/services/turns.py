"""One annotator, one thing at a time: every service that touches a person's seats begins with `take_turn`.

It locks their member row. Two tabs, a retry storm, a pause and a removal thus stand in line; different people never
wait for each other here. Lock order everywhere: the project's write lock, member, round, task, seat, lease.
"""

from dataclasses import dataclass

from accounts.errors import DomainError
from annotation.models import Member, Project
from annotation.prepared import Prepared, first_row
from annotation.services.refusals import AnnotatorPaused, ModelsDoNotClaim, NotAnActiveMember, ProjectClosed

FIRST_RANK = -(2**31)


@dataclass(frozen=True)
class Start:
    """Where in the order of the queue a claim begins: see QueuePosition."""

    rank: int
    seat: int
    openings: int


@dataclass(frozen=True)
class Turn:
    """An annotator, and what their project says, while we hold their row; `refusal`: why they may not work now."""

    annotator_id: int
    project_id: int
    status: str
    allows_amend: bool
    guideline_id: int
    lease_seconds: int
    start: Start
    refusal: DomainError | None


def take_turn(annotator: Member) -> Turn:
    """Lock the annotator until the transaction ends; raises for who may not work. One query."""
    turn = lock_annotator(annotator)
    if turn.refusal is not None:
        raise turn.refusal
    return turn


_LOCK = Prepared(
    "concord_lock_annotator",
    """
    SELECT member.kind, member.is_active AND coalesce(person.is_active, false), member.paused_at IS NOT NULL,
           project.status, project.allows_amend, project.guideline_id, project.lease_seconds,
           position.rank, position.seat, position.openings,
           (SELECT coalesce(sum(openings), 0)::bigint FROM annotation_round WHERE project_id = project.id)
    FROM annotation_member member
    JOIN annotation_project project ON project.id = member.project_id
    LEFT JOIN accounts_user person ON person.id = member.user_id
    LEFT JOIN annotation_queueposition position ON position.annotator_id = member.id
    WHERE member.id = %(annotator)s
    FOR NO KEY UPDATE OF member
    """,
    {"annotator": "bigint"},
)


def lock_annotator(annotator: Member) -> Turn:
    """The same without raising: an answer that came late is looked at before its author is refused."""
    row = first_row(_LOCK, {"annotator": annotator.pk})
    kind, is_active, is_paused, status, allows_amend, guideline_id, lease_seconds, *position = row
    return Turn(
        annotator.pk, annotator.project_id, status, allows_amend, guideline_id, lease_seconds, _start(*position),
        _refusal(kind, is_active, is_paused, status),
    )  # fmt: skip


def _start(rank: int | None, seat: int | None, taken_at: int | None, openings: int) -> Start:
    """The position left by the last claim, or the beginning when seats were opened in bulk since."""
    if rank is None or seat is None or taken_at != openings:
        return Start(FIRST_RANK, 0, openings)
    return Start(rank, seat, openings)


def _refusal(kind: str, is_active: bool, is_paused: bool, status: str) -> DomainError | None:
    if kind != Member.Kind.HUMAN:
        return ModelsDoNotClaim()
    if not is_active:
        return NotAnActiveMember()
    if is_paused:
        return AnnotatorPaused()
    return ProjectClosed() if status == Project.Status.CLOSED else None
