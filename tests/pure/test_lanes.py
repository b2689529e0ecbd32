from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.lanes import LaneContract, as_written, is_in_slice, lane_of, overlap_for, seats_of_item
from annotation.overlap import Adaptive, OverlapPolicy

GERMAN = LaneContract(1, {"language": "de"}, overlap_share=0.5, shared_labels=3)
GERMAN_MAIL = LaneContract(2, {"language": "de", "channel": "mail"})
RARE = LaneContract(4, {"language": "rm"}, overlap_share=1.0, shared_labels=2)
CONTRACTS = (GERMAN, GERMAN_MAIL, RARE)

meta_values = st.one_of(st.text(max_size=5), st.integers(-100, 100), st.booleans(), st.none(), st.just([1]))
metas = st.dictionaries(st.sampled_from(["language", "channel", "urgent"]), meta_values, max_size=3)
shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("meta", "lane"),
    [
        ({"language": "de"}, 1),
        ({"language": "de", "channel": "mail"}, 1),  # the first by number, not the narrowest
        ({"language": "rm", "channel": "mail"}, 4),
        ({"language": "en"}, 0),
        ({"channel": "mail"}, 0),
        ({}, 0),
    ],
)
def test_an_item_is_in_the_first_contract_whose_slice_it_is_in(meta: dict[str, str], lane: int) -> None:
    assert lane_of(CONTRACTS, meta) == lane


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1", "1"), (1, "1"), (-7, "-7"), (1.5, "1.5"), (1.0, "1.0"), (1e22, "1" + 22 * "0"),
        (1e-7, "0.0000001"), (-0.0, "0.0"), (True, "true"), (False, "false"),
        (None, None), (["de"], None), ({"a": 1}, None),
    ],
)  # fmt: skip
def test_a_value_of_meta_is_compared_as_it_would_be_written(value: Any, written: str | None) -> None:
    assert as_written(value) == written
    assert is_in_slice({"key": str(written)}, {"key": value}) == (written is not None)


def test_an_item_outside_all_slices_keeps_the_policy() -> None:
    policy = OverlapPolicy(2, 0.1, 3, "language")
    assert overlap_for(policy, CONTRACTS, {"language": "en"}) is policy
    assert overlap_for(policy, [GERMAN_MAIL], {"language": "de", "channel": "mail"}) is policy


def test_a_contract_asks_for_its_own_share_and_never_for_fewer_labels_than_the_rest_gets() -> None:
    its_own = overlap_for(OverlapPolicy(1, 0.1, 2, "language"), CONTRACTS, {"language": "de"})
    assert its_own == OverlapPolicy(1, 0.5, 3, "language")
    assert overlap_for(OverlapPolicy(3), CONTRACTS, {"language": "rm"}) == OverlapPolicy(3, 1.0, 3)


def test_the_cap_of_adaptive_overlap_has_room_for_what_a_contract_shares() -> None:
    policy = OverlapPolicy(1, adaptive=Adaptive(2, 0.9))
    assert overlap_for(policy, CONTRACTS, {"language": "de"}).adaptive == Adaptive(3, 0.9)


@given(meta=metas, key=st.text(max_size=8))
def test_an_item_gets_the_same_seats_whoever_asks_and_when(meta: dict[str, Any], key: str) -> None:
    policy = OverlapPolicy(1, 0.3, 2, "channel")
    first = seats_of_item(policy, CONTRACTS, item_key=key, meta=meta, seed="s")
    assert seats_of_item(policy, list(CONTRACTS), item_key=key, meta=dict(meta), seed="s") == first
    assert first in {1, 2, 3}


@given(small=shares, large=shares, key=st.text(max_size=8))
def test_a_contract_with_a_larger_share_keeps_the_items_that_were_shared(small: float, large: float, key: str) -> None:
    small, large = sorted((small, large))
    meta = {"language": "de"}
    before = seats_of_item(OverlapPolicy(1, small, 3, "language"), [], item_key=key, meta=meta, seed="s")
    contract = LaneContract(1, meta, overlap_share=large, shared_labels=3)
    policy = OverlapPolicy(1, small, 3, "language")
    assert seats_of_item(policy, [contract], item_key=key, meta=meta, seed="s") >= before


def test_the_share_of_a_contract_holds_in_its_slice_and_leaves_the_others_alone() -> None:
    policy, n = OverlapPolicy(1, 0.1, 2), 20_000
    wanted = {"de": (0.5, 3), "rm": (1.0, 2), "en": (0.1, 2)}
    for language, (share, shared) in wanted.items():
        seats = [
            seats_of_item(policy, CONTRACTS, item_key=f"item-{number}", meta={"language": language}, seed="s")
            for number in range(n)
        ]
        assert set(seats) <= {1, shared}
        # five standard errors of a binomial share
        assert abs(seats.count(shared) / n - share) <= 5 * (share * (1 - share) / n) ** 0.5
