"""Gold answers of bulk input: NDJSON objects or CSV rows to typed rows."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from annotation.formats.answer_columns import read_answer
from annotation.formats.answer_rows import objects_with_answers
from annotation.formats.fields import read_external_id
from annotation.formats.rows import Line, Refused, refuse
from guidelines.label_schema import Question
from operations.strict_json.reading import ObjectReader, ProblemList

LONGEST_RATIONALE = 10_000
_KEYS = ("external_id", "answer", "rationale")


class GoldRow(NamedTuple):
    line: int
    external_id: str
    answer: dict[str, Any]
    rationale: str


def read_gold(lines: Iterable[Line], *, from_csv: bool, questions: tuple[Question, ...]) -> Iterator[GoldRow | Refused]:
    """Every line as a gold answer or as its refusal, in order; an answer may hold some of the questions."""
    rows = objects_with_answers(lines, from_csv=from_csv, questions=questions, known=_KEYS, needed=("external_id",))
    for row in rows:
        yield row if isinstance(row, Refused) else gold_from_object(row.number, row.value, questions)


def gold_from_object(line: int, raw: object, questions: tuple[Question, ...]) -> GoldRow | Refused:
    """One gold answer from its JSON object."""
    problems = ProblemList()
    reader = ObjectReader(raw, "", problems, allowed=_KEYS)
    if not isinstance(raw, dict):
        return refuse(line, problems.found)
    row = GoldRow(
        line=line,
        external_id=read_external_id(reader),
        answer=read_answer(reader, questions),
        rationale=reader.text("rationale", longest=LONGEST_RATIONALE),
    )
    return refuse(line, problems.found) if problems else row
