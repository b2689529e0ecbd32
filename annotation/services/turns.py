"""One annotator, one thing at a time: every service that touches a person's seats begins with `take_turn`.

It locks their member row. Two tabs, a retry storm, a pause and a removal thus stand in line; different people never
wait for each other here. Lock order everywhere: the guideline, the project's write lock, member, round, task, seat,
lease, the project's queue clock, counts of lanes and pairs.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from accounts.errors import DomainError
from annotation.models import Member, Project
from annotation.prepared import Prepared, first_row
from annotation.services.refusals import AnnotatorPaused, ModelsDoNotClaim, NotAnActiveMember, ProjectClosed
from annotation.services.write_lock import NAMESPACE


class Queue(NamedTuple):
    """How far the project's queue has come: what positions and the memory of "nothing" are compared with."""

    ticks: int
    openings: int
    version_id: int | None  # the newest published
    major: int | None
    is_behind: bool  # a round is still under an older major


class Rules(NamedTuple):
    """What the project asks of its queue, as far as a claim must know."""

    has_contracts: bool
    gold_rate: float
    repeat_rate: float
    max_per_day: int | None
    max_share: float | None
    prelabel_model: int | None
    prelabel_share: float
    shared_per_pair: int | None
    stop_at_posterior: float | None
    asks_qualification: bool
    qualifies_anew: bool
    gold_round: int | None
    teaches: bool  # an answer may be followed by what the gold says, or end an attempt to qualify


FIRST_RANK, LAST_RANK = -(2**31), 2**31 - 1
LAST_SEAT = 2**63 - 1


class Start(NamedTuple):
    """Where in the order of the queue a search begins: see QueuePosition."""

    rank: int = FIRST_RANK
    seat: int = 0
    late: int = 0

    @property
    def is_at_the_end(self) -> bool:
        """Everything before it was searched once, waiting for locks, and was not for them."""
        return self.rank == LAST_RANK


class Today(NamedTuple):
    """What one annotator was given today, in the project's time zone."""

    day: date
    served: int
    gold: int
    repeats: int
    answered: int


@dataclass(frozen=True)
class Turn:
    """An annotator, and what their project says, while we hold their row; `refusal`: why they may not work now."""

    annotator_id: int
    project_id: int
    status: str
    allows_amend: bool
    guideline_id: int
    lease_seconds: int
    qualified_major: int | None
    holds_any: bool
    refusal: DomainError | None
    queue: Queue
    rules: Rules
    today: Today
    start: Start
    knows_nothing_is_left: bool
    to_acknowledge: str | None  # the number of the version that they must prove before they are given another item

    @property
    def must_qualify(self) -> bool:
        """The project wants proof first, and there is none, or none for the present meaning of the guideline."""
        if not self.rules.asks_qualification:
            return False
        if self.qualified_major is None:
            return True
        return self.rules.qualifies_anew and self.qualified_major < (self.queue.major or 0)


def take_turn(annotator: Member) -> Turn:
    """Lock the annotator until the transaction ends; raises for who may not work. One query."""
    turn = lock_annotator(annotator)
    if turn.refusal is not None:
        raise turn.refusal
    return turn


_TURN = """
    SELECT {time}, member.kind, member.is_active AND coalesce(person.is_active, false), member.paused_at IS NOT NULL,
           project.status, project.allows_amend, project.guideline_id, project.lease_seconds, member.qualified_major,
           {holds},
           coalesce(clock.ticks, 1),
           (SELECT coalesce(sum(openings), 0)::bigint FROM annotation_round WHERE project_id = project.id),
           newest.id, newest.major,
           EXISTS (SELECT 1 FROM annotation_round round WHERE round.project_id = project.id
                   AND round.kind IN ('initial', 'relabel') AND round.state = 'open'
                   AND round.major IS DISTINCT FROM newest.major),
           EXISTS (SELECT 1 FROM annotation_slicecontract contract
                   WHERE contract.project_id = project.id AND contract.is_active),
           project.gold_rate, coalesce(routing.repeat_rate, 0), routing.max_per_day, routing.max_share,
           routing.prelabel_model_id, coalesce(routing.prelabel_share, 0),
           (project.overlap ->> 'shared_per_pair')::integer,
           (project.overlap #>> '{{adaptive,stop_at_posterior}}')::float8,
           coalesce(qualification.is_required, false), coalesce(qualification.again_after_major, false),
           (SELECT id FROM annotation_round WHERE project_id = project.id AND key = 'gold'),
           coalesce(routing.gold_mode = 'teaching', false) OR qualification.project_id IS NOT NULL,
           (clock_timestamp() AT TIME ZONE coalesce(routing.time_zone, 'UTC'))::date,
           memory.day, memory.served, memory.gold, memory.repeats, memory.answered,
           position.rank, position.seat, position.late, position.openings,
           memory.empty_ticks, memory.empty_openings,
           (SELECT version.major || '.' || version.minor
            FROM (SELECT request.version_id FROM guidelines_acknowledgementrequest request
                  WHERE request.guideline_id = project.guideline_id ORDER BY request.version_id DESC LIMIT 1) asked
            JOIN guidelines_guidelineversion version ON version.id = asked.version_id
            WHERE NOT EXISTS (SELECT 1 FROM guidelines_acknowledgement own
                              WHERE own.request_id = asked.version_id AND own.user_id = member.user_id
                                AND (own.passed_at IS NOT NULL OR own.waived_at IS NOT NULL)))
    FROM {first}annotation_member member
    JOIN annotation_project project ON project.id = member.project_id
    LEFT JOIN accounts_user person ON person.id = member.user_id
    LEFT JOIN annotation_routing routing ON routing.project_id = project.id
    LEFT JOIN annotation_qualification qualification ON qualification.project_id = project.id
    LEFT JOIN annotation_queueclock clock ON clock.project_id = project.id
    LEFT JOIN annotation_queuememory memory ON memory.annotator_id = member.id
    LEFT JOIN annotation_queueposition position ON position.annotator_id = member.id AND position.lane = 0
    LEFT JOIN LATERAL (SELECT id, major FROM guidelines_guidelineversion version
                       WHERE version.guideline_id = project.guideline_id ORDER BY sequence DESC LIMIT 1) newest ON true
    WHERE member.id = %(annotator)s
    FOR NO KEY UPDATE OF member
"""


def holds_any(*, project: str, annotator: str, but: str = "0") -> str:
    """SQL that is true while an annotator holds a lease, or one ahead, other than that of the seat `but`.

    Asked of the two unique indexes of leased seats: by that of the tasks it would read all that they ever did.
    """
    one = (
        f"EXISTS (SELECT 1 FROM annotation_assignment held WHERE held.project_id = {project} "  # noqa: S608
        f"AND held.annotator_id = {annotator} AND held.state = 'leased' AND {{}} AND held.id <> {but} OFFSET 0)"
    )
    return " OR ".join(one.format(is_ahead) for is_ahead in ("NOT held.is_ahead", "held.is_ahead"))


_LOCK = Prepared(
    "concord_lock_annotator",
    _TURN.format(time="NULL", holds=holds_any(project="project.id", annotator="member.id"), first=""),
    {"annotator": "bigint"},
)
# The project's write lock and the time after it (write_lock.py) in the same statement: the clock is read for the row
# that the lock has given.
_WRITE = Prepared(
    "concord_write_as_annotator",
    "WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(%(namespace)s, %(project)s))"
    + _TURN.format(time="clock_timestamp()", holds="false", first="held CROSS JOIN "),
    {"annotator": "bigint", "namespace": "integer", "project": "integer"},
)


def write_as(annotator: Member) -> tuple[datetime, Turn]:
    """Hold the project's write lock and the annotator; the database's time after that, and their turn. One query.

    Raises nothing: an answer that came late is looked at before its author is refused.
    """
    now, *row = first_row(
        _WRITE, {"annotator": annotator.pk, "namespace": NAMESPACE, "project": annotator.project_id}
    )  # fmt: skip
    return now, _turn(annotator, row)


def lock_annotator(annotator: Member) -> Turn:
    """The same as `take_turn` without raising."""
    _, *row = first_row(_LOCK, {"annotator": annotator.pk})
    return _turn(annotator, row)


def _turn(annotator: Member, row: list[Any]) -> Turn:
    kind, is_active, is_paused, status, allows_amend, guideline_id, lease_seconds, qualified_major, holds_any = row[:9]
    queue, rules, day = Queue(*row[9:14]), Rules(*row[14:27]), row[27]
    counted_day, *counts = row[28:33]
    *position, empty_ticks, empty_openings, to_acknowledge = row[33:]
    return Turn(
        annotator.pk, annotator.project_id, status, allows_amend, guideline_id, lease_seconds, qualified_major,
        holds_any, _refusal(kind, is_active, is_paused, status), queue, rules,
        Today(day, *counts) if counted_day == day else Today(day, 0, 0, 0, 0), start_at(queue.openings, *position),
        (empty_ticks, empty_openings) == (queue.ticks, queue.openings) and not queue.is_behind, to_acknowledge,
    )  # fmt: skip


def start_at(openings: int, rank: int | None, seat: int | None, late: int | None, taken_at: int | None) -> Start:
    """The position left by the last claim, or the beginning when seats were opened in bulk since."""
    if rank is None or seat is None or late is None or taken_at != openings:
        return Start()
    return Start(rank, seat, late)


def _refusal(kind: str, is_active: bool, is_paused: bool, status: str) -> DomainError | None:
    if kind != Member.Kind.HUMAN:
        return ModelsDoNotClaim()
    if not is_active:
        return NotAnActiveMember()
    if is_paused:
        return AnnotatorPaused()
    return ProjectClosed() if status == Project.Status.CLOSED else None
