"""Parse and check a label schema: JSON in, typed questions or every problem out."""

import re
from collections.abc import Callable
from typing import Any

from guidelines.label_schema.options import read_options
from guidelines.label_schema.questions import (
    QUESTION_TYPES,
    TIE,
    BoxesQuestion,
    ChoiceQuestion,
    ChoicesQuestion,
    NumberQuestion,
    PreferenceQuestion,
    Question,
    RankingQuestion,
    RatingQuestion,
    SchemaError,
    SpanQuestion,
    TextQuestion,
    VisibleIf,
)
from guidelines.label_schema.visibility import check_visibility
from operations.strict_json.reading import ObjectReader, ProblemList, join_path

MOST_QUESTIONS = 200
MOST_RATING_VALUES = 1001
MOST_CANDIDATES = 26
MOST_STRENGTHS = 10
LONGEST_TITLE = 500
LONGEST_LABEL = 200
LONGEST_TEXT = 10_000
LONGEST_ANSWER_TEXT = 1_000_000
LONGEST_FIELD = 100

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z")
_COMMON_KEYS = ("key", "type", "title", "help", "required", "visible_if")


def parse_questions(raw: object, *, path: str = "questions") -> tuple[Question, ...]:
    """The questions of a label schema, in order.

    Raises SchemaError with every problem found (the first hundred), each with its path below `path`.
    """
    problems = ProblemList()
    questions = read_questions(raw, path, problems)
    if problems:
        raise SchemaError(problems.found)
    return questions


def read_questions(raw: object, path: str, problems: ProblemList) -> tuple[Question, ...]:
    """As `parse_questions`, adding to `problems` of a larger reading instead of raising."""
    if not isinstance(raw, list):
        problems.add(path, "not_a_list", "the questions must be a list")
        return ()
    if len(raw) > MOST_QUESTIONS:
        problems.add(path, "too_many", f"{len(raw)} questions, at most {MOST_QUESTIONS} are allowed")
        return ()
    seen: dict[str, str] = {}
    placed: list[tuple[str, Question]] = []
    for index, entry in enumerate(raw):
        place = join_path(path, index)
        question = _read_question(entry, place, problems)
        if question is not None:
            _check_unique(question.key, place, seen, problems)
            placed.append((place, question))
    check_visibility(placed, problems)
    return tuple(question for _, question in placed)


def _read_question(raw: object, path: str, problems: ProblemList) -> Question | None:
    kind = raw.get("type") if isinstance(raw, dict) else None
    if not isinstance(raw, dict):
        problems.add(path, "not_an_object", "a question is an object")
        return None
    if not isinstance(kind, str) or kind not in _TYPES:
        code = "required" if kind is None else "unknown_type"
        problems.add(join_path(path, "type"), code, f"type must be one of {', '.join(QUESTION_TYPES)}")
        return None
    own_keys, build = _TYPES[kind]
    reader = ObjectReader(raw, path, problems, allowed=(*_COMMON_KEYS, *own_keys))
    return build(reader, _read_common(reader))


def _read_common(reader: ObjectReader) -> dict[str, Any]:
    key = reader.text("key", longest=64, required=True)
    if key and not _KEY.match(key):
        reader.report("key", "bad_key", "a key starts with a letter, then letters, digits, _ or -, at most 64")
    return {
        "key": key,
        "type": reader.values["type"],
        "title": reader.text("title", longest=LONGEST_TITLE, one_line=True) or key,
        "help": reader.text("help", longest=LONGEST_TEXT),
        "required": reader.flag("required", default=True),
        "visible_if": _read_visible_if(reader),
    }


def _read_visible_if(reader: ObjectReader) -> VisibleIf | None:
    if not reader.has("visible_if"):
        return None
    path = join_path(reader.path, "visible_if")
    inner = ObjectReader(reader.values["visible_if"], path, reader.problems, allowed=("question", "in"))
    question = inner.text("question", longest=64, required=True)
    values = inner.entries("in", most=10_000, least=1)
    for index, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, str | int):
            inner.report(f"in[{index}]", "not_an_option", "an option key or a rating is needed here")
    return VisibleIf(question, tuple(value for value in values if isinstance(value, str | int)))


def _check_unique(key: str, path: str, seen: dict[str, str], problems: ProblemList) -> None:
    first = seen.get(key.casefold())
    place = join_path(path, "key")
    if first is None:
        seen[key.casefold()] = key
    elif first == key:
        problems.add(place, "duplicate", f"another question has the key {key!r}")
    else:
        problems.add(place, "near_duplicate", f"{key!r} and {first!r} differ only by case")


Build = Callable[[ObjectReader, dict[str, Any]], Question]


def _choice(reader: ObjectReader, common: dict[str, Any]) -> Question:
    return ChoiceQuestion(**common, option_list=read_options(reader))


def _choices(reader: ObjectReader, common: dict[str, Any]) -> Question:
    options = read_options(reader)
    for index, option in enumerate(options):
        if "|" in option.key:
            reader.report(f"options[{index}].key", "bad_key", "| separates the choices in a CSV cell")
    least = reader.integer("min", least=0, most=max(len(options), 1))
    most = reader.integer("max", least=1, most=max(len(options), 1))
    least = int(common["required"]) if least is None else least
    most = len(options) if most is None else most
    if options and least > most:
        reader.report("min", "min_over_max", "min must not be more than max")
    return ChoicesQuestion(**common, option_list=options, min=least, max=most)


def _rating(reader: ObjectReader, common: dict[str, Any]) -> Question:
    least = reader.integer("min")
    most = reader.integer("max")
    least = 1 if least is None else least
    most = 5 if most is None else most
    if least >= most:
        reader.report("min", "min_over_max", "min must be less than max")
    elif most - least >= MOST_RATING_VALUES:
        reader.report("max", "too_many", f"a rating has at most {MOST_RATING_VALUES} values")
    return RatingQuestion(**common, min=least, max=most, labels=_read_rating_labels(reader, least, most))


def _read_rating_labels(reader: ObjectReader, least: int, most: int) -> tuple[tuple[int, str], ...]:
    """`labels` is a list with a text for every value, or an object from some of the values to texts."""
    raw = reader.values.get("labels")
    if raw is None:
        return ()
    if isinstance(raw, list):
        if len(raw) != most - least + 1:
            reader.report("labels", "wrong_length", f"one label for each of {least} to {most} is needed")
            return ()
        raw = {str(least + index): text for index, text in enumerate(raw)}
    if not isinstance(raw, dict):
        reader.report("labels", "not_a_list", "labels must be a list or an object")
        return ()
    known = _value_names(least, most)
    inner = ObjectReader(raw, join_path(reader.path, "labels"), reader.problems, allowed=known)
    named = [value for value in inner.values if value in known]
    texts = [(value, inner.text(value, longest=LONGEST_LABEL, one_line=True)) for value in named]
    return tuple(sorted((int(value), text) for value, text in texts if text))


def _value_names(least: int, most: int) -> list[str]:
    return [str(value) for value in range(least, min(most, least + MOST_RATING_VALUES) + 1)]


def _number(reader: ObjectReader, common: dict[str, Any]) -> Question:
    least, most = reader.number("min"), reader.number("max")
    if least is not None and most is not None and least > most:
        reader.report("min", "min_over_max", "min must not be more than max")
    unit = reader.text("unit", longest=LONGEST_LABEL, one_line=True)
    return NumberQuestion(**common, min=least, max=most, unit=unit)


def _text(reader: ObjectReader, common: dict[str, Any]) -> Question:
    longest = reader.integer("max_length", least=1, most=LONGEST_ANSWER_TEXT)
    of = reader.text("of", longest=LONGEST_FIELD, one_line=True)
    return TextQuestion(**common, max_length=LONGEST_TEXT if longest is None else longest, of=of)


def _span(reader: ObjectReader, common: dict[str, Any]) -> Question:
    field = reader.text("field", longest=LONGEST_FIELD, required=True, one_line=True)
    overlapping = reader.flag("overlapping", default=False)
    return SpanQuestion(**common, option_list=read_options(reader), field=field, overlapping=overlapping)


def _preference(reader: ObjectReader, common: dict[str, Any]) -> Question:
    return PreferenceQuestion(
        **common,
        candidates=_read_candidates(reader),
        ties=reader.flag("ties", default=True),
        strengths=reader.integer("strengths", least=1, most=MOST_STRENGTHS),
    )


def _ranking(reader: ObjectReader, common: dict[str, Any]) -> Question:
    return RankingQuestion(**common, candidates=_read_candidates(reader))


def _read_candidates(reader: ObjectReader) -> tuple[str, ...]:
    candidates = reader.names("candidates", longest=LONGEST_FIELD, most=MOST_CANDIDATES, least=2)
    if TIE in candidates:
        reader.report("candidates", "reserved", f"{TIE!r} is the answer for a tie, not a candidate")
    return candidates


def _boxes(reader: ObjectReader, common: dict[str, Any]) -> Question:
    field = reader.text("field", longest=LONGEST_FIELD, required=True, one_line=True)
    return BoxesQuestion(**common, option_list=read_options(reader), field=field)


_TYPES: dict[str, tuple[tuple[str, ...], Build]] = {
    "choice": (("options",), _choice),
    "choices": (("options", "min", "max"), _choices),
    "rating": (("min", "max", "labels"), _rating),
    "number": (("min", "max", "unit"), _number),
    "text": (("max_length", "of"), _text),
    "span": (("options", "field", "overlapping"), _span),
    "preference": (("candidates", "ties", "strengths"), _preference),
    "ranking": (("candidates",), _ranking),
    "boxes": (("options", "field"), _boxes),
}
