"""Tasks that nobody is left to answer: everybody who could has skipped them. They are the lead's then.

They are still handed to whoever joins later. What was let go again and again (leases.py) or stays in dispute
(adaptive.py) is the lead's too, and is handed to nobody before the lead has decided (desk_decisions.py).
"""

from annotation.models import Skip, Task
from annotation.services.statements import rows_changed

# The skip row of the last person, or their leaving, is the moment; both come here. A person who has answered the task
# cannot answer it again, so they do not keep it from the lead either.
_FLAG = """
    UPDATE annotation_task SET state = 'needs_lead', desk_reason = 'skipped'
    WHERE id = %s AND state = 'open'
      AND EXISTS (SELECT 1 FROM annotation_skip skip WHERE skip.task_id = annotation_task.id)
      AND EXISTS (SELECT 1 FROM annotation_assignment seat
                  WHERE seat.task_id = annotation_task.id AND seat.state = 'open')
      AND NOT EXISTS (
        SELECT 1 FROM annotation_member member JOIN accounts_user person ON person.id = member.user_id
        WHERE member.project_id = annotation_task.project_id AND member.role = 'annotator' AND member.kind = 'human'
          AND member.is_active AND person.is_active AND member.paused_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM annotation_skip skip
                          WHERE skip.task_id = annotation_task.id AND skip.annotator_id = member.id)
          AND NOT EXISTS (SELECT 1 FROM annotation_assignment seat
                          WHERE seat.task_id = annotation_task.id AND seat.annotator_id = member.id))
"""


def flag_if_stuck(task_id: int) -> bool:
    """Hand to the lead a task that every active annotator skipped or has done, and that still wants an answer."""
    return rows_changed(_FLAG, [task_id]) > 0


def flag_stuck_tasks() -> int:
    """The same for all tasks that somebody skipped; one at a time, so that two sweeps cannot block each other."""
    skipped = Skip.objects.filter(task__state=Task.State.OPEN).values_list("task_id", flat=True).distinct()
    return sum(flag_if_stuck(task_id) for task_id in skipped)
