import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from quality.stats.coefficients import krippendorff_alpha
from quality.stats.intervals import bootstrap_items, newcombe, wilson
from quality.stats.multiplicity import benjamini_hochberg
from quality.stats.ratings import Ratings
from quality.stats.tallies import tally

from .random_ratings import draw_ratings


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_is_that_of_statsmodels(successes: int, n: int) -> None:
    successes = min(successes, n)

    assert wilson(successes, n) == pytest.approx(proportion_confint(successes, n, method="wilson"), abs=1e-12)


def test_wilson_of_nothing_is_none() -> None:
    assert wilson(0, 0) is None


@given(st.integers(0, 200), st.integers(1, 200), st.integers(0, 200), st.integers(1, 200))
def test_newcombe_is_that_of_statsmodels(k: int, n: int, other_k: int, other_n: int) -> None:
    k, other_k = min(k, n), min(other_k, other_n)

    expected = confint_proportions_2indep(k, n, other_k, other_n, method="newcomb", compare="diff")

    assert newcombe((k, other_k), (n, other_n)) == pytest.approx(expected, abs=1e-9)


def test_newcombe_gives_the_published_interval() -> None:
    """Newcombe 1998, table II, example (a): 56/70 - 48/80 by method 10."""
    assert newcombe((56, 48), (70, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_newcombe_of_nothing_is_none() -> None:
    assert newcombe((1, 0), (2, 0)) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_is_that_of_statsmodels(p: list[float]) -> None:
    expected = multipletests(p, method="fdr_bh")[1]

    assert benjamini_hochberg(np.array(p)) == pytest.approx(expected, abs=1e-12)


def test_no_tests_give_no_p_values() -> None:
    assert benjamini_hochberg(np.array([])).tolist() == []


def alpha(labels: Ratings) -> float | None:
    return krippendorff_alpha(tally(labels)).value


def test_bootstrap_is_close_to_the_jackknife_and_repeatable() -> None:
    labels = draw_ratings(1, n_items=300)
    figure = krippendorff_alpha(tally(labels))

    one = bootstrap_items(labels, alpha, np.random.default_rng(5), draws=400)
    two = bootstrap_items(labels, alpha, np.random.default_rng(5), draws=400)

    assert one == two
    assert one == pytest.approx((figure.low, figure.high), abs=0.02)


def test_bootstrap_of_an_often_undefined_statistic_is_none() -> None:
    labels = Ratings([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1], 2, 2, 2)

    assert bootstrap_items(labels, alpha, np.random.default_rng(0), draws=50) is None


def test_bootstrap_of_nothing_is_none() -> None:
    assert bootstrap_items(Ratings([], [], [], 3, 1, 2), alpha, np.random.default_rng(0), draws=5) is None
