from collections import Counter
from typing import Any

import pytest

from annotation.overlap import (
    Adaptive,
    OverlapError,
    OverlapPolicy,
    overlap_to_json,
    parse_overlap,
    seats_for,
)

SHARED = {"labels_per_item": 1, "share": 0.2, "shared_labels": 3, "stratify_by": "language"}
ADAPTIVE = {"max_labels": 5, "stop_at_posterior": 0.95}


def test_both_forms_are_read_and_written_back() -> None:
    assert parse_overlap({"labels_per_item": 3}) == OverlapPolicy(3)
    full = parse_overlap({**SHARED, "adaptive": ADAPTIVE, "shared_per_pair": 20}, slices=["language"])
    assert full == OverlapPolicy(1, 0.2, 3, "language", Adaptive(5, 0.95), 20)
    for raw in ({"labels_per_item": 3}, SHARED, {"labels_per_item": 2, "adaptive": ADAPTIVE, "shared_per_pair": 20}):
        assert overlap_to_json(parse_overlap(raw)) == raw
        assert parse_overlap(overlap_to_json(parse_overlap(raw))) == parse_overlap(raw)


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        (3, "overlap", "not_an_object"),
        ({}, "overlap.labels_per_item", "required"),
        ({"labels_per_item": 0}, "overlap.labels_per_item", "out_of_range"),
        ({"labels_per_item": 51}, "overlap.labels_per_item", "out_of_range"),
        ({"labels_per_item": True}, "overlap.labels_per_item", "not_an_integer"),
        ({"labels_per_item": "3"}, "overlap.labels_per_item", "not_an_integer"),
        ({"labels_per_item": 3, "overlap": 1}, "overlap.overlap", "unknown_key"),
        ({"labels_per_item": 1, "share": 0.2}, "overlap.shared_labels", "required"),
        ({"labels_per_item": 1, "shared_labels": 2}, "overlap.share", "required"),
        ({**SHARED, "share": 1.1}, "overlap.share", "out_of_range"),
        ({**SHARED, "share": "20%"}, "overlap.share", "not_a_number"),
        ({**SHARED, "shared_labels": 1}, "overlap.shared_labels", "out_of_range"),
        ({**SHARED, "stratify_by": "bot"}, "overlap.stratify_by", "unknown_slice"),
        ({**SHARED, "stratify_by": 1}, "overlap.stratify_by", "not_text"),
        ({"labels_per_item": 1, "stratify_by": "language"}, "overlap.stratify_by", "not_asked"),
        ({**SHARED, "adaptive": 5}, "overlap.adaptive", "not_an_object"),
        ({**SHARED, "adaptive": {"max_labels": 5}}, "overlap.adaptive.stop_at_posterior", "required"),
        ({**SHARED, "adaptive": {"stop_at_posterior": 0.9}}, "overlap.adaptive.max_labels", "required"),
        ({**SHARED, "adaptive": {**ADAPTIVE, "max_labels": 2}}, "overlap.adaptive.max_labels", "out_of_range"),
        ({**SHARED, "adaptive": {**ADAPTIVE, "stop_at_posterior": 1}}, "overlap.adaptive.stop_at_posterior",
         "out_of_range"),
        ({**SHARED, "adaptive": {**ADAPTIVE, "x": 1}}, "overlap.adaptive.x", "unknown_key"),
        ({**SHARED, "shared_per_pair": 1001}, "overlap.shared_per_pair", "out_of_range"),
        ({**SHARED, "shared_per_pair": "20"}, "overlap.shared_per_pair", "not_an_integer"),
        ({"labels_per_item": 1, "shared_per_pair": 20}, "overlap.shared_per_pair", "nothing_is_shared"),
        ({**SHARED, "share": 0, "shared_per_pair": 1}, "overlap.shared_per_pair", "nothing_is_shared"),
    ],
)  # fmt: skip
def test_a_bad_policy_is_refused_with_path_and_rule(raw: Any, path: str, code: str) -> None:
    with pytest.raises(OverlapError) as caught:
        parse_overlap(raw, slices=["language"])
    assert [(error.path, error.code) for error in caught.value.errors] == [(path, code)]


@pytest.mark.parametrize(
    "raw", [{"labels_per_item": 2}, SHARED, {"labels_per_item": 1, "adaptive": ADAPTIVE}]
)  # fmt: skip
def test_pairs_can_be_asked_to_share_where_an_item_may_get_two_labels(raw: dict[str, Any]) -> None:
    assert parse_overlap({**raw, "shared_per_pair": 20}).shared_per_pair == 20


def test_no_shared_items_wanted_of_a_pair_is_as_good_as_not_saying_so() -> None:
    assert overlap_to_json(parse_overlap({"labels_per_item": 1, "shared_per_pair": 0})) == {"labels_per_item": 1}


def test_least_and_most_labels_are_those_that_an_item_can_get() -> None:
    assert [(p.least_labels, p.most_labels) for p in map(parse_overlap, (
        {"labels_per_item": 2}, SHARED, {**SHARED, "share": 1}, {**SHARED, "share": 0},
        {"labels_per_item": 1, "adaptive": ADAPTIVE},
    ))] == [(2, 2), (1, 3), (3, 3), (1, 1), (1, 5)]  # fmt: skip


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(OverlapError) as caught:
        parse_overlap({"labels_per_item": 0, "adaptive": {}})
    assert [(error.path, error.code) for error in caught.value.errors] == [
        ("overlap.labels_per_item", "out_of_range"),
        ("overlap.adaptive.max_labels", "required"),
        ("overlap.adaptive.stop_at_posterior", "required"),
    ]


def seats(policy: OverlapPolicy, stratum: str = "de", seed: str = "s", count: int = 20_000) -> list[int]:
    return [seats_for(policy, item_key=f"item-{number}", stratum=stratum, seed=seed) for number in range(count)]


def test_every_item_gets_the_labels_of_the_plain_form() -> None:
    assert set(seats(OverlapPolicy(3), count=1000)) == {3}


def test_the_long_run_share_holds_in_every_stratum() -> None:
    policy = OverlapPolicy(1, 0.2, 3, "language")
    for stratum in ("de", "en", ""):
        counts = Counter(seats(policy, stratum))
        assert set(counts) == {1, 3}
        # five standard errors of a binomial share
        assert abs(counts[3] / 20_000 - 0.2) < 5 * (0.2 * 0.8 / 20_000) ** 0.5


def test_the_ends_of_the_share_are_none_and_all() -> None:
    assert set(seats(OverlapPolicy(1, 0.0, 3), count=2000)) == {1}
    assert set(seats(OverlapPolicy(1, 1.0, 3), count=2000)) == {3}


def test_the_draw_is_fixed_by_seed_stratum_and_item_alone() -> None:
    policy = OverlapPolicy(1, 0.5, 2)
    base = seats(policy, count=2000)
    assert seats(policy, count=2000) == base
    for other in (seats(policy, seed="t", count=2000), seats(policy, stratum="en", count=2000)):
        agreeing = sum(first == second for first, second in zip(base, other, strict=True))
        assert 850 < agreeing < 1150
    assert [seats_for(policy, item_key=key, stratum="de", seed="s") for key in "abcdefgh"] == [1, 2, 1, 2, 1, 1, 1, 2]


def test_a_larger_share_keeps_the_items_that_were_shared() -> None:
    small, large = seats(OverlapPolicy(1, 0.2, 3), count=5000), seats(OverlapPolicy(1, 0.3, 3), count=5000)
    assert all(after >= before for before, after in zip(small, large, strict=True))


def test_neighbouring_names_do_not_run_together() -> None:
    policy = OverlapPolicy(1, 0.5, 2)
    pairs = [
        (
            seats_for(policy, item_key=f"{number}x", stratum="a", seed="s"),
            seats_for(policy, item_key="x", stratum=f"a{number}", seed="s"),
        )
        for number in range(500)
    ]
    assert 150 < sum(first == second for first, second in pairs) < 350
