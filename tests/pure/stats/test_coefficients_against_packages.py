"""The figures on random data against independent packages."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from quality.stats import distances
from quality.stats.coefficients import fleiss_kappa, krippendorff_alpha
from quality.stats.figures import MIN_INTERVAL_ITEMS
from quality.stats.pairwise import cohen_kappas, count_pairs
from quality.stats.ratings import Ratings
from quality.stats.tallies import tally

from .random_ratings import dense, draw_ratings, ratings

METRICS = {
    "nominal": distances.nominal,
    "ordinal": distances.ordinal,
    "interval": distances.interval,
    "ratio": distances.ratio,
}


@settings(max_examples=60, deadline=None)
@given(labels=ratings(), metric=st.sampled_from(sorted(METRICS)))
def test_alpha_is_that_of_the_krippendorff_package(labels: Ratings, metric: str) -> None:
    positive = np.arange(1, labels.n_values + 1, dtype=float)

    figure = krippendorff_alpha(tally(labels), METRICS[metric], positive)

    counts = labels.item_value_counts()
    paired = counts[counts.sum(axis=1) >= 2]
    if (paired.sum(axis=0) > 0).sum() < 2:
        assert figure.value is None
        assert figure.undefined is not None
        return
    expected = krippendorff.alpha(value_counts=paired, value_domain=positive, level_of_measurement=metric)
    assert figure.value == pytest.approx(expected, abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(labels=ratings(), weights=st.sampled_from(["unweighted", "linear", "quadratic"]))
def test_cohen_of_each_pair_is_that_of_scikit_learn(labels: Ratings, weights: str) -> None:
    ours = {
        "unweighted": distances.identity_weights,
        "linear": distances.linear_weights,
        "quadratic": distances.quadratic_weights,
    }
    matrix = dense(labels)

    pairs = cohen_kappas(count_pairs(labels), ours[weights])

    together = (~np.isnan(matrix)).astype(int) @ (~np.isnan(matrix)).astype(int).T
    assert len(pairs.n) == np.count_nonzero(np.triu(together, 1))
    for k, (a, b) in enumerate(zip(pairs.first, pairs.second, strict=True)):
        both = ~np.isnan(matrix[a]) & ~np.isnan(matrix[b])
        left, right = matrix[a, both], matrix[b, both]
        assert pairs.n[k] == both.sum()
        assert pairs.agreement[k] == pytest.approx((left == right).mean())
        if len(set(left) | set(right)) == 1:
            assert not pairs.is_defined[k]
            continue
        expected = cohen_kappa_score(
            left, right, labels=np.arange(labels.n_values), weights=None if weights == "unweighted" else weights
        )
        assert pairs.kappa[k] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_values=st.integers(2, 6), n_annotators=st.integers(2, 7))
def test_fleiss_with_equal_numbers_of_labels_is_that_of_statsmodels(
    seed: int, n_values: int, n_annotators: int
) -> None:
    labels = draw_ratings(seed, n_annotators=n_annotators, n_values=n_values, share=1.0)

    figure = fleiss_kappa(tally(labels))

    assert figure.value == pytest.approx(statsmodels_fleiss(labels.item_value_counts()), abs=1e-12)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_closed_jackknife_is_the_one_that_leaves_out_each_item_in_turn(metric: str) -> None:
    labels = draw_ratings(3, n_items=50)
    levels = np.arange(1, 5, dtype=float)
    figure = krippendorff_alpha(tally(labels), METRICS[metric], levels)
    used = np.flatnonzero(labels.item_sizes() >= 2)

    without = np.array(
        [krippendorff_alpha(tally(labels.without_items([i])), METRICS[metric], levels).value for i in used]
    )

    n = len(used)
    se = np.sqrt((n - 1) / n * np.square(without - without.mean()).sum())
    assert n > MIN_INTERVAL_ITEMS
    assert figure.low is not None
    assert figure.value is not None
    assert figure.value - figure.low == pytest.approx(2.0096 * se, rel=2e-3)


def test_interval_covers_alpha_in_about_95_of_100_draws() -> None:
    # 150 draws: 95 % coverage lies within 131..150 with probability .9999.
    truth = krippendorff_alpha(tally(draw_ratings(0, n_items=60000, share=0.5))).value
    assert truth is not None
    covered = 0
    for seed in range(150):
        figure = krippendorff_alpha(tally(draw_ratings(seed + 1, n_items=100, share=0.5)))
        assert figure.low is not None
        assert figure.high is not None
        covered += figure.low <= truth <= figure.high

    assert 131 <= covered <= 149
