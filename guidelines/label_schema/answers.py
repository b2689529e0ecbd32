"""Validate one answer against a label schema, and bring it into its one canonical form."""

from collections.abc import Mapping
from typing import Any

from guidelines.label_schema.answer_values import check_value
from guidelines.label_schema.questions import AnswerError, Question
from guidelines.label_schema.visibility import is_asked
from operations.strict_json.reading import Problem, ProblemList


def validate_answer(
    questions: tuple[Question, ...],
    answer: object,
    *,
    partial: bool = False,
    payload: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The canonical form of an answer: keys in the order of the questions, values in the order of the schema.

    With `partial` (drafts, labels made elsewhere) missing answers are no error, and a conditional question may
    be answered without the one it depends on. With `payload` spans are checked against the text they mark.
    A null value is an answer not given. Raises AnswerError with every problem; its paths start at the question.
    """
    if not isinstance(answer, dict):
        detail = "an answer is an object from question keys to values"
        raise AnswerError([Problem("", "not_an_object", detail)])
    problems = ProblemList()
    by_key = {question.key: question for question in questions}
    for key in answer:
        if key not in by_key:
            shown = str(key)[:60]
            problems.add(shown, "unknown_question", f"the label schema has no question {shown!r}")
    given = {key: answer[key] for key in by_key if answer.get(key) is not None}
    canonical = {key: check_value(by_key[key], value, payload, problems) for key, value in given.items()}
    if not problems:
        _check_conditions(by_key, canonical, problems, partial=partial)
    if problems:
        raise AnswerError(problems.found)
    return canonical


def _check_conditions(
    by_key: dict[str, Question], canonical: dict[str, Any], problems: ProblemList, *, partial: bool
) -> None:
    for key, question in by_key.items():
        asked = is_asked(question, by_key, canonical, unknown=partial)
        if key in canonical and not asked:
            problems.add(key, "not_asked", f"{key!r} is not asked when the other answers are these")
        elif asked and question.required and not partial and not _is_given(canonical.get(key)):
            problems.add(key, "required", f"{key!r} needs an answer")


def _is_given(value: Any) -> bool:
    """An empty list is an answer ("nothing to mark"), an empty text is not."""
    return bool(value.strip()) if isinstance(value, str) else value is not None
