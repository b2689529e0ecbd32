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
