"""Conditional questions: check the conditions of a schema, and decide them for an answer."""

from collections.abc import Mapping
from typing import Any

from guidelines.label_schema.questions import (
    ChoiceQuestion,
    ChoicesQuestion,
    Question,
    RatingQuestion,
)
from operations.strict_json.reading import ProblemList, join_path


def check_visibility(placed: list[tuple[str, Question]], problems: ProblemList) -> None:
    """Report every `visible_if` that names no fitting question, no value of it, or leads back to itself."""
    by_key = {question.key: question for _, question in placed}
    for path, question in placed:
        if question.visible_if is not None:
            _check_condition(question, join_path(path, "visible_if"), by_key, problems)


def _check_condition(question: Question, path: str, by_key: dict[str, Question], problems: ProblemList) -> None:
    condition = question.visible_if
    if condition is None:
        return
    asked = by_key.get(condition.question)
    place = join_path(path, "question")
    if asked is None:
        problems.add(place, "unknown_question", f"there is no question {condition.question!r}")
        return
    if not isinstance(asked, ChoiceQuestion | ChoicesQuestion | RatingQuestion):
        problems.add(place, "not_choice_like", f"{asked.key!r} is a {asked.type}; a condition needs a choice")
        return
    if _leads_to_itself(question, by_key):
        problems.add(place, "cycle", "the condition depends on this question itself")
    known = asked.values if isinstance(asked, RatingQuestion) else asked.option_order
    for index, value in enumerate(condition.values):
        if value not in known:
            problems.add(f"{path}.in[{index}]", "unknown_option", f"{asked.key!r} has no value {value!r}")


def _leads_to_itself(question: Question, by_key: dict[str, Question]) -> bool:
    current: Question | None = question
    for _ in range(len(by_key) + 1):
        if current is None or current.visible_if is None:
            return False
        current = by_key.get(current.visible_if.question)
        if current is question:
            return True
    return False


def is_visible(question: Question, questions: tuple[Question, ...], answer: Mapping[str, Any]) -> bool:
    """True if the question is asked, given the (canonical) answers so far."""
    return is_asked(question, {other.key: other for other in questions}, answer, unknown=False)


def is_asked(question: Question, by_key: Mapping[str, Question], answer: Mapping[str, Any], *, unknown: bool) -> bool:
    """As `is_visible`; `unknown` is what to say where the question it depends on is not answered."""
    while question.visible_if is not None:
        condition = question.visible_if
        value = answer.get(condition.question)
        if value is None and not unknown:
            return False
        given = value if isinstance(value, list) else [value]
        if value is not None and not any(entry in condition.values for entry in given):
            return False
        question = by_key[condition.question]
    return True
