"""What surrounds a draft while people write it: comments, who is at it, who changed what. None of it is published."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guidelines.models.guidelines import Guideline

USER = settings.AUTH_USER_MODEL


class DraftComment(models.Model):
    """A remark on a part of the draft or, without a part, on all of it. Replies hang flat under the first one.

    It names the part by kind and key, not by a row, so it stays when the part is removed and comes back with it.
    """

    id = models.BigAutoField(primary_key=True)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="draft_comments")
    kind = models.CharField(max_length=10, blank=True)
    key = models.CharField(max_length=64, blank=True)
    answers = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replies")
    text = models.TextField()
    author = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    resolved_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["guideline", "kind", "key"], name="comments_of_a_part")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="", key="")
                | (Q(kind__in=["clause", "question", "example", "precedent"]) & ~Q(key="")),
                name="comment_is_on_a_part_or_on_all",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by=None, resolved_at=None)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False),
                name="comment_is_resolved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(answers=None) | Q(resolved_at=None), name="only_a_first_comment_is_resolved"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="comment_says_something"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk} on {self.guideline_id} {self.kind} {self.key}".strip()


class PartChange(models.Model):
    """Who last changed, added or removed a part of the draft, and with which revision."""

    id = models.BigAutoField(primary_key=True)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="part_changes")
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=64)
    revision = models.PositiveIntegerField()
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["guideline", "kind", "key"], name="one_last_change_per_part")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} in revision {self.revision}"


class DraftEditor(models.Model):
    """Where somebody is in a draft, and up to which revision they have looked: at all of it, and at single parts."""

    id = models.BigAutoField(primary_key=True)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="editors")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, blank=True)
    key = models.CharField(max_length=64, blank=True)
    seen_at = models.DateTimeField(db_default=Now())
    looked_at = models.PositiveIntegerField(help_text="revision of the draft")
    looked_at_parts = models.JSONField(default=dict, help_text='{"clause:C1": revision}')

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["guideline", "user"], name="one_place_per_editor")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.guideline_id}"


class GuidelineImage(models.Model):
    """An image that clauses show by its hash. It never changes; the hash of a text covers it, for the text names it."""

    class Type(models.TextChoices):
        PNG = "image/png"
        JPEG = "image/jpeg"
        GIF = "image/gif"
        WEBP = "image/webp"

    id = models.BigAutoField(primary_key=True)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="images")
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=10, choices=Type.choices)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    data = models.BinaryField()
    name = models.CharField(max_length=200, help_text="what its file was called, for people to read")
    added_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["guideline", "sha256"], name="one_image_per_hash"),
            models.CheckConstraint(
                condition=Q(content_type__in=["image/png", "image/jpeg", "image/gif", "image/webp"]),
                name="image_type_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.sha256[:12]} of {self.guideline_id}"

    @property
    def label(self) -> str:
        """The name as a description in Markdown, where brackets would end it."""
        return self.name.rpartition(".")[0].translate(str.maketrans("[]\\`", "()/'")) or self.name
