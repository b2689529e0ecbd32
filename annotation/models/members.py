from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.projects import Project


class Member(models.Model):
    """Somebody in one project: what they may do there and, as an annotator, whose answers are whose.

    A person brought in with labels made elsewhere has a `name` and no `user`: they cannot sign in until invited.
    A model has kind `model`; it holds no seat (Assignment) and never counts as a person.
    """

    class Kind(models.TextChoices):
        HUMAN = "human"
        MODEL = "model"

    class Role(models.TextChoices):
        OWNER = "owner"
        LEAD = "lead"
        ENGINEER = "engineer"
        ADJUDICATOR = "adjudicator"
        ANNOTATOR = "annotator"

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    name = models.CharField(max_length=150, help_text="unique in the project; the user's username if there is one")
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.HUMAN)
    role = models.CharField(max_length=11, choices=Role.choices, default=Role.ANNOTATOR)
    cohorts = models.JSONField(default=dict, help_text="attributes for cohort figures: {key: value}")
    skills = models.JSONField(default=list)
    is_active = models.BooleanField(default=True, help_text="False: no longer a member; their labels stay")
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=300, blank=True)
    pause_evidence = models.JSONField(null=True, blank=True, help_text="the figures, when a rule has paused them")
    gold_judged_from = models.DateTimeField(
        null=True, help_text="resumed then: a rule judges by gold answers given after it"
    )
    qualified_major = models.PositiveIntegerField(null=True, help_text="newest major they have passed for")
    accuracy = models.FloatField(null=True, help_text="estimated by the last analysis; adaptive overlap weighs by it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "name"], name="one_member_per_name"),
            models.UniqueConstraint(fields=["project", "id"], name="members_by_project"),
            models.UniqueConstraint(fields=["project", "id", "kind"], name="members_by_project_and_kind"),
            models.CheckConstraint(
                condition=Q(accuracy__isnull=True) | Q(accuracy__gt=0, accuracy__lt=1), name="accuracy_is_a_share"
            ),
            models.UniqueConstraint(
                fields=["project", "user"], condition=Q(user__isnull=False), name="one_membership_per_user"
            ),
            models.CheckConstraint(condition=Q(kind__in=["human", "model"]), name="member_kind_is_known"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "lead", "engineer", "adjudicator", "annotator"]),
                name="member_role_is_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="human") | Q(role="annotator"), name="a_model_is_an_annotator_only"
            ),
        ]

    def __str__(self) -> str:
        return self.name
