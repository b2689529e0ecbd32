"""Contracts changed while work runs: seats move to the lanes of their items, and lanes count them there.

Set-based, in one transaction, and exact while people claim and answer: only the seats of tasks that change are locked,
and the counts are moved by what moved, never counted anew beside somebody who counts his own.
"""

from django.db import connection
from django.db.backends.utils import CursorWrapper

from annotation.models import Project
from annotation.services.lanes import LANE_OF_ITEM
from annotation.services.overlap_changes import SeatsChanged, reseat_open_rounds

PATIENCE = "30min"  # a million items take longer than a page may


def follow_policy(project: Project) -> SeatsChanged:
    """Give the open tasks the seats and lanes that the project's overlap and contracts now say. The caller has locked
    the project, so that nobody else changes either of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
        _lock_rounds(cursor, project.pk)
        changed = reseat_open_rounds(project)
        _relane(cursor, project.pk)
    return changed


def _lock_rounds(cursor: CursorWrapper, project_id: int) -> None:
    """Imports and reopenings wait here, and every position in the queue is void."""
    cursor.execute(
        """
        WITH locked AS (
            SELECT id FROM annotation_round WHERE project_id = %s AND kind IN ('initial', 'relabel')
            ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE annotation_round SET openings = openings + 1 FROM locked WHERE annotation_round.id = locked.id
        """,
        [project_id],
    )


def _relane(cursor: CursorWrapper, project_id: int) -> None:
    cursor.execute(_TASKS, {"project": project_id})
    cursor.execute(_LOCK_SEATS)
    cursor.execute(_MOVED)
    for statement in (_TO_LANES, _NO_COHORTS, _COHORTS_THAT_SIT, _COHORTS_THAT_LACK):
        cursor.execute(statement)
    for statement in (_LOCK_COUNTS, _LESS, _MORE):
        cursor.execute(statement, {"project": project_id})
    cursor.execute("DROP TABLE tasks_relaned, seats_moved")


# Tasks that change their lane, and those whose cohorts may have to be told apart otherwise than before.
_TASKS = f"""
    CREATE TEMP TABLE tasks_relaned ON COMMIT DROP AS
    SELECT task.id, laned.lane, coalesce(contract.least_cohorts, 0) AS least, contract.cohort_key
    FROM annotation_task task
    JOIN annotation_round round ON round.id = task.round_id AND round.kind IN ('initial', 'relabel')
    JOIN annotation_item item ON item.id = task.item_id
    CROSS JOIN LATERAL (SELECT {LANE_OF_ITEM} AS lane OFFSET 0) laned
    LEFT JOIN annotation_slicecontract contract
        ON contract.project_id = task.project_id AND contract.number = laned.lane AND contract.is_active
    WHERE task.project_id = %(project)s AND task.state <> 'superseded'
      AND (contract.least_cohorts > 0
           OR EXISTS (SELECT 1 FROM annotation_assignment seat WHERE seat.task_id = task.id
                      AND (seat.lane <> laned.lane OR seat.needs_cohort)))
    ORDER BY task.id FOR NO KEY UPDATE OF task
"""  # noqa: S608  (our own text)
_LOCK_SEATS = """
    SELECT count(*) FROM (
        SELECT 1 FROM annotation_assignment seat JOIN tasks_relaned relaned ON relaned.id = seat.task_id
        ORDER BY seat.rank, seat.id FOR NO KEY UPDATE OF seat
    ) locked
"""
_MOVED = """
    CREATE TEMP TABLE seats_moved ON COMMIT DROP AS
    SELECT seat.annotator_id, seat.lane AS before, relaned.lane AS after, count(*)::integer AS n
    FROM annotation_assignment seat JOIN tasks_relaned relaned ON relaned.id = seat.task_id
    WHERE seat.state IN ('leased', 'submitted', 'parked') AND seat.lane <> relaned.lane GROUP BY 1, 2, 3
"""
_TO_LANES = """
    UPDATE annotation_assignment seat SET lane = relaned.lane
    FROM tasks_relaned relaned WHERE relaned.id = seat.task_id AND seat.lane <> relaned.lane
"""
_NO_COHORTS = """
    UPDATE annotation_assignment seat SET needs_cohort = false, cohort = NULL
    FROM tasks_relaned relaned
    WHERE relaned.id = seat.task_id AND (seat.needs_cohort OR seat.cohort IS NOT NULL)
"""
# Of those who sit in a task, the first of each cohort counts, as far as different ones are wanted ...
_COHORTS_THAT_SIT = """
    WITH sitting AS (
        SELECT DISTINCT ON (seat.task_id, theirs.cohort) seat.id, seat.task_id, seat.slot, theirs.cohort, relaned.least
        FROM tasks_relaned relaned
        JOIN annotation_assignment seat ON seat.task_id = relaned.id
        JOIN annotation_member member ON member.id = seat.annotator_id
        CROSS JOIN LATERAL (SELECT nullif(member.cohorts ->> relaned.cohort_key, '') AS cohort) theirs
        WHERE relaned.least > 0 AND seat.state IN ('leased', 'submitted', 'parked') AND theirs.cohort IS NOT NULL
        ORDER BY seat.task_id, theirs.cohort, seat.slot
    ), first AS (
        SELECT *, row_number() OVER (PARTITION BY task_id ORDER BY slot) AS nth FROM sitting
    )
    UPDATE annotation_assignment SET needs_cohort = true, cohort = first.cohort
    FROM first WHERE annotation_assignment.id = first.id AND first.nth <= first.least
"""
# ... and as many open seats as are still lacking wait for other cohorts.
_COHORTS_THAT_LACK = """
    WITH waiting AS (
        SELECT seat.id, row_number() OVER (PARTITION BY seat.task_id ORDER BY seat.slot) AS nth,
               relaned.least - (SELECT count(*) FROM annotation_assignment other
                                WHERE other.task_id = relaned.id AND other.needs_cohort) AS lacking
        FROM tasks_relaned relaned JOIN annotation_assignment seat ON seat.task_id = relaned.id
        WHERE relaned.least > 0 AND seat.state = 'open'
    )
    UPDATE annotation_assignment SET needs_cohort = true
    FROM waiting WHERE annotation_assignment.id = waiting.id AND waiting.nth <= waiting.lacking
"""
_LOCK_COUNTS = """
    SELECT count(*) FROM (
        SELECT 1 FROM annotation_lanecount WHERE project_id = %(project)s ORDER BY id FOR NO KEY UPDATE
    ) locked
"""
_LESS = """
    UPDATE annotation_lanecount SET taken = greatest(0, taken - gone.n)
    FROM (SELECT annotator_id, before, sum(n)::integer AS n FROM seats_moved GROUP BY 1, 2) gone
    WHERE annotation_lanecount.annotator_id = gone.annotator_id AND annotation_lanecount.lane = gone.before
"""
_MORE = """
    INSERT INTO annotation_lanecount AS counted (project_id, annotator_id, lane, taken)
    SELECT %(project)s, annotator_id, after, sum(n) FROM seats_moved GROUP BY annotator_id, after
    ORDER BY annotator_id, after
    ON CONFLICT (annotator_id, lane) DO UPDATE SET taken = counted.taken + EXCLUDED.taken
"""
