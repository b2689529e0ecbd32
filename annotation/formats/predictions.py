"""What models say of items, from bulk input: NDJSON objects or CSV rows to typed rows."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from annotation.formats.answer_columns import read_answer
from annotation.formats.answer_rows import objects_with_answers
from annotation.formats.fields import LONGEST_ANNOTATOR, read_external_id, read_name
from annotation.formats.rows import Line, Refused, refuse
from guidelines.label_schema import Question
from operations.strict_json.reading import ObjectReader, ProblemList

LONGEST_VERSION = LONGEST_FAMILY = 100
_KEYS = ("external_id", "model", "model_version", "model_family", "answer", "score")
_NEEDED = ("external_id", "model", "model_version")


class PredictionRow(NamedTuple):
    line: int
    external_id: str
    model: str
    model_version: str
    model_family: str
    answer: dict[str, Any]
    score: float | None


def read_predictions(
    lines: Iterable[Line], *, from_csv: bool, questions: tuple[Question, ...]
) -> Iterator[PredictionRow | Refused]:
    """Every line as a prediction or as its refusal, in order; an answer may hold some of the questions."""
    rows = objects_with_answers(
        lines, from_csv=from_csv, questions=questions, known=_KEYS, needed=_NEEDED, numbers=("score",)
    )
    for row in rows:
        yield row if isinstance(row, Refused) else prediction_from_object(row.number, row.value, questions)


def prediction_from_object(line: int, raw: object, questions: tuple[Question, ...]) -> PredictionRow | Refused:
    """One prediction from its JSON object."""
    problems = ProblemList()
    reader = ObjectReader(raw, "", problems, allowed=_KEYS)
    if not isinstance(raw, dict):
        return refuse(line, problems.found)
    row = PredictionRow(
        line=line,
        external_id=read_external_id(reader),
        model=read_name(reader, "model", longest=LONGEST_ANNOTATOR),
        model_version=read_name(reader, "model_version", longest=LONGEST_VERSION),
        model_family=reader.text("model_family", longest=LONGEST_FAMILY, one_line=True),
        answer=read_answer(reader, questions),
        score=_read_score(reader),
    )
    return refuse(line, problems.found) if problems else row


def _read_score(reader: ObjectReader) -> float | None:
    score = reader.number("score")
    if score is not None and not 0 <= score <= 1:
        reader.report("score", "out_of_range", "score must be 0 to 1")
        return None
    return None if score is None else float(score)
