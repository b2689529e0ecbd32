"""Labels made elsewhere, from bulk input: NDJSON objects or CSV rows to typed rows."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from annotation.formats.answer_columns import read_answer
from annotation.formats.answer_rows import objects_with_answers
from annotation.formats.fields import (
    read_annotator,
    read_created_at,
    read_external_id,
    read_guideline_version,
    read_occurrence,
    read_seconds_spent,
)
from annotation.formats.rows import Line, Refused, refuse
from guidelines.label_schema import Question
from operations.strict_json.reading import ObjectReader, ProblemList

_KEYS = (
    "external_id",
    "annotator",
    "answer",
    "occurrence",
    "created_at",
    "seconds_spent",
    "guideline_version",
)


class LabelRow(NamedTuple):
    """`answer` is canonical for the schema it was read with; span ends were not checked against the item."""

    line: int
    external_id: str
    annotator: str
    answer: dict[str, Any]
    occurrence: int
    created_at: datetime | None
    seconds_spent: float | None
    guideline_version: str | None


def read_labels(
    lines: Iterable[Line],
    *,
    from_csv: bool,
    questions: tuple[Question, ...],
    questions_of: Callable[[str], tuple[Question, ...] | None] | None = None,
) -> Iterator[LabelRow | Refused]:
    """Every line as a label or as its refusal, in order; an answer may hold some of the questions.

    With `questions_of` a row that names a guideline version is read with that one's questions, or refused if there is
    no such version; `questions` are those of all other rows and name the columns of CSV.
    """
    rows = objects_with_answers(
        lines,
        from_csv=from_csv,
        questions=questions,
        known=_KEYS,
        needed=("external_id", "annotator"),
        numbers=("occurrence", "seconds_spent"),
    )
    for row in rows:
        if isinstance(row, Refused):
            yield row
        else:
            yield label_from_object(row.number, row.value, questions, questions_of)


def label_from_object(
    line: int,
    raw: object,
    questions: tuple[Question, ...],
    questions_of: Callable[[str], tuple[Question, ...] | None] | None = None,
) -> LabelRow | Refused:
    """One label from its JSON object."""
    problems = ProblemList()
    reader = ObjectReader(raw, "", problems, allowed=_KEYS)
    if not isinstance(raw, dict):
        return refuse(line, problems.found)
    version = read_guideline_version(reader)
    if version and questions_of is not None and not problems:
        named = questions_of(version)
        if named is None:
            reader.report("guideline_version", "unknown_version", f"there is no published version {version}")
        questions = questions if named is None else named
    row = LabelRow(
        line=line,
        external_id=read_external_id(reader),
        annotator=read_annotator(reader),
        answer=read_answer(reader, questions),
        occurrence=read_occurrence(reader),
        created_at=read_created_at(reader),
        seconds_spent=read_seconds_spent(reader),
        guideline_version=version,
    )
    return refuse(line, problems.found) if problems else row
