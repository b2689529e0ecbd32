"""The order of a claim's searches, when a control item is due, and why somebody got an item."""

import random
from dataclasses import replace

import pytest

from annotation.routing import (
    EVERYTHING,
    REST,
    URGENT,
    Contract,
    Found,
    Reason,
    Step,
    due,
    may_give_way,
    reason_of,
    steps,
)

NOBODY = frozenset[str]()
SEAT = Found(1, 2, 3, 0, None, 0, 1, None, "onward", "initial", 0, "", False)


def contract(number: int, taken: int, target: int | None = 100, **terms: object) -> Contract:
    return Contract(number, {"language": f"l{number}"}, target, taken, **terms)  # type: ignore[arg-type]


def lanes_searched(found: list[Step]) -> list[tuple[int, tuple[int, ...] | None]]:
    return [(step.position, step.lanes) for step in found]


def test_without_contracts_there_is_one_search() -> None:
    assert steps([], skills=NOBODY, cohorts={}) == [Step(EVERYTHING, None)]


def test_the_slice_furthest_behind_is_searched_first_after_what_is_urgent() -> None:
    found = steps([contract(1, 80), contract(2, 10), contract(3, 40)], skills=NOBODY, cohorts={})

    everywhere = (0, 1, 2, 3)
    assert lanes_searched(found) == [(URGENT, everywhere), (2, (2,)), (3, (3,)), (1, (1,)), (REST, everywhere)]
    assert [step.below_rank for step in found] == [0, None, None, None, None]


def test_a_served_contract_has_no_search_of_its_own() -> None:
    found = steps([contract(1, 100), contract(2, 130), contract(3, 0, target=None)], skills=NOBODY, cohorts={})

    assert [step.position for step in found] == [URGENT, REST]


def test_quality_may_be_further_behind_than_number() -> None:
    found = steps([contract(1, 50), contract(2, 100, quality_need=0.7)], skills=NOBODY, cohorts={})

    assert [step.position for step in found] == [URGENT, 2, 1, REST]


def test_equally_behind_the_lower_number_is_first() -> None:
    found = steps([contract(2, 5), contract(1, 5)], skills=NOBODY, cohorts={})

    assert [step.position for step in found] == [URGENT, 1, 2, REST]


def test_lanes_need_all_their_skills() -> None:
    contracts = [contract(1, 0, skills=frozenset({"de", "law"})), contract(2, 0, skills=frozenset({"de"}))]

    assert lanes_searched(steps(contracts, skills=frozenset({"de"}), cohorts={})) == [
        (URGENT, (0, 2)), (2, (2,)), (REST, (0, 2)),
    ]  # fmt: skip
    assert lanes_searched(steps(contracts, skills=NOBODY, cohorts={})) == [(URGENT, (0,)), (REST, (0,))]


def test_a_step_carries_the_persons_cohort_in_each_of_its_lanes() -> None:
    contracts = [contract(1, 0, cohort_key="site"), contract(2, 0)]

    found = steps(contracts, skills=NOBODY, cohorts={"site": "Pune", "age": "30"})

    assert [step.cohorts for step in found] == [("", "Pune", ""), ("Pune",), ("",), ("", "Pune", "")]


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_special_items_of_a_day_come_out_near_their_rate(rate: float) -> None:
    dice = random.Random(7)
    days = []
    for _ in range(200):
        given = 0
        for served in range(500):
            given += due(rate, served=served, given=given, draw=dice.random())
        days.append(given)

    assert sum(days) / len(days) == pytest.approx(500 * rate, abs=1.5)
    assert max(abs(given - 500 * rate) for given in days) <= 8
    # dice alone would be out by three standard deviations, 9 to 31 items, every third day or so of these 200


def test_where_a_special_item_comes_cannot_be_foretold() -> None:
    """However long the last one is ago, the next item is more likely an ordinary one, and one may follow another."""
    assert not due(0.1, served=10, given=0, draw=0.21)
    assert due(0.1, served=10, given=0, draw=0.19)
    assert due(0.1, served=0, given=0, draw=0.09)
    assert not due(0.1, served=1, given=1, draw=0.02)


def test_a_rate_of_nothing_draws_nothing() -> None:
    assert not due(0.0, served=1000, given=0, draw=0.0)


@pytest.mark.parametrize(
    ("found", "gives_way"),
    [
        (SEAT, True),
        (replace(SEAT, way="late"), True),
        (replace(SEAT, way="reserved"), False),
        (replace(SEAT, rank=-5, priority=5), False),
        (replace(SEAT, rank=-10, priority=0, round_kind="relabel"), True),
    ],
)
def test_control_items_never_take_the_turn_of_what_is_urgent_or_meant_for_somebody(
    found: Found, gives_way: bool
) -> None:
    assert may_give_way(found) is gives_way


@pytest.mark.parametrize(
    ("found", "for_contract", "reason", "facts"),
    [
        (SEAT, None, Reason.QUEUE, None),
        (replace(SEAT, slot=3), None, Reason.OVERLAP, {"label": 3}),
        (replace(SEAT, purpose="adaptive", slot=4), None, Reason.ADAPTIVE, {"label": 4}),
        (replace(SEAT, rank=-5, priority=5), None, Reason.PRIORITY, {"priority": 5}),
        (
            replace(SEAT, rank=-5, priority=5, feed_reason="drift alarm"), None, Reason.PRIORITY,
            {"priority": 5, "feed_reason": "drift alarm"},
        ),
        (replace(SEAT, rank=-10, round_kind="relabel"), None, Reason.RELABEL, None),
        (replace(SEAT, way="reserved"), None, Reason.ASSIGNED, None),
        (replace(SEAT, way="reserved", was_parked=True), None, Reason.RETURNED, None),
        (replace(SEAT, way="pair", slot=2), None, Reason.PAIR, None),
        (
            SEAT, contract(1, 12), Reason.SLICE,
            {"slice": {"language": "l1"}, "taken": 12, "target": 100, "need": 0.88},
        ),
    ],
)  # fmt: skip
def test_reason_names_what_decided(
    found: Found, for_contract: Contract | None, reason: Reason, facts: dict[str, object] | None
) -> None:
    assert reason_of(found, for_contract) == (reason, facts)
