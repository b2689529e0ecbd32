"""Agreement coefficients that follow from per-item counts: percent agreement, alpha, Fleiss' kappa, AC1 and
AC2.

All take a `Tally`, use only the values in use, and return a `Figure` with a jackknife interval over items.
"""

from typing import Protocol

import numpy as np

from quality.stats import distances, figures
from quality.stats.distances import Distance, Weights
from quality.stats.figures import Figure, jackknife_interval, undefined_figure
from quality.stats.ratings import BoolArray, FloatArray, IntArray
from quality.stats.tallies import Tally, coincidences


def percent_agreement(tally: Tally) -> Figure:
    """Agreeing pairs / pairs of each item with two labels or more, mean over items. Undefined without such
    an item.
    """
    pairs = tally.paired
    if not pairs.n_items:
        return undefined_figure(figures.NO_SHARED_ITEMS)
    share = pair_agreement(pairs, np.eye(pairs.counts.shape[1]))
    value = float(pairs.items @ share) / pairs.n_items
    left_out = _leave_one_out_mean(share, pairs.items)
    return _figure(value, left_out, pairs.items, tally, bounds=(0.0, 1.0))


def pooled_percent_agreement(tally: Tally) -> Figure:
    """Agreeing pairs / pairs over all items together: items with more labels weigh more."""
    pairs = tally.paired
    if not pairs.n_items:
        return undefined_figure(figures.NO_SHARED_ITEMS)
    agreeing = np.square(pairs.counts).sum(axis=1) - pairs.sizes
    total = pairs.sizes * (pairs.sizes - 1)
    agreed, all_pairs = pairs.items @ agreeing, pairs.items @ total
    with np.errstate(invalid="ignore"):
        left_out = (agreed - agreeing) / (all_pairs - total)
    return _figure(float(agreed / all_pairs), left_out, pairs.items, tally, bounds=(0.0, 1.0))


def krippendorff_alpha(
    tally: Tally, distance: Distance = distances.nominal, levels: FloatArray | None = None
) -> Figure:
    """Krippendorff's alpha, `1 - D_o / D_e` from coincidences (Krippendorff 2011).

    `levels` are the numeric levels of all values [n_values], needed by interval and ratio distances. Items
    with one label carry no pairs and are left out. Undefined if one value only is in use on the items with
    pairs.
    """
    pairs = tally.paired
    if not pairs.n_items:
        return undefined_figure(figures.NO_SHARED_ITEMS)
    reason = _levels_missing(distance, levels)
    if reason is not None:
        return undefined_figure(reason, pairs.n_items, pairs.n_labels)
    used = pairs.value_counts > 0
    pairs = pairs.in_use()
    if pairs.counts.shape[1] < 2:
        return undefined_figure(figures.ONE_VALUE, pairs.n_items, pairs.n_labels)
    scale = _used_levels(levels, used)
    together = coincidences(pairs)
    marginals = pairs.value_counts.astype(float)
    delta = distance(marginals, scale)
    observed = float((together * delta).sum())
    expected = float(marginals @ delta @ marginals) / (marginals.sum() - 1)
    if distance is distances.ordinal:
        left_out = _ordinal_alpha_without_each(pairs, together, marginals)
    else:
        left_out = _alpha_without_each(pairs, delta, observed, marginals)
    return _figure(1 - observed / expected, left_out, pairs.items, tally)


def fleiss_kappa(
    tally: Tally, weights: Weights = distances.identity_weights, levels: FloatArray | None = None
) -> Figure:
    """Fleiss' kappa generalised to unequal numbers of labels (Gwet 2014), unweighted or weighted.

    Observed: mean over items with two labels; chance: `sum w_kl pi_k pi_l`, `pi_k` the mean over all items,
    single-label ones included, of the share of value k. Undefined if one value only is in use.
    """
    return _chance_corrected(tally, weights, levels, _fleiss_chance)


def gwet_ac(tally: Tally, weights: Weights = distances.identity_weights, levels: FloatArray | None = None) -> Figure:
    """Gwet's AC1 (identity weights) or AC2: chance agreement `T_w sum pi_k (1 - pi_k) / (q (q - 1))` (Gwet
    2008, 2014).

    `q` is the number of values in use, `T_w` the sum of the weights; single-label items count for `pi_k` as
    in irrCAC.
    """
    return _chance_corrected(tally, weights, levels, _gwet_chance)


def _chance_corrected(tally: Tally, weights: Weights, levels: FloatArray | None, chance: "_Chance") -> Figure:
    if not tally.paired.n_items:
        return undefined_figure(figures.NO_SHARED_ITEMS)
    used = tally.value_counts > 0
    labelled = tally.in_use()
    if labelled.counts.shape[1] < 2:
        return undefined_figure(figures.ONE_VALUE, tally.paired.n_items, tally.paired.n_labels)
    weight = weights(_used_levels(levels, used))
    agreement = np.where(labelled.sizes >= 2, pair_agreement(labelled, weight), 0.0)
    observed = float(labelled.items @ agreement)
    shares = labelled.counts / labelled.sizes[:, None]
    total = labelled.items @ shares
    n_pairs, n_all = labelled.paired.n_items, labelled.n_items

    expected = float(chance(weight, (total / n_all)[None, :])[0])
    value = (observed / n_pairs - expected) / (1 - expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        without = (observed - agreement) / (n_pairs - (labelled.sizes >= 2))
        chances = chance(weight, (total - shares) / (n_all - 1))
        left_out = (without - chances) / (1 - chances)
    return _figure(value, left_out, labelled.items, tally)


class _Chance(Protocol):
    def __call__(self, weight: FloatArray, shares: FloatArray) -> FloatArray: ...


def _fleiss_chance(weight: FloatArray, shares: FloatArray) -> FloatArray:
    chance: FloatArray = ((shares @ weight) * shares).sum(axis=-1)
    return chance


def _gwet_chance(weight: FloatArray, shares: FloatArray) -> FloatArray:
    q = len(weight)
    chance: FloatArray = weight.sum() * (shares * (1 - shares)).sum(axis=-1) / (q * (q - 1))
    return chance


def pair_agreement(tally: Tally, weight: FloatArray) -> FloatArray:
    """Weighted share of agreeing pairs of each pattern; 0 where there is no pair."""
    agreeing = (tally.counts * (tally.counts @ weight - 1)).sum(axis=1)
    pairs = tally.sizes * (tally.sizes - 1)
    share: FloatArray = np.divide(agreeing, pairs, out=np.zeros(len(pairs)), where=pairs > 0)
    return share


def _leave_one_out_mean(values: FloatArray, items: IntArray) -> FloatArray:
    n = int(items.sum())
    return (float(items @ values) - values) / (n - 1) if n > 1 else np.full(len(values), np.nan)


def _alpha_without_each(pairs: Tally, delta: FloatArray, observed: float, marginals: FloatArray) -> FloatArray:
    part = ((pairs.counts @ delta) * pairs.counts).sum(axis=1) / (pairs.sizes - 1)
    rest = marginals - pairs.counts
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = ((rest @ delta) * rest).sum(axis=1) / (rest.sum(axis=1) - 1)
        left_out: FloatArray = 1 - (observed - part) / expected
    return left_out


def _ordinal_alpha_without_each(pairs: Tally, together: FloatArray, marginals: FloatArray) -> FloatArray:
    """The same where the distance itself changes with the marginals: `sum o (x_k - x_l)^2 = 2 (sum v x^2 -
    x o x)`.
    """
    rest = marginals - pairs.counts
    total = rest.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ranks = distances.mid_ranks(rest) - (total / 2)[:, None]
        squares = (rest * ranks**2).sum(axis=1)
        part = ((pairs.counts * ranks).sum(axis=1) ** 2 - (pairs.counts * ranks**2).sum(axis=1)) / (pairs.sizes - 1)
        observed = squares - (((ranks @ together) * ranks).sum(axis=1) - part)
        expected = (total * squares - (rest * ranks).sum(axis=1) ** 2) / (total - 1)
        left_out: FloatArray = 1 - observed / expected
    return left_out


def _levels_missing(distance: Distance, levels: FloatArray | None) -> figures.Reason | None:
    if distance in (distances.interval, distances.ratio) and levels is None:
        return figures.NEEDS_LEVELS
    if distance is distances.ratio and levels is not None and levels.min() < 0 < levels.max():
        return figures.MIXED_SIGNS
    return None


def _used_levels(levels: FloatArray | None, used: BoolArray) -> FloatArray:
    """Levels of the values in use; their places in the order where there are none."""
    scale: FloatArray = (np.arange(len(used), dtype=float) if levels is None else levels)[used]
    return scale


def _figure(
    value: float,
    left_out: FloatArray,
    items: IntArray,
    tally: Tally,
    bounds: tuple[float, float] = (-np.inf, 1.0),
) -> Figure:
    n_items, n_labels = tally.paired.n_items, tally.paired.n_labels
    interval = None
    if n_items >= figures.MIN_INTERVAL_ITEMS and tally.minority_items() >= figures.MIN_MINORITY_ITEMS:
        interval = jackknife_interval(value, left_out, items, bounds)
    if interval is None:
        return Figure(float(value), None, None, n_items, n_labels, no_interval=figures.TOO_LITTLE_VARIETY)
    return Figure(float(value), interval[0], interval[1], n_items, n_labels)
