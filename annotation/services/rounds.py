"""Passes over the items, and what a new major version of the guideline does to the open ones."""

from typing import Any

from django.db import connection, transaction

from annotation.models import Project, Round, Task
from annotation.services.leases import free_seats_in_round
from annotation.services.statements import rows_changed
from annotation.services.tasks import open_tasks_from_table
from guidelines.models import GuidelineVersion


def current_major(guideline_id: int) -> int | None:
    """The major number of the newest published version, or None before the first. One query."""
    newest = GuidelineVersion.objects.filter(guideline_id=guideline_id).order_by("-sequence")
    return newest.values_list("major", flat=True).first()


def open_rounds(project_id: int) -> list[Round]:
    """The rounds whose seats are handed out in order now."""
    rounds = Round.objects.filter(project_id=project_id, state=Round.State.OPEN, kind__in=Round.QUEUED)
    return list(rounds.select_related("project").order_by("pk"))


def running_rounds(project_id: int) -> list[Round]:
    """The rounds that are not over: open ones, and paused ones, whose seats must be right when they go on."""
    rounds = Round.objects.filter(project_id=project_id, kind__in=Round.QUEUED).exclude(state=Round.State.CLOSED)
    return list(rounds.order_by("pk"))


def reopen_rounds_behind() -> int:
    """Reopen every open round of an active project that is under an older major; returns how many tasks were."""
    behind = Round.objects.raw(
        """
        SELECT round.* FROM annotation_round round
        JOIN annotation_project project ON project.id = round.project_id
        JOIN LATERAL (SELECT major FROM guidelines_guidelineversion version
                      WHERE version.guideline_id = project.guideline_id ORDER BY sequence DESC LIMIT 1) newest ON true
        WHERE round.state = %s AND round.kind = ANY(%s) AND project.status <> %s
          AND round.major IS DISTINCT FROM newest.major
        ORDER BY round.id
        """,
        [Round.State.OPEN, list(Round.QUEUED), Project.Status.CLOSED],
    )
    return sum(reopen_under_new_major(round_) for round_ in behind)


def reopen_under_new_major(round: Round) -> int:
    """Ask again, under the current major version, what is unfinished; returns how many tasks were opened.

    Answers given stay and are exported; they do not fill the new seats. Leases held stay too and may be answered
    under the version they name. Done twice, or by two at once, it changes nothing the second time.
    """
    with transaction.atomic():
        round_ = Round.objects.select_for_update(no_key=True, of=("self",)).select_related("project").get(pk=round.pk)
        major = current_major(round_.project.guideline_id)
        if major is None or round_.major == major or round_.state != Round.State.OPEN:
            return 0
        opened = _supersede_and_open(round_, major)
        Round.objects.filter(pk=round_.pk).update(major=major)
    return opened


def _supersede_and_open(round_: Round, major: int) -> int:
    """Tasks are locked in the order of their ids, seats in the order of the queue: as everywhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TEMP TABLE tasks_behind ON COMMIT DROP AS
            SELECT task.id, task.item_id, task.overlap, 0 AS rank FROM annotation_task task
            WHERE task.round_id = %s AND task.major <> %s AND task.state IN (%s, %s)
            ORDER BY task.id FOR NO KEY UPDATE
            """,
            [round_.pk, major, Task.State.OPEN, Task.State.NEEDS_LEAD],
        )
        # Read once the tasks are ours: who waited for them may have changed the order meanwhile.
        cursor.execute(
            """
            UPDATE tasks_behind SET rank = (
                SELECT min(seat.rank) FROM annotation_assignment seat WHERE seat.task_id = tasks_behind.id)
            """
        )
        cursor.execute(
            """
            UPDATE annotation_task SET state = %s, desk_reason = '' FROM tasks_behind
            WHERE annotation_task.id = tasks_behind.id
            """,
            [Task.State.SUPERSEDED],
        )
        withdraw_open_seats("task_id IN (SELECT id FROM tasks_behind)", [])
        cursor.execute(_UNCOUNT)
        opened = open_tasks_from_table(cursor, round=round_, major=major, table="tasks_behind", are_new_items=False)
        cursor.execute("DROP TABLE tasks_behind")
    return opened


# What is held or answered in a superseded task is no longer counted in its lane. The tasks are locked, and no seat of
# theirs is open any more, so nobody can take or leave one meanwhile.
_UNCOUNT = """
    WITH counted AS MATERIALIZED (
        SELECT lane.id, gone.n FROM annotation_lanecount lane
        JOIN (SELECT seat.annotator_id, seat.lane, count(*) AS n
              FROM tasks_behind JOIN annotation_assignment seat ON seat.task_id = tasks_behind.id
              WHERE seat.state IN ('leased', 'submitted', 'parked') GROUP BY 1, 2) gone
            ON gone.annotator_id = lane.annotator_id AND gone.lane = lane.lane
        ORDER BY lane.id FOR NO KEY UPDATE OF lane
    )
    UPDATE annotation_lanecount SET taken = taken - counted.n FROM counted WHERE annotation_lanecount.id = counted.id
"""


def withdraw_open_seats(condition: str, values: list[Any]) -> int:
    """Take open seats out of the queue; `condition` is over annotation_assignment. Returns how many."""
    return rows_changed(
        f"""
        WITH seat AS (
            SELECT id FROM annotation_assignment WHERE state = 'open' AND {condition}
            ORDER BY rank, id FOR NO KEY UPDATE
        )
        UPDATE annotation_assignment SET state = 'withdrawn', reserved_for_id = NULL
        FROM seat WHERE annotation_assignment.id = seat.id
        """,  # noqa: S608  (the conditions are ours)
        values,
    )


def close_round(round: Round) -> None:
    """End a pass: its open seats are withdrawn, its leases end with their drafts kept, its answers stay.

    A submit that races with this either has its seat locked first and counts, or finds the seat withdrawn.
    """
    with transaction.atomic():
        Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        Round.objects.filter(pk=round.pk).update(state=Round.State.CLOSED)
        free_seats_in_round(round.pk)
        withdraw_open_seats("round_id = %s", [round.pk])
