from typing import ClassVar

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """Who did what, when. Append-only: a trigger refuses UPDATE and DELETE (accounts/migrations)."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    scope = models.CharField(max_length=100, blank=True, help_text="project:<slug>, guideline:<slug> or empty")
    target = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["scope", "-id"], name="audit_by_scope")]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"
