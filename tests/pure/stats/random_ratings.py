"""Random labels for property tests, and the dense forms the oracle packages want."""

import numpy as np
from hypothesis import strategies as st

from quality.stats.ratings import Ratings


def draw_ratings(
    seed: int, n_items: int = 40, n_annotators: int = 6, n_values: int = 4, share: float = 0.6, accuracy: float = 0.7
) -> Ratings:
    """Each annotator labels a random `share` of the items, right with probability `accuracy`, else at random."""
    rng = np.random.default_rng(seed)
    item, annotator = np.nonzero(rng.random((n_items, n_annotators)) < share)
    truth = rng.integers(0, n_values, n_items)[item]
    value = np.where(rng.random(len(item)) < accuracy, truth, rng.integers(0, n_values, len(item)))
    return Ratings(item, annotator, value, n_items, n_annotators, n_values, np.arange(n_values) * 1.5 - 2)


@st.composite
def ratings(draw: st.DrawFn) -> Ratings:
    return draw_ratings(
        seed=draw(st.integers(0, 2**32 - 1)),
        n_items=draw(st.integers(1, 60)),
        n_annotators=draw(st.integers(1, 8)),
        n_values=draw(st.integers(1, 6)),
        share=draw(st.sampled_from([0.1, 0.4, 0.8, 1.0])),
        accuracy=draw(st.sampled_from([0.0, 0.5, 0.95, 1.0])),
    )


def dense(labels: Ratings) -> np.ndarray:
    """Annotators x items matrix of value codes, nan where missing."""
    matrix = np.full((labels.n_annotators, labels.n_items), np.nan)
    matrix[labels.annotator, labels.item] = labels.value
    return matrix
