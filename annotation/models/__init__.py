from annotation.models.annotations import Annotation
from annotation.models.items import ImportBatch, ImportIssue, Item
from annotation.models.members import Member
from annotation.models.projects import Project, Round
from annotation.models.tasks import Assignment, Lease, QueuePosition, Skip, Task

__all__ = [
    "Annotation",
    "Assignment",
    "ImportBatch",
    "ImportIssue",
    "Item",
    "Lease",
    "Member",
    "Project",
    "QueuePosition",
    "Round",
    "Skip",
    "Task",
]
