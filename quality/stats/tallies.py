"""Per-item label counts in their shortest form: each distinct count row once, with how many items have it.

Every agreement figure that does not ask who gave a label is a function of these counts, so ten million labels
shrink to a few dozen rows. Tallies of shards add up (`merge`), and an item's change is one row less and one
row more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from quality.stats.ratings import BoolArray, FloatArray, IntArray, Ratings

_EXACT_BITS = 52  # a double counts exactly up to 2**53
_DENSE_CODES = 1 << 21


@dataclass(frozen=True, eq=False)
class Tally:
    """`counts[p, k]`: labels of value k on an item with pattern p; `items[p]`: number of items with that
    pattern.

    Items without labels are not in it. Int64 arrays [P, n_values] and [P].
    """

    counts: IntArray
    items: IntArray

    @cached_property
    def sizes(self) -> IntArray:
        """Labels per item, for each pattern."""
        sizes: IntArray = self.counts.sum(axis=1)
        return sizes

    @cached_property
    def paired(self) -> "Tally":
        """The patterns with at least two labels, the only ones that carry pairs."""
        rows = self.sizes >= 2
        return Tally(self.counts[rows], self.items[rows])

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.items.sum())

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return int(self.items @ self.sizes) if len(self.items) else 0

    @cached_property
    def value_counts(self) -> IntArray:
        """Labels per value, int64 [n_values]."""
        return self.items @ self.counts

    def minority_items(self) -> int:
        """Items with at least two labels that carry another label than the commonest one."""
        pairs = self.paired
        if not len(pairs.items):
            return 0
        commonest = int(np.argmax(pairs.value_counts))
        return int(pairs.items[pairs.counts[:, commonest] < pairs.sizes].sum())

    def keep(self, values: BoolArray) -> "Tally":
        """The same patterns with these values only."""
        return Tally(self.counts[:, values], self.items)

    def in_use(self) -> "Tally":
        """The same without the values nobody gave."""
        return self.keep(self.value_counts > 0)


def tally(ratings: Ratings) -> Tally:
    """The tally of the labels. O(labels) time; no items x values matrix unless every item is a pattern of
    its own.
    """
    bits = int(ratings.item_sizes().max(initial=0)).bit_length()
    if bits * ratings.n_values <= _EXACT_BITS:
        return _unpack(_packed_counts(ratings, bits), bits, ratings.n_values)
    return _tally_by_hash(ratings)


def merge(tallies: Iterable[Tally]) -> Tally:
    """The tally of shards that hold different items: the same, row for row, as that of the whole."""
    parts = list(tallies)
    counts = np.concatenate([part.counts for part in parts])
    items = np.concatenate([part.items for part in parts])
    distinct, inverse = np.unique(counts[:, ::-1], axis=0, return_inverse=True)
    return Tally(distinct[:, ::-1], np.bincount(inverse, weights=items, minlength=len(distinct)).astype(np.int64))


def coincidences(tally: Tally) -> FloatArray:
    """Krippendorff's coincidence matrix `o_kl = sum_i n_ik (n_il - [k = l]) / (n_i - 1)`, float [n_values,
    n_values].

    Summed in whole numbers for each number of labels per item, so that shards give the same bits in any
    order.
    """
    matrix = np.zeros((tally.counts.shape[1],) * 2)
    for size in np.unique(tally.paired.sizes):
        rows = tally.paired.sizes == size
        counts, items = tally.paired.counts[rows], tally.paired.items[rows]
        whole = counts.T @ (counts * items[:, None])
        whole[np.diag_indices_from(whole)] -= items @ counts
        matrix += whole / (size - 1)
    return matrix


def _packed_counts(ratings: Ratings, bits: int) -> IntArray:
    """One number per item that holds its counts, `bits` bits a value."""
    place = np.ldexp(1.0, bits * np.arange(ratings.n_values))
    return np.bincount(ratings.item, weights=place[ratings.value], minlength=ratings.n_items).astype(np.int64)


def _unpack(codes: IntArray, bits: int, n_values: int) -> Tally:
    if len(codes) and bits * n_values <= _DENSE_CODES.bit_length() - 1:
        frequency = np.bincount(codes)
        distinct = np.flatnonzero(frequency)
        items = frequency[distinct]
    else:
        distinct, items = np.unique(codes, return_counts=True)
    labelled = distinct > 0
    shifts = bits * np.arange(n_values)
    counts = (distinct[labelled, None] >> shifts) & ((1 << bits) - 1)
    return Tally(counts, items[labelled])


def _tally_by_hash(ratings: Ratings) -> Tally:
    """The tally where counts do not fit into one number: items with equal 64-bit sums of value hashes are one
    pattern.

    Two different patterns share a sum with probability 2**-64; a million patterns collide with 3 in 10**8.
    """
    rows = ratings.sorted_by_item()
    starts = np.flatnonzero(np.r_[True, rows.item[1:] != rows.item[:-1]])
    sums = np.add.reduceat(_hashes(ratings.n_values)[rows.value], starts)
    _, first, items = np.unique(sums, return_index=True, return_counts=True)
    example = np.full(ratings.n_items, -1, dtype=np.int64)
    example[rows.item[starts[first]]] = np.arange(len(first))
    kept = rows.where(example[rows.item] >= 0)
    cell = example[kept.item] * ratings.n_values + kept.value
    counts = np.bincount(cell, minlength=len(first) * ratings.n_values).reshape(-1, ratings.n_values)
    return merge([Tally(counts, items)])


def _hashes(n: int) -> npt.NDArray[np.uint64]:
    """A fixed 64-bit hash for each of 0..n - 1 (splitmix64)."""
    x = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
