import numpy as np
import pytest
from hypothesis import given, settings
from statsmodels.stats.contingency_tables import StratifiedTable

from quality.stats.comparison import label_residuals, level_residuals, shift
from quality.stats.ratings import Ratings

from .random_ratings import draw_ratings, ratings


def everybody(labels: Ratings) -> np.ndarray:
    return np.ones(labels.n_annotators, dtype=bool)


@pytest.mark.parametrize("seed", range(4))
def test_statistic_is_cochran_mantel_haenszel_with_the_item_as_stratum(seed: int) -> None:
    # With equally many labels on every item the shift over its error is the square root of the CMH statistic.
    labels = draw_ratings(seed, n_items=60, n_annotators=4, n_values=3, share=1.0, accuracy=0.5)
    tables = []
    for i in range(60):
        own = labels.value[(labels.item == i) & (labels.annotator == 2)] == 1
        peers = labels.value[(labels.item == i) & (labels.annotator != 2)] == 1
        tables.append(np.array([[own.sum(), (~own).sum()], [peers.sum(), (~peers).sum()]], dtype=float))

    result = shift(labels, label_residuals(labels, 1, everybody(labels)))

    mixed = [t for t in tables if t[:, 0].sum() and t[:, 1].sum()]
    expected = StratifiedTable(mixed).test_null_odds(correction=False).statistic
    assert (result.mean[2] / result.se[2]) ** 2 == pytest.approx(expected)


def test_residual_is_own_use_less_the_share_of_the_peers() -> None:
    labels = Ratings([0, 0, 0, 1], [0, 1, 2, 0], [1, 0, 1, 1], 2, 3, 2)

    residuals = label_residuals(labels, 1, everybody(labels))

    assert residuals.rows.tolist() == [0, 1, 2]
    assert residuals.d.tolist() == [0.5, -1.0, 0.5]
    assert residuals.variance == pytest.approx(np.full(3, 2 * 1 / 4))


def test_people_who_are_no_peers_are_compared_but_not_compared_with() -> None:
    labels = Ratings([0, 0, 0], [0, 1, 2], [1, 0, 1], 1, 3, 2)

    residuals = label_residuals(labels, 1, np.array([True, True, False]))

    assert residuals.d.tolist() == [1.0, -1.0, 0.5]


@settings(max_examples=30, deadline=None)
@given(labels=ratings())
def test_residuals_over_all_labels_of_an_item_cancel(labels: Ratings) -> None:
    residuals = label_residuals(labels, 0, everybody(labels))
    levels = level_residuals(labels, everybody(labels))

    for found in (residuals, levels):
        sums = np.bincount(labels.item[found.rows], weights=found.d, minlength=labels.n_items)
        assert sums == pytest.approx(np.zeros(labels.n_items), abs=1e-9)


def test_null_variance_is_right_under_exchangeability() -> None:
    # People who draw from the item's labels at random: mean squared z over people and labels is 1.
    z = []
    for seed in range(40):
        labels = draw_ratings(seed, n_items=200, n_annotators=8, n_values=3, share=0.5, accuracy=0.6)
        for value in range(3):
            result = shift(labels, label_residuals(labels, value, everybody(labels)))
            z.append(result.mean / result.se)

    assert np.square(z).mean() == pytest.approx(1.0, abs=0.1)
