"""When an answer says what the gold says, type by type."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidelines.label_schema import parse_questions, same_answer, same_value, validate_answer
from guidelines.label_schema.shapes import overlap_of, pair_up
from tests.pure.test_label_schema import EVERY_TYPE

QUESTIONS = {question.key: question for question in parse_questions(EVERY_TYPE)}
PAYLOAD = {"text": "Anna works at Acme in Rome"}


def box(x: float, y: float, w: float, h: float, label: str = "sign") -> dict[str, Any]:
    return {"x": x, "y": y, "w": w, "h": h, "label": label}


def polygon(*points: tuple[float, float], label: str = "sign") -> dict[str, Any]:
    return {"polygon": [list(point) for point in points], "label": label}


def span(start: int, end: int, label: str = "PER") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


SAME: list[tuple[str, Any, Any]] = [
    ("intent", "refund", "refund"),
    ("topics", ["b", "a"], ["a", "b"]),
    ("abuse", -1, -1),
    ("price", 12, 12.0),
    ("rewrite", "a\u0301  b\n", "\u00e1 b"),
    ("names", [span(0, 4), span(14, 18, "ORG")], [span(14, 18, "ORG"), span(0, 4)]),
    ("names", [], []),
    ("better", {"choice": "a"}, {"choice": "a"}),
    ("better", {"choice": "a", "strength": 3}, {"choice": "a"}),
    ("order", ["b", "a", "c"], ["b", "a", "c"]),
    ("order", [["b"], ["c", "a"]], [["b"], ["a", "c"]]),
    ("order", [["b"], ["a"], ["c"]], ["b", "a", "c"]),
    ("signs", [box(0.1, 0.1, 0.2, 0.2)], [box(0.1, 0.1, 0.2, 0.4)]),
    ("signs", [box(0.5, 0.5, 0.2, 0.2), box(0, 0, 0.2, 0.2)], [box(0, 0, 0.2, 0.2), box(0.5, 0.5, 0.2, 0.2)]),
    ("signs", [polygon((0, 0), (0.4, 0), (0, 0.4))], [polygon((0, 0), (0.4, 0), (0.01, 0.41))]),
    ("signs", [polygon((0.1, 0.1), (0.3, 0.1), (0.3, 0.3), (0.1, 0.3))], [box(0.1, 0.1, 0.2, 0.2)]),
]
DIFFERENT: list[tuple[str, Any, Any]] = [
    ("price", "twelve", 12),
    ("better", "a", {"choice": "a"}),
    ("names", ["Anna"], [span(0, 4)]),
    ("intent", "late", "refund"),
    ("topics", ["a"], ["a", "b"]),
    ("abuse", 0, -1),
    ("price", 12.5, 12.6),
    ("rewrite", "A b", "a b"),
    ("names", [span(0, 5)], [span(0, 4)]),
    ("names", [span(0, 4, "ORG")], [span(0, 4)]),
    ("better", {"choice": "b"}, {"choice": "a"}),
    ("better", {"choice": "a", "strength": 1}, {"choice": "a", "strength": 2}),
    ("order", ["a", "b", "c"], ["b", "a", "c"]),
    ("order", [["b"], ["a", "c"]], ["b", "a", "c"]),
    ("signs", [box(0.1, 0.1, 0.19, 0.2)], [box(0.1, 0.1, 0.2, 0.4)]),
    ("signs", [box(0.1, 0.1, 0.2, 0.2)], [box(0.1, 0.1, 0.2, 0.2), box(0.1, 0.1, 0.2, 0.2)]),
    ("signs", [box(0, 0, 0.2, 0.2), box(0, 0, 0.2, 0.2)], [box(0, 0, 0.2, 0.2), box(0.5, 0.5, 0.2, 0.2)]),
    ("signs", [polygon((0, 0), (0.4, 0), (0, 0.4))], [box(0, 0, 0.4, 0.9)]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "given", "gold"), SAME)
def test_what_says_the_same_is_the_same(key: str, given: Any, gold: Any) -> None:
    assert same_value(QUESTIONS[key], given, gold)
    assert same_value(QUESTIONS[key], gold, gold)


@pytest.mark.parametrize(("key", "given", "gold"), DIFFERENT)
def test_what_says_something_else_is_not(key: str, given: Any, gold: Any) -> None:
    assert not same_value(QUESTIONS[key], given, gold)


def test_a_shape_with_another_label_is_another_shape() -> None:
    assert not same_value(QUESTIONS["signs"], [box(0, 0, 1, 1, "other")], [box(0, 0, 1, 1)])


def test_only_what_the_gold_answers_is_judged_and_what_was_left_open_is_wrong() -> None:
    questions = tuple(QUESTIONS.values())
    gold = {"price": 3, "intent": "refund", "topics": None, "gone": "x"}

    assert same_answer(questions, {"intent": "refund", "topics": ["a"]}, gold) == {"intent": True, "price": False}
    assert same_answer(questions, {}, {"intent": "refund"}) == {"intent": False}
    assert same_answer(questions, {"intent": "refund"}, {}) == {}


def test_every_type_of_question_has_a_rule_for_its_canonical_value() -> None:
    answer = {
        "intent": "late", "topics": ["c", "a"], "abuse": 1, "price": 0, "rewrite": "x", "names": [span(0, 4)],
        "better": "tie", "order": [["c"], ["b", "a"]], "signs": [box(0, 0, 1, 1)],
    }  # fmt: skip
    canonical = validate_answer(tuple(QUESTIONS.values()), answer, payload=PAYLOAD | {"image": "a.png"})

    judged = same_answer(tuple(QUESTIONS.values()), canonical, canonical)

    assert judged == dict.fromkeys(QUESTIONS, True)


def test_the_overlap_of_polygons_is_that_of_their_areas() -> None:
    square = polygon((0, 0), (1, 0), (1, 1), (0, 1))
    triangle = polygon((0, 0), (1, 0), (0, 1))
    notched = polygon((0, 0), (1, 0), (1, 1), (0.5, 0.5), (0, 1))  # three quarters, not convex

    assert overlap_of(square, triangle) == pytest.approx(0.5, abs=0.005)
    assert overlap_of(square, notched) == pytest.approx(0.75, abs=0.005)
    assert overlap_of(triangle, polygon((1, 1), (1, 0.6), (0.6, 1))) == 0
    assert overlap_of(polygon((0, 0), (1, 1), (0.5, 0.5)), polygon((0, 0), (1, 1), (0.4, 0.4))) == 0  # no area at all


sides = st.floats(0.01, 0.5)


boxes = st.builds(box, sides, sides, sides, sides)


@settings(deadline=None)
@given(boxes, boxes)
def test_boxes_and_the_same_boxes_as_polygons_overlap_alike(one: dict[str, Any], two: dict[str, Any]) -> None:

    def corners(b: dict[str, Any]) -> dict[str, Any]:
        left, top, right, bottom = b["x"], b["y"], b["x"] + b["w"], b["y"] + b["h"]
        return polygon((left, top), (right, top), (right, bottom), (left, bottom))

    assert overlap_of(one, two) == pytest.approx(overlap_of(two, one))
    assert overlap_of(one, two) == pytest.approx(overlap_of(corners(one), corners(two)), abs=0.25 / 10)


@settings(deadline=None)
@given(st.lists(st.integers(0, 63), max_size=6))
def test_partners_are_found_exactly_where_hall_says_there_are(masks: list[int]) -> None:
    partners = [[place for place in range(6) if mask >> place & 1] for mask in masks]
    subsets = [[row for k, row in enumerate(partners) if mask >> k & 1] for mask in range(1 << len(partners))]
    hall = all(len({place for row in subset for place in row}) >= len(subset) for subset in subsets)

    assert pair_up(partners) is hall


def test_a_long_chain_of_partners_is_no_problem() -> None:
    size = 3000
    chain = [[k, k + 1] for k in range(size)] + [[0]]

    assert pair_up(chain)
    assert not pair_up([*chain, [size]])
