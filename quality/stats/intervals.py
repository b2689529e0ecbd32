"""Intervals for what is not a ratio of sums over items (those have the jackknife of `figures`)."""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from quality.stats.ratings import FloatArray, IntArray, Ratings


def wilson(successes: float, n: float, level: float = 0.95) -> tuple[float, float] | None:
    """Wilson's score interval for a share (Wilson 1927); `None` for n = 0. An effective n need not be whole."""
    if n <= 0:
        return None
    z = float(ndtri(0.5 + level / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def newcombe(successes: tuple[int, int], n: tuple[int, int], level: float = 0.95) -> tuple[float, float] | None:
    """Interval for the difference of two independent shares, first minus second, from their Wilson intervals
    (Newcombe 1998, method 10); `None` if one of the two has no trials.
    """
    first, second = (wilson(k, trials, level) for k, trials in zip(successes, n, strict=True))
    if first is None or second is None:
        return None
    p, q = successes[0] / n[0], successes[1] / n[1]
    below: float = ((p - first[0]) ** 2 + (second[1] - q) ** 2) ** 0.5
    above: float = ((first[1] - p) ** 2 + (q - second[0]) ** 2) ** 0.5
    return max(-1.0, p - q - below), min(1.0, p - q + above)


def bootstrap_items(
    ratings: Ratings,
    statistic: Callable[[Ratings], float | None],
    rng: np.random.Generator,
    draws: int = 1000,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """Percentile interval of a statistic over items drawn with replacement; same generator state, same
    interval.

    A drawn item is a new item each time. `None` if the statistic is undefined in more than one draw of
    twenty.
    """
    rows = ratings.sorted_by_item()
    sizes = rows.item_sizes()
    labelled = np.flatnonzero(sizes)
    starts = np.cumsum(sizes) - sizes
    found = []
    for _ in range(draws):
        drawn = rng.choice(labelled, size=len(labelled))
        value = statistic(_draw(rows, drawn, starts, sizes))
        if value is not None:
            found.append(value)
    if not len(labelled) or len(found) < 0.95 * draws:
        return None
    low, high = np.quantile(np.array(found), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _draw(rows: Ratings, drawn: IntArray, starts: IntArray, sizes: IntArray) -> Ratings:
    counts = sizes[drawn]
    offset: IntArray = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    index = np.repeat(starts[drawn], counts) + offset
    item = np.repeat(np.arange(len(drawn)), counts)
    levels: FloatArray | None = rows.levels
    return Ratings(item, rows.annotator[index], rows.value[index], len(drawn), rows.n_annotators, rows.n_values, levels)
