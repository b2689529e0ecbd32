"""A new overlap while work runs: seats are added or, if nobody sits in them, withdrawn. Answers are never touched."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connection
from django.db.models import Exists, OuterRef

from annotation.lanes import seats_of_item
from annotation.models import Item, Project, Round, Task
from annotation.overlap import parse_overlap
from annotation.selectors.contracts import lanes_of
from annotation.services.rounds import running_rounds

BATCH = 5000


@dataclass(frozen=True)
class SeatsChanged:
    added: int
    withdrawn: int


def reseat_open_rounds(project: Project) -> SeatsChanged:
    """Give every task of the open rounds without a policy of their own as many seats as the project's policy says.

    Finished tasks take part too: more seats open them again. A task never has fewer seats than are held or answered.
    """
    added = withdrawn = 0
    for round_ in running_rounds(project.pk):
        if round_.overlap is None:
            changed = _reseat(project, round_)
            added, withdrawn = added + changed.added, withdrawn + changed.withdrawn
    return SeatsChanged(added, withdrawn)


def _reseat(project: Project, round_: Round) -> SeatsChanged:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE annotation_round SET openings = openings + 1 WHERE id = %s", [round_.pk])
        cursor.execute("CREATE TEMP TABLE seats_wanted (item_id bigint, wanted smallint) ON COMMIT DROP")
        rows = _wanted(project, round_)
        while batch := list(islice(rows, BATCH)):  # read, then copy: the connection does one at a time
            with cursor.copy("COPY seats_wanted FROM STDIN") as copy:
                for row in batch:
                    copy.write_row(row)
        cursor.execute(_CAP, {"round": round_.pk, "most_labels": _cap(project)})
        cursor.execute(_RESIZE, {"round": round_.pk})
        cursor.execute(_ADD)
        added = cursor.rowcount
        cursor.execute(_WITHDRAW)
        withdrawn = cursor.rowcount
        cursor.execute(_SETTLE)
        cursor.execute("DROP TABLE seats_wanted, tasks_resized")
    return SeatsChanged(added, withdrawn)


def _wanted(project: Project, round_: Round) -> Iterator[tuple[int, int]]:
    """As the import decides it for new items, so that a policy means the same before and after."""
    policy, contracts = parse_overlap(project.overlap), lanes_of(project.pk)
    items = Item.objects.filter(Exists(Task.objects.filter(item=OuterRef("pk"), round=round_)))
    for pk, external_id, meta in items.values_list("pk", "external_id", "meta").iterator(chunk_size=BATCH):
        yield pk, seats_of_item(policy, contracts, item_key=external_id, meta=meta, seed=project.pseudonym_salt)


def _cap(project: Project) -> int | None:
    adaptive = parse_overlap(project.overlap).adaptive
    return adaptive.max_labels if adaptive else None


# What adaptive overlap has settled or asked more for stays as it is; without it every task follows the policy again.
_CAP = """
    WITH changed AS (
        SELECT id FROM annotation_task
        WHERE round_id = %(round)s AND state <> 'superseded'
          AND most_labels IS DISTINCT FROM
              CASE WHEN %(most_labels)s::smallint IS NOT NULL THEN greatest(%(most_labels)s::smallint, overlap) END
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE annotation_task SET
        most_labels = CASE WHEN %(most_labels)s::smallint IS NOT NULL
                           THEN greatest(%(most_labels)s::smallint, overlap) END,
        posterior = CASE WHEN %(most_labels)s::smallint IS NOT NULL THEN posterior END
    FROM changed WHERE annotation_task.id = changed.id
"""
# Tasks are locked first, in the order of their ids: an answer to one of them is seen whole or waits.
_RESIZE = """
    CREATE TEMP TABLE tasks_resized ON COMMIT DROP AS
    SELECT task.id, task.project_id, task.round_id, seats_wanted.wanted
    FROM annotation_task task JOIN seats_wanted USING (item_id)
    WHERE task.round_id = %(round)s AND task.state <> 'superseded' AND task.overlap <> seats_wanted.wanted
      AND (task.most_labels IS NULL OR task.posterior IS NULL) AND NOT task.is_set_aside
    ORDER BY task.id FOR NO KEY UPDATE OF task
"""
_ADD = """
    INSERT INTO annotation_assignment (project_id, round_id, task_id, slot, state, rank, lane, epoch)
    SELECT resized.project_id, resized.round_id, resized.id, seats.last + extra.n, 'open', seats.rank, seats.lane, 0
    FROM tasks_resized resized
    CROSS JOIN LATERAL (SELECT max(slot) AS last, max(lane) AS lane, min(rank) AS rank,
                               count(*) FILTER (WHERE state <> 'withdrawn') AS present
                        FROM annotation_assignment seat WHERE seat.task_id = resized.id) seats
    CROSS JOIN LATERAL generate_series(1, resized.wanted - seats.present) AS extra(n)
    ORDER BY seats.rank, resized.id, extra.n
"""
_WITHDRAW = """
    WITH surplus AS (
        SELECT seat.id,
               row_number() OVER (PARTITION BY seat.task_id ORDER BY seat.state <> 'open', seat.slot DESC) AS nth,
               count(*) OVER (PARTITION BY seat.task_id) - resized.wanted AS too_many
        FROM tasks_resized resized JOIN annotation_assignment seat ON seat.task_id = resized.id
        WHERE seat.state <> 'withdrawn'
    ), locked AS (
        SELECT seat.id FROM annotation_assignment seat JOIN surplus USING (id)
        WHERE seat.state = 'open' AND surplus.nth <= surplus.too_many
        ORDER BY seat.rank, seat.id FOR NO KEY UPDATE OF seat
    )
    UPDATE annotation_assignment SET state = 'withdrawn', reserved_for_id = NULL
    FROM locked WHERE annotation_assignment.id = locked.id
"""
_SETTLE = """
    UPDATE annotation_task SET
        overlap = seats.present,
        most_labels = CASE WHEN most_labels IS NOT NULL THEN greatest(most_labels, seats.present) END,
        state = CASE WHEN seats.pending = 0 THEN 'done' WHEN annotation_task.state = 'done' THEN 'open'
                     ELSE annotation_task.state END,
        desk_reason = CASE WHEN seats.pending = 0 THEN '' ELSE annotation_task.desk_reason END
    FROM tasks_resized resized
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state <> 'withdrawn') AS present,
                               count(*) FILTER (WHERE state IN ('open', 'leased', 'parked')) AS pending
                        FROM annotation_assignment seat WHERE seat.task_id = resized.id) seats
    WHERE annotation_task.id = resized.id
"""
