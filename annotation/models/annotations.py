import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from annotation.models.items import Item
from annotation.models.members import Member
from annotation.models.projects import Project, Round
from annotation.models.tasks import Assignment, Lease
from guidelines.models import GuidelineVersion


class Annotation(models.Model):
    """One answer, for ever. An edit or undo sets `superseded_at` of the old row once; nothing else may change.

    It counts at an instant T when `created_at <= T` and it was not superseded by then: any past state can be read
    again exactly. `created_at` is the database's clock, taken under the project's write lock
    (annotation/services/write_lock.py), so no row older than a finished snapshot can still appear.
    """

    class Source(models.TextChoices):
        WORKBENCH = "workbench"
        API = "api"
        IMPORT = "import"

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Round, item and annotator are tied to this project by foreign keys over both columns (migration 0004).
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="annotations", db_constraint=False)
    annotator = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="annotations", db_index=False, db_constraint=False
    )
    annotator_kind = models.CharField(max_length=5, choices=Member.Kind.choices)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, null=True, related_name="annotations")
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    revision = models.PositiveSmallIntegerField(default=1)
    occurrence = models.PositiveSmallIntegerField(default=1, help_text="repeats of one person on one item: 2, 3 ...")
    submission_id = models.UUIDField(null=True)
    answer = models.JSONField()
    answer_sha256 = models.CharField(max_length=64, help_text="of the submitted body, to tell a replay from a change")
    guideline_version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=9, choices=Source.choices)
    seconds_spent = models.FloatField(null=True)
    confidence = models.FloatField(null=True)
    comment = models.CharField(max_length=2000, blank=True)
    clauses = models.JSONField(default=list, help_text="keys of the clauses that decided")
    labeled_at = models.DateTimeField(help_text="when the person answered (imported: as told, else the import)")
    created_at = models.DateTimeField(help_text="when it was stored here")
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["annotator", "submission_id"], condition=Q(submission_id__isnull=False),
                name="one_annotation_per_submission",
            ),
            models.UniqueConstraint(
                fields=["item", "round", "annotator", "occurrence"],
                condition=Q(superseded_at__isnull=True, assignment__isnull=True),
                name="one_imported_annotation_per_person_and_occurrence",
            ),
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(superseded_at__isnull=True, assignment__isnull=False),
                name="one_counting_annotation_per_seat",
            ),
            models.CheckConstraint(
                condition=Q(assignment__isnull=True) | Q(annotator_kind="human"), name="only_people_answer_in_seats"
            ),
            models.CheckConstraint(
                condition=Q(source="import", assignment__isnull=True)
                | Q(
                    ~Q(source="import"), assignment__isnull=False, lease__isnull=False,
                    guideline_version__isnull=False,
                ),
                name="an_answer_made_here_has_seat_lease_and_version",
            ),
            models.CheckConstraint(
                condition=Q(seconds_spent__isnull=True) | Q(seconds_spent__gte=0), name="seconds_are_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(superseded_at__isnull=True) | Q(superseded_at__gte=F("created_at")),
                name="superseded_after_it_was_made",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["project", "id"], name="annotations_by_project"),
            models.Index(fields=["annotator", "-id"], name="annotations_by_annotator"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
