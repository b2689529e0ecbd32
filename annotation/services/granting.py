"""The second half of a claim: the seat that was found becomes this person's lease, with the reason written down.

Everything that one hand-out changes is one statement: the seat, the lease, how far the person's searching has come,
what they were given today, what the lane has. The same statement answers what the workbench shows.
"""

import json
import random
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotation.models import Round
from annotation.prepared import Prepared, first_row
from annotation.routing import EVERYTHING, Found, Reason, Step, reason_of
from annotation.selectors.work import SHOWN_COLUMNS, LeasedTask, leased_task
from annotation.services.searching import Way
from annotation.services.turns import Turn

_dice = random.SystemRandom()

_MOVED = """
    moved AS (
        INSERT INTO annotation_queueposition (annotator_id, lane, rank, seat, late, openings)
        SELECT %(annotator)s, %(position)s, %(rank)s, %(at_seat)s, %(late)s, %(openings)s WHERE %(moves)s
        ON CONFLICT (annotator_id, lane) DO UPDATE SET
            rank = EXCLUDED.rank, seat = EXCLUDED.seat, late = EXCLUDED.late, openings = EXCLUDED.openings
    )
"""
_COUNTED = """
    counted AS (
        INSERT INTO annotation_queuememory AS memory (annotator_id, day, served, answered, gold, repeats)
        VALUES (%(annotator)s, %(day)s, 1, 0, %(gold)s, %(repeats)s)
        ON CONFLICT (annotator_id) DO UPDATE SET
            day = EXCLUDED.day,
            served = 1 + CASE WHEN memory.day = EXCLUDED.day THEN memory.served ELSE 0 END,
            answered = CASE WHEN memory.day = EXCLUDED.day THEN memory.answered ELSE 0 END,
            gold = EXCLUDED.gold + CASE WHEN memory.day = EXCLUDED.day THEN memory.gold ELSE 0 END,
            repeats = EXCLUDED.repeats + CASE WHEN memory.day = EXCLUDED.day THEN memory.repeats ELSE 0 END,
            empty_ticks = NULL, empty_openings = NULL
    )
"""
# A seat of the task that was held by more than hold it now has been given back: then this person may have had one,
# and their draft comes back with their count. Otherwise the leases need not be asked.
_GRANTED = f"""
    before AS MATERIALIZED (
        SELECT EXISTS (SELECT 1 FROM annotation_assignment sibling
                       WHERE sibling.task_id = (SELECT task_id FROM taken)
                         AND sibling.epoch > (sibling.state IN ('leased', 'submitted', 'parked'))::integer)
               AS has_come_back
    ), earlier AS MATERIALIZED (
        SELECT count(*) AS leases,
               (array_agg(lease.draft ORDER BY lease.granted_at DESC)
                    FILTER (WHERE lease.draft IS NOT NULL))[1] AS draft,
               max(lease.draft_saved_at) AS draft_saved_at  -- drafts follow one another
        FROM annotation_assignment sibling JOIN annotation_lease lease ON lease.assignment_id = sibling.id
        WHERE (SELECT has_come_back FROM before) AND sibling.task_id = (SELECT task_id FROM taken)
          AND lease.annotator_id + 0 = %(annotator)s
    ), predicted AS MATERIALIZED (
        SELECT prediction.id, prediction.answer FROM annotation_prediction prediction
        WHERE prediction.item_id = %(item)s AND prediction.model_id = %(prelabel_model)s
        ORDER BY prediction.id DESC LIMIT 1
    ), granted AS (
        INSERT INTO annotation_lease (id, project_id, assignment_id, annotator_id, epoch, guideline_version_id, reason,
                                      facts, item_sha256, granted_at, draft, draft_saved_at, prelabel_id,
                                      prelabel_shown)
        SELECT %(lease)s, %(project)s, taken.id, %(annotator)s, taken.epoch, %(version)s, %(reason)s, %(facts)s,
               item.sha256, clock_timestamp(), earlier.draft, earlier.draft_saved_at,
               (SELECT id FROM predicted), CASE WHEN EXISTS (SELECT 1 FROM predicted) THEN %(shows_prelabel)s END
        FROM taken
        JOIN annotation_item item ON item.id = %(item)s
        CROSS JOIN earlier
        RETURNING id, epoch, granted_at, draft, guideline_version_id, prelabel_shown
    )
    SELECT {SHOWN_COLUMNS.format(prelabel="(SELECT answer FROM predicted)", nth="1 + (SELECT leases FROM earlier)")}
    FROM granted lease
    CROSS JOIN taken seat
    JOIN annotation_item item ON item.id = %(item)s
    JOIN annotation_project project ON project.id = %(project)s
    JOIN guidelines_guidelineversion version ON version.id = lease.guideline_version_id
"""  # noqa: S608  (our own text)
_TAKE = f"""
    WITH taken AS (
        UPDATE annotation_assignment SET
            state = 'leased', annotator_id = %(annotator)s, annotator_kind = 'human', epoch = epoch + 1,
            is_ahead = %(ahead)s, cohort = CASE WHEN needs_cohort THEN %(cohort)s END,
            leased_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
        WHERE id = %(seat)s
        RETURNING id, task_id, epoch, lane, leased_until, purpose
    ), in_lane AS (
        INSERT INTO annotation_lanecount AS lane (project_id, annotator_id, lane, taken)
        SELECT %(project)s, %(annotator)s, taken.lane, 1 FROM taken
        WHERE coalesce(taken.purpose NOT IN ('gold', 'repeat', 'qualify'), true)
        ON CONFLICT (annotator_id, lane) DO UPDATE SET taken = lane.taken + 1
    ), {_MOVED}, {_COUNTED}, {_GRANTED}
"""  # noqa: S608
# A seat of one's own in a task of one's own kind of round: made as it is handed out. Nobody is waited for: these
# seats need no number, and the task stays open for whoever comes.
_MAKE = f"""
    WITH opened AS (
        INSERT INTO annotation_task (project_id, round_id, item_id, major, overlap, state)
        VALUES (%(project)s, %(round)s, %(item)s, %(major)s, 1, 'open')
        ON CONFLICT (item_id, round_id, major) DO NOTHING RETURNING id
    ), task AS (
        SELECT id FROM opened UNION ALL
        SELECT id FROM annotation_task
        WHERE item_id = %(item)s AND round_id = %(round)s AND major = %(major)s LIMIT 1
    ), taken AS (
        INSERT INTO annotation_assignment (project_id, round_id, task_id, state, rank, epoch, purpose, is_ahead,
                                           annotator_id, annotator_kind, leased_until)
        SELECT %(project)s, %(round)s, task.id, 'leased', 0, 1, %(purpose)s, %(ahead)s, %(annotator)s, 'human',
               clock_timestamp() + make_interval(secs => %(lease_seconds)s)
        FROM task RETURNING id, task_id, epoch, lane, leased_until
    ), {_COUNTED}, {_GRANTED}
"""  # noqa: S608
_TYPES = {
    "project": "bigint", "annotator": "bigint", "seat": "bigint", "ahead": "boolean", "cohort": "text",
    "lease_seconds": "integer", "position": "smallint", "rank": "integer", "at_seat": "bigint", "late": "bigint",
    "openings": "bigint", "moves": "boolean", "day": "date", "gold": "integer", "repeats": "integer",
    "item": "bigint", "prelabel_model": "bigint", "shows_prelabel": "boolean", "lease": "uuid", "version": "bigint",
    "reason": "text", "facts": "jsonb", "round": "bigint", "major": "integer", "purpose": "text",
}  # fmt: skip
_TAKE_SEAT = Prepared("concord_take_seat", _TAKE, _TYPES)
_MAKE_SEAT = Prepared("concord_make_seat", _MAKE, _TYPES)


@dataclass(frozen=True)
class OwnItem:
    """An item that somebody answers by themself: gold, a repeat, or one of the qualification set."""

    item_id: int
    round_id: int
    purpose: str
    reason: Reason


def take_seat(turn: Turn, found: Found, step: Step, way: Way, *, ahead: bool) -> LeasedTask:
    """Lease the seat that the search has locked."""
    reason, facts = reason_of(found, step.contract)
    position = way.position_after(found, step)
    values = _common(turn, found.item_id, reason, facts, ahead=ahead) | {
        "seat": found.seat_id, "cohort": _cohort(found, step), "position": step.position, "moves": position is not None,
        "rank": position.rank if position else 0, "at_seat": position.seat if position else 0,
        "late": position.late if position else 0, "openings": turn.queue.openings, "gold": 0, "repeats": 0,
    }  # fmt: skip
    return leased_task(first_row(_TAKE_SEAT, values))


def _cohort(found: Found, step: Step) -> str | None:
    """The person's value of the lane's cohort attribute; written only into a seat that needs one."""
    if step.lanes is None or found.lane not in step.lanes:
        return None
    return step.cohorts[step.lanes.index(found.lane)] or None


def make_seat(turn: Turn, own: OwnItem, *, ahead: bool) -> LeasedTask:
    """Lease a new seat of the person's own."""
    values = _common(turn, own.item_id, own.reason, None, ahead=ahead) | {
        "round": own.round_id, "major": turn.queue.major, "purpose": own.purpose,
        "gold": int(own.reason is Reason.GOLD), "repeats": int(own.reason is Reason.REPEAT),
    }  # fmt: skip
    # Once more where somebody has made the task while we looked: now it can be seen.
    return leased_task(first_row(_MAKE_SEAT, values) or first_row(_MAKE_SEAT, values))


def take_own_seat(turn: Turn, own: OwnItem, seat_id: int, *, ahead: bool) -> LeasedTask:
    """Lease again a seat of the person's own that was given back unanswered."""
    values = {
        "seat": seat_id, "cohort": None, "position": EVERYTHING, "moves": False, "rank": 0, "at_seat": 0, "late": 0,
        "openings": 0, "gold": 0, "repeats": 0,
    }  # fmt: skip
    return leased_task(
        first_row(_TAKE_SEAT, _common(turn, own.item_id, own.reason, None, ahead=ahead) | values)
    )  # fmt: skip


def _common(turn: Turn, item_id: int, reason: Reason, facts: dict[str, Any] | None, *, ahead: bool) -> dict[str, Any]:
    return {
        "project": turn.project_id, "annotator": turn.annotator_id, "ahead": ahead, "item": item_id,
        "lease_seconds": turn.lease_seconds, "day": turn.today.day, "prelabel_model": turn.rules.prelabel_model,
        "shows_prelabel": _dice.random() < turn.rules.prelabel_share, "lease": uuid.uuid4(),
        "version": turn.queue.version_id, "reason": reason.value,
        "facts": None if facts is None else json.dumps(facts),
    }  # fmt: skip


def own_round(turn: Turn, kind: str, key: str) -> int:
    """The id of the project's round of that key, in which everybody answers by themself; made when first needed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH made AS (
                INSERT INTO annotation_round (project_id, key, kind, state, major, openings, n_items, created_at)
                VALUES (%(project)s, %(key)s, %(kind)s, %(open)s, %(major)s, 0, 0, clock_timestamp())
                ON CONFLICT (project_id, key) DO NOTHING RETURNING id
            )
            SELECT id FROM made
            UNION ALL SELECT id FROM annotation_round WHERE project_id = %(project)s AND key = %(key)s
            """,
            {
                "project": turn.project_id, "key": key, "kind": kind, "open": Round.State.OPEN,
                "major": turn.queue.major,
            },
        )  # fmt: skip
        row = cursor.fetchone()
    return int(row[0]) if row else own_round(turn, kind, key)  # somebody made it while we looked: now it can be seen
