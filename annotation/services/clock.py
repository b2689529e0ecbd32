"""What wakes those who were told that there is nothing for them, and what makes positions in the queue void."""

from django.db import connection

from annotation.models import Member, QueueMemory, QueuePosition, Round


def tick(project_id: int) -> int:
    """The number under which seats come (back) into the queue now: Assignment.late. Locks the clock until commit.

    Call it last: after its row nothing but the caller's own counts may be waited for (see turns.py).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotation_queueclock (project_id, ticks) VALUES (%s, 2)
            ON CONFLICT (project_id) DO UPDATE SET ticks = annotation_queueclock.ticks + 1 RETURNING ticks
            """,
            [project_id],
        )
        ticks: int = cursor.fetchone()[0]
    return ticks


def reorder(project_id: int) -> None:
    """Make every position in the project's queue void: the order, or what is in it, has changed in bulk."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE annotation_round SET openings = openings + 1
            WHERE id = (SELECT min(id) FROM annotation_round WHERE project_id = %s AND kind = %s)
            """,
            [project_id, Round.Kind.INITIAL],
        )


def forget(annotator: Member) -> None:
    """Forget where somebody was in the queue and that there was nothing for them: what they may take has changed."""
    QueuePosition.objects.filter(annotator_id=annotator.pk).delete()
    QueueMemory.objects.filter(annotator_id=annotator.pk).update(empty_ticks=None, empty_openings=None)
