"""Finding the one open seat that is next for somebody, and locking it: the statements of a claim's first half.

`SKIP LOCKED` lets fifty people search at once, each finding another seat; because it also passes over seats that are
locked for a moment and freed again, an empty result is not believed before a search that waits for locks.
"""

import json
from typing import Any

from django.db import connection

from annotation.prepared import Prepared, first_row
from annotation.routing import EVERYTHING, REST, URGENT, Contract, Found, Step, steps
from annotation.services.turns import LAST_RANK, LAST_SEAT, Start, Turn, start_at

# What a person may take. The searches are fenced by OFFSET 0: PostgreSQL then probes an index for each seat in the
# order of the queue, instead of joining everything a busy annotator ever did for the sake of one row. "+ 0": by the
# index of the task, which has few seats, never by that of the annotator, who may have a hundred thousand.
_FOR_THEM = """
    open.project_id = %(project)s AND open.state = 'open' AND open.reserved_for_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM annotation_assignment mine
                    WHERE mine.task_id = open.task_id AND mine.annotator_id + 0 = %(annotator)s OFFSET 0)
    AND NOT EXISTS (SELECT 1 FROM annotation_skip skipped
                    WHERE skipped.task_id = open.task_id AND skipped.annotator_id + 0 = %(annotator)s OFFSET 0)
    AND EXISTS (SELECT 1 FROM annotation_task task JOIN annotation_round round ON round.id = task.round_id
                WHERE task.id = open.task_id AND round.state = 'open' AND task.major = %(major)s
                  AND (task.state = 'open' OR (task.state = 'needs_lead' AND task.desk_reason = 'skipped'))
                  AND NOT EXISTS (SELECT 1 FROM annotation_task asked
                                  JOIN annotation_assignment seat ON seat.task_id = asked.id
                                  WHERE asked.item_id = task.item_id AND asked.round_id = %(gold_round)s
                                    AND seat.annotator_id + 0 = %(annotator)s OFFSET 0)
                OFFSET 0)
"""
# A seat for a cohort that the task lacks: theirs must be known and must not sit in another such seat.
_OF_A_NEW_COHORT = """
    AND (NOT open.needs_cohort OR ({cohort} <> '' AND NOT EXISTS (
        SELECT 1 FROM annotation_assignment other
        WHERE other.task_id = open.task_id AND other.needs_cohort AND other.cohort = {cohort} OFFSET 0)))
"""
_ANY_LANE = " AND open.lane = ANY(%(lanes)s)" + _OF_A_NEW_COHORT.format(
    cohort="(%(cohorts)s)[array_position(%(lanes)s, open.lane::integer)]"
)
_ONE_LANE = " AND open.lane > 0 AND open.lane = (%(lanes)s)[1]" + _OF_A_NEW_COHORT.format(cohort="(%(cohorts)s)[1]")
_LANES = {"everything": "", "urgent": _ANY_LANE + " AND open.rank < 0", "lane": _ONE_LANE, "rest": _ANY_LANE}

# Three ways to a seat: reserved by name; come late, behind the position where this person's searching has arrived;
# onward from that position. The first that has one is taken. "+ 0": what came late is read in the order it came in.
_FIND = """
    WITH reserved AS (
        SELECT open.id FROM annotation_assignment open
        WHERE open.reserved_for_id = %(annotator)s AND open.state = 'open'
          AND NOT EXISTS (SELECT 1 FROM annotation_assignment mine
                          WHERE mine.task_id = open.task_id AND mine.annotator_id + 0 = %(annotator)s OFFSET 0)
          AND EXISTS (SELECT 1 FROM annotation_task task JOIN annotation_round round ON round.id = task.round_id
                      WHERE task.id = open.task_id AND task.state IN ('open', 'needs_lead') AND round.state = 'open'
                        AND task.major = %(major)s OFFSET 0)
        ORDER BY open.late LIMIT 1
        FOR NO KEY UPDATE OF open {locks}
    ), late AS (
        SELECT open.id FROM annotation_assignment open
        WHERE NOT EXISTS (SELECT 1 FROM reserved)
          AND open.late > %(late)s AND (open.rank + 0, open.id) < (%(rank)s, %(seat)s) AND {for_them}
        ORDER BY {late_order} LIMIT 1
        FOR NO KEY UPDATE OF open {locks}
    ), onward AS (
        SELECT open.id FROM annotation_assignment open
        WHERE NOT EXISTS (SELECT 1 FROM reserved) AND NOT EXISTS (SELECT 1 FROM late)
          AND (open.rank, open.id) >= (%(rank)s, %(seat)s) AND {for_them}
        ORDER BY open.rank, open.id LIMIT 1
        FOR NO KEY UPDATE OF open {locks}
    ), found AS (
        SELECT id, 'reserved' AS way FROM reserved UNION ALL SELECT id, 'late' FROM late
        UNION ALL SELECT id, 'onward' FROM onward
    )
"""
_DESCRIBE = """
    SELECT seat.id, seat.task_id, task.item_id, seat.rank, seat.late, seat.lane, seat.slot, seat.purpose, found.way,
           round.kind, item.priority, item.feed_reason,
           found.way = 'reserved' AND EXISTS (SELECT 1 FROM annotation_lease lease
               WHERE lease.assignment_id = seat.id AND lease.epoch = seat.epoch AND lease.ending = 'parked')
    FROM found
    JOIN annotation_assignment seat ON seat.id = found.id
    JOIN annotation_task task ON task.id = seat.task_id
    JOIN annotation_item item ON item.id = task.item_id
    JOIN annotation_round round ON round.id = task.round_id
"""
_TYPES = {
    "project": "bigint", "annotator": "bigint", "major": "integer", "gold_round": "bigint", "rank": "integer",
    "seat": "bigint", "late": "bigint", "lanes": "integer[]", "cohorts": "text[]", "wanted": "integer",
}  # fmt: skip


def _finder(scope: str, *, waits: bool) -> Prepared:
    # Who waits keeps the locks of seats that were taken under their eyes: all must wait in the order of the queue.
    order, locks = ("open.rank, open.id", "") if waits else ("open.late", "SKIP LOCKED")
    text = _FIND.format(for_them=_FOR_THEM + _LANES[scope], late_order=order, locks=locks) + _DESCRIBE
    return Prepared(f"concord_find_{scope}{'_waiting' if waits else ''}", text, _TYPES)


_FINDERS = {(scope, waits): _finder(scope, waits=waits) for scope in _LANES for waits in (False, True)}
_SCOPES = {EVERYTHING: "everything", URGENT: "urgent", REST: "rest"}

_COLLEAGUES = """
        SELECT member.id FROM annotation_member member
        LEFT JOIN annotation_pairmeeting meeting ON meeting.project_id = member.project_id
            AND meeting.first_id = least(member.id, %(annotator)s)
            AND meeting.second_id = greatest(member.id, %(annotator)s)
        WHERE member.project_id = %(project)s AND member.id <> %(annotator)s AND member.kind = 'human'
          AND member.is_active AND member.paused_at IS NULL AND coalesce(meeting.shared, 0) < %(wanted)s
          AND (SELECT created_at FROM annotation_annotation answer WHERE answer.annotator_id = member.id
               ORDER BY id DESC LIMIT 1) > clock_timestamp() - interval '7 days'
"""
# Open seats beside what colleagues answered last with whom this person is to share more items. Bounded on purpose: a
# few colleagues, the latest answers of each; who is not met this time is met another time.
_FIND_PAIR = Prepared(
    "concord_find_pair",
    f"""
    WITH colleagues AS MATERIALIZED (
        {_COLLEAGUES}
        ORDER BY coalesce(meeting.shared, 0), random() LIMIT 5
    ), beside AS (
        SELECT open.id FROM colleagues
        CROSS JOIN LATERAL (
            SELECT answer.assignment_id FROM annotation_annotation answer
            WHERE answer.annotator_id = colleagues.id ORDER BY answer.id DESC LIMIT 40
        ) recent
        JOIN annotation_assignment theirs ON theirs.id = recent.assignment_id AND theirs.state = 'submitted'
        JOIN annotation_assignment open ON open.task_id = theirs.task_id
        WHERE {_FOR_THEM + _ANY_LANE}
        LIMIT 1 FOR NO KEY UPDATE OF open SKIP LOCKED
    ), found AS (
        SELECT id, 'pair' AS way FROM beside
    )
    {_DESCRIBE}
    """,  # noqa: S608  (our own text)
    _TYPES,
)

# Where nobody to be met has left a seat: an item that nobody has begun, among the next ones. So what two people have
# begun who have met enough already is left for those who are to meet them.
_FIND_FRESH = Prepared(
    "concord_find_fresh",
    f"""
    WITH coming AS MATERIALIZED (
        SELECT open.id, open.task_id, open.rank FROM annotation_assignment open
        WHERE (open.rank, open.id) >= (%(rank)s, %(seat)s) AND {_FOR_THEM + _ANY_LANE}
        ORDER BY open.rank, open.id LIMIT 64
    ), fresh AS (
        SELECT open.id FROM coming JOIN annotation_assignment open ON open.id = coming.id
        WHERE open.state = 'open' AND NOT EXISTS (
            SELECT 1 FROM annotation_assignment other
            WHERE other.task_id = coming.task_id AND other.annotator_id IS NOT NULL)
        ORDER BY coming.rank, coming.id LIMIT 1 FOR NO KEY UPDATE OF open SKIP LOCKED
    ), found AS (
        SELECT id, 'fresh' AS way FROM fresh
    )
    {_DESCRIBE}
    """,  # noqa: S608
    _TYPES,
)
_COLLEAGUES_TO_MEET = Prepared(
    "concord_colleagues_to_meet",
    f"""
    SELECT EXISTS ({_COLLEAGUES})
    """,  # noqa: S608
    _TYPES,
)

_CONTRACTS = """
    SELECT contract.number, contract.slice, contract.target_labels, contract.need, contract.skills, contract.cohort_key,
           (SELECT coalesce(sum(taken), 0)::bigint FROM annotation_lanecount counted
            WHERE counted.project_id = contract.project_id AND counted.lane = contract.number),
           member.skills, member.cohorts
    FROM annotation_slicecontract contract JOIN annotation_member member ON member.id = %(annotator)s
    WHERE contract.project_id = %(project)s AND contract.is_active ORDER BY contract.number
"""
_POSITIONS = """
    SELECT lane, rank, seat, late, openings FROM annotation_queueposition WHERE annotator_id = %(annotator)s
"""


class Way:
    """The searches of one claim, each with where it starts, in order."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.starts = {EVERYTHING: turn.start}
        self.steps = self._with_contracts() if turn.rules.has_contracts else steps([], skills=frozenset(), cohorts={})

    def _with_contracts(self) -> list[Step]:
        values = {"project": self.turn.project_id, "annotator": self.turn.annotator_id}
        with connection.cursor() as cursor:
            cursor.execute(_POSITIONS, values)
            for lane, *position in cursor.fetchall():
                self.starts[lane] = start_at(self.turn.queue.openings, *position)
            cursor.execute(_CONTRACTS, values)
            rows = cursor.fetchall()
        contracts = [
            Contract(number, json.loads(slice_), target, taken, need, frozenset(json.loads(skills)), cohort_key)
            for number, slice_, target, need, skills, cohort_key, taken, *_ in rows
        ]
        skills, cohorts = map(json.loads, rows[0][-2:]) if rows else ([], {})
        return steps(contracts, skills=frozenset(skills), cohorts=cohorts)

    def search(self, *, waits: bool) -> tuple[Found, Step] | None:
        """The first seat that a step finds, locked. Waiting, everything is searched that has not been before."""
        for step in self.steps:
            found = _search(self.turn, step, self._start(step, waits=waits), waits=waits)
            if found is not None:
                return found, step
        return None

    def _start(self, step: Step, *, waits: bool) -> Start:
        start = self.starts.get(step.position, Start())
        return Start() if waits and not start.is_at_the_end else start

    def to_meet_somebody(self) -> tuple[Found, Step] | None:
        """A seat beside somebody with whom this person is to share more items, or of an item that nobody has begun.

        None when they have met everybody often enough, or there is no such seat. Never before what is urgent.
        """
        last = self.steps[-1]
        values = _values(self.turn, last, self._start(last, waits=False))
        values["wanted"] = self.turn.rules.shared_per_pair
        row = first_row(_FIND_PAIR, values)
        if row is None and first_row(_COLLEAGUES_TO_MEET, values)[0]:
            row = first_row(_FIND_FRESH, values)
        return (Found(*row), last) if row else None

    def position_after(self, found: Found, step: Step) -> Start | None:
        """Where the next search of this step begins; None while that is not worth writing down."""
        start = self.starts.get(step.position, Start())
        if found.way == "late" and found.late is not None:
            return start._replace(late=found.late) if found.late > start.late + STRIDE else None
        if found.way != "onward":
            return None
        is_far = found.rank > start.rank or found.seat_id > start.seat + STRIDE
        is_late = self.turn.queue.ticks > start.late + STRIDE
        return Start(found.rank, found.seat_id, self.turn.queue.ticks) if is_far or is_late else None


STRIDE = 64  # seats; a claim may walk past so many, so that not every one has to write its position


def end_of_queue(turn: Turn) -> Start:
    """The position of who has been shown that nothing is left."""
    return Start(LAST_RANK, LAST_SEAT, turn.queue.ticks)


def _search(turn: Turn, step: Step, start: Start, *, waits: bool) -> Found | None:
    finder = _FINDERS[_SCOPES.get(step.position, "lane"), waits]
    row = first_row(finder, _values(turn, step, start))
    return Found(*row) if row else None


def _values(turn: Turn, step: Step, start: Start) -> dict[str, Any]:
    return {
        "project": turn.project_id, "annotator": turn.annotator_id, "major": turn.queue.major,
        "gold_round": turn.rules.gold_round, "rank": start.rank, "seat": start.seat, "late": start.late,
        "lanes": list(step.lanes or (0,)), "cohorts": list(step.cohorts or ("",)),
    }  # fmt: skip
