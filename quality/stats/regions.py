"""Regions in which people may read the guideline differently: slice values and words, as groups of items."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from quality.stats.ratings import Grouping, IntArray
from quality.stats.words import word_items

MIN_ITEMS = 15
MAX_WORD_SHARE = 0.30


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """`items[g, i]` is 1 where item i lies in region g; each region is a slice value or a term."""

    items: csr_array
    slices: tuple[tuple[str, str] | None, ...]
    terms: tuple[str | None, ...]

    def members(self, g: int) -> IntArray:
        """The items of one region."""
        found: IntArray = self.items.indices[self.items.indptr[g] : self.items.indptr[g + 1]].astype(np.int64)
        return found


def find_regions(slices: Sequence[Grouping], texts: Sequence[str] | None, items: IntArray, n_items: int) -> Regions:
    """Every slice value with 15 of the given items and 15 outside; every word in 15 of them and at most 30
    %.
    """
    blocks, names, terms = [csr_array((0, n_items))], list[tuple[str, str] | None](), list[str | None]()
    for group in slices:
        codes = group.codes[items]
        counts = np.bincount(codes[codes >= 0], minlength=len(group.names))
        kept = np.flatnonzero((counts >= MIN_ITEMS) & (len(items) - counts >= MIN_ITEMS))
        place = np.full(len(group.names) + 1, -1, dtype=np.int64)
        place[kept] = np.arange(len(kept))
        used = place[codes] >= 0
        data = (np.ones(int(used.sum())), (place[codes[used]], items[used]))
        blocks.append(csr_array(data, shape=(len(kept), n_items)))
        names += [(group.key, group.names[k]) for k in kept]
        terms += [None] * len(kept)
    if texts is not None:
        words, block = word_items(texts, items, min_items=MIN_ITEMS, max_share=MAX_WORD_SHARE)
        blocks.append(block)
        names += [None] * len(words)
        terms += list(words)
    return Regions(csr_array(vstack(blocks, format="csr")), tuple(names), tuple(terms))
