from dataclasses import replace

import numpy as np
import pytest

from quality.stats.collusion import detect_collusion
from quality.stats.drift import detect_drift
from quality.stats.ratings import Ratings

from .planted import project


def careless_after(labels: Ratings, annotator: int, start: float, share: float = 0.5) -> Ratings:
    rng = np.random.default_rng(7)
    late = (labels.annotator == annotator) & (labels.time > start) & (rng.random(labels.n_labels) < share)
    return replace(labels, value=np.where(late, rng.integers(0, labels.n_values, labels.n_labels), labels.value))


@pytest.mark.parametrize("is_rating", [False, True])
def test_the_person_who_becomes_careless_is_found_with_the_time(is_rating: bool) -> None:
    labels = project(1, n_values=5, is_rating=is_rating)
    start = 0.6 * float(labels.time.max())

    outcome = detect_drift(careless_after(labels, 4, start, share=0.7))

    (finding,) = outcome.findings
    assert finding.annotators == (4,)
    assert finding.effect < -0.1
    assert finding.period[0] == pytest.approx(start, abs=0.08 * float(labels.time.max()))
    assert finding.period[1] == labels.time[labels.annotator == 4].max()
    assert outcome.tested == 12


def test_carelessness_of_all_at_one_time_is_nobodys_drift() -> None:
    labels = project(2)
    rng = np.random.default_rng(0)
    late = (labels.time > 0.6 * labels.time.max()) & (rng.random(labels.n_labels) < 0.3)
    harder = replace(labels, value=np.where(late, rng.integers(0, 4, labels.n_labels), labels.value))

    assert detect_drift(harder).findings == ()


def test_without_times_drift_is_not_tested() -> None:
    outcome = detect_drift(replace(project(3), time=None))

    assert (outcome.findings, outcome.tested) == ((), 0)
    assert [entry.reason.code for entry in outcome.not_tested] == ["no_times"]


def test_equal_times_are_ordered_by_row() -> None:
    labels = project(4)
    at_once = careless_after(labels, 4, 0.5 * float(labels.time.max()), share=0.8)
    same_times = replace(at_once, time=np.zeros(labels.n_labels))

    assert [f.p_value for f in detect_drift(same_times).findings] == [f.p_value for f in detect_drift(at_once).findings]


def test_people_with_few_labels_are_not_tested_for_drift() -> None:
    labels = project(5, n_items=230)

    outcome = detect_drift(labels)

    assert outcome.tested + len(outcome.not_tested) == 12
    assert all("60 are needed" in entry.reason.sentence for entry in outcome.not_tested)


def copied(labels: Ratings, share: float) -> Ratings:
    """Annotator 2 copies 1 on their shared items."""
    answers = np.full(labels.n_items, -1)
    answers[labels.item[labels.annotator == 1]] = labels.value[labels.annotator == 1]
    rows = (labels.annotator == 2) & (answers[labels.item] >= 0)
    rows &= np.random.default_rng(1).random(labels.n_labels) < share
    return replace(labels, value=np.where(rows, answers[labels.item], labels.value))


def test_a_pair_that_copies_is_found_and_no_other() -> None:
    labels = copied(project(6, n_annotators=8, accuracy=0.7), 0.9)

    outcome = detect_collusion(labels)

    (finding,) = outcome.findings
    assert finding.annotators == (1, 2)
    assert finding.effect > 0.2
    assert finding.details["agreement"] > 0.9
    assert outcome.tested == 28
    answers = np.full((2, labels.n_items), -1)
    for row, j in enumerate((1, 2)):
        answers[row, labels.item[labels.annotator == j]] = labels.value[labels.annotator == j]
    assert (answers[0, finding.evidence] == answers[1, finding.evidence]).all()


def test_honest_pairs_are_silent() -> None:
    # At a false discovery rate of .05 more than 3 of 20 clean projects with a finding have probability .016.
    assert sum(bool(detect_collusion(project(seed)).findings) for seed in range(20)) <= 3


def test_people_who_stay_as_they_are_are_silent() -> None:
    assert sum(bool(detect_drift(project(seed)).findings) for seed in range(20)) <= 3


@pytest.mark.parametrize("detect", [detect_drift, detect_collusion])
def test_empty_data(detect) -> None:  # type: ignore[no-untyped-def]
    outcome = detect(Ratings([], [], [], 0, 0, 0, time=np.zeros(0)))

    assert (outcome.findings, outcome.tested) == ((), 0)
