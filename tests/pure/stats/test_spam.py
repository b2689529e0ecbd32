from dataclasses import replace

import numpy as np
import pytest

from quality.stats.ratings import Ratings
from quality.stats.spam import detect_spam, kappa_bound

from .planted import project


def spammers(labels: Ratings) -> Ratings:
    """Annotator 1 answers at random, 2 always label 3."""
    random = np.random.default_rng(0).integers(0, labels.n_values, labels.n_labels)
    value = np.where(labels.annotator == 1, random, labels.value)
    return replace(labels, value=np.where(labels.annotator == 2, 3, value))


@pytest.mark.parametrize("is_rating", [False, True])
def test_random_and_constant_answering_are_found_with_their_pattern(is_rating: bool) -> None:
    labels = spammers(project(1, n_values=5, is_rating=is_rating))

    outcome = detect_spam(labels)

    assert {(f.annotators, f.pattern, f.value) for f in outcome.findings} == {
        ((1,), "random", None),
        ((2,), "constant", 3),
    }
    assert all(abs(f.effect) < 0.15 and f.p_adjusted <= 0.05 for f in outcome.findings)
    assert outcome.tested == 12


def test_clean_projects_are_silent_even_where_people_agree_little() -> None:
    careful = [detect_spam(project(seed)).findings for seed in range(6)]
    subjective = [detect_spam(project(seed, accuracy=0.5)).findings for seed in range(6)]

    assert sum(map(len, careful + subjective)) == 0


def test_bound_is_relative_where_people_agree_little() -> None:
    assert kappa_bound(np.array([0.8, 0.9])) == 0.30
    assert kappa_bound(np.array([0.3, 0.2, 0.4])) == pytest.approx(0.135)
    assert kappa_bound(np.array([])) == 0.0


def test_one_answer_where_others_vary_is_found_though_kappa_alone_is_not_clear() -> None:
    labels = project(3, n_values=2, accuracy=0.6, n_annotators=20, n_items=600)
    constant = replace(labels, value=np.where(labels.annotator == 4, 1, labels.value))

    assert {f.annotators for f in detect_spam(constant).findings} == {(4,)}


def test_people_with_few_labels_are_not_tested() -> None:
    labels = spammers(project(2))
    few = labels.where((labels.annotator != 1) | (np.cumsum(labels.annotator == 1) <= 15))

    outcome = detect_spam(few)

    assert {f.annotators for f in outcome.findings} == {(2,)}
    assert [entry.annotator for entry in outcome.not_tested] == [1]


@pytest.mark.parametrize("labels", [Ratings([], [], [], 0, 0, 0), Ratings([0, 0], [0, 1], [1, 1], 1, 2, 2)])
def test_too_little_data_gives_no_tests(labels: Ratings) -> None:
    outcome = detect_spam(labels)

    assert (outcome.findings, outcome.tested) == ((), 0)
