import numpy as np
import pytest

from quality.stats.cohorts import detect_cohort_bias
from quality.stats.ratings import Grouping, Ratings

from .planted import answer_instead, project

REGION = Grouping("region", np.arange(40) % 3, ("north", "south", "west"))
LANGUAGE = Grouping("language", np.arange(4000) % 4, ("de", "en", "fr", "nl"))


def people(seed: int, *, is_rating: bool = False) -> Ratings:
    return project(seed, n_items=4000, n_annotators=40, n_values=5 if is_rating else 4, is_rating=is_rating)


def in_cell(labels: Ratings) -> np.ndarray:
    return (REGION.codes[labels.annotator] == 1) & (LANGUAGE.codes[labels.item] == 2)


def test_a_cohort_that_over_uses_a_label_in_one_slice_is_the_one_finding() -> None:
    labels = people(1)
    biased = answer_instead(labels, in_cell(labels), 3, 0.35)

    outcome = detect_cohort_bias(biased, [REGION], [LANGUAGE], rng=np.random.default_rng(0))

    (finding,) = outcome.findings
    assert (finding.cohort, finding.slice, finding.value) == (("region", "south"), ("language", "fr"), 3)
    assert (finding.pattern, finding.unit) == ("more", "share")
    assert finding.effect == pytest.approx(0.26, abs=0.08)
    assert finding.low < finding.effect < finding.high  # type: ignore[operator]
    assert set(LANGUAGE.codes[finding.evidence]) == {2}
    assert outcome.tested == 3 * 5


def test_a_cohort_biased_everywhere_is_found_without_a_slice() -> None:
    labels = people(2)
    biased = answer_instead(labels, REGION.codes[labels.annotator] == 0, 1, 0.3)

    outcome = detect_cohort_bias(biased, [REGION], [LANGUAGE], rng=np.random.default_rng(0))

    assert [(f.cohort, f.slice, f.value) for f in outcome.findings] == [(("region", "north"), None, 1)]


def test_ratings_are_compared_in_points() -> None:
    labels = people(3, is_rating=True)
    value = np.where(in_cell(labels), np.maximum(labels.value - 1, 0), labels.value)
    severe = Ratings(labels.item, labels.annotator, value, 4000, 40, 5, labels.levels)

    (finding,) = detect_cohort_bias(severe, [REGION], [LANGUAGE], rng=np.random.default_rng(0)).findings

    assert (finding.value, finding.unit, finding.pattern) == (None, "points", "less")
    assert finding.effect == pytest.approx(-0.8, abs=0.15)


def test_equal_cohorts_are_silent() -> None:
    found = [
        detect_cohort_bias(people(seed), [REGION], [LANGUAGE], rng=np.random.default_rng(seed)).findings
        for seed in range(5)
    ]

    assert sum(map(len, found)) == 0


def test_one_extreme_member_is_no_cohort_bias() -> None:
    labels = people(4)
    loud = answer_instead(labels, (labels.annotator == 1) & in_cell(labels), 3, 1.0)

    assert detect_cohort_bias(loud, [REGION], [LANGUAGE], rng=np.random.default_rng(0)).findings == ()


def test_of_two_valued_attributes_one_value_is_tested() -> None:
    half = Grouping("trained", np.arange(40) % 2, ("yes", "no"))

    outcome = detect_cohort_bias(people(5), [half], [LANGUAGE], rng=np.random.default_rng(0))

    assert outcome.tested == 5


def test_cohorts_of_three_people_are_not_enough_people_and_not_no_bias() -> None:
    codes = np.zeros(40, dtype=int)
    codes[:3] = 1
    codes[3] = -1
    small = Grouping("team", codes, ("big", "small"))

    outcome = detect_cohort_bias(people(6), [small], [], rng=np.random.default_rng(0))

    assert outcome.tested == 0
    assert [(entry.cohort, entry.reason.code) for entry in outcome.not_tested] == [
        (("team", "big"), "not_enough_people")
    ]


def test_a_cohort_with_one_value_or_without_labels_is_silent() -> None:
    one = Grouping("team", np.zeros(40, dtype=int), ("all",))
    empty = Ratings([], [], [], 4000, 40, 4)

    assert detect_cohort_bias(people(7), [one], [LANGUAGE], rng=np.random.default_rng(0)).tested == 0
    assert detect_cohort_bias(empty, [REGION], [LANGUAGE], rng=np.random.default_rng(0)).tested == 0
