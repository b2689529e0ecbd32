"""Does a person lean the same way again and again? The test that tells two readings from coin tosses."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import gammaincc, ndtr

from quality.stats.finding import per_annotator
from quality.stats.ratings import BoolArray, FloatArray, IntArray

PERMUTATIONS = 999
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class Consistency:
    """`rho`: 1 if everybody holds one reading, about 0 for coin tosses; p without the person who adds most to
    it.

    `leaning` are the numbers of people who lean to either side, `sides` of those who gave either label.
    """

    rho: float
    p: float
    leaning: tuple[int, int]
    sides: tuple[int, int]
    n_rows: int


def test_consistency(
    item: IntArray, annotator: IntArray, is_second: FloatArray, rng: np.random.Generator
) -> Consistency:
    """Consistency of the rows of split items: `is_second` is 1 for label b, 0 for a, every item has both.

    `x_r = is_second - share of the item`; `T = sum_j [(sum x)^2 - sum x^2]`, `rho = T / T_max`. Under the
    null the labels are exchangeable within the item: 999 permutations, beyond 3 sd a Pearson III tail with
    their mean, sd and skewness. The person with the largest part of T is left out of the p-value.
    """
    order = np.argsort(item, kind="stable")
    _, item = np.unique(item[order], return_inverse=True)
    people, annotator = np.unique(annotator[order], return_inverse=True)
    b = is_second[order]
    x = b - (np.bincount(item, weights=b) / np.bincount(item))[item]
    J = len(people)
    sums, squares = per_annotator(x, annotator, J), per_annotator(x**2, annotator, J)
    part = sums**2 - squares
    most = float((per_annotator(np.abs(x), annotator, J) ** 2 - squares).sum())
    rho = float(part.sum()) / most if most > 0 else 0.0
    leans = np.abs(sums) > np.sqrt(squares)
    leaning = (int((leans & (sums < 0)).sum()), int((leans & (sums > 0)).sum()))
    sides = tuple(int((per_annotator(side, annotator, J) > 0).sum()) for side in (1 - b, b))
    kept = annotator != int(part.argmax())
    p = _permutation_p(item, annotator, x, kept, J, rng)
    return Consistency(rho, p, leaning, (sides[0], sides[1]), len(item))


def _permutation_p(
    item: IntArray, annotator: IntArray, x: FloatArray, kept: BoolArray, J: int, rng: np.random.Generator
) -> float:
    def statistic(columns: FloatArray) -> FloatArray:
        """T of each column of permuted residuals [rows, draws]."""
        total: FloatArray = np.square(np.asarray(onto @ columns)).sum(axis=0) - (
            np.square(columns) * kept[:, None]
        ).sum(axis=0)
        return total

    onto = csr_array((kept.astype(np.float64), (annotator, np.arange(len(x)))), shape=(J, len(x)))
    observed = float(statistic(x[:, None])[0])
    drawn = []
    step = max(1, _BLOCK // max(len(x), 1))
    for begin in range(0, PERMUTATIONS, step):
        size = min(step, PERMUTATIONS - begin)
        order = np.argsort(item + rng.random((size, len(x))), axis=1)
        drawn.append(statistic(x[order].T))
    null = np.concatenate(drawn)
    counted = (1 + int((null >= observed - 1e-12).sum())) / (1 + PERMUTATIONS)
    sd = float(null.std())
    if sd <= 0 or observed <= null.mean() + 3 * sd:
        return counted
    return min(counted, _pearson_tail((observed - float(null.mean())) / sd, _skewness(null)))


def _skewness(draws: FloatArray) -> float:
    return float(((draws - draws.mean()) ** 3).mean() / draws.std() ** 3)


def _pearson_tail(z: float, skewness: float) -> float:
    """Upper tail of the standardised Pearson III distribution (a shifted gamma); the normal one without
    skewness.
    """
    if skewness < 1e-3:
        return float(ndtr(-z))
    shape = 4 / skewness**2
    return float(gammaincc(shape, max(0.0, shape + z * np.sqrt(shape))))
