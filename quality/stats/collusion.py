"""Collusion: two people who agree with each other more than each agrees with everybody else."""

import numpy as np
from scipy.special import expit, logit, ndtr

from quality.stats.finding import Finding, Outcome, per_annotator
from quality.stats.multiplicity import benjamini_hochberg
from quality.stats.pairwise import PairKappas, cohen_kappas, count_pairs
from quality.stats.ratings import FloatArray, IntArray, Ratings

KIND = "collusion"
MIN_SHARED = 20
PSEUDO_PAIRS = 10
LEAST_EXCESS = 0.08
METHOD = "Agreement of the pair against that of each with all others, scaled by the spread over pairs"


def detect_collusion(ratings: Ratings, *, fdr: float = 0.05) -> Outcome:
    """Pairs with 20 shared items who agree on more than their agreement with everybody else explains.

    `logit p_ab = logit A_(a\\b) + logit A_(b\\a) - logit mu`, rates shrunk by 10 pseudo-pairs to the overall
    rate mu; `z = (O - n p) / sqrt(n p (1 - p))`, divided by its robust spread over pairs, so that hard items,
    which make honest people wrong together, do not count. One-sided, Benjamini-Hochberg over the pairs,
    excess at least .08.
    """
    pairs = cohen_kappas(count_pairs(ratings))
    tested = pairs.n >= MIN_SHARED
    if tested.sum() < 3 or (ratings.value_counts() > 0).sum() < 2:
        return Outcome()
    agreeing = pairs.agreement * pairs.n
    expected = _expected_rate(pairs, agreeing, ratings.n_annotators)
    n = pairs.n.astype(np.float64)
    z = (agreeing - n * expected) / np.sqrt(n * expected * (1 - expected))
    z_tested = z[tested]
    mad = 1.4826 * float(np.median(np.abs(z_tested - np.median(z_tested))))
    p = ndtr(-z_tested / max(1.0, mad))
    adjusted = benjamini_hochberg(p)
    places = np.flatnonzero(tested)
    excess = (pairs.agreement - expected)[places]
    hits = np.flatnonzero((adjusted <= fdr) & (excess >= LEAST_EXCESS))
    findings = [
        _finding(ratings, pairs, int(places[k]), float(excess[k]), float(p[k]), float(adjusted[k])) for k in hits
    ]
    findings.sort(key=lambda finding: finding.p_value)
    return Outcome(tuple(findings), int(tested.sum()))


def _expected_rate(pairs: PairKappas, agreeing: FloatArray, n_annotators: int) -> FloatArray:
    mu = float(agreeing.sum() / pairs.n.sum())
    mu = min(max(mu, 1e-3), 1 - 1e-3)
    rates = []
    for side in (pairs.first, pairs.second):
        agreed = _per_person(agreeing, pairs, n_annotators)[side] - agreeing
        n = _per_person(pairs.n.astype(np.float64), pairs, n_annotators)[side] - pairs.n
        rates.append((agreed + PSEUDO_PAIRS * mu) / (n + PSEUDO_PAIRS))
    clipped = [np.clip(rate, 1e-3, 1 - 1e-3) for rate in rates]
    expected: FloatArray = np.clip(expit(logit(clipped[0]) + logit(clipped[1]) - logit(mu)), 1e-3, 1 - 1e-3)
    return expected


def _per_person(column: FloatArray, pairs: PairKappas, n_annotators: int) -> FloatArray:
    return per_annotator(column, pairs.first, n_annotators) + per_annotator(column, pairs.second, n_annotators)


def _finding(ratings: Ratings, pairs: PairKappas, k: int, excess: float, p: float, adjusted: float) -> Finding:
    a, b, n = int(pairs.first[k]), int(pairs.second[k]), int(pairs.n[k])
    rate = float(pairs.agreement[k])
    half = 1.96 * (rate * (1 - rate) / n + 1e-12) ** 0.5
    return Finding(
        kind=KIND,
        effect=excess,
        low=excess - half,
        high=excess + half,
        unit="agreement",
        p_value=p,
        p_adjusted=adjusted,
        n=n,
        method=METHOD,
        annotators=(a, b),
        evidence=_same_answers(ratings, a, b),
        details={"agreement": rate, "expected": rate - excess},
    )


def _same_answers(ratings: Ratings, a: int, b: int) -> IntArray:
    """Items on which the two gave the same answer; those where somebody else differs first."""
    answers = [np.full(ratings.n_items, -1 - k, dtype=np.int64) for k in (0, 1)]
    for column, person in zip(answers, (a, b), strict=True):
        rows = ratings.annotator == person
        column[ratings.item[rows]] = ratings.value[rows]
    items = np.flatnonzero(answers[0] == answers[1])
    against = np.bincount(ratings.item, weights=ratings.value != answers[0][ratings.item], minlength=ratings.n_items)
    found: IntArray = items[np.argsort(-against[items], kind="stable")]
    return found
