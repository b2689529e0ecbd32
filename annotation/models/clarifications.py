from typing import ClassVar

from django.db import models
from django.db.models import Q

from annotation.models.desk import DeskNote
from annotation.models.items import Item
from annotation.models.members import Member
from annotation.models.projects import Project
from annotation.models.tasks import Lease, Task
from guidelines.models import Clarification


class TaskQuestion(models.Model):
    """A question to the guideline arose on this item: for whom, and the note that keeps the item parked meanwhile."""

    id = models.BigAutoField(primary_key=True)
    clarification = models.ForeignKey(
        Clarification, on_delete=models.PROTECT, related_name="task_questions", db_index=False
    )
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="questions")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+", db_index=False)
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.OneToOneField(DeskNote, on_delete=models.PROTECT, null=True, related_name="task_question")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clarification", "lease"], name="one_question_of_a_kind_per_lease"),
            models.UniqueConstraint(
                fields=["lease"], condition=Q(note__isnull=False), name="an_item_is_parked_by_one_question"
            ),
        ]

    def __str__(self) -> str:
        return f"question {self.clarification_id} on {self.item_id}"
