from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.items import Item
from annotation.models.members import Member
from annotation.models.projects import Project
from annotation.models.tasks import Lease, Task


class DeskNote(models.Model):
    """What an annotator lays on the lead's desk about an item: a flag, or a question with the item parked for them.

    A parked seat (Assignment.State.PARKED) is nobody else's; closing the note gives it back to who parked it.
    """

    class Kind(models.TextChoices):
        FLAG = "flag"
        PARK = "park"

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="desk_notes")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+")
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="desk_notes")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    note = models.CharField(max_length=2000)
    clause = models.CharField(max_length=40, blank=True, help_text="key of the clause it is about")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reply = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["flag", "park"]), name="desk_note_kind_is_known"),
            models.UniqueConstraint(
                fields=["task", "annotator"], condition=Q(kind="park", closed_at__isnull=True),
                name="one_open_park_per_annotator_and_task",
            ),
            models.UniqueConstraint(fields=["lease", "kind"], name="one_note_of_a_kind_per_lease"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True) | Q(closed_at__isnull=False),
                name="who_closes_a_note_closes_it",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["project", "id"], condition=Q(closed_at__isnull=True), name="open_notes_by_project")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.item_id}"
