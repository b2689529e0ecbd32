"""How one part of a draft will read, also while it is not complete yet."""

from typing import Any

from accounts.errors import FieldError
from frontend.reading.guidelines import read_clause, read_example, read_question
from frontend.reading.guides import read_precedent
from guidelines.content import Clause, Example, Precedent
from guidelines.label_schema import Question, SchemaError, parse_questions
from guidelines.parts import Part


def preview_of(questions: tuple[Question, ...], kind: str, part: Part) -> dict[str, Any]:
    """What the reading page will show of a part that may not be complete yet."""
    if kind == "clause":
        clause = Clause(part["key"], part.get("title", ""), part.get("body", ""), part.get("parent"))
        return {"clause": read_clause(clause, 0)}
    if kind == "example":
        known = {name: part.get(name) for name in ("text", "payload", "answer", "clause")}
        example = Example(part["key"], part.get("kind") or "", rationale=part.get("rationale") or "", **known)
        return {"example": read_example(example, questions)}
    if kind == "precedent":
        said = {name: part.get(name) or "" for name in ("clause", "question", "ruling")}
        return {"precedent": read_precedent(Precedent(part["key"], **said))}
    return _question_preview(questions, part)


def _question_preview(questions: tuple[Question, ...], part: Part) -> dict[str, Any]:
    plain = {name: value for name, value in part.items() if name != "visible_if"}
    try:
        (question,) = parse_questions([plain])
    except SchemaError as error:
        return {"problems": [FieldError(*problem) for problem in error.errors[:3]]}
    return {"question": read_question(question, questions)}
