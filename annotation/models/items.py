from typing import ClassVar

from django.conf import settings
from django.db import models

from annotation.models.projects import Project


class ImportBatch(models.Model):
    """One bulk call and its report. The lines that were refused stand in ImportIssue."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=12, help_text="items, annotators, labels, gold, predictions")
    source = models.CharField(max_length=200, blank=True, help_text="file name, or `api`")
    received = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    conflicts = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    is_stored = models.BooleanField(default=False, help_text="False: nothing was stored, because a line was bad")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind} into {self.project_id}"


class ImportIssue(models.Model):
    """One line that was refused or in conflict: which, which rule, in words that name the field."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="issues")
    line = models.BigIntegerField()
    code = models.CharField(max_length=40)
    detail = models.CharField(max_length=500)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["batch", "line"], name="issues_by_line")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.detail}"


class Item(models.Model):
    """One thing to label. Its content never changes: a trigger refuses UPDATE of what identifies and shows it."""

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="items", db_index=False)
    external_id = models.CharField(max_length=200)
    payload = models.JSONField()
    meta = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, help_text="of the canonical JSON of {external_id, payload, meta}")
    priority = models.SmallIntegerField(default=0)
    feed_reason = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="why it was sent: model uncertainty, ..."
    )
    # Written with its batch in one transaction; batches are never removed. The database need not check each row of it.
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "external_id"], name="one_item_per_external_id"),
            models.UniqueConstraint(fields=["project", "id"], name="items_by_project"),
        ]

    def __str__(self) -> str:
        return self.external_id
