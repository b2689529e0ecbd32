"""Which labels people really use where others use a given one."""

from dataclasses import dataclass

import numpy as np

from quality.stats.intervals import wilson
from quality.stats.ratings import Ratings

LEAST_ITEMS = 3
FLOOR = 0.02


@dataclass(frozen=True)
class Neighbour:
    """`value` stands beside the given label on `n_both` of the `n_shared` items that have it and a second label."""

    value: int
    n_both: int
    n_shared: int
    low: float
    high: float


def confusion_neighbours(ratings: Ratings, value: int) -> list[Neighbour]:
    """The measured confusion neighbours of a value, the most frequent first.

    Of the items with at least two labels, one of which is `value`, the share that also carries the other value. A
    neighbour does so on at least LEAST_ITEMS items, and the lower end of the Wilson 95 % interval of that share lies
    above FLOOR: more than the slips that any two labels collect. A pair that nobody confused is never one.
    """
    has_value = np.zeros(ratings.n_items, dtype=np.bool_)
    has_value[ratings.item[ratings.value == value]] = True
    is_shared = has_value & (ratings.item_sizes() >= 2)
    n_shared = int(is_shared.sum())
    rows = is_shared[ratings.item] & (ratings.value != value)
    cells = np.unique(ratings.item[rows].astype(np.int64) * ratings.n_values + ratings.value[rows])
    counts = np.bincount(cells % max(ratings.n_values, 1), minlength=ratings.n_values)
    found = []
    for other in np.argsort(-counts, kind="stable"):
        n_both = int(counts[other])
        interval = wilson(n_both, n_shared)
        if n_both >= LEAST_ITEMS and interval is not None and interval[0] > FLOOR:
            found.append(Neighbour(int(other), n_both, n_shared, *interval))
    return found
