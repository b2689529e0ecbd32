"""Is an answer what the gold says? Each type of question by the rule that people would apply. Pure."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from guidelines.label_schema.questions import (
    BoxesQuestion,
    ChoicesQuestion,
    NumberQuestion,
    PreferenceQuestion,
    Question,
    RankingQuestion,
    SpanQuestion,
    TextQuestion,
)
from guidelines.label_schema.shapes import overlap_of, pair_up

SAME_SHAPE = 0.5  # intersection over union from which two shapes are one and the same
_ROUNDING = 1e-9  # 0.2 of 0.4 may miss a half by one bit


def same_answer(questions: Sequence[Question], answer: Mapping[str, Any], gold: Mapping[str, Any]) -> dict[str, bool]:
    """For each question that the gold answers, in the schema's order: does the answer say the same?

    A question that the gold answers and the answer leaves open is wrong. One that the schema no longer has, or that
    the gold leaves open, is not judged.
    """
    judged = [question for question in questions if gold.get(question.key) is not None]
    return {question.key: same_value(question, answer.get(question.key), gold[question.key]) for question in judged}


def same_value(question: Question, given: Any, gold: Any) -> bool:
    """Does `given` say the same as `gold`, two canonical values of one question?

    Choice, rating, number: equal. Choices: the same set. Text: equal after Unicode normalisation (NFC), with runs of
    white space as one space. Spans: the same set of exact marks. Boxes: as many, and each finds one of its own with
    the same label that it overlaps by half (intersection over union). Ranking: the same groups in the same order.
    Preference: the same candidate, and the same strength where the gold names one.
    """
    if given is None or gold is None:
        return False
    try:
        return _RULES.get(type(question), _are_equal)(given, gold)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False  # one of them was given when the question was of another type


def _are_equal(given: Any, gold: Any) -> bool:
    return bool(given == gold)


def _are_equal_numbers(given: Any, gold: Any) -> bool:
    return float(given) == float(gold)


def _are_equal_sets(given: Any, gold: Any) -> bool:
    return set(given) == set(gold)


def _are_equal_texts(given: Any, gold: Any) -> bool:
    return _plain(given) == _plain(gold)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _are_equal_spans(given: Any, gold: Any) -> bool:
    return _marks(given) == _marks(gold)


def _marks(spans: Any) -> set[tuple[int, int, str]]:
    return {(span["start"], span["end"], span["label"]) for span in spans}


def _are_equal_preferences(given: Any, gold: Any) -> bool:
    return all(given.get(name) == value for name, value in gold.items())


def _are_equal_rankings(given: Any, gold: Any) -> bool:
    return _groups(given) == _groups(gold)


def _groups(ranking: Any) -> list[frozenset[str]]:
    return [frozenset(entry if isinstance(entry, list) else [entry]) for entry in ranking]


def _are_equal_shapes(given: Any, gold: Any) -> bool:
    if len(given) != len(gold):
        return False
    partners = [
        [at for at, other in enumerate(given) if _is_same_shape(shape, other)]
        for shape in gold
    ]  # fmt: skip
    return pair_up(partners)


def _is_same_shape(shape: dict[str, Any], other: dict[str, Any]) -> bool:
    return shape["label"] == other["label"] and overlap_of(_geometry(shape), _geometry(other)) >= SAME_SHAPE - _ROUNDING


def _geometry(shape: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if name != "label"}


_RULES: dict[type[Question], Callable[[Any, Any], bool]] = {
    BoxesQuestion: _are_equal_shapes,
    ChoicesQuestion: _are_equal_sets,
    NumberQuestion: _are_equal_numbers,
    PreferenceQuestion: _are_equal_preferences,
    RankingQuestion: _are_equal_rankings,
    SpanQuestion: _are_equal_spans,
    TextQuestion: _are_equal_texts,
}
