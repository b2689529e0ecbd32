"""Annotator bias: a label used more or less often than others use it on the same items, and severity of
ratings.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from quality.stats.additive import fit_additive
from quality.stats.comparison import Residuals, Shift, label_residuals, level_residuals, shift
from quality.stats.figures import Note, Reason
from quality.stats.finding import Finding, NotTested, Outcome, few_labels
from quality.stats.multiplicity import benjamini_hochberg
from quality.stats.ratings import BoolArray, FloatArray, IntArray, Ratings
from quality.stats.skill import shift_of_skill

KIND = "bias"
WIDE_SPREAD_SHARE = 0.20
METHOD_ITEM = "Use compared with peers on the same items (Cochran-Mantel-Haenszel by item), interval null"
METHOD_ADDITIVE = "Two-way additive model of item and annotator, interval null within the peers' spread"

WIDE_SPREAD = Note(
    "people_differ_widely",
    "People differ widely here, so the guideline is to blame before any person; "
    "only those beyond the natural spread of the group are named.",
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What counts: H0 is `|shift| <= margin`, reported from `least` on, people tested from `min_labels`
    on.
    """

    margin: float
    least: float
    min_labels: int
    min_differing: int = 8


CHOICE_BOUNDS = Bounds(margin=0.02, least=0.05, min_labels=30)


def rating_bounds(levels: FloatArray) -> Bounds:
    """Bounds in points: 3.75 % and 6.25 % of the range (.15 and .25 on a scale from 1 to 5)."""
    span = float(levels[-1] - levels[0])
    return Bounds(margin=0.0375 * span, least=0.0625 * span, min_labels=30)


@dataclass(frozen=True, slots=True, eq=False)
class Tests:
    """All tests of one round: arrays [targets, n_annotators]. `tau` is the natural spread used, 0 if none."""

    targets: tuple[int | None, ...]
    shifts: tuple[Shift, ...]
    eligible: BoolArray
    p: FloatArray
    adjusted: FloatArray
    z: FloatArray
    tau: FloatArray

    def flagged(self, fdr: float, least: float) -> BoolArray:
        """Which tests are findings."""
        mean = np.stack([s.mean for s in self.shifts])
        return self.eligible & (self.adjusted <= fdr) & (np.abs(mean) >= least)


Measure = Callable[[Ratings, int | None, BoolArray], tuple[Residuals, Shift]]


def detect_bias(
    ratings: Ratings, *, fdr: float = 0.05, bounds: Bounds | None = None, measure: Measure | None = None
) -> Outcome:
    """Annotators who over- or under-use a label, or rate more severely or mildly, than peers on the same
    items.

    Choices: one test per annotator and label (one label where only two are in use); ratings: one per
    annotator. `|shift| <= margin` is the null hypothesis, Benjamini-Hochberg over all tests. Nobody is judged
    against people already flagged (the strongest leave first). The natural spread of people is added to the
    error when more than a fifth of the people tested are flagged without it. Pools of fewer than three people
    are left out: two can differ, but not say who is off.
    """
    bounds = bounds or (CHOICE_BOUNDS if ratings.levels is None else rating_bounds(ratings.levels))
    judged, not_tested = _judged(ratings, bounds)
    targets = _targets(judged)
    if not targets:
        return Outcome(not_tested=not_tested)
    measure = measure or measure_by_item
    tests = _peel(judged, targets, bounds, fdr, measure, use_spread=False)
    notes: tuple[Note, ...] = ()
    people, n_tests = tests.eligible.any(axis=0), int(tests.eligible.sum())
    if tests.flagged(fdr, bounds.least).any(axis=0).sum() > WIDE_SPREAD_SHARE * people.sum():
        tests = _peel(judged, targets, bounds, fdr, measure, use_spread=True)
        notes = (WIDE_SPREAD,)
    tests = _beyond_skill(judged, tests, bounds)
    hits = np.argwhere(tests.flagged(fdr, bounds.least))
    peers: BoolArray = np.logical_not(tests.flagged(fdr, bounds.least).any(axis=0))
    findings = [_finding(judged, tests, int(t), int(j), peers, measure) for t, j in hits]
    findings.sort(key=lambda f: (f.annotators, f.p_value))
    return Outcome(tuple(findings), n_tests, not_tested, notes)


def _beyond_skill(ratings: Ratings, tests: Tests, bounds: Bounds) -> Tests:
    """The same without the shifts that the person's own error rate explains (`skill`): the rest of the
    shift must be at least `least` and surely beyond the margin. Ratings stay as they are.
    """
    if ratings.levels is not None:
        return tests
    values = [target for target in tests.targets if target is not None]
    mean, se = (np.stack([getattr(s, name) for s in tests.shifts]) for name in ("mean", "se"))
    rest = mean - shift_of_skill(ratings)[values]
    p = ndtr(-(np.abs(rest) - bounds.margin) / np.maximum(se, 1e-9))
    beyond = (rest * mean > 0) & (np.abs(rest) >= bounds.least) & (p <= 0.05)
    return replace(tests, eligible=tests.eligible & beyond)


def still_there(ratings: Ratings, findings: Sequence[Finding]) -> list[bool]:
    """Which findings show in these labels too: same direction, at least `least`, surely beyond the margin
    (p .05).
    """
    bounds = CHOICE_BOUNDS if ratings.levels is None else rating_bounds(ratings.levels)
    peers = np.ones(ratings.n_annotators, dtype=np.bool_)
    peers[[finding.annotators[0] for finding in findings]] = False
    kept, _ = _judged(ratings, bounds)
    shifts = {value: measure_by_item(kept, value, peers)[1] for value in {f.value for f in findings}}
    stand = []
    for finding in findings:
        own, j = shifts[finding.value], finding.annotators[0]
        mean = float(own.mean[j]) * (1 if finding.effect > 0 else -1)
        stand.append(mean >= bounds.least and bool(ndtr(-(mean - bounds.margin) / max(float(own.se[j]), 1e-9)) <= 0.05))
    return stand


def measure_by_item(ratings: Ratings, target: int | None, peers: BoolArray) -> tuple[Residuals, Shift]:
    """Residuals and shifts against peers on the same items; closed form (the default)."""
    residuals = _raw_residuals(ratings, target, peers)
    return residuals, shift(ratings, residuals)


def measure_additive(ratings: Ratings, target: int | None, peers: BoolArray) -> tuple[Residuals, Shift]:
    """The same by the two-way additive model; standard errors from the spread of the row residuals."""
    return fit_additive(ratings, target, peers)


def _raw_residuals(ratings: Ratings, target: int | None, peers: BoolArray) -> Residuals:
    return level_residuals(ratings, peers) if target is None else label_residuals(ratings, target, peers)


def _judged(ratings: Ratings, bounds: Bounds) -> tuple[Ratings, tuple[NotTested, ...]]:
    """The labels on shared items of pools with three people or more, and who was left out."""
    pools = ratings.components()
    size_of_pool = np.bincount(pools[pools >= 0], minlength=1)
    in_small = (pools >= 0) & (size_of_pool[pools] == 2)
    shared = ratings.shared()
    judged = shared.where(~in_small[shared.annotator])
    two = tuple(NotTested(KIND, TWO_PEOPLE, annotator=int(j)) for j in np.flatnonzero(in_small))
    return judged, (*few_labels(KIND, judged.annotator_sizes(), bounds.min_labels), *two)


TWO_PEOPLE = Reason(
    "two_people", "Only two people share these items: they can differ, but not show who is off; gold labels can."
)


def _targets(ratings: Ratings) -> tuple[int | None, ...]:
    """Values to test, `None` for the level of ratings; one value of two, for the other is its mirror
    image.
    """
    used = np.flatnonzero(ratings.value_counts())
    if len(used) < 2:
        return ()
    if ratings.levels is not None:
        return (None,)
    return tuple(int(value) for value in (used[:1] if len(used) == 2 else used))


def _peel(
    ratings: Ratings,
    targets: Sequence[int | None],
    bounds: Bounds,
    fdr: float,
    measure: Measure,
    *,
    use_spread: bool,
) -> Tests:
    """Tests against peers who are not flagged themselves: the strongest are set aside until nobody new is
    found.
    """
    peers = np.ones(ratings.n_annotators, dtype=np.bool_)
    while True:
        tests = _test(ratings, targets, bounds, measure, peers, use_spread)
        flagged = tests.flagged(fdr, bounds.least) & peers
        if not flagged.any():
            return tests
        strength = np.where(flagged, tests.z, 0.0).max(axis=0)
        leaving = strength >= 0.5 * strength.max()
        if (peers & ~leaving).sum() < 2:
            return tests
        peers &= ~leaving


def _test(
    ratings: Ratings,
    targets: Sequence[int | None],
    bounds: Bounds,
    measure: Measure,
    peers: BoolArray,
    use_spread: bool,
) -> Tests:
    shifts = tuple(measure(ratings, target, peers)[1] for target in targets)
    n, mean, se, differing = (
        np.stack([getattr(s, name) for s in shifts]) for name in ("n", "mean", "se", "n_differing")
    )
    eligible = (n >= bounds.min_labels) & (differing >= bounds.min_differing)
    tau = np.array([_spread(m[e], s[e]) if use_spread else 0.0 for m, s, e in zip(mean, se, eligible, strict=True)])
    error = np.maximum(np.sqrt(se**2 + tau[:, None] ** 2), 1e-9)
    z = (np.abs(mean) - bounds.margin) / error
    p = np.minimum(1.0, 2 * ndtr(-z))
    adjusted = np.ones_like(p)
    adjusted[eligible] = benjamini_hochberg(p[eligible])
    return Tests(tuple(targets), shifts, eligible, p, adjusted, z, tau)


def _spread(mean: FloatArray, se: FloatArray) -> float:
    """Natural spread of the shifts, robust: `(1.4826 MAD)^2 - median(se)^2`; 0 with fewer than five
    people.
    """
    if len(mean) < 5:
        return 0.0
    mad = 1.4826 * float(np.median(np.abs(mean - np.median(mean))))
    return float(np.sqrt(max(0.0, mad**2 - float(np.median(se)) ** 2)))


def _finding(ratings: Ratings, tests: Tests, t: int, j: int, peers: BoolArray, measure: Measure) -> Finding:
    own, target = tests.shifts[t], tests.targets[t]
    mean = float(own.mean[j])
    half = float(ndtri(0.975)) * (float(own.se[j]) ** 2 + float(tests.tau[t]) ** 2) ** 0.5
    return Finding(
        kind=KIND,
        effect=mean,
        low=mean - half,
        high=mean + half,
        unit="points" if target is None else "share",
        p_value=float(tests.p[t, j]),
        p_adjusted=float(tests.adjusted[t, j]),
        n=int(own.n[j]),
        method=METHOD_ITEM if measure is measure_by_item else METHOD_ADDITIVE,
        annotators=(j,),
        value=target,
        values=_direction(ratings, j, target, mean, peers),
        pattern=_pattern(target, mean),
        evidence=_evidence(ratings, j, target, mean, peers),
        details={"natural_spread": float(tests.tau[t])},
    )


def _pattern(target: int | None, mean: float) -> str:
    if target is None:
        return "lower_ratings" if mean < 0 else "higher_ratings"
    return "over_use" if mean > 0 else "under_use"


def _evidence(ratings: Ratings, j: int, target: int | None, mean: float, peers: BoolArray) -> IntArray:
    """Items where the person departs from the peers in the direction of the shift, the clearest first."""
    residuals = _raw_residuals(ratings, target, peers)
    departs = np.where(ratings.annotator[residuals.rows] == j, residuals.d * np.sign(mean), 0.0)
    order = np.argsort(-departs, kind="stable")
    found: IntArray = ratings.item[residuals.rows[order[departs[order] > 1e-9]]].astype(np.int64)
    return found


def _direction(ratings: Ratings, j: int, target: int | None, mean: float, peers: BoolArray) -> tuple[int, int] | None:
    """For choices: (what this person says, what the peers mostly say there) on the items in question."""
    if target is None:
        return None
    sign_items = np.zeros(ratings.n_items, dtype=np.bool_)
    sign_items[_evidence(ratings, j, target, mean, peers)] = True
    there = sign_items[ratings.item]
    others = there & (ratings.annotator != j) & peers[ratings.annotator]
    rows = others if mean > 0 else there & (ratings.annotator == j)
    counts = np.bincount(ratings.value[rows], minlength=ratings.n_values)
    counts[target] = 0
    if not counts.any():
        return None
    other = int(counts.argmax())
    return (target, other) if mean > 0 else (other, target)
