"""Where figures are undefined, and what is said instead."""

import math
from dataclasses import fields

import numpy as np
import pytest

from quality.stats import distances
from quality.stats.agreement import Agreement, measure_agreement
from quality.stats.coefficients import krippendorff_alpha, percent_agreement
from quality.stats.figures import Figure
from quality.stats.pairwise import cohen_kappas, count_pairs, mean_kappa
from quality.stats.ratings import Grouping, Ratings
from quality.stats.tallies import tally

from .oracles import from_counts, from_table
from .random_ratings import draw_ratings


def all_figures(result: Agreement) -> list[Figure]:
    values = [getattr(result, field.name) for field in fields(result)]
    return [v for v in values if isinstance(v, Figure)] + list(result.krippendorff_alpha.values())


def test_no_labels_at_all() -> None:
    result = measure_agreement(Ratings([], [], [], 0, 0, 0), min_items=0)

    assert {f.undefined.code for f in all_figures(result) if f.undefined} == {"no_shared_items", "no_pairs"}
    assert all(f.value is None and f.low is None for f in all_figures(result))


def test_one_label_an_item_carries_no_pairs() -> None:
    result = measure_agreement(Ratings([0, 1, 2], [0, 1, 0], [0, 1, 1], 3, 2, 2), min_items=0)

    assert result.percent_agreement.undefined is not None
    assert result.percent_agreement.undefined.code == "no_shared_items"
    assert result.n_items == 3
    assert result.n_shared_items == 0
    assert result.prevalence == pytest.approx((1 / 3, 2 / 3))


def test_constant_labels_are_undefined_never_one() -> None:
    result = measure_agreement(from_counts(np.tile([3, 0], (30, 1))))

    assert result.percent_agreement.value == 1.0
    for figure in (result.krippendorff_alpha["nominal"], result.fleiss_kappa, result.gwet_ac1, result.conger_kappa):
        assert figure.value is None
        assert figure.undefined is not None
        assert figure.undefined.code == "one_value"
    assert result.cohen_kappa.undefined is not None
    assert result.cohen_kappa.undefined.code == "all_pairs_undefined"
    assert result.pairs_undefined == result.pairs == 3


def test_a_constant_pair_is_left_out_of_the_mean_and_counted() -> None:
    shared = Ratings(np.repeat(np.arange(20), 2), np.tile([0, 1], 20), np.tile([0, 0, 1, 1, 0, 1], 7)[:40], 20, 4, 2)
    constant = Ratings(np.repeat(np.arange(20, 40), 2), np.tile([2, 3], 20), np.zeros(40), 40, 4, 2)
    both = Ratings(
        np.r_[shared.item, constant.item], np.r_[shared.annotator, constant.annotator],
        np.r_[shared.value, constant.value], 40, 4, 2,
    )  # fmt: skip

    result = measure_agreement(both)

    assert (result.pairs, result.pairs_undefined, result.pairs_too_few) == (2, 1, 0)
    assert result.cohen_kappa.value == mean_kappa(cohen_kappas(count_pairs(shared)), 10).figure.value
    assert [note.code for note in result.notes] == ["separate_pools", "pairs_undefined"]


def test_two_people_who_always_differ_on_constant_answers_have_kappa_zero() -> None:
    pairs = cohen_kappas(count_pairs(from_table(np.array([[0, 12], [0, 0]]))))

    assert pairs.is_defined.tolist() == [True]
    assert pairs.kappa.tolist() == [0.0]


def test_pairs_below_the_minimum_are_counted_not_used() -> None:
    labels = from_table(np.array([[3, 1], [1, 4]]))

    result = measure_agreement(labels, min_items=1, min_pair_items=10)

    assert (result.pairs, result.pairs_too_few) == (0, 1)
    assert result.cohen_kappa.undefined is not None
    assert result.cohen_kappa.undefined.code == "no_pairs"


def test_a_row_below_the_minimum_says_so_for_every_figure() -> None:
    result = measure_agreement(draw_ratings(1, n_items=15, share=1.0), ordinal=True)

    assert {f.undefined.code for f in all_figures(result) if f.undefined} == {"too_few_items"}
    assert all(f.value is None for f in all_figures(result))
    assert "15" in result.fleiss_kappa.undefined.sentence  # type: ignore[union-attr]


def test_interval_needs_ten_items_with_a_minority_label() -> None:
    nine = from_counts(np.array([[3, 0]] * 91 + [[2, 1]] * 9))
    ten = from_counts(np.array([[3, 0]] * 91 + [[2, 1]] * 10))

    figures = [krippendorff_alpha(tally(labels)) for labels in (nine, ten)]

    assert figures[0].value is not None
    assert figures[0].no_interval is not None
    assert figures[0].no_interval.code == "too_little_variety"
    assert figures[1].no_interval is None
    assert figures[1].low < figures[1].value < figures[1].high  # type: ignore[operator]


def test_intervals_of_shares_stay_between_zero_and_one() -> None:
    labels = from_counts(np.array([[1, 1]] * 12 + [[2, 0]] * 0 + [[0, 2]] * 9))

    figure = percent_agreement(tally(labels))

    assert 0 <= figure.low < figure.value < figure.high <= 1  # type: ignore[operator]


def test_interval_and_ratio_alpha_need_levels() -> None:
    counts = tally(draw_ratings(2))

    no_levels = krippendorff_alpha(counts, distances.interval)
    mixed = krippendorff_alpha(counts, distances.ratio, np.array([-2.0, -1.0, 1.0, 2.0]))

    assert no_levels.undefined is not None
    assert no_levels.undefined.code == "needs_levels"
    assert mixed.undefined is not None
    assert mixed.undefined.code == "mixed_signs"


def test_ordinal_figures_exist_only_for_ordered_values() -> None:
    labels = draw_ratings(4)

    plain, ordered = measure_agreement(labels), measure_agreement(labels, ordinal=True)

    assert set(plain.krippendorff_alpha) == {"nominal"}
    assert plain.gwet_ac2 is None
    assert plain.cohen_kappa_weighted is None
    assert set(ordered.krippendorff_alpha) == {"nominal", "ordinal", "interval"}
    assert all(f.value is not None and math.isfinite(f.value) for f in all_figures(ordered))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"item": [0, 5]}, "item codes"),
        ({"annotator": [0, -1]}, "annotator codes"),
        ({"value": [0, 1, 1]}, "one length"),
        ({"levels": [1.0, 1.0]}, "strictly ascending"),
        ({"levels": [1.0]}, "one finite number"),
        ({"levels": [0.0, np.nan]}, "one finite number"),
        ({"time": [1.0]}, "one length"),
    ],
)
def test_bad_ratings_are_refused(change: dict[str, object], message: str) -> None:
    good = {"item": [0, 1], "annotator": [0, 1], "value": [0, 1], "n_items": 2, "n_annotators": 2, "n_values": 2}

    with pytest.raises(ValueError, match=message):
        Ratings(**{**good, **change})  # type: ignore[arg-type]


def test_bad_grouping_is_refused() -> None:
    with pytest.raises(ValueError, match="codes of lang"):
        Grouping("lang", np.array([0, 2]), ("de", "en"))


def test_pools_are_people_joined_by_shared_items() -> None:
    labels = Ratings([0, 0, 1, 1, 2, 3], [4, 1, 1, 2, 5, 5], np.zeros(6), 5, 7, 1)

    assert labels.components().tolist() == [-1, 0, 0, -1, 0, 1, -1]
