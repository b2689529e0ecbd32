"""What a project asks of its queue beyond the overlap: control items, caps, pre-labels, and contracts for slices."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from annotation.models.members import Member
from annotation.models.projects import Project


class Routing(models.Model):
    """One row per project. Rates are shares of what a person is handed in a day."""

    class GoldMode(models.TextChoices):
        SILENT = "silent"
        TEACHING = "teaching"

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="routing")
    gold_mode = models.CharField(max_length=8, choices=GoldMode.choices, default=GoldMode.SILENT)
    repeat_rate = models.FloatField(default=0)
    gold_floor = models.FloatField(null=True, help_text="pause whose gold accuracy is proven to lie under it")
    gold_floor_least = models.PositiveIntegerField(default=20, help_text="gold answers before anybody is judged")
    max_per_day = models.PositiveIntegerField(null=True, help_text="answers of one person in a day")
    max_share = models.FloatField(null=True, help_text="of the tasks opened, what one person may answer")
    time_zone = models.CharField(max_length=50, default="UTC", help_text="in which a day begins")
    prelabel_model = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    prelabel_share = models.FloatField(default=0, help_text="of the items that have one, where it is shown")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(gold_mode__in=["silent", "teaching"]), name="gold_mode_is_known"),
            models.CheckConstraint(condition=Q(repeat_rate__gte=0, repeat_rate__lte=0.5), name="repeat_rate_is_sane"),
            models.CheckConstraint(
                condition=Q(gold_floor__isnull=True) | Q(gold_floor__gt=0, gold_floor__lt=1),
                name="gold_floor_is_between_0_and_1",
            ),
            models.CheckConstraint(condition=Q(gold_floor_least__gte=5), name="nobody_is_judged_by_less_than_5"),
            models.CheckConstraint(
                condition=Q(max_per_day__isnull=True) | Q(max_per_day__gte=1), name="a_day_has_room_for_one"
            ),
            models.CheckConstraint(
                condition=Q(max_share__isnull=True) | Q(max_share__gt=0, max_share__lte=1), name="max_share_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(prelabel_share__gte=0, prelabel_share__lte=1), name="prelabel_share_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"routing of {self.project_id}"


class SliceContract(models.Model):
    """What one slice of the items is promised: who may label it, how many labels, how good. Its number is the lane
    of its seats; an item belongs to the first contract, by number, whose slice it is in.

    `need` is how far quality (overlap, interval, agreement) is behind, from 0 to 1, as the last analysis says; how far
    the number of labels is behind is counted at each claim.
    """

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="contracts", db_index=False)
    number = models.SmallIntegerField()
    slice = models.JSONField(help_text='{"language": "de"}: all of them must be so in the meta of an item')
    target_labels = models.PositiveIntegerField(null=True)
    overlap_share = models.FloatField(null=True, help_text="share of the items that get `shared_labels`")
    shared_labels = models.PositiveSmallIntegerField(null=True)
    widest_interval = models.FloatField(null=True, help_text="of alpha, from lower to upper end")
    lowest_alpha = models.FloatField(null=True)
    skills = models.JSONField(default=list, help_text="a person needs all of them")
    cohort_key = models.CharField(max_length=100, blank=True)
    least_cohorts = models.PositiveSmallIntegerField(default=0, help_text="different values of cohort_key on an item")
    need = models.FloatField(default=0)
    need_facts = models.JSONField(default=dict)
    measured_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="one_contract_per_number"),
            models.UniqueConstraint(
                fields=["project", "slice"], condition=Q(is_active=True), name="one_contract_per_slice"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="lanes_of_contracts_begin_at_1"),
            models.CheckConstraint(
                condition=Q(target_labels__isnull=True) | Q(target_labels__gte=1), name="a_target_is_at_least_1"
            ),
            models.CheckConstraint(
                condition=Q(overlap_share__isnull=True, shared_labels__isnull=True)
                | Q(overlap_share__gte=0, overlap_share__lte=1, shared_labels__gte=2, shared_labels__lte=50),
                name="overlap_of_a_contract_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(widest_interval__isnull=True) | Q(widest_interval__gt=0, widest_interval__lte=2),
                name="widest_interval_is_a_width",
            ),
            models.CheckConstraint(
                condition=Q(lowest_alpha__isnull=True) | Q(lowest_alpha__gte=-1, lowest_alpha__lte=1),
                name="lowest_alpha_is_an_alpha",
            ),
            models.CheckConstraint(
                condition=Q(cohort_key="", least_cohorts=0) | (~Q(cohort_key="") & Q(least_cohorts__gte=2)),
                name="a_cohort_mix_names_its_key",
            ),
            models.CheckConstraint(condition=Q(need__gte=0, need__lte=1), name="need_is_from_0_to_1"),
        ]

    def __str__(self) -> str:
        return f"contract {self.number} of {self.project_id}"
