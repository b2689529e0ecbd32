"""Draw items to read from a set that has parts, and what the read ones say about the whole set."""

from dataclasses import dataclass

import numpy as np

from quality.stats.intervals import wilson
from quality.stats.ratings import IntArray


def stratified_sample(strata: IntArray, size: int, rng: np.random.Generator) -> IntArray:
    """Indexes of `size` members (all, if there are fewer), in the order to be read; int [min(size, n)].

    Systematic: the members are shuffled, sorted by stratum, and every (n / size)-th is taken from a random start. Each
    member has the same chance, a stratum is drawn in proportion to its size (to the next whole number), and the plain
    share of the sample is an unbiased estimate. The order is random, so that whoever stops early has a random part.
    """
    n = len(strata)
    size = min(size, n)
    if not size:
        return np.zeros(0, dtype=np.int64)
    order = rng.permutation(n)
    order = order[np.argsort(strata[order], kind="stable")]
    places = np.floor((rng.random() + np.arange(size)) * (n / size)).astype(np.int64)
    drawn: IntArray = rng.permutation(order[np.minimum(places, n - 1)])
    return drawn


@dataclass(frozen=True)
class SampledShare:
    """A share of a finite set, estimated from part of it."""

    share: float
    low: float
    high: float


def sampled_share(hits: int, n: int, population: int, level: float = 0.95) -> SampledShare | None:
    """The share with Wilson's interval for a sample without replacement; None for n = 0.

    The finite population enters as an effective number of draws, `n (N - 1) / (N - n)`, by which the variance of the
    sample share shrinks to that of drawing without replacement. Who has read all N knows the share.
    """
    if n <= 0:
        return None
    share = hits / n
    if n >= population:
        return SampledShare(share, share, share)
    effective = n * (population - 1) / (population - n)
    interval = wilson(share * effective, effective, level)
    return None if interval is None else SampledShare(share, *interval)
