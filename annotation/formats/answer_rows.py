"""Lines of either format as JSON objects that carry an answer: the common part of labels and gold."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from annotation.formats.answer_columns import answer_from_cells, find_answer_columns
from annotation.formats.fields import with_numbers
from annotation.formats.rows import Line, Refused, RowError, refuse
from guidelines.label_schema import Question
from operations.strict_json import StrictJsonError


def objects_with_answers(
    lines: Iterable[Line],
    *,
    from_csv: bool,
    questions: tuple[Question, ...],
    known: Collection[str],
    needed: Collection[str],
    numbers: Collection[str] = (),
) -> Iterator[Line | Refused]:
    """Every line with a JSON object as its value, or its refusal; a bad CSV header ends the reading."""
    columns: dict[str, Question] | None = None
    for line in lines:
        if line.error is not None:
            yield Refused(line.number, (line.error,))
        elif not from_csv:
            yield line
        else:
            if columns is None:
                columns, problems = find_answer_columns(line.value, questions, known, needed)
                if problems:
                    yield refuse(1, problems)
                    return
            yield _object_from_cells(line, columns, known, numbers)


def _object_from_cells(
    line: Line, columns: Mapping[str, Question], known: Collection[str], numbers: Collection[str]
) -> Line | Refused:
    cells: dict[str, str] = line.value
    try:
        answer = answer_from_cells(cells, columns)
    except StrictJsonError as error:
        return Refused(line.number, (RowError(line.number, error.code, f"answer: {error}"),))
    plain = {name: cell for name, cell in cells.items() if name in known and name != "answer"}
    row: dict[str, Any] = {**with_numbers(plain, *numbers), "answer": answer}
    return Line(line.number, row)
