"""Answers as comparable values: what agreement, bias and aggregation count."""

from collections.abc import Mapping
from typing import Any

from guidelines.label_schema.questions import (
    TIE,
    ChoiceQuestion,
    ChoicesQuestion,
    NumberQuestion,
    PreferenceQuestion,
    Question,
    RatingQuestion,
)

ValueKey = str | int | float | tuple[str, ...]


def nominal_values(question: Question) -> tuple[ValueKey, ...]:
    """Every value the question can take, in the order of the schema (ratings ascending, a tie last).

    Empty where the values are not a short list known beforehand (choices, number, text, marks, rankings):
    the values are then those that occur.
    """
    if isinstance(question, ChoiceQuestion):
        return tuple(option.key for option in question.options)
    if isinstance(question, RatingQuestion):
        return tuple(question.values)
    if isinstance(question, PreferenceQuestion):
        return (*question.candidates, TIE) if question.ties else question.candidates
    return ()


def value_of(question: Question, answer: Mapping[str, Any]) -> ValueKey | None:
    """The comparable value of a canonical answer (the whole of it) for one question.

    choice: the option's key; choices: the chosen keys in option order; rating and number: the number;
    preference: the preferred candidate or "tie", whatever its strength. None where the question is not
    answered or its values are compared by other means (text, span, ranking, boxes).
    """
    value = answer.get(question.key)
    if value is None:
        return None
    if isinstance(question, ChoicesQuestion):
        return tuple(value)
    if isinstance(question, PreferenceQuestion):
        return str(value["choice"])
    if isinstance(question, ChoiceQuestion | RatingQuestion | NumberQuestion):
        plain: ValueKey = value
        return plain
    return None
