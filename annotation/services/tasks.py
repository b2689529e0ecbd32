"""Open tasks and their seats, for ten items or a million: two statements, whatever the number."""

from collections.abc import Iterable

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from annotation.models import Assignment, Round, Task
from annotation.services.lanes import LANE_OF_ITEM, reserve_for_cohorts

_WANTED = "tasks_wanted"


def open_tasks(*, round: Round, major: int, items: Iterable[tuple[int, int, int]]) -> int:
    """Open a task with numbered seats for each (item id, overlap, rank); returns how many tasks are new.

    An item that has a task in this round and major keeps it as it is, so a repeat changes nothing. Of an item named
    twice one of the two is taken. Rank orders the queue, smallest first: minus the item's priority.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE {_WANTED} (item_id bigint, overlap smallint, rank integer) ON COMMIT DROP")
        with cursor.copy(f"COPY {_WANTED} FROM STDIN") as copy:
            for wanted in items:
                copy.write_row(wanted)
        opened = open_tasks_from_table(cursor, round=round, major=major, table=_WANTED)
        cursor.execute(f"DROP TABLE {_WANTED}")
    return opened


def open_tasks_from_table(
    cursor: CursorWrapper, *, round: Round, major: int, table: str, are_new_items: bool = True
) -> int:
    """The same for the rows (item_id, overlap, rank) of a temporary table, so that ids never leave the database.

    Belongs inside a transaction. `are_new_items`: the round has not been opened for
    them before. The lock on the round makes a reopening under a new major wait until these tasks
    can be seen, or them until it is done; it lets answers and claims pass.
    """
    major_of_round, most_labels, has_contracts = _begin(cursor, round)
    major = max(major, major_of_round or major)  # the round was reopened after the caller had read the version
    lane = LANE_OF_ITEM if has_contracts else "0"
    join_item = "JOIN annotation_item item ON item.id = opened.item_id" if has_contracts else ""
    cursor.execute(
        f"""
        WITH opened AS (
            INSERT INTO annotation_task (project_id, round_id, item_id, major, overlap, most_labels, state)
            SELECT %(project)s, %(round)s, item_id, %(major)s, overlap,
                   CASE WHEN %(most_labels)s::smallint IS NOT NULL
                        THEN greatest(%(most_labels)s::smallint, overlap) END,
                   %(task_open)s
            FROM {table} ORDER BY rank, item_id
            ON CONFLICT (item_id, round_id, major) DO NOTHING
            RETURNING id, item_id, overlap
        ), seated AS (
            INSERT INTO annotation_assignment (project_id, round_id, task_id, slot, state, rank, lane, epoch)
            SELECT %(project)s, %(round)s, opened.id, slot, %(seat_open)s, wanted.rank, {lane}, 0
            FROM opened
            JOIN (SELECT DISTINCT ON (item_id) item_id, rank FROM {table} ORDER BY item_id) wanted USING (item_id)
            {join_item}
            CROSS JOIN LATERAL generate_series(1, opened.overlap) slot
            ORDER BY wanted.rank, opened.id, slot
        )
        SELECT count(*) FROM opened
        """,  # noqa: S608  (the texts are ours)
        {
            "project": round.project_id, "round": round.pk, "major": major, "most_labels": most_labels,
            "task_open": Task.State.OPEN, "seat_open": Assignment.State.OPEN,
        },
    )  # fmt: skip
    opened: int = cursor.fetchone()[0]
    if are_new_items:
        cursor.execute("UPDATE annotation_round SET n_items = n_items + %s WHERE id = %s", [opened, round.pk])
    if has_contracts:
        reserve_for_cohorts(cursor, round.pk)
    return opened


def _begin(cursor: CursorWrapper, round: Round) -> tuple[int | None, int | None, bool]:
    """Count the opening; returns the round's major, the cap of its adaptive overlap, and whether there are lanes."""
    cursor.execute(
        """
        UPDATE annotation_round round SET openings = openings + 1 FROM annotation_project project
        WHERE round.id = %s AND project.id = round.project_id
        RETURNING round.major, (coalesce(round.overlap, project.overlap) #>> '{adaptive,max_labels}')::smallint,
                  EXISTS (SELECT 1 FROM annotation_slicecontract contract
                          WHERE contract.project_id = project.id AND contract.is_active)
        """,
        [round.pk],
    )
    row: tuple[int | None, int | None, bool] = cursor.fetchone()
    return row
