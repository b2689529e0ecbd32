from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from guidelines.models.guidelines import Guideline, GuidelineVersion

MOST_PROOF_ITEMS = 10


class AcknowledgementRequest(models.Model):
    """A version that nobody labels under before they have read what changed and answered its proof items.

    Written in the transaction of the publish, then frozen with its items: a trigger refuses UPDATE and DELETE.
    """

    version = models.OneToOneField(
        GuidelineVersion, on_delete=models.PROTECT, primary_key=True, related_name="acknowledgement_request"
    )
    # Also said by the version (a foreign key over both holds them together): a claim finds the newest request of its
    # guideline in this small table alone.
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.TextField(blank=True)
    n_items = models.PositiveSmallIntegerField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(n_items__lte=MOST_PROOF_ITEMS), name="at_most_ten_proof_items"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["guideline", "-version"], name="requests_by_guideline"),
        ]

    def __str__(self) -> str:
        return f"acknowledgement of version {self.version_id}"


class ProofItem(models.Model):
    """One example of the version with the answer it should get: what shows that somebody has understood it."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(
        AcknowledgementRequest, on_delete=models.PROTECT, related_name="items", db_index=False
    )  # fmt: skip
    position = models.PositiveSmallIntegerField(help_text="1, 2, 3 ... as it is asked")
    key = models.CharField(max_length=32, help_text="of the example it was made from")
    clause = models.CharField(max_length=32, blank=True)
    text = models.TextField(blank=True)
    payload = models.JSONField(null=True)
    answer = models.JSONField(help_text="the expected answer, by question key; these questions are asked")
    rationale = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["request_id", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "position"], name="one_proof_item_per_position"),
            models.UniqueConstraint(fields=["request", "key"], name="one_proof_item_per_example"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=MOST_PROOF_ITEMS), name="proof_items_are_numbered_from_one"
            ),
            models.CheckConstraint(
                condition=Q(payload__isnull=True) ^ Q(text=""), name="a_proof_item_has_a_text_or_a_payload"
            ),
            models.CheckConstraint(condition=~Q(answer={}), name="a_proof_item_expects_an_answer"),
        ]

    def __str__(self) -> str:
        return f"proof item {self.position} of version {self.request_id}"


class Acknowledgement(models.Model):
    """How far one person is with one requested version: has read the difference, has proved it, or need not.

    `passed_at` once every item was answered right (a trigger counts), or at once where there are none.
    """

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(AcknowledgementRequest, on_delete=models.PROTECT, related_name="acknowledgements")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="acknowledgements")
    since = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, null=True, related_name="+",
        help_text="the version that the difference they read began at; null: they read the whole guideline",
    )  # fmt: skip
    read_at = models.DateTimeField(null=True)
    passed_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="answers given to proof items, right and wrong")
    waived_at = models.DateTimeField(null=True)
    waived_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    waiver = models.TextField(blank=True, help_text="why they need not")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "user"], name="one_acknowledgement_per_version_and_user"),
            models.CheckConstraint(
                condition=Q(passed_at__isnull=True) | Q(read_at__isnull=False, passed_at__gte=F("read_at")),
                name="read_before_passed",
            ),
            models.CheckConstraint(
                condition=Q(waived_at__isnull=True, waived_by__isnull=True)
                | Q(waived_at__isnull=False, waived_by__isnull=False),
                name="a_waiver_names_who_gave_it",
            ),
        ]

    def __str__(self) -> str:
        return f"user {self.user_id}, version {self.request_id}"


class ProofAnswer(models.Model):
    """One answer to one proof item, right or wrong. Append-only; after the right one there is none."""

    id = models.BigAutoField(primary_key=True)
    acknowledgement = models.ForeignKey(Acknowledgement, on_delete=models.PROTECT, related_name="answers")
    item = models.ForeignKey(ProofItem, on_delete=models.PROTECT, related_name="answers")
    answer = models.JSONField()
    is_right = models.BooleanField()
    given_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["acknowledgement", "item"], condition=Q(is_right=True), name="a_proof_item_is_proved_once"
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk} to proof item {self.item_id}"
