"""Split items: how often each pair of labels meets on an item, and how often it should.

An item with different labels has weight 1, spread over its label pairs in proportion to its discordant pairs.
The expected weight of a pair in a region follows from the regions' items by leading label and number of
labels, the rate of the pair elsewhere, the region's difficulty on all other pairs, and its leaning to either
label on third pairs.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import betainc, gammainc

from quality.stats.ratings import BoolArray, FloatArray, IntArray, Ratings

SIZE_CLASSES = 5
SMOOTHING = 5.0
MIN_BODY = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Per item: `weight[i, p]` of label pair p = `pairs[p]`, and `lead[i, s]`, its share in stratum s.

    A stratum is a leading label (ties share) and a number of labels. Items with one label have neither.
    """

    pairs: IntArray
    weight: csr_array
    lead: csr_array
    counts: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """Arrays [regions, pairs]: observed and expected weight, z and p of the excess; `dispersion` [pairs] that
    each was judged with.
    """

    observed: FloatArray
    expected: FloatArray
    z: FloatArray
    p: FloatArray
    dispersion: FloatArray


def find_splits(ratings: Ratings) -> Splits:
    """The splits of all items. O(items x values + split pairs)."""
    counts = ratings.item_value_counts()
    sizes = counts.sum(axis=1)
    counts[sizes < 2] = 0
    used = np.flatnonzero(counts.sum(axis=0))
    pairs = np.array([(a, b) for k, a in enumerate(used) for b in used[k + 1 :]], dtype=np.int64).reshape(-1, 2)
    discordant = (np.square(counts.sum(axis=1)) - np.square(counts).sum(axis=1)) / 2
    items, columns, data = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for p, (a, b) in enumerate(pairs):
        both = np.flatnonzero((counts[:, a] > 0) & (counts[:, b] > 0))
        items.append(both)
        columns.append(np.full(len(both), p))
        data.append(counts[both, a] * counts[both, b] / discordant[both])
    entries = (np.concatenate(data), (np.concatenate(items), np.concatenate(columns)))
    weight = csr_array(entries, shape=(ratings.n_items, len(pairs)))
    return Splits(pairs, weight, _strata(counts, sizes), counts)


def excess(splits: Splits, regions: csr_array, active: BoolArray) -> Excess:
    """Observed against expected weight of each pair in each region, over the active items."""
    kept = csr_array(regions.multiply(active[None, :].astype(np.float64)))
    observed = np.asarray((kept @ splits.weight).todense())
    n = np.asarray((kept @ splits.lead).todense())
    mask = active.astype(np.float64)
    total = np.asarray(mask @ splits.weight).ravel()
    n_total = np.asarray(mask @ splits.lead).ravel()
    masked = csr_array(splits.lead.multiply(mask[:, None]))
    rate = np.asarray((masked.T @ splits.weight).todense()) / np.maximum(n_total, 1e-9)[:, None]
    plain = n @ rate
    elsewhere = np.divide(total - observed, total - plain, out=np.ones_like(plain), where=total - plain > 1e-9)
    expected = _with_difficulty_and_leaning(splits, observed, plain * elsewhere)
    dispersion = _dispersions(observed, expected)
    variance = np.maximum(expected + dispersion * expected**2, 1e-9)
    p = _upper_tail(observed, np.maximum(expected, 1e-9), dispersion)
    return Excess(observed, expected, (observed - expected) / np.sqrt(variance), p, dispersion)


def _strata(counts: IntArray, sizes: IntArray) -> csr_array:
    top = counts.max(axis=1, initial=0)
    items, leads = np.nonzero((counts == top[:, None]) & (top[:, None] > 0))
    ties = np.bincount(items, minlength=len(counts))
    column = leads * SIZE_CLASSES + np.minimum(sizes[items] - 2, SIZE_CLASSES - 1)
    return csr_array((1 / ties[items], (items, column)), shape=(len(counts), counts.shape[1] * SIZE_CLASSES))


def _with_difficulty_and_leaning(splits: Splits, observed: FloatArray, expected: FloatArray) -> FloatArray:
    """Raises the expected weight where the region is hard throughout, or leans to one of the labels
    elsewhere.
    """
    n_values = splits.counts.shape[1]
    touches = np.zeros((len(splits.pairs), n_values))
    for side in (0, 1):
        touches[np.arange(len(splits.pairs)), splits.pairs[:, side]] = 1
    others = [part.sum(axis=1, keepdims=True) - part for part in (observed, expected)]
    difficulty = np.maximum(1.0, (others[0] + SMOOTHING) / (others[1] + SMOOTHING))
    leaning: FloatArray = np.ones(observed.shape)
    for side in (0, 1):
        label = splits.pairs[:, side]
        third = [(part @ touches)[:, label] - part for part in (observed, expected)]
        ratio = (third[0] + SMOOTHING) / (third[1] + SMOOTHING) / difficulty
        leaning = np.where(ratio > leaning, ratio, leaning)
    raised: FloatArray = expected * difficulty * leaning
    return raised


def _dispersions(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """Over-dispersion to judge each pair with: that of the other pairs' cells.

    A strong cluster spoils all cells of its own pair, inside it and (through the rate elsewhere) outside of it, and
    would hide itself behind the dispersion it makes. Two classes have one pair only: it is judged with its own.
    """
    n_pairs = observed.shape[1]
    if n_pairs < 2:
        return np.full(n_pairs, _dispersion(observed, expected))
    others = [np.delete(np.arange(n_pairs), pair) for pair in range(n_pairs)]
    return np.array([_dispersion(observed[:, kept], expected[:, kept]) for kept in others])


def _dispersion(observed: FloatArray, expected: FloatArray) -> float:
    """Over-dispersion `a` of the body of cells: the median of `(o - e)^2 / (e + a e^2)` is that of
    chi-square.
    """
    body = expected >= MIN_BODY
    if body.sum() < 10:
        return 0.0
    o, e = observed[body], expected[body]
    low, high = 0.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        if float(np.median((o - e) ** 2 / (e + middle * e**2))) > 0.4549:
            low = middle
        else:
            high = middle
    return high


def _upper_tail(k: FloatArray, mean: FloatArray, dispersion: FloatArray) -> FloatArray:
    """P(X >= k) of the negative binomial with that mean and dispersion (Poisson without), for real k."""
    k = np.maximum(k, 1e-12)
    size = 1 / np.maximum(dispersion, 1e-6)
    poisson, binomial = gammainc(k, mean), betainc(k, size, mean / (mean + size))
    return np.where(dispersion < 1e-6, poisson, binomial)
