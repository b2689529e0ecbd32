import numpy as np
import pytest

from quality.stats.aggregation import dawid_skene, leave_one_out, majority
from quality.stats.ratings import Ratings

from .oracles import from_counts
from .random_ratings import draw_ratings


def test_a_tie_is_no_decision() -> None:
    result = majority(from_counts(np.array([[2, 1, 0], [1, 1, 0], [0, 0, 0], [0, 2, 2], [0, 0, 3]])))

    assert result.value.tolist() == [0, -1, -1, -1, 2]
    assert result.is_tie.tolist() == [False, True, False, True, False]
    assert result.votes.tolist() == [2, 1, 0, 2, 3]
    assert result.n.tolist() == [3, 2, 0, 4, 3]


def planted(seed: int, n_items: int = 1500) -> tuple[Ratings, np.ndarray]:
    """Three careful people and four who say 0 for most things, three labels an item."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n_items)
    people = np.argsort(rng.random((n_items, 7)), axis=1)[:, :3].ravel()
    item = np.repeat(np.arange(n_items), 3)
    careful = people < 3
    is_right = rng.random(len(item)) < np.where(careful, 0.95, 0.5)
    return Ratings(item, people, np.where(is_right, truth[item], 0), n_items, 7, 3), truth


def test_dawid_skene_beats_the_majority_where_people_differ_in_skill() -> None:
    labels, truth = planted(1)

    fitted = dawid_skene(labels, max_rounds=200)

    votes = majority(labels)
    by_vote = np.where(votes.is_tie, 0.5, votes.value == truth).mean()
    by_model = (fitted.posterior.argmax(axis=1) == truth).mean()
    assert by_model > by_vote + 0.05
    assert fitted.is_converged
    assert np.allclose(fitted.posterior.sum(axis=1), 1)
    assert np.allclose(fitted.confusion.sum(axis=2), 1)
    assert np.diagonal(fitted.confusion[0]).min() > 0.85
    assert fitted.confusion[5, 1, 0] == pytest.approx(0.5, abs=0.1)


def test_log_likelihood_of_the_classical_estimate_never_falls() -> None:
    labels, _ = planted(2, 200)

    values = [dawid_skene(labels, weight=0, max_rounds=n, tolerance=0).log_likelihood for n in range(1, 12)]

    assert np.all(np.diff(values) > -1e-6)


def test_stopping_short_is_reported_as_not_converged() -> None:
    labels, _ = planted(3, 300)

    fitted = dawid_skene(labels, max_rounds=2, tolerance=1e-12)

    assert fitted.rounds == 2
    assert not fitted.is_converged


def test_an_annotator_with_few_labels_gets_the_confusion_of_the_pool() -> None:
    labels, _ = planted(4)
    newcomer = Ratings(np.r_[labels.item, 0], np.r_[labels.annotator, 7], np.r_[labels.value, 2], labels.n_items, 8, 3)

    fitted = dawid_skene(newcomer, weight=20)
    pool = np.average(fitted.confusion[:7], axis=0, weights=labels.annotator_sizes())

    assert np.abs(fitted.confusion[7] - pool).max() < 0.1


@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_result_does_not_depend_on_the_order_of_rows_or_on_absent_people(weight: float) -> None:
    labels, _ = planted(5, 300)
    rows = np.random.default_rng(0).permutation(labels.n_labels)
    other = Ratings(labels.item[rows], labels.annotator[rows] + 1, labels.value[rows], labels.n_items, 9, 3)

    one, two = dawid_skene(labels, weight=weight), dawid_skene(other, weight=weight)

    assert two.posterior == pytest.approx(one.posterior, abs=1e-8)
    assert two.rounds == one.rounds


def test_items_without_labels_get_the_prior_and_change_nothing() -> None:
    labels, _ = planted(6, 300)
    wider = Ratings(labels.item, labels.annotator, labels.value, 310, 7, 3)

    narrow, wide = dawid_skene(labels), dawid_skene(wider)

    assert wide.posterior[:300] == pytest.approx(narrow.posterior, abs=1e-12)
    assert np.allclose(wide.posterior[305], wide.prior)


def test_blocks_of_items_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, _ = planted(7, 300)
    whole = dawid_skene(labels)

    monkeypatch.setattr("quality.stats.aggregation._BLOCK", 17)
    in_blocks = dawid_skene(labels)

    assert in_blocks.posterior == pytest.approx(whole.posterior, abs=1e-10)


def test_leave_one_out_posterior_is_that_of_the_others_labels() -> None:
    labels, _ = planted(8, 300)
    fitted = dawid_skene(labels)

    without = leave_one_out(labels, fitted)

    row = 10
    others = (labels.item == labels.item[row]) & (np.arange(labels.n_labels) != row)
    expected = fitted.prior * np.prod(fitted.confusion[labels.annotator[others], :, labels.value[others]], axis=0)
    assert without[row] == pytest.approx(expected / expected.sum(), abs=1e-3)


def test_single_label_item_leaves_the_prior_when_its_label_is_left_out() -> None:
    labels = Ratings([0, 0, 1], [0, 1, 0], [0, 0, 1], 2, 2, 2)
    fitted = dawid_skene(labels)

    assert leave_one_out(labels, fitted)[2] == pytest.approx(fitted.prior)


@pytest.mark.parametrize("shape", [(0, 0, 0), (3, 0, 2), (4, 2, 1)])
def test_empty_and_one_class_data(shape: tuple[int, int, int]) -> None:
    fitted = dawid_skene(Ratings([], [], [], *shape))

    assert fitted.posterior.shape == (shape[0], shape[2])
    assert np.all(np.isfinite(fitted.posterior))


def test_accuracy_is_kept_with_no_shrinkage_and_with_some() -> None:
    labels = draw_ratings(9, n_items=200, share=1.0, accuracy=0.8)

    classes = [dawid_skene(labels, weight=w).posterior.argmax(axis=1) for w in (0.0, 1.0, 4.0)]

    assert (classes[0] == classes[1]).mean() > 0.97
    assert (classes[1] == classes[2]).mean() > 0.97
