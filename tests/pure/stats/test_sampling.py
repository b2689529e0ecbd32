"""Drawing from strata, the estimate of a share, and measured neighbours, against formulas and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from quality.stats.neighbours import confusion_neighbours
from quality.stats.ratings import Ratings
from quality.stats.sampling import sampled_share, stratified_sample


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(1, 70), st.integers(0, 2**31))
@settings(max_examples=100, deadline=None)
def test_a_sample_has_its_size_no_member_twice_and_each_stratum_its_share(
    strata: list[int], size: int, seed: int
) -> None:
    members = np.array(strata, dtype=np.int64)

    drawn = stratified_sample(members, size, np.random.default_rng(seed))

    assert len(set(drawn.tolist())) == len(drawn) == min(size, len(strata))
    for stratum in set(strata):
        expected = len(drawn) * strata.count(stratum) / len(strata)
        assert abs((members[drawn] == stratum).sum() - expected) < 1 + 1e-9


def test_the_same_seed_draws_the_same_and_every_member_has_the_same_chance() -> None:
    strata = np.array([0] * 7 + [1] * 3)
    draws = [stratified_sample(strata, 4, np.random.default_rng(seed)) for seed in range(5000)]

    assert stratified_sample(strata, 4, np.random.default_rng(3)).tolist() == draws[3].tolist()
    chances = np.bincount(np.concatenate(draws), minlength=10) / len(draws)
    assert chances == pytest.approx([0.4] * 10, abs=0.03)


@pytest.mark.parametrize(("hits", "n", "population"), [(3, 20, 100), (0, 20, 35), (20, 20, 400), (7, 19, 20)])
def test_the_interval_is_wilsons_with_the_effective_number_of_draws(hits: int, n: int, population: int) -> None:
    found = sampled_share(hits, n, population)
    effective = n * (population - 1) / (population - n)

    assert found is not None
    low, high = proportion_confint(hits / n * effective, effective, alpha=0.05, method="wilson")
    assert (found.share, found.low, found.high) == pytest.approx((hits / n, low, high), abs=1e-9)


def test_of_a_set_without_end_it_is_the_plain_wilson_interval_and_of_a_whole_set_the_share_itself() -> None:
    endless, whole = sampled_share(5, 20, 10**9), sampled_share(5, 20, 20)

    assert endless is not None
    assert whole is not None
    assert (endless.low, endless.high) == pytest.approx(proportion_confint(5, 20, method="wilson"), abs=1e-6)
    assert (whole.low, whole.share, whole.high) == (0.25, 0.25, 0.25)
    assert sampled_share(0, 0, 10) is None


def test_the_interval_covers_the_share_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    population = np.array([1] * 40 + [0] * 120)
    found = [sampled_share(int(rng.choice(population, 40, replace=False).sum()), 40, 160) for _ in range(2000)]

    covered = np.mean([one is not None and one.low <= 0.25 <= one.high for one in found])

    assert 0.93 <= covered <= 0.98


def ratings(rows: list[tuple[int, int, int]]) -> Ratings:
    item, annotator, value = (np.array(column) for column in zip(*rows, strict=True))
    return Ratings(item, annotator, value, int(item.max()) + 1, int(annotator.max()) + 1, 4)


def test_a_neighbour_is_measured_on_items_that_two_people_saw() -> None:
    both = [(item, person, (0, 1)[person]) for item in range(3) for person in range(2)]
    agreed = [(item, person, 0) for item in range(3, 10) for person in range(2)]
    twice_only = [(item, person, (0, 2)[person]) for item in range(10, 12) for person in range(2)]
    alone = [(12, 0, 3), (13, 0, 0)]

    (found,) = confusion_neighbours(ratings([*both, *agreed, *twice_only, *alone]), 0)

    assert (found.value, found.n_both, found.n_shared) == (1, 3, 12)
    assert (found.low, found.high) == pytest.approx(proportion_confint(3, 12, method="wilson"), abs=1e-9)


def test_slips_among_many_are_no_neighbour() -> None:
    rows = [(item, person, 0) for item in range(1000) for person in range(2)]
    rows += [(1000 + item, person, (0, 1)[person]) for item in range(15) for person in range(2)]

    assert confusion_neighbours(ratings(rows), 0) == []
    assert [found.value for found in confusion_neighbours(ratings(rows), 1)] == [0]
