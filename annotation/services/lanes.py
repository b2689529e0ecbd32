"""The lanes of the queue: which slice contract an item falls under, and how many seats of each lane are taken."""

from django.db.backends.utils import CursorWrapper

# Over `item` and its `meta`; a number or a boolean in meta is compared as it would be written.
LANE_OF_ITEM = """
    coalesce((SELECT contract.number FROM annotation_slicecontract contract
              WHERE contract.project_id = item.project_id AND contract.is_active
                AND NOT EXISTS (SELECT 1 FROM jsonb_each_text(contract.slice) wanted
                                WHERE item.meta ->> wanted.key IS DISTINCT FROM wanted.value)
              ORDER BY contract.number LIMIT 1), 0)
"""


def recount_lanes(cursor: CursorWrapper, project_id: int) -> None:
    """Count again, from the seats, what LaneCount keeps. The caller has locked what changes the seats in bulk."""
    cursor.execute("DELETE FROM annotation_lanecount WHERE project_id = %s", [project_id])
    cursor.execute(
        """
        INSERT INTO annotation_lanecount (project_id, annotator_id, lane, taken)
        SELECT seat.project_id, seat.annotator_id, seat.lane, count(*)
        FROM annotation_assignment seat
        JOIN annotation_task task ON task.id = seat.task_id
        JOIN annotation_round round ON round.id = task.round_id
        WHERE seat.project_id = %s AND seat.state IN ('leased', 'submitted', 'parked') AND task.state <> 'superseded'
          AND round.kind IN ('initial', 'relabel')
        GROUP BY seat.project_id, seat.annotator_id, seat.lane
        """,
        [project_id],
    )


def reserve_for_cohorts(cursor: CursorWrapper, round_id: int) -> None:
    """Of each task in a lane with a cohort mix, keep as many open seats for cohorts as it lacks different ones.

    The first seats by number; one that somebody sits in counts if it was such a seat.
    """
    cursor.execute(
        """
        UPDATE annotation_assignment seat SET needs_cohort = true
        FROM annotation_slicecontract contract
        WHERE seat.round_id = %s AND contract.project_id = seat.project_id AND contract.number = seat.lane
          AND contract.is_active AND contract.least_cohorts > 0 AND seat.lane > 0
          AND seat.slot <= contract.least_cohorts AND seat.state = 'open' AND NOT seat.needs_cohort
        """,
        [round_id],
    )
