import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from annotation.models import Project


class DatasetSnapshot(models.Model):
    """An export that is a claim about trust: files, manifest, audit, one hash. A trigger refuses UPDATE and DELETE.

    `sha256` is that of the canonical manifest, which names every file's hash and nothing of when or where it was built.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="snapshots")
    name = models.CharField(max_length=200, blank=True)
    as_of = models.DateTimeField()
    recipe = models.JSONField(help_text="formats, aggregation, policy")
    manifest = models.JSONField()
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "-created_at"], name="latest_snapshot")]

    def __str__(self) -> str:
        return self.name or str(self.id)
