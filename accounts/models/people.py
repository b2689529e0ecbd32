from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Somebody or something that signs in or holds a token: a person, or a model's service account.

    What a user may do inside a project is their membership there (annotation.Member); only two rights are global.
    Users are deactivated, never deleted: their labels stay attributed.
    """

    class Kind(models.TextChoices):
        HUMAN = "human"
        MODEL = "model"

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.HUMAN)
    name = models.CharField(max_length=150, blank=True)
    is_owner = models.BooleanField(default=False, help_text="May do everything everywhere.")
    may_start_projects = models.BooleanField(default=False, help_text="May make guidelines and projects; leads may.")

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(kind__in=["human", "model"]), name="user_kind_is_known"),
            models.CheckConstraint(condition=~models.Q(kind="model", is_owner=True), name="a_model_is_never_an_owner"),
        ]

    def __str__(self) -> str:
        return self.name or self.username
