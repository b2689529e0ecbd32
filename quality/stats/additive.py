"""The two-way additive model `y_ra = item_i + person_j`, solved by damped alternating means."""

import numpy as np

from quality.stats.comparison import Residuals, Shift
from quality.stats.finding import per_annotator
from quality.stats.ratings import BoolArray, FloatArray, Ratings

ROUNDS = 20
DAMPING = 0.7


def fit_additive(ratings: Ratings, value: int | None, peers: BoolArray) -> tuple[Residuals, Shift]:
    """Person effects on the use of a value (`None`: on the level), centred at the median of the peers.

    `d_r = y_r - mean over the peers' rows of the item of (y - beta)`, `beta_j = mean d`, its standard error
    from the spread of d over j's items. Residuals carry that spread as variance.
    """
    y = _outcome(ratings, value)
    is_peer = peers[ratings.annotator].astype(np.float64)
    J, item, annotator = ratings.n_annotators, ratings.item, ratings.annotator

    def others(column: FloatArray) -> FloatArray:
        weighted = column * is_peer
        sums = np.bincount(item, weights=weighted, minlength=ratings.n_items)
        rest: FloatArray = sums[item] - weighted
        return rest

    m = others(np.ones(len(y)))
    rows = np.flatnonzero(m > 0.5)
    n = np.bincount(annotator[rows], minlength=J)
    beta = np.zeros(J)
    d = np.zeros(len(rows))
    for _ in range(ROUNDS):
        d = y[rows] - others(y - beta[annotator])[rows] / m[rows]
        update = per_annotator(d, annotator[rows], J) / np.maximum(n, 1)
        beta += DAMPING * (update - beta)
        known = peers & (n > 0)
        beta -= np.median(beta[known]) if known.any() else 0.0
    mean = per_annotator(d, annotator[rows], J) / np.maximum(n, 1)
    squares = per_annotator((d - mean[annotator[rows]]) ** 2, annotator[rows], J)
    variance: FloatArray = squares / np.maximum(n - 1, 1)
    differing = np.bincount(annotator[rows], weights=np.abs(d - beta[annotator[rows]]) > 0.05, minlength=J)
    summary = Shift(n, mean, np.sqrt(variance / np.maximum(n, 1)), differing.astype(np.int64))
    return Residuals(rows, d, variance[annotator[rows]]), summary


def _outcome(ratings: Ratings, value: int | None) -> FloatArray:
    if value is not None:
        is_value: FloatArray = (ratings.value == value).astype(np.float64)
        return is_value
    if ratings.levels is None:
        raise ValueError("severity needs numeric levels")
    level: FloatArray = ratings.levels[ratings.value]
    return level
