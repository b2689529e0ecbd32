"""Draw items from an impact set, judge them, and say what that tells about the whole set."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict, FieldError, InvalidInput, NotFound
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Project
from quality.models import ImpactJudgement, ImpactSample
from quality.selectors.impact_samples import is_of_this_draft
from quality.services.impact import impact_of
from quality.stats.sampling import SampledShare, sampled_share, stratified_sample

DEFAULT_SIZE = 20
MOST = 500
LARGEST_SEED = 2**31 - 1


class NothingToSample(Conflict):
    code = "nothing_to_sample"
    sentence = "No label may be invalid for these reasons, so there is nothing to read."


class SampleOutdated(Conflict):
    code = "sample_outdated"
    sentence = "The draft was changed since this sample was drawn; draw another one for what it says now."


@dataclass(frozen=True)
class Estimate:
    """What the judged items say. `share` is of those decided; the unsure are left out of it and counted.

    `if_all_unsure_change`: the share if every unsure item changes. `hours_per_item`: for asking one item again as often
    as the project wants labels, at the median pace when the sample was drawn; None where no pace was known.
    """

    n_drawn: int
    stays: int
    changes: int
    unsure: int
    n_items: int
    n_labels: int
    share: SampledShare | None
    if_all_unsure_change: float | None
    hours_per_item: float | None

    @property
    def n_judged(self) -> int:
        return self.stays + self.changes + self.unsure

    @property
    def decided(self) -> int:
        return self.stays + self.changes

    @property
    def items_that_change(self) -> tuple[float, float, float] | None:
        return self.of(self.n_items)

    @property
    def labels_that_change(self) -> tuple[float, float, float] | None:
        """Of the labels that may be invalid, not of those to redo."""
        return self.of(self.n_labels)

    @property
    def seconds_of_set(self) -> float | None:
        return None if self.hours_of_set is None else self.hours_of_set * 3600

    @property
    def seconds_well_spent(self) -> float | None:
        """Of the work on the whole set, what falls on items that change."""
        found = self.of(self.seconds_of_set)
        return found[0] if found else None

    def of(self, n: float | None) -> tuple[float, float, float] | None:
        """So many of n (items, labels, hours of the set): expected, and the ends of the interval."""
        if self.share is None or n is None:
            return None
        return (n * self.share.share, n * self.share.low, n * self.share.high)

    @property
    def hours_of_set(self) -> float | None:
        """For asking the whole set again, since nobody knows beforehand which of its items change."""
        return None if self.hours_per_item is None else self.n_items * self.hours_per_item


def draw_sample(
    *, actor: User, project: Project, size: int = DEFAULT_SIZE, reasons: Sequence[str] | None = None,
    seed: int | None = None,
) -> ImpactSample:  # fmt: skip
    """A random sample of the items that the present draft may change, in proportion to the reasons.

    InvalidInput for a size that cannot be read, NothingToSample for an empty set. The seed is kept: the same labels,
    draft and seed give the same items.
    """
    _check_numbers(size, seed)
    impact = impact_of(project, reasons=reasons)
    if not len(impact.items):
        raise NothingToSample
    seed = secrets.randbelow(LARGEST_SEED) if seed is None else seed
    drawn = stratified_sample(impact.first_reasons, size, np.random.default_rng(seed))
    with transaction.atomic():
        sample = ImpactSample.objects.create(
            project=project, base_version=impact.current, draft_revision=impact.draft_revision,
            draft_sha256=impact.draft_sha256, reasons=[reason.key for reason in impact.reasons],
            n_items=len(impact.items), n_labels=impact.total.n_labels, seed=seed, created_by=actor,
            labels_per_item=impact.labels_per_item, median_seconds=impact.median_seconds,
        )  # fmt: skip
        ids = impact.item_ids
        ImpactJudgement.objects.bulk_create(
            ImpactJudgement(
                sample=sample, position=position, item_id=ids[place],
                reason=impact.reasons[int(impact.first_reasons[place])].key,
            )
            for position, place in enumerate(drawn.tolist(), start=1)
        )  # fmt: skip
        record_event(
            actor=actor, action="impact.sampled", scope=f"project:{project.slug}", target=str(sample.pk),
            facts={"items": len(drawn), "of": sample.n_items, "draft_revision": sample.draft_revision},
        )  # fmt: skip
    return sample


def _check_numbers(size: int, seed: int | None) -> None:
    errors = []
    if not 1 <= size <= MOST:
        errors.append(FieldError("size", "range", f"From 1 to {MOST} items."))
    if seed is not None and not 0 <= seed <= LARGEST_SEED:
        errors.append(FieldError("seed", "range", f"From 0 to {LARGEST_SEED}."))
    if errors:
        raise InvalidInput(errors=errors)


def judge_item(*, actor: User, sample: ImpactSample, position: int, verdict: str) -> ImpactJudgement:
    """Say what becomes of an item's labels; a second verdict replaces the first.

    SampleOutdated once the draft says something else: the words the verdict would be about are gone.
    """
    if verdict not in ImpactJudgement.Verdict.values:
        allowed = ", ".join(ImpactJudgement.Verdict.values)
        raise InvalidInput(errors=[FieldError("verdict", "unknown", f"One of: {allowed}.")])
    with transaction.atomic():
        if not is_of_this_draft(sample):
            raise SampleOutdated
        found = ImpactJudgement.objects.select_for_update(no_key=True, of=("self",)).filter(
            sample=sample, position=position
        )
        judgement = found.first()
        if judgement is None:
            raise NotFound
        judgement.verdict, judgement.judged_by, judgement.judged_at = verdict, actor, timezone.now()
        judgement.save(update_fields=["verdict", "judged_by", "judged_at"])
    return judgement


def estimate_of(sample: ImpactSample) -> Estimate:
    """The share of the set that will change, from the items judged so far; None as long as nothing is decided."""
    verdicts = list(ImpactJudgement.objects.filter(sample=sample).values_list("verdict", flat=True))
    stays, changes, unsure = (verdicts.count(name) for name in ("stays", "changes", "unsure"))
    judged = stays + changes + unsure
    return Estimate(
        len(verdicts), stays, changes, unsure, sample.n_items, sample.n_labels,
        sampled_share(changes, stays + changes, sample.n_items), (changes + unsure) / judged if judged else None,
        None if sample.median_seconds is None else sample.labels_per_item * sample.median_seconds / 3600,
    )  # fmt: skip
