"""What must hold for any labels: names, order, absent people and shards make no difference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.stats import distances, tallies
from quality.stats.agreement import Agreement, measure_agreement
from quality.stats.coefficients import krippendorff_alpha
from quality.stats.figures import Figure
from quality.stats.pairwise import cohen_kappas, count_pairs, merge_pairs
from quality.stats.ratings import Ratings
from quality.stats.tallies import coincidences, tally

from .random_ratings import draw_ratings, ratings


def figures_of(result: Agreement) -> dict[str, Figure]:
    named = {
        "percent": result.percent_agreement,
        "pooled": result.percent_agreement_pooled,
        "cohen": result.cohen_kappa,
        "fleiss": result.fleiss_kappa,
        "conger": result.conger_kappa,
        "ac1": result.gwet_ac1,
        **result.krippendorff_alpha,
    }
    if result.gwet_ac2 is not None:
        named["ac2"] = result.gwet_ac2
    if result.cohen_kappa_weighted is not None:
        named["cohen_weighted"] = result.cohen_kappa_weighted
    return named


def assert_same_figures(one: Agreement, other: Agreement) -> None:
    for name, figure in figures_of(one).items():
        twin = figures_of(other)[name]
        assert (figure.n_items, figure.n_labels, figure.undefined) == (twin.n_items, twin.n_labels, twin.undefined)
        assert (figure.value, figure.low, figure.high) == pytest.approx((twin.value, twin.low, twin.high), abs=1e-9)


def measure(labels: Ratings, *, ordinal: bool = False) -> Agreement:
    return measure_agreement(labels, ordinal=ordinal, min_items=1, min_pair_items=2)


@settings(max_examples=40, deadline=None)
@given(labels=ratings(), seed=st.integers(0, 2**32 - 1))
def test_renaming_the_values_changes_no_nominal_figure(labels: Ratings, seed: int) -> None:
    new_code = np.random.default_rng(seed).permutation(labels.n_values)
    renamed = Ratings(
        labels.item, labels.annotator, new_code[labels.value], labels.n_items, labels.n_annotators, labels.n_values
    )

    assert_same_figures(measure(labels), measure(renamed))


@settings(max_examples=40, deadline=None)
@given(labels=ratings(), seed=st.integers(0, 2**32 - 1))
def test_order_of_people_items_and_rows_changes_no_figure(labels: Ratings, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.permutation(labels.n_labels)
    shuffled = Ratings(
        rng.permutation(labels.n_items)[labels.item[rows]],
        rng.permutation(labels.n_annotators)[labels.annotator[rows]],
        labels.value[rows],
        labels.n_items,
        labels.n_annotators,
        labels.n_values,
        labels.levels,
    )

    assert_same_figures(measure(labels, ordinal=True), measure(shuffled, ordinal=True))


@settings(max_examples=25, deadline=None)
@given(labels=ratings())
def test_people_items_and_values_without_labels_change_no_figure(labels: Ratings) -> None:
    wider = Ratings(
        labels.item + 2, labels.annotator + 1, labels.value, labels.n_items + 5, labels.n_annotators + 3,
        labels.n_values + 2,
    )  # fmt: skip

    assert_same_figures(measure(labels), measure(wider))


@settings(max_examples=40, deadline=None)
@given(labels=ratings(), n_shards=st.integers(1, 5))
def test_tallies_and_pairs_of_shards_merge_to_those_of_the_whole(labels: Ratings, n_shards: int) -> None:
    shards = [labels.only_items(np.arange(labels.n_items) % n_shards == k) for k in range(n_shards)]

    merged = tallies.merge([tally(shard) for shard in shards])
    pairs = merge_pairs([count_pairs(shard) for shard in shards], labels.n_annotators)

    whole = tally(labels)
    assert merged.counts.tolist() == whole.counts.tolist()
    assert merged.items.tolist() == whole.items.tolist()
    assert krippendorff_alpha(merged, distances.ordinal) == krippendorff_alpha(whole, distances.ordinal)
    for name in ("first", "second", "left", "right", "count"):
        assert getattr(pairs, name).tolist() == getattr(count_pairs(labels), name).tolist()


def test_items_too_wide_for_one_number_give_the_same_tally(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = draw_ratings(11, n_items=300, n_values=5)
    packed = tally(labels)

    monkeypatch.setattr(tallies, "_EXACT_BITS", 0)
    hashed = tally(labels)

    assert hashed.counts.tolist() == packed.counts.tolist()
    assert hashed.items.tolist() == packed.items.tolist()


def test_forty_values_and_thirty_labels_an_item_match_a_direct_count() -> None:
    labels = draw_ratings(5, n_items=60, n_annotators=40, n_values=40)
    counts = labels.item_value_counts().astype(float)
    n = counts.sum(axis=1)

    direct = (counts.T / (n - 1)) @ counts - np.diag((counts / (n - 1)[:, None]).sum(axis=0))

    assert coincidences(tally(labels)) == pytest.approx(direct, abs=1e-9)


def test_wide_keys_and_small_blocks_give_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = draw_ratings(8, n_items=200, n_annotators=12)
    narrow = count_pairs(labels)

    monkeypatch.setattr("quality.stats.pairwise._key_type", lambda ratings: np.int64)
    monkeypatch.setattr("quality.stats.pairwise._BLOCK", 64)
    wide = count_pairs(labels)

    for name in ("first", "second", "left", "right", "count"):
        assert getattr(wide, name).tolist() == getattr(narrow, name).tolist()


def test_repeats_by_one_person_make_no_pair() -> None:
    labels = Ratings([0, 0, 0], [0, 0, 1], [1, 0, 1], 1, 2, 2)

    pairs = cohen_kappas(count_pairs(labels))

    assert labels.has_repeats()
    assert pairs.n.tolist() == [2]
