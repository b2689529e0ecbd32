"""The one input type of the statistics: labels in long format, as integer codes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

IntArray = npt.NDArray[np.integer]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MISSING = -1


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Labels of one question, one row per label: `annotator[r]` gave `value[r]` to `item[r]`.

    A missing label is an absent row. Codes run from 0 to `n_items - 1` and so on; a code without a row is
    allowed (an annotator who has not begun, an option nobody chose). `levels` are the numeric levels of the
    values, strictly ascending, for questions with an order. `time` is in seconds since some epoch, `seconds`
    is the time spent. Who may be in it (humans only, one row per person and item) is decided by whoever
    builds it.
    """

    item: IntArray
    annotator: IntArray
    value: IntArray
    n_items: int
    n_annotators: int
    n_values: int
    levels: FloatArray | None = None
    time: FloatArray | None = None
    seconds: FloatArray | None = None

    def __post_init__(self) -> None:
        for name, size in (
            ("item", self.n_items),
            ("annotator", self.n_annotators),
            ("value", self.n_values),
        ):
            codes = np.ascontiguousarray(getattr(self, name), dtype=np.int32)
            object.__setattr__(self, name, codes)
            _check_codes(name, codes, size)
        for name in ("time", "seconds"):
            column = getattr(self, name)
            if column is not None:
                object.__setattr__(self, name, np.asarray(column, dtype=np.float64))
        columns = (self.item, self.annotator, self.value, self.time, self.seconds)
        if len({len(column) for column in columns if column is not None}) > 1:
            raise ValueError("item, annotator, value, time and seconds must have one length")
        if self.levels is not None:
            object.__setattr__(self, "levels", _checked_levels(self.levels, self.n_values))

    @property
    def n_labels(self) -> int:
        """Number of labels (rows)."""
        return len(self.item)

    def item_sizes(self) -> IntArray:
        """Labels per item, int64 [n_items]."""
        return np.bincount(self.item, minlength=self.n_items)

    def annotator_sizes(self) -> IntArray:
        """Labels per annotator, int64 [n_annotators]."""
        return np.bincount(self.annotator, minlength=self.n_annotators)

    def value_counts(self) -> IntArray:
        """Labels per value, int64 [n_values]."""
        return np.bincount(self.value, minlength=self.n_values)

    def item_value_counts(self) -> IntArray:
        """How often each item got each value, `n_ik`, int64 [n_items, n_values]."""
        cell = self.item.astype(np.int64) * self.n_values + self.value
        return np.bincount(cell, minlength=self.n_items * self.n_values).reshape(self.n_items, self.n_values)

    def annotator_value_counts(self) -> IntArray:
        """How often each annotator gave each value, int64 [n_annotators, n_values]."""
        cell = self.annotator.astype(np.int64) * self.n_values + self.value
        counts = np.bincount(cell, minlength=self.n_annotators * self.n_values)
        return counts.reshape(self.n_annotators, self.n_values)

    def where(self, rows: BoolArray) -> Self:
        """The labels for which the mask [n_labels] is true; codes and sizes stay as they are."""
        return self._select(rows)

    def only_items(self, items: BoolArray) -> Self:
        """The labels of the items for which the mask [n_items] is true."""
        return self.where(items[self.item])

    def without_items(self, items: Sequence[int] | IntArray) -> Self:
        """The labels of all items but those."""
        return self.only_items(~codes_to_mask(items, self.n_items))

    def without_annotators(self, annotators: Sequence[int] | IntArray) -> Self:
        """The labels of all annotators but those."""
        return self.where(~codes_to_mask(annotators, self.n_annotators)[self.annotator])

    def shared(self) -> Self:
        """The labels of items that have at least two."""
        return self.only_items(self.item_sizes() >= 2)

    def sorted_by_item(self) -> Self:
        """The same labels ordered by item (stable); itself when they already are."""
        if self.n_labels < 2 or bool(np.all(self.item[1:] >= self.item[:-1])):
            return self
        order = np.argsort(self.item, kind="stable")
        return self._select(order)

    def _select(self, rows: BoolArray | IntArray) -> Self:
        return replace(
            self,
            item=self.item[rows],
            annotator=self.annotator[rows],
            value=self.value[rows],
            time=None if self.time is None else self.time[rows],
            seconds=None if self.seconds is None else self.seconds[rows],
        )

    def has_repeats(self) -> bool:
        """Whether some annotator labelled some item more than once."""
        cell = self.item.astype(np.int64) * self.n_annotators + self.annotator
        return len(np.unique(cell)) < len(cell)

    def components(self) -> IntArray:
        """The pool of each annotator, int [n_annotators]: annotators joined by a chain of shared items have
        one pool.

        Pools are numbered from 0 by their first annotator; `MISSING` for an annotator without labels.
        """
        size = self.n_annotators + self.n_items
        edges = (np.ones(self.n_labels, dtype=np.int8), (self.annotator, self.item + self.n_annotators))
        _, found = connected_components(coo_array(edges, shape=(size, size)), directed=False)
        pools = np.full(self.n_annotators, MISSING, dtype=np.int32)
        active = np.flatnonzero(self.annotator_sizes())
        _, first, inverse = np.unique(found[active], return_index=True, return_inverse=True)
        pools[active] = np.argsort(np.argsort(first))[inverse]
        return pools


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """One key by which units are divided: a slice key over items, or a cohort key over annotators.

    `codes[u]` indexes `names`; `MISSING` where the unit has no value for the key.
    """

    key: str
    codes: IntArray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        codes = np.ascontiguousarray(self.codes, dtype=np.int32)
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "names", tuple(self.names))
        if len(codes) and (codes.min() < MISSING or codes.max() >= len(self.names)):
            raise ValueError(f"codes of {self.key} must lie in -1..{len(self.names) - 1}")


def codes_to_mask(codes: Sequence[int] | IntArray, size: int) -> BoolArray:
    """A mask [size] that is true at the given codes."""
    mask = np.zeros(size, dtype=np.bool_)
    mask[np.asarray(codes, dtype=np.int64)] = True
    return mask


def _check_codes(name: str, codes: IntArray, size: int) -> None:
    if codes.ndim != 1:
        raise ValueError(f"{name} must have one dimension")
    if size < 0 or (len(codes) and (codes.min() < 0 or codes.max() >= size)):
        raise ValueError(f"{name} codes must lie in 0..{size - 1}")


def _checked_levels(levels: FloatArray, n_values: int) -> FloatArray:
    checked = np.asarray(levels, dtype=np.float64)
    if checked.shape != (n_values,) or not np.all(np.isfinite(checked)):
        raise ValueError("levels must hold one finite number for each value")
    if np.any(np.diff(checked) <= 0):
        raise ValueError("levels must be strictly ascending")
    return checked
