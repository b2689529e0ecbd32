"""Agreement of two people at a time: Cohen's kappa for every pair that shares items, by a sparse join."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from quality.stats import distances, figures
from quality.stats.distances import Weights
from quality.stats.figures import Figure, undefined_figure
from quality.stats.ratings import BoolArray, FloatArray, IntArray, Ratings

_BLOCK = 1 << 16  # pairs at a time: the dozen arrays of a block stay in the cache


@dataclass(frozen=True, eq=False)
class PairCells:
    """The joint tables of all pairs of annotators, as the cells that are not 0.

    Cell c: the pair (`first[c]` < `second[c]`) gave (`left[c]`, `right[c]`) to `count[c]` items. Ordered by
    pair.
    """

    first: IntArray
    second: IntArray
    left: IntArray
    right: IntArray
    count: IntArray
    n_values: int

    @cached_property
    def starts(self) -> IntArray:
        """Index of the first cell of each pair."""
        if not len(self.first):
            return np.zeros(0, dtype=np.int64)
        changed = (self.first[1:] != self.first[:-1]) | (self.second[1:] != self.second[:-1])
        return np.flatnonzero(np.r_[True, changed])


@dataclass(frozen=True, eq=False)
class PairKappas:
    """One row per pair of annotators: shared items `n`, observed agreement, and kappa where it is defined."""

    first: IntArray
    second: IntArray
    n: IntArray
    agreement: FloatArray
    kappa: FloatArray
    is_defined: BoolArray


@dataclass(frozen=True, slots=True)
class MeanKappa:
    """Mean of the pairs' kappas and what it rests on."""

    figure: Figure
    pairs: int
    pairs_undefined: int
    pairs_too_few: int


def count_pairs(ratings: Ratings) -> PairCells:
    """The joint tables of all pairs that share an item. O(pairs of labels on an item), by sorting them; repeats by
    one person are skipped.
    """
    keys = np.concatenate([np.zeros(0, dtype=_key_type(ratings)), *_pair_keys(ratings)])
    keys.sort()
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
    counts = np.diff(np.append(starts, len(keys)))
    return _cells(keys[starts].astype(np.int64), counts, ratings.n_annotators, ratings.n_values)


def merge_pairs(shards: Iterable[PairCells], n_annotators: int) -> PairCells:
    """The cells of shards that hold different items: the same as those of the whole."""
    parts = list(shards)
    n_values = parts[0].n_values
    keyed = ((_key(p.first, p.second, p.left, p.right, n_annotators, n_values), p.count) for p in parts)
    return _cells(*_sum_by_key(keyed), n_annotators, n_values)


def cohen_kappas(
    cells: PairCells, weights: Weights = distances.identity_weights, levels: FloatArray | None = None
) -> PairKappas:
    """Cohen's kappa of each pair on its shared items (Cohen 1960; weighted: Cohen 1968).

    Undefined where both people gave one and the same value throughout; never 0 or 1 there.
    """
    K, starts = cells.n_values, cells.starts
    weight = weights(np.arange(K, dtype=float) if levels is None else levels)
    n_pairs = len(starts)
    pair = np.repeat(np.arange(n_pairs), np.diff(np.r_[starts, len(cells.first)]))
    n = np.bincount(pair, weights=cells.count, minlength=n_pairs)
    rows = _marginals(pair, cells.left, cells.count, n_pairs, K)
    columns = _marginals(pair, cells.right, cells.count, n_pairs, K)
    observed = np.bincount(pair, weights=cells.count * (1 - weight[cells.left, cells.right]), minlength=n_pairs)
    expected = np.einsum("pk,kl,pl->p", rows, 1 - weight, columns) / np.maximum(n, 1)
    same = np.bincount(pair, weights=cells.count * (cells.left == cells.right), minlength=n_pairs)
    # Both marginals on one value: whole numbers, so the comparison is exact.
    is_defined = (rows * columns).max(axis=1, initial=0) < n**2
    kappa = 1 - np.divide(observed, expected, out=np.full(n_pairs, np.nan), where=is_defined)
    return PairKappas(cells.first[starts], cells.second[starts], n.astype(np.int64), same / n, kappa, is_defined)


def mean_kappa(pairs: PairKappas, min_n: int = 10) -> MeanKappa:
    """Unweighted mean of kappa over the pairs with at least `min_n` shared items; undefined pairs are left
    out and counted.
    """
    enough = pairs.n >= min_n
    used = enough & pairs.is_defined
    counts = (int(enough.sum()), int((enough & ~pairs.is_defined).sum()), int((~enough).sum()))
    n_shared = int(pairs.n[used].sum())
    if not used.any():
        reason = figures.ALL_PAIRS_UNDEFINED if enough.any() else figures.NO_PAIRS
        return MeanKappa(undefined_figure(reason), *counts)
    value = float(pairs.kappa[used].mean())
    figure = Figure(value, None, None, n_shared, 2 * n_shared, no_interval=figures.NOT_OFFERED)
    return MeanKappa(figure, *counts)


def _pair_keys(ratings: Ratings) -> Iterator[IntArray]:
    """Blocks of keys, one for each two labels of different people on one item."""
    rows = ratings.sorted_by_item()
    sizes = rows.item_sizes()
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes[sizes >= 2]):
        left, right = np.triu_indices(size, 1)
        step = max(1, _BLOCK // len(left))
        begins = starts[sizes == size]
        for k in range(0, len(begins), step):
            begin = begins[k : k + step, None]
            yield _row_pair_keys(rows, (begin + left).ravel(), (begin + right).ravel())


def _row_pair_keys(ratings: Ratings, p: IntArray, q: IntArray) -> IntArray:
    a, b = ratings.annotator[p], ratings.annotator[q]
    u, v = ratings.value[p], ratings.value[q]
    swap = a > b
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    u, v = np.where(swap, v, u), np.where(swap, u, v)
    keys = _key(a, b, u, v, ratings.n_annotators, ratings.n_values).astype(_key_type(ratings))
    return keys[a != b] if bool(np.any(a == b)) else keys


def _key_type(ratings: Ratings) -> type[np.signedinteger[Any]]:
    """Narrow keys sort several times faster."""
    n_cells = ratings.n_annotators * (ratings.n_annotators - 1) // 2 * ratings.n_values**2
    return np.int32 if n_cells < np.iinfo(np.int32).max else np.int64


def _key(a: IntArray, b: IntArray, u: IntArray, v: IntArray, n_annotators: int, n_values: int) -> IntArray:
    """Place of the cell among all cells of all pairs a < b, ordered by (a, b, u, v)."""
    a64 = a.astype(np.int64)
    pair = a64 * (2 * n_annotators - a64 - 3) // 2 + b - 1
    return (pair * n_values + u) * n_values + v


def _cells(keys: IntArray, counts: IntArray, n_annotators: int, n_values: int) -> PairCells:
    pair, cell = np.divmod(keys, n_values * n_values)
    ends = np.cumsum(np.arange(n_annotators - 1, 0, -1, dtype=np.int64))
    first = np.searchsorted(ends, pair, side="right")
    second = pair - first * (2 * n_annotators - first - 3) // 2 + 1
    return PairCells(first, second, cell // n_values, cell % n_values, counts, n_values)


def _sum_by_key(parts: Iterable[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    keyed = list(parts)
    if not keyed:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    keys, inverse = np.unique(np.concatenate([k for k, _ in keyed]), return_inverse=True)
    counts = np.bincount(inverse, weights=np.concatenate([c for _, c in keyed]), minlength=len(keys))
    return keys, counts.astype(np.int64)


def _marginals(pair: IntArray, value: IntArray, count: IntArray, n_pairs: int, n_values: int) -> FloatArray:
    table = np.bincount(pair * n_values + value, weights=count, minlength=n_pairs * n_values)
    return table.astype(np.float64).reshape(n_pairs, n_values)
