"""What adaptive overlap has saved, against asking everybody who may be asked."""

from dataclasses import dataclass

from django.db import connection

from annotation.models import Project


@dataclass(frozen=True)
class Savings:
    """`tasks_settled` are done, `to_adjudication` were left to the lead because people go on disagreeing.

    `labels_given` of both, beside `labels_fixed`: what the most labels that each of them might have got come to.
    """

    tasks_settled: int
    labels_given: int
    labels_fixed: int
    to_adjudication: int

    @property
    def saved(self) -> int:
        return self.labels_fixed - self.labels_given

    @property
    def share_saved(self) -> float | None:
        return self.saved / self.labels_fixed if self.labels_fixed else None


# Tasks that a new major version has superseded are history; gold, repeats and qualification are never adaptive.
_SETTLED = """
    WITH settled AS (
        SELECT task.id, task.state, task.most_labels FROM annotation_task task
        JOIN annotation_round round ON round.id = task.round_id AND round.kind IN ('initial', 'relabel')
        WHERE task.project_id = %(project)s AND round.project_id = %(project)s AND task.most_labels IS NOT NULL
          AND (task.state = 'done' OR (task.state = 'needs_lead' AND task.desk_reason = 'disagreement'))
    )
    SELECT count(*) FILTER (WHERE state = 'done'),
           (SELECT count(*) FROM annotation_assignment seat JOIN settled ON settled.id = seat.task_id
            WHERE seat.state = 'submitted'),
           coalesce(sum(most_labels), 0), count(*) FILTER (WHERE state = 'needs_lead')
    FROM settled
"""


def adaptive_savings(project: Project) -> Savings:
    """Over the tasks of adaptive overlap that have come to an end. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, {"project": project.pk})
        settled, given, fixed, adjudicated = cursor.fetchone()
    return Savings(settled, given, int(fixed), adjudicated)
