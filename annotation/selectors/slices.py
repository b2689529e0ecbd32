"""How far the work is in each slice of the items: one walk over items, tasks and seats, whatever their number."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.models import Project
from annotation.selectors.control_room import roomy_memory

MOST_VALUES = 50  # of one key, those with most items; a key with a value for each item is no slice


@dataclass(frozen=True)
class SliceProgress:
    """A value of a key, "" for items without it. `labels` of `wanted` are given, `done` of `tasks` have all."""

    value: str
    items: int
    tasks: int
    done: int
    labels: int
    wanted: int


@dataclass(frozen=True)
class SliceKey:
    key: str
    values: list[SliceProgress]
    more_values: int


def slice_progress(project: Project) -> list[SliceKey]:
    """Every slice key of the project with its commonest values. One query, none for a project without slices."""
    if not project.slices:
        return []
    with roomy_memory() as cursor:
        cursor.execute(
            _query(len(project.slices)),
            {"project": project.pk, "most": MOST_VALUES} | {f"key{n}": key for n, key in enumerate(project.slices)},
        )
        rows = cursor.fetchall()
    return [_key(place, key, rows) for place, key in enumerate(project.slices)]


def _key(place: int, key: str, rows: Sequence[tuple[int, ...]]) -> SliceKey:
    mine = [row[1:] for row in rows if row[0] == place]
    n_values = int(mine[0][-1]) if mine else 0
    values = [SliceProgress(*row[:-1]) for row in mine]  # type: ignore[arg-type]
    return SliceKey(key, values, n_values - len(values))


def _query(n_keys: int) -> str:
    """Grouping sets read everything once for all keys; `place` tells which key a row of the result is of."""
    columns = ", ".join(f"coalesce(item.meta ->> %(key{n})s, '') AS value{n}" for n in range(n_keys))
    sets = ", ".join(f"(value{n})" for n in range(n_keys))
    place = " ".join(f"WHEN grouping(value{n}) = 0 THEN {n}" for n in range(n_keys))
    value = ", ".join(f"value{n}" for n in range(n_keys))
    return _PROGRESS.format(columns=columns, sets=sets, place=place, value=value)


_PROGRESS = """
    WITH seats AS (
        SELECT task_id, count(*) FILTER (WHERE state = 'submitted') AS labels,
               count(*) FILTER (WHERE state <> 'withdrawn') AS wanted
        FROM annotation_assignment
        WHERE round_id IN (SELECT id FROM annotation_round
                           WHERE project_id = %(project)s AND kind IN ('initial', 'relabel'))
        GROUP BY task_id
    ), per_item AS (
        SELECT task.item_id, count(*) AS tasks, count(*) FILTER (WHERE task.state = 'done') AS done,
               sum(seats.labels) AS labels, sum(seats.wanted) AS wanted
        FROM seats JOIN annotation_task task ON task.id = seats.task_id
        JOIN annotation_round round ON round.id = task.round_id
        WHERE task.state <> 'superseded' AND (round.state <> 'closed' OR task.state = 'done')
        GROUP BY task.item_id
    ), per_row AS (
        SELECT {columns}, coalesce(tasks, 0) AS tasks, coalesce(done, 0) AS done, coalesce(labels, 0) AS labels,
               coalesce(wanted, 0) AS wanted
        FROM annotation_item item LEFT JOIN per_item ON per_item.item_id = item.id
        WHERE item.project_id = %(project)s
    ), per_value AS (
        SELECT CASE {place} END AS place, coalesce({value}) AS value, count(*) AS items, sum(tasks)::bigint AS tasks,
               sum(done)::bigint AS done, sum(labels)::bigint AS labels, sum(wanted)::bigint AS wanted
        FROM per_row GROUP BY GROUPING SETS ({sets})
    ), numbered AS (
        SELECT *, row_number() OVER (PARTITION BY place ORDER BY items DESC, value) AS nth,
               count(*) OVER (PARTITION BY place) AS n_values
        FROM per_value
    )
    SELECT place, value, items, tasks, done, labels, wanted, n_values FROM numbered WHERE nth <= %(most)s
    ORDER BY place, nth
"""
