"""Small projects with one planted problem, for the tests of the detectors."""

from dataclasses import replace

import numpy as np

from quality.stats.ratings import Ratings


def project(
    seed: int,
    *,
    n_items: int = 1500,
    n_annotators: int = 12,
    n_values: int = 4,
    per_item: int = 3,
    accuracy: float = 0.88,
    is_rating: bool = False,
) -> Ratings:
    """Equally careful people, `per_item` different ones an item in random order of time; nothing planted."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_values, n_items)
    item = np.repeat(np.arange(n_items), per_item)
    annotator = np.argsort(rng.random((n_items, n_annotators)), axis=1)[:, :per_item].ravel()
    step = rng.choice([-1, 1], len(item)) if is_rating else rng.integers(1, n_values, len(item))
    wrong = np.clip(truth[item] + step, 0, n_values - 1) if is_rating else (truth[item] + step) % n_values
    value = np.where(rng.random(len(item)) < accuracy, truth[item], wrong)
    levels = np.arange(1, n_values + 1, dtype=float) if is_rating else None
    order = rng.permutation(len(item))
    return Ratings(
        item[order], annotator[order], value[order], n_items, n_annotators, n_values, levels,
        time=np.arange(len(item)) * 60.0,
    )  # fmt: skip


def answer_instead(labels: Ratings, rows: np.ndarray, value: int, share: float, seed: int = 99) -> Ratings:
    """In `share` of the rows of the mask the answer becomes `value`."""
    changed = rows & (np.random.default_rng(seed).random(labels.n_labels) < share)
    return replace(labels, value=np.where(changed, value, labels.value))


def read_two_ways(
    labels: Ratings, items: np.ndarray, pair: tuple[int, int], reading: np.ndarray, seed: int = 98, follow: float = 0.9
) -> Ratings:
    """On the items people answer one label of the pair: their own reading (0 or 1 for each annotator) mostly."""
    rng = np.random.default_rng(seed)
    here = np.isin(labels.item, items)
    side = np.where(rng.random(labels.n_labels) < follow, reading[labels.annotator], 1 - reading[labels.annotator])
    return replace(labels, value=np.where(here, np.array(pair)[side], labels.value))
