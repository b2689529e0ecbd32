"""The interval that may be looked at after every trial."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, binom

from quality.stats.intervals import wilson
from quality.stats.sequential import anytime


def test_without_trials_there_is_none() -> None:
    assert anytime(0, 0) is None


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 20), (20, 20), (9, 24), (60, 100), (5000, 9000)])
def test_it_ends_where_the_mean_likelihood_is_twenty_times_that_of_the_share(right: int, n: int) -> None:
    ends = anytime(right, n)
    assert ends is not None
    if n <= 100:  # the mean by numerical integration, with nothing of our formula
        mean = quad(lambda p: binom.pmf(right, n, p) * beta.pdf(p, 0.5, 0.5), 0, 1, limit=500)[0]
        for end in ends:
            if 0 < end < 1:
                assert mean / binom.pmf(right, n, end) == pytest.approx(20, rel=1e-4)
    assert (ends[0] == 0) == (right == 0)
    assert (ends[1] == 1) == (right == n)
    assert ends[0] <= right / n <= ends[1]


def test_swapping_right_and_wrong_mirrors_it() -> None:
    ends, mirrored = anytime(9, 24), anytime(15, 24)
    assert ends is not None
    assert mirrored is not None
    assert ends == pytest.approx((1 - mirrored[1], 1 - mirrored[0]))


def test_who_is_exactly_at_the_floor_is_rarely_refuted_however_often_one_looks() -> None:
    """2,000 people at 80 %, looked at after each of 500 answers; an interval for one look refutes many of them."""
    rng, floor = np.random.default_rng(5), 0.8
    right = (rng.random((2000, 500)) < floor).cumsum(axis=1)
    looks = range(20, 501)
    upper = {name: np.full((501, 501), 1.0) for name in ("anytime", "wilson")}
    for n in looks:
        for k in np.unique(right[:, n - 1]):
            for name, interval in (("anytime", anytime), ("wilson", wilson)):
                upper[name][n, k] = interval(int(k), n)[1]  # type: ignore[index]
    ever = {
        name: np.mean([any(table[n, person[n - 1]] < floor for n in looks) for person in right])
        for name, table in upper.items()
    }

    assert ever["anytime"] <= 0.05
    assert ever["wilson"] > 0.1


def test_who_is_far_under_the_floor_is_found_soon() -> None:
    for n in (20, 30, 60):
        ends = anytime(round(0.3 * n), n)
        assert ends is not None
        assert ends[1] < 0.7
