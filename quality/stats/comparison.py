"""Each label against the labels of others on the same item: the within-item residual all bias tests rest on.

For label r of annotator a on an item with m labels of peers, of whom P gave the value, `d_r = own - P / m`.
Under exchangeability within the item (a's answer is one draw from its n = m + 1 labels, T = P + own of the
value) its mean is 0 and its variance `T (n - T) / (n - 1)^2`: the Cochran-Mantel-Haenszel statistic with the
item as stratum, in closed form. Sums over rows add up over shards; an item's change touches only its own
rows. For ratings, `own` is the level and the variance that of the item's levels.
"""

from dataclasses import dataclass

import numpy as np

from quality.stats.finding import per_annotator
from quality.stats.ratings import BoolArray, FloatArray, IntArray, Ratings


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """`d` and its null variance for each row that has a peer; `rows` are the row numbers in the ratings."""

    rows: IntArray
    d: FloatArray
    variance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """Per annotator: labels with peers, mean residual, its standard error, and rows that differ from the
    peers.
    """

    n: IntArray
    mean: FloatArray
    se: FloatArray
    n_differing: IntArray


def label_residuals(ratings: Ratings, value: int, peers: BoolArray) -> Residuals:
    """Residuals of the use of one value against the annotators in the mask `peers` [n_annotators]."""
    own = (ratings.value == value).astype(np.float64)
    return _residuals(ratings, own, own, peers)


def level_residuals(ratings: Ratings, peers: BoolArray) -> Residuals:
    """Residuals of the numeric level against the peers: severity, in points."""
    if ratings.levels is None:
        raise ValueError("severity needs numeric levels")
    own = ratings.levels[ratings.value]
    return _residuals(ratings, own, own**2, peers)


def shift(ratings: Ratings, residuals: Residuals) -> Shift:
    """The residuals of each annotator put together."""
    annotator, size = ratings.annotator[residuals.rows], ratings.n_annotators
    n = np.bincount(annotator, minlength=size)
    safe = np.maximum(n, 1)
    mean = per_annotator(residuals.d, annotator, size) / safe
    se = np.sqrt(per_annotator(residuals.variance, annotator, size)) / safe
    differing = np.bincount(annotator, weights=np.abs(residuals.d) > 1e-9, minlength=size).astype(np.int64)
    return Shift(n, mean, se, differing)


def _residuals(ratings: Ratings, own: FloatArray, square: FloatArray, peers: BoolArray) -> Residuals:
    is_peer = peers[ratings.annotator].astype(np.float64)

    def of_peers(column: FloatArray) -> FloatArray:
        """Sum of the column over the other people's rows on the row's item, peers only."""
        weighted = column * is_peer
        sums = np.bincount(ratings.item, weights=weighted, minlength=ratings.n_items)
        others: FloatArray = sums[ratings.item] - weighted
        return others

    m_all = of_peers(np.ones(ratings.n_labels))
    rows = np.flatnonzero(m_all > 0.5)
    m, total = m_all[rows], of_peers(own)[rows]
    own, n = own[rows], m + 1
    spread = (of_peers(square)[rows] + square[rows]) / n - np.square((total + own) / n)
    return Residuals(rows, own - total / m, np.maximum(spread, 0.0) * np.square(n / m))
