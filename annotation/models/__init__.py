from annotation.models.annotations import Annotation
from annotation.models.clarifications import TaskQuestion
from annotation.models.desk import DeskNote
from annotation.models.gold import GoldLabel
from annotation.models.items import ImportBatch, ImportIssue, Item
from annotation.models.members import Member
from annotation.models.onboarding import Qualification, QualificationAttempt, QualificationGrant, QualificationItem
from annotation.models.predictions import Prediction
from annotation.models.projects import Project, Round
from annotation.models.queue import LaneCount, PairMeeting, QueueClock, QueueMemory, QueuePosition
from annotation.models.routing import Routing, SliceContract
from annotation.models.tasks import Assignment, Lease, Skip, Task

__all__ = [
    "Annotation",
    "Assignment",
    "DeskNote",
    "GoldLabel",
    "ImportBatch",
    "ImportIssue",
    "Item",
    "LaneCount",
    "Lease",
    "Member",
    "PairMeeting",
    "Prediction",
    "Project",
    "Qualification",
    "QualificationAttempt",
    "QualificationGrant",
    "QualificationItem",
    "QueueClock",
    "QueueMemory",
    "QueuePosition",
    "Round",
    "Routing",
    "Skip",
    "SliceContract",
    "Task",
    "TaskQuestion",
]
