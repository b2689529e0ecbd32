"""The content of a guideline: clauses, label schema, examples, precedents; parsed, checked as a whole, written back.

Pure.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

from guidelines.label_schema import (
    AnswerError,
    Question,
    SchemaError,
    questions_to_json,
    read_questions,
    validate_answer,
)
from operations import strict_json
from operations.strict_json.reading import ObjectReader, ProblemList, join_path

EXAMPLE_KINDS = ("positive", "negative", "edge")
MOST_CLAUSES = 1_000
MOST_EXAMPLES = 2_000
MOST_PRECEDENTS = 2_000
LONGEST_TITLE = 200
LONGEST_BODY = 100_000
LONGEST_RATIONALE = 10_000
LONGEST_ASKED = 2_000
LONGEST_RULING = 10_000
LONGEST_KEY = 32
LARGEST_PAYLOAD_BYTES = 100_000

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,31}\Z")
_PRECEDENT_KEY = re.compile(r"P[1-9][0-9]{0,5}\Z")


@dataclass(frozen=True)
class Clause:
    """A numbered rule; `body` is Markdown, `parent` the key of the clause it belongs under."""

    key: str
    title: str
    body: str
    parent: str | None


@dataclass(frozen=True)
class Example:
    """A worked example: a text or a whole payload, the answer it should get, and why."""

    key: str
    kind: str
    text: str | None
    payload: dict[str, Any] | None
    answer: dict[str, Any] | None
    rationale: str
    clause: str | None


@dataclass(frozen=True)
class Precedent:
    """A ruling on something a clause did not say: P1, P2 ... over the whole guideline; `ruling` is Markdown."""

    key: str
    clause: str
    question: str
    ruling: str


@dataclass(frozen=True)
class GuidelineContent:
    clauses: tuple[Clause, ...]
    questions: tuple[Question, ...]
    examples: tuple[Example, ...]
    precedents: tuple[Precedent, ...] = ()


EMPTY_CONTENT = GuidelineContent((), (), ())


def parse_content(raw: object) -> GuidelineContent:
    """The content of a draft or version, from `{"clauses", "questions", "examples", "precedents"}`.

    Absent lists are empty.

    Raises SchemaError with every problem by path: clause keys are distinct and their parents exist without a
    cycle, options, examples and precedents cite clauses that exist, answers of examples fit the label schema.
    """
    problems = ProblemList()
    reader = ObjectReader(raw, "", problems, allowed=("clauses", "questions", "examples", "precedents"))
    clauses = _read_clauses(reader)
    questions = read_questions(_or_empty(reader.values.get("questions")), "questions", problems)
    is_sound = not any(problem.path.startswith("questions") for problem in problems.found)
    _check_citations(questions, clauses, problems)
    # Answers are only checked against questions that hold together: conditions in a circle have no answer.
    examples = _read_examples(reader, questions if is_sound else None, clauses)
    precedents = _read_precedents(reader, clauses)
    if problems:
        raise SchemaError(problems.found)
    return GuidelineContent(clauses, questions, examples, precedents)


def to_json(content: GuidelineContent) -> dict[str, Any]:
    """What `parse_content` reads back as the same content."""
    # Without precedents there is no list of them: contents from before there were any keep their hash.
    precedents = {"precedents": [asdict(each) for each in content.precedents]} if content.precedents else {}
    return {
        "clauses": [asdict(clause) for clause in content.clauses],
        "questions": questions_to_json(content.questions),
        "examples": [_stated(asdict(example)) for example in content.examples],
    } | precedents


def content_sha256(content: GuidelineContent) -> str:
    """The hash that names this content for ever: SHA-256 of the canonical JSON of `to_json`."""
    return strict_json.content_sha256(to_json(content))


def _or_empty(value: object) -> object:
    return [] if value is None else value


def _stated(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _read_clauses(reader: ObjectReader) -> tuple[Clause, ...]:
    clauses: list[Clause] = []
    seen: dict[str, str] = {}
    for index, raw in enumerate(reader.entries("clauses", most=MOST_CLAUSES)):
        inner = ObjectReader(
            raw,
            join_path("clauses", index),
            reader.problems,
            allowed=("key", "title", "body", "parent"),
        )
        clause = Clause(
            key=_read_key(inner, "key", seen, required=True),
            title=inner.text("title", longest=LONGEST_TITLE, required=True, one_line=True),
            body=inner.text("body", longest=LONGEST_BODY),
            parent=inner.text("parent", longest=LONGEST_KEY) or None,
        )
        clauses.append(clause)
    _check_parents(clauses, reader.problems)
    return tuple(clauses)


def _read_key(reader: ObjectReader, field: str, seen: dict[str, str], *, required: bool) -> str:
    key = reader.text(field, longest=LONGEST_KEY, required=required)
    if not key:
        return ""
    first = seen.setdefault(key.casefold(), reader.path)
    if not _KEY.match(key):
        reader.report(
            field, "bad_key", f"a key is like C3: a letter, then letters, digits, . _ -, at most {LONGEST_KEY}"
        )
    elif first != reader.path:
        reader.report(field, "duplicate", f"{first} has the key {key!r} already (case does not count)")
    return key


def _check_parents(clauses: list[Clause], problems: ProblemList) -> None:
    parents = {clause.key: clause.parent for clause in clauses}
    for index, clause in enumerate(clauses):
        path = join_path(join_path("clauses", index), "parent")
        if clause.parent is not None and clause.parent not in parents:
            problems.add(path, "unknown_clause", f"there is no clause {clause.parent!r}")
        elif _is_own_ancestor(clause, parents):
            problems.add(path, "cycle", f"{clause.key!r} would stand under itself")


def _is_own_ancestor(clause: Clause, parents: dict[str, str | None]) -> bool:
    above = clause.parent
    for _ in range(len(parents)):
        if above is None or above == clause.key:
            return above is not None
        above = parents.get(above)
    return False


def _check_citations(questions: tuple[Question, ...], clauses: tuple[Clause, ...], problems: ProblemList) -> None:
    known = {clause.key for clause in clauses}
    for at, question in enumerate(questions):
        for position, option in enumerate(question.options):
            for place, key in enumerate(option.clauses):
                if key not in known:
                    path = f"questions[{at}].options[{position}].clauses[{place}]"
                    problems.add(path, "unknown_clause", f"there is no clause {key!r}")


def _read_examples(
    reader: ObjectReader, questions: tuple[Question, ...] | None, clauses: tuple[Clause, ...]
) -> tuple[Example, ...]:
    raws = reader.entries("examples", most=MOST_EXAMPLES)
    known = {clause.key for clause in clauses}
    seen: dict[str, str] = {}
    given = {str(raw.get("key", "")).casefold() for raw in raws if isinstance(raw, dict)}
    free_keys = (f"E{number}" for number in range(1, 2 * MOST_EXAMPLES + 2) if f"e{number}" not in given)
    examples = []
    for index, raw in enumerate(raws):
        inner = ObjectReader(
            raw,
            join_path("examples", index),
            reader.problems,
            allowed=("key", "kind", "text", "payload", "answer", "rationale", "clause"),
        )
        key = _read_key(inner, "key", seen, required=False) or next(free_keys)
        examples.append(_read_example(inner, key, questions, known))
    return tuple(examples)


def _read_example(reader: ObjectReader, key: str, questions: tuple[Question, ...] | None, known: set[str]) -> Example:
    kind = reader.text("kind", longest=20, required=True)
    if kind and kind not in EXAMPLE_KINDS:
        reader.report("kind", "unknown_kind", f"kind must be one of {', '.join(EXAMPLE_KINDS)}")
    clause = reader.text("clause", longest=LONGEST_KEY) or None
    if clause is not None and clause not in known:
        reader.report("clause", "unknown_clause", f"there is no clause {clause!r}")
    text = reader.text("text", longest=LONGEST_BODY) or None
    payload = _read_payload(reader)
    if (text is None) == (payload is None):
        reader.report("text", "required", "an example has either a text or a payload")
    shown = {"text": text} if payload is None else payload
    answer = _read_answer(reader, questions, shown)
    rationale = reader.text("rationale", longest=LONGEST_RATIONALE)
    return Example(key, kind, text, payload, answer, rationale, clause)


def _read_payload(reader: ObjectReader) -> dict[str, Any] | None:
    payload = reader.values.get("payload")
    if payload is None:
        return None
    if not isinstance(payload, dict):
        reader.report("payload", "not_an_object", "payload must be an object")
        return None
    try:
        strict_json.check_value(payload)
    except strict_json.StrictJsonError as error:
        separator = "" if error.path.startswith("[") else "."
        reader.report(f"payload{separator}{error.path}", error.code, error.detail)
        return None
    if len(strict_json.canonical_json(payload)) > LARGEST_PAYLOAD_BYTES:
        reader.report("payload", "too_large", f"at most {LARGEST_PAYLOAD_BYTES} bytes are allowed")
    return payload


def _read_answer(
    reader: ObjectReader, questions: tuple[Question, ...] | None, shown: dict[str, Any]
) -> dict[str, Any] | None:
    if questions is None or not reader.has("answer"):
        return None
    try:
        return validate_answer(questions, reader.values["answer"], partial=True, payload=shown)
    except AnswerError as error:
        for path, code, detail in error.errors:
            reader.report(f"answer.{path}" if path else "answer", code, detail)
        return None


def _read_precedents(reader: ObjectReader, clauses: tuple[Clause, ...]) -> tuple[Precedent, ...]:
    known = {clause.key for clause in clauses}
    seen: dict[str, str] = {}
    precedents = []
    for index, raw in enumerate(reader.entries("precedents", most=MOST_PRECEDENTS)):
        inner = ObjectReader(
            raw, join_path("precedents", index), reader.problems, allowed=("key", "clause", "question", "ruling")
        )  # fmt: skip
        clause = inner.text("clause", longest=LONGEST_KEY, required=True)
        if clause and clause not in known:
            inner.report("clause", "unknown_clause", f"there is no clause {clause!r}")
        precedents.append(
            Precedent(
                key=_read_precedent_key(inner, seen),
                clause=clause,
                question=inner.text("question", longest=LONGEST_ASKED, required=True),
                ruling=inner.text("ruling", longest=LONGEST_RULING, required=True),
            )
        )
    return tuple(precedents)


def _read_precedent_key(reader: ObjectReader, seen: dict[str, str]) -> str:
    key = reader.text("key", longest=LONGEST_KEY, required=True)
    if key and not _PRECEDENT_KEY.match(key):
        reader.report("key", "bad_key", "a precedent is numbered: P1, P2 ...")
    elif key and seen.setdefault(key, reader.path) != reader.path:
        reader.report("key", "duplicate", f"{seen[key]} has the key {key!r} already")
    return key
