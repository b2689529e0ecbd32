"""How often two annotators have answered the same task, where a project wants every pair to meet."""

from django.db import connection

from annotation.services.statements import rows_changed

_MEET = """
    INSERT INTO annotation_pairmeeting AS meeting (project_id, first_id, second_id, shared)
    SELECT %(project)s, least(other.annotator_id, %(annotator)s), greatest(other.annotator_id, %(annotator)s),
           greatest(0, %(one)s)
    FROM annotation_assignment other
    WHERE other.task_id = %(task)s AND other.state = 'submitted' AND other.annotator_id <> %(annotator)s
    ORDER BY 2, 3
    ON CONFLICT (project_id, first_id, second_id) DO UPDATE SET shared = greatest(0, meeting.shared + %(one)s)
"""


def record_meetings(annotator_id: int, project_id: int, task_id: int, *, by: int = 1) -> None:
    """Count that somebody has answered a task beside others; `by=-1`: that they took it back. The task is locked."""
    rows_changed(_MEET, {"project": project_id, "annotator": annotator_id, "task": task_id, "one": by})


def recount_meetings(project_id: int) -> None:
    """Count all pairs again from the seats, when a project begins to want them to meet."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM annotation_pairmeeting WHERE project_id = %s", [project_id])
        cursor.execute(
            """
            INSERT INTO annotation_pairmeeting (project_id, first_id, second_id, shared)
            SELECT mine.project_id, mine.annotator_id, theirs.annotator_id, count(*)
            FROM annotation_assignment mine
            JOIN annotation_assignment theirs ON theirs.task_id = mine.task_id AND theirs.state = 'submitted'
                AND theirs.annotator_id > mine.annotator_id
            JOIN annotation_round round ON round.id = mine.round_id
            WHERE mine.project_id = %s AND mine.state = 'submitted' AND round.kind IN ('initial', 'relabel')
            GROUP BY 1, 2, 3
            """,
            [project_id],
        )
