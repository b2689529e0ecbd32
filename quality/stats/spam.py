"""People whose answers carry little information: random or constant answering."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from quality.stats.aggregation import dawid_skene, leave_one_out
from quality.stats.comparison import label_residuals, shift
from quality.stats.finding import Finding, Outcome, few_labels, per_annotator
from quality.stats.multiplicity import benjamini_hochberg
from quality.stats.ratings import BoolArray, FloatArray, IntArray, Ratings

KIND = "spam"
MIN_LABELS = 20
KAPPA_BOUND = 0.30
KAPPA_BOUND_OF_MEDIAN = 0.45
CONSTANT_SHARE = 0.80
ONE_ANSWER_SHARE = 0.95
ONE_ANSWER_EXCESS = 0.15
METHOD = "Chance-corrected agreement with the Dawid-Skene posterior of the others, relative bound; one-answer rule"


@dataclass(frozen=True, slots=True, eq=False)
class Kappas:
    """Per annotator: labels on shared items, kappa with the others' posterior, its se, p of `kappa >=
    bound`.
    """

    n: IntArray
    kappa: FloatArray
    se: FloatArray
    p: FloatArray
    bound: float


def detect_spam(ratings: Ratings, *, fdr: float = 0.05) -> Outcome:
    """Annotators whose kappa with the others' posterior is surely below the bound, or who give one answer.

    Bound: `min(.30, .45 x median kappa)`, relative because people agree less on subjective tasks. A second
    look without those found first. Benjamini-Hochberg over all annotators with 20 labels on shared items.
    """
    shared = ratings.shared()
    eligible = shared.annotator_sizes() >= MIN_LABELS
    if eligible.sum() < 3 or (shared.value_counts() > 0).sum() < 2:
        return Outcome(not_tested=few_labels(KIND, shared.annotator_sizes(), MIN_LABELS))
    found = np.zeros(ratings.n_annotators, dtype=np.bool_)
    for _ in range(2):
        tests = kappas_with_others(shared, found)
        one_answer = _one_answer_p(shared, ~found)
        both = np.where(one_answer < 1, np.minimum(1.0, 2 * np.minimum(tests.p, one_answer)), tests.p)
        p = np.where(found | (tests.n < MIN_LABELS), 1.0, both)
        adjusted = np.ones(ratings.n_annotators)
        adjusted[eligible] = benjamini_hochberg(p[eligible])
        newly = (adjusted <= fdr) & ~found
        if not found.any():
            first = (tests, p, adjusted)
        else:
            _keep_second(first, (tests, p, adjusted), newly)
        found |= newly
        if not newly.any():
            break
    findings = tuple(_finding(shared, first, int(j)) for j in np.flatnonzero(found))
    return Outcome(findings, int(eligible.sum()), few_labels(KIND, shared.annotator_sizes(), MIN_LABELS))


def kappas_with_others(ratings: Ratings, left_out: BoolArray) -> Kappas:
    """Kappa of each annotator with the leave-one-out posterior of a fit without the people in the mask
    `left_out`.

    `(mean a - p_e) / (1 - p_e)`, `a_r = sum_k q_(-j)(k) w(v, k)`, `p_e` from j's own shares and the mean
    posterior on j's items; `w` linear for ratings. The variance is that of each row's influence on `kappa -
    bound`.
    """
    kept = ratings.where(~left_out[ratings.annotator]).shared()
    posterior = leave_one_out(kept, dawid_skene(kept))
    weight = agreement_weights(ratings)
    J = ratings.n_annotators
    n = kept.annotator_sizes()
    safe = np.maximum(n, 1)
    agreed = (posterior * weight[kept.value]).sum(axis=1)
    own = kept.annotator_value_counts() / safe[:, None]
    mean_posterior = np.stack([per_annotator(q, kept.annotator, J) for q in posterior.T], axis=1) / safe[:, None]
    by_value = mean_posterior @ weight.T
    by_truth = own @ weight
    chance = (own * by_value).sum(axis=1)
    agreement = per_annotator(agreed, kept.annotator, J) / safe
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = np.where(chance < 1 - 1e-9, (agreement - chance) / (1 - chance), 0.0)
    bound = kappa_bound(kappa[n >= MIN_LABELS])
    a = kept.annotator
    by_row = by_value[a, kept.value] + (posterior * by_truth[a]).sum(axis=1) - chance[a]
    influence = agreed - bound - (1 - bound) * by_row
    mean = per_annotator(influence, a, J) / safe
    squares = per_annotator((influence - mean[a]) ** 2, a, J)
    se = np.sqrt(squares / np.maximum(n - 1, 1) / safe)
    t = mean / np.maximum(se, 1e-9)
    p = np.where(n >= 2, stdtr(np.maximum(n - 1, 1), t), 1.0)
    return Kappas(n, kappa, se / np.maximum(1 - chance, 1e-9), p, bound)


def kappa_bound(kappas: FloatArray) -> float:
    """The kappa below which answers count as uninformative in this project."""
    median = float(np.median(kappas)) if len(kappas) else 0.0
    return min(KAPPA_BOUND, KAPPA_BOUND_OF_MEDIAN * max(median, 0.0))


def agreement_weights(ratings: Ratings) -> FloatArray:
    """1 for equal values; for ratings `1 - distance / range`."""
    if ratings.levels is None or ratings.n_values < 2:
        return np.eye(ratings.n_values)
    distance = np.abs(ratings.levels[:, None] - ratings.levels[None, :])
    weights: FloatArray = 1 - distance / distance.max()
    return weights


def _one_answer_p(ratings: Ratings, peers: BoolArray) -> FloatArray:
    """p that the person uses their commonest answer no more than the peers; 1 unless both bounds are
    passed.
    """
    counts = ratings.annotator_value_counts()
    share = counts.max(axis=1) / np.maximum(counts.sum(axis=1), 1)
    commonest = counts.argmax(axis=1)
    p = np.ones(ratings.n_annotators)
    for value in np.unique(commonest[share >= ONE_ANSWER_SHARE]):
        use = shift(ratings, label_residuals(ratings, int(value), peers))
        suspects = (commonest == value) & (share >= ONE_ANSWER_SHARE) & (use.mean >= ONE_ANSWER_EXCESS)
        z = use.mean / np.maximum(use.se, 1e-9)
        p[suspects] = ndtr(-z[suspects])
    return p


_Tests = tuple[Kappas, FloatArray, FloatArray]


def _keep_second(first: _Tests, second: _Tests, newly: BoolArray) -> None:
    """What is reported of people found at the second look are its figures."""
    for old, new in zip(first[1:], second[1:], strict=True):
        old[newly] = new[newly]
    for name in ("n", "kappa", "se"):
        getattr(first[0], name)[newly] = getattr(second[0], name)[newly]


def _finding(ratings: Ratings, tests: _Tests, j: int) -> Finding:
    kappas, p, adjusted = tests
    counts = np.bincount(ratings.value[ratings.annotator == j], minlength=ratings.n_values)
    is_constant = counts.max() / counts.sum() >= CONSTANT_SHARE
    n, kappa = int(kappas.n[j]), float(kappas.kappa[j])
    half = float(stdtrit(max(n - 1, 1), 0.975)) * float(kappas.se[j])
    return Finding(
        kind=KIND,
        effect=kappa,
        low=max(-1.0, kappa - half),
        high=min(1.0, kappa + half),
        unit="kappa",
        p_value=float(p[j]),
        p_adjusted=float(adjusted[j]),
        n=n,
        method=METHOD,
        annotators=(j,),
        value=int(counts.argmax()) if is_constant else None,
        pattern="constant" if is_constant else "random",
        evidence=ratings.item[ratings.annotator == j].astype(np.int64),
        details={"bound": kappas.bound, "top_share": float(counts.max() / counts.sum())},
    )
