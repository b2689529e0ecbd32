from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Guideline(models.Model):
    """A spec that annotators follow: one draft that leads edit, and the numbered versions published from it."""

    id = models.BigAutoField(primary_key=True)
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    answer_within_hours = models.PositiveSmallIntegerField(
        default=24, db_default=24, help_text="how soon questions about it are to be answered"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(answer_within_hours__gte=1, answer_within_hours__lte=720),
                name="questions_are_answered_within_a_month",
            )
        ]

    def __str__(self) -> str:
        return self.title


class GuidelineDraft(models.Model):
    """The text being edited. `revision` is its ETag: an edit made on an older one is refused, never merged silently."""

    guideline = models.OneToOneField(Guideline, on_delete=models.PROTECT, primary_key=True, related_name="draft")
    content = models.JSONField(help_text="{clauses, questions, examples}: guidelines/content.py")
    change_note = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=1)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"draft of {self.guideline_id}, revision {self.revision}"


class GuidelineVersion(models.Model):
    """A published text: numbered without gaps, frozen and hashed. A trigger refuses UPDATE and DELETE.

    Major means the meaning changed: labels under the old one are not compared with labels under the new one.
    """

    class Level(models.TextChoices):
        MAJOR = "major"
        MINOR = "minor"

    id = models.BigAutoField(primary_key=True)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="versions")
    sequence = models.PositiveIntegerField(help_text="1, 2, 3 ... over majors and minors")
    major = models.PositiveIntegerField()
    minor = models.PositiveIntegerField()
    level = models.CharField(max_length=5, choices=Level.choices)
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    change_note = models.TextField()
    label_migrations = models.JSONField(default=list)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["guideline", "sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["guideline", "sequence"], name="one_version_per_sequence_number"),
            models.UniqueConstraint(fields=["guideline", "major", "minor"], name="one_version_per_number"),
            models.UniqueConstraint(fields=["guideline", "id"], name="versions_by_guideline"),
            models.CheckConstraint(condition=Q(level__in=["major", "minor"]), name="version_level_is_known"),
            models.CheckConstraint(condition=Q(major__gte=1), name="versions_start_at_1_0"),
            models.CheckConstraint(condition=Q(level="minor") | Q(minor=0), name="a_major_version_starts_at_minor_0"),
        ]

    def __str__(self) -> str:
        return f"{self.guideline_id} {self.number}"

    @property
    def number(self) -> str:
        return f"{self.major}.{self.minor}"


class GuidelineGrant(models.Model):
    """Why a user may read or edit a guideline: they made it, or a project that uses it made them a member.

    One row per reason, so that leaving a project takes away just what it gave.
    """

    class Level(models.TextChoices):
        READ = "read"
        EDIT = "edit"

    id = models.BigAutoField(primary_key=True)
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="grants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="guideline_grants")
    level = models.CharField(max_length=4, choices=Level.choices)
    source = models.CharField(max_length=80, help_text="creator, or project:<slug>")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["guideline", "user", "source"], name="one_grant_per_reason"),
            models.CheckConstraint(condition=Q(level__in=["read", "edit"]), name="grant_level_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.level} {self.guideline_id} ({self.source})"
