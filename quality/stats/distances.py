"""How far two values lie apart: distances for Krippendorff's alpha, agreement weights for kappa and AC2.

Both work on the values in use, in their order, with their numeric levels where there are any.
"""

from typing import Protocol

import numpy as np

from quality.stats.ratings import FloatArray


class Distance(Protocol):
    """Squared distances, float [K, K], of K values with these marginals (labels in pairs) and numeric
    levels.
    """

    def __call__(self, marginals: FloatArray, levels: FloatArray) -> FloatArray: ...


def nominal(marginals: FloatArray, levels: FloatArray) -> FloatArray:
    """0 where equal, 1 elsewhere."""
    return 1.0 - np.eye(len(levels))


def ordinal(marginals: FloatArray, levels: FloatArray) -> FloatArray:
    """`(sum_{g=k..l} n_g - (n_k + n_l) / 2)^2` (Krippendorff 2011): squared difference of mid-ranks."""
    ranks = mid_ranks(marginals)
    return np.square(ranks[:, None] - ranks[None, :])


def interval(marginals: FloatArray, levels: FloatArray) -> FloatArray:
    """Squared difference of levels."""
    return np.square(levels[:, None] - levels[None, :])


def ratio(marginals: FloatArray, levels: FloatArray) -> FloatArray:
    """`((a - b) / (a + b))^2`; 0 where both are 0. Levels must be of one sign."""
    total = levels[:, None] + levels[None, :]
    difference = levels[:, None] - levels[None, :]
    return np.square(np.divide(difference, total, out=np.zeros_like(total), where=total != 0))


def mid_ranks(marginals: FloatArray) -> FloatArray:
    """Mean rank of each value when all labels are ordered: cumulated marginals less half of its own, along
    the last axis.
    """
    ranks: FloatArray = np.cumsum(marginals, axis=-1) - marginals / 2
    return ranks


class Weights(Protocol):
    """Agreement weights, float [K, K], 1 on the diagonal, of K values with these levels."""

    def __call__(self, levels: FloatArray) -> FloatArray: ...


def identity_weights(levels: FloatArray) -> FloatArray:
    """1 where equal, else 0."""
    return np.eye(len(levels))


def linear_weights(levels: FloatArray) -> FloatArray:
    """`1 - |a - b| / (max - min)`."""
    distance = np.abs(levels[:, None] - levels[None, :])
    weights: FloatArray = 1.0 - distance / max(distance.max(initial=0.0), np.finfo(float).tiny)
    return weights


def quadratic_weights(levels: FloatArray) -> FloatArray:
    """`1 - (a - b)^2 / (max - min)^2`."""
    distance = np.square(levels[:, None] - levels[None, :])
    weights: FloatArray = 1.0 - distance / max(distance.max(initial=0.0), np.finfo(float).tiny)
    return weights


def ordinal_weights(levels: FloatArray) -> FloatArray:
    """`1 - C(|k - l| + 1, 2) / C(K, 2)` on ranks (Gwet 2014): uses the order only."""
    steps = np.abs(np.subtract.outer(np.arange(len(levels)), np.arange(len(levels))))
    weights: FloatArray = 1.0 - steps * (steps + 1) / max(len(levels) * (len(levels) - 1), 1)
    return weights
