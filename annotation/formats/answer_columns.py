"""The answer in a CSV row: one JSON column `answer`, or a column for each question."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from annotation.formats.fields import number_from_cell
from guidelines.label_schema import (
    AnswerError,
    ChoicesQuestion,
    NumberQuestion,
    PreferenceQuestion,
    Question,
    RatingQuestion,
    validate_answer,
)
from operations.strict_json import StrictJsonError, loads_strict
from operations.strict_json.reading import ObjectReader, Problem

MOST_ANSWER_BYTES = 4_000_000
_JSON_TYPES = frozenset({"span", "ranking", "boxes"})


def find_answer_columns(
    columns: Iterable[str], questions: tuple[Question, ...], known: Collection[str], needed: Collection[str]
) -> tuple[dict[str, Question], list[Problem]]:
    """Which columns answer which question, and what is wrong with the header.

    A column is called like the question, or `answer.<question>` where another column has that name.
    """
    by_name = {question.key: question for question in questions}
    by_name |= {f"answer.{question.key}": question for question in questions}
    found: dict[str, Question] = {}
    names = list(columns)
    problems = [
        Problem(name, "missing_column", f"the header has no column {name}") for name in needed if name not in names
    ]
    for name in names:
        if name in known:
            continue
        if name not in by_name:
            detail = f"no column or question of that name; columns are {', '.join(known)}"
            problems.append(Problem(name, "unknown_column", detail))
        elif by_name[name] in found.values():
            problems.append(Problem(name, "duplicate_column", "two columns answer the same question"))
        else:
            found[name] = by_name[name]
    if "answer" in names and found:
        problems.append(Problem("answer", "duplicate_column", "either answer or a column for each question"))
    if "answer" not in names and not found:
        problems.append(Problem("answer", "missing_column", "the header has no answer and no question"))
    return found, problems


def answer_from_cells(cells: Mapping[str, str], columns: Mapping[str, Question]) -> Any:
    """The answer a row gives, not yet checked; empty cells are questions not answered.

    Raises StrictJsonError where a cell that must be JSON is not.
    """
    if "answer" in cells and not columns:
        return loads_strict(cells["answer"], max_bytes=MOST_ANSWER_BYTES) if cells["answer"].strip() else {}
    return {
        question.key: _value_from_cell(name, cells[name], question)
        for name, question in columns.items()
        if cells[name] != ""
    }


def _value_from_cell(column: str, cell: str, question: Question) -> Any:
    if isinstance(question, RatingQuestion | NumberQuestion):
        return number_from_cell(cell)
    if isinstance(question, ChoicesQuestion):
        return [entry.strip() for entry in cell.split("|")]
    is_object = isinstance(question, PreferenceQuestion) and cell.lstrip().startswith("{")
    if question.type not in _JSON_TYPES and not is_object:
        return cell
    try:
        return loads_strict(cell, max_bytes=MOST_ANSWER_BYTES)
    except StrictJsonError as error:
        detail = f"{column} must be JSON: {error.detail}"
        raise StrictJsonError(error.code, error.path, detail) from None


def read_answer(reader: ObjectReader, questions: tuple[Question, ...]) -> dict[str, Any]:
    """The checked answer of a row; it may hold some of the questions, but not none."""
    if not reader.has("answer"):
        reader.report("answer", "required", "answer is needed")
        return {}
    try:
        answer = validate_answer(questions, reader.values["answer"], partial=True)
    except AnswerError as error:
        for path, code, detail in error.errors:
            reader.report(f"answer.{path}" if path else "answer", code, detail)
        return {}
    if not answer:
        reader.report("answer", "empty_answer", "the answer holds no question")
    return answer
