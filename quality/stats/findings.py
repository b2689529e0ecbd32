"""All detectors in their order: spam, drift, bias, cohort bias, hotspots, collusion.

Each step leaves out what the earlier ones explain; the order is part of the method (docs/metrics.md).
Spammers leave all later steps; biased and drifting people, and the rows of a flagged cohort in its slice,
leave the hotspot step; items of hotspots leave the collusion step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quality.stats import bias, cohorts, collusion, drift, hotspots, spam
from quality.stats.figures import Note
from quality.stats.finding import NO_ITEMS, Finding, NotTested, Outcome
from quality.stats.ratings import FloatArray, Grouping, IntArray, Ratings
from quality.stats.relabel import relabel_scores

__all__ = ["KINDS", "Finding", "FindingsReport", "NotTested", "find_problems"]

KINDS = (spam.KIND, drift.KIND, bias.KIND, cohorts.KIND, hotspots.KIND, collusion.KIND)


@dataclass(frozen=True, slots=True, eq=False)
class FindingsReport:
    """All findings with what was tested and what was not.

    `tested[kind]` counts tests; `relabel_score[i]` ranks items for labelling again (never a probability),
    `relabel_order` are the items with labels, the most doubtful first.
    """

    findings: tuple[Finding, ...]
    tested: Mapping[str, int]
    not_tested: tuple[NotTested, ...]
    notes: tuple[Note, ...]
    relabel_score: FloatArray
    relabel_order: IntArray


def find_problems(
    ratings: Ratings,
    *,
    rng: np.random.Generator,
    fdr: float = 0.05,
    kinds: Sequence[str] = KINDS,
    slices: Sequence[Grouping] = (),
    cohorts: Sequence[Grouping] = (),
    texts: Sequence[str] | None = None,
) -> FindingsReport:
    """Findings of the kinds asked for, with the re-label order; the same generator state gives the same
    report.

    `slices` group items, `cohorts` group annotators, `texts[i]` is the text of item i (words as regions).
    False discovery rate `fdr` within each kind. Kinds that were not asked for still run where a later one
    needs them left out, but are not reported.
    """
    unknown = set(kinds) - set(KINDS)
    if unknown:
        raise ValueError(f"unknown kinds: {', '.join(sorted(unknown))}")
    run = _Run(ratings, rng, fdr, slices, cohorts, texts)
    run.all_steps(last=max((KINDS.index(kind) for kind in kinds), default=-1))
    chosen = {kind: outcome for kind, outcome in run.outcomes.items() if kind in kinds}
    findings = tuple(finding for outcome in chosen.values() for finding in outcome.findings)
    trusted = ratings.without_annotators(run.people(spam.KIND))
    score = relabel_scores(trusted, [f for f in findings if f.kind == hotspots.KIND])
    labelled = np.flatnonzero(ratings.item_sizes())
    return FindingsReport(
        findings,
        {kind: outcome.tested for kind, outcome in chosen.items()},
        tuple(entry for outcome in chosen.values() for entry in outcome.not_tested),
        tuple(note for outcome in chosen.values() for note in outcome.notes),
        score,
        labelled[np.argsort(-score[labelled], kind="stable")],
    )


class _Run:
    """The steps in order, each on the labels the earlier ones leave."""

    def __init__(
        self,
        ratings: Ratings,
        rng: np.random.Generator,
        fdr: float,
        slices: Sequence[Grouping],
        groups: Sequence[Grouping],
        texts: Sequence[str] | None,
    ) -> None:
        self.ratings, self.rng, self.fdr = ratings, rng, fdr
        self.slices, self.groups, self.texts = slices, groups, texts
        self.outcomes: dict[str, Outcome] = {}

    def all_steps(self, last: int) -> None:
        """Runs the kinds up to the one with that place in `KINDS`. Each has a generator of its own."""
        steps = (self._spam, self._drift, self._bias, self._cohorts, self._hotspots, self._collusion)
        streams = self.rng.spawn(len(steps))
        for kind, step, stream in list(zip(KINDS, steps, streams, strict=True))[: last + 1]:
            self.outcomes[kind] = step(stream)
        if cohorts.KIND in self.outcomes:
            self.outcomes[bias.KIND] = self._confirmed_bias()

    def people(self, *kinds: str) -> IntArray:
        """Annotators named by findings of those kinds."""
        named = {
            j for kind in kinds for finding in self.outcomes.get(kind, Outcome()).findings for j in finding.annotators
        }
        return np.array(sorted(named), dtype=np.int64)

    def _trusted(self) -> Ratings:
        return self.ratings.without_annotators(self.people(spam.KIND))

    def _spam(self, _: np.random.Generator) -> Outcome:
        return spam.detect_spam(self.ratings, fdr=self.fdr)

    def _drift(self, _: np.random.Generator) -> Outcome:
        return drift.detect_drift(self._trusted(), fdr=self.fdr)

    def _bias(self, _: np.random.Generator) -> Outcome:
        return bias.detect_bias(self._trusted(), fdr=self.fdr)

    def _cohorts(self, rng: np.random.Generator) -> Outcome:
        return cohorts.detect_cohort_bias(self._trusted(), self.groups, self.slices, rng=rng, fdr=self.fdr)

    def _hotspots(self, rng: np.random.Generator) -> Outcome:
        left = self.ratings.without_annotators(self.people(spam.KIND, bias.KIND, drift.KIND))
        left = self._without_cohort_rows(left)
        return hotspots.detect_hotspots(left, self.slices, self.texts, rng=rng, fdr=self.fdr)

    def _confirmed_bias(self) -> Outcome:
        """The bias findings that stand without the items of hotspots and the rows of cohort findings."""
        first = self.outcomes[bias.KIND]
        ambiguous = self.outcomes.get(hotspots.KIND, Outcome()).findings
        explained = (*self.outcomes[cohorts.KIND].findings, *ambiguous)
        if not first.findings or not explained:
            return first
        left = self._without_cohort_rows(self._trusted())
        left = left.without_items(np.concatenate([NO_ITEMS, *(finding.evidence for finding in ambiguous)]))
        stand = bias.still_there(left, first.findings)
        return replace(first, findings=tuple(f for f, is_there in zip(first.findings, stand, strict=True) if is_there))

    def _without_cohort_rows(self, ratings: Ratings) -> Ratings:
        for finding in self.outcomes[cohorts.KIND].findings:
            ratings = ratings.where(~cohorts.finding_rows(ratings, finding, self.groups, self.slices))
        return ratings

    def _collusion(self, _: np.random.Generator) -> Outcome:
        found = self.outcomes[hotspots.KIND].findings
        ambiguous = [finding.evidence for finding in found]
        left = self._trusted()
        return collusion.detect_collusion(
            left.without_items(np.concatenate(ambiguous)) if ambiguous else left, fdr=self.fdr
        )
