"""Check the value given to one question. Each checker returns the canonical value; problems go to the list."""

from collections.abc import Callable, Mapping
from typing import Any

from guidelines.label_schema.questions import (
    TIE,
    BoxesQuestion,
    ChoiceQuestion,
    ChoicesQuestion,
    NumberQuestion,
    OptionsQuestion,
    PreferenceQuestion,
    Question,
    RankingQuestion,
    RatingQuestion,
    SpanQuestion,
    TextQuestion,
)
from operations.strict_json.reading import (
    ObjectReader,
    ProblemList,
    as_integer,
    as_number,
    is_text,
    join_path,
)

MOST_MARKS = 10_000
MOST_POLYGON_POINTS = 1_000
# Sums of rounded fractions such as 0.7 + 0.3 may miss 1 by one bit.
_EDGE = 1 + 1e-9

Payload = Mapping[str, Any] | None


def check_value(question: Question, value: object, payload: Payload, problems: ProblemList) -> Any:
    """The canonical form of `value`, or anything at all where a problem was added."""
    if isinstance(question, SpanQuestion):
        return _check_spans(question, value, payload, problems)
    return _CHECKERS[type(question)](question, value, problems)


def _check_choice(question: ChoiceQuestion, value: object, problems: ProblemList) -> Any:
    _check_option(question, value, question.key, problems)
    return value


def _check_option(question: OptionsQuestion, value: object, path: str, problems: ProblemList) -> bool:
    if not isinstance(value, str):
        problems.add(path, "not_text", "the key of an option is needed here")
    elif value not in question.option_order:
        problems.add(path, "unknown_option", f"{value[:60]!r} is not an option of {question.key!r}")
    else:
        return True
    return False


def _check_choices(question: ChoicesQuestion, value: object, problems: ProblemList) -> Any:
    entries = _as_list(value, question.key, len(question.options), problems)
    known = [
        entry
        for index, entry in enumerate(entries)
        if _check_option(question, entry, join_path(question.key, index), problems)
    ]
    if len(set(known)) < len(known):
        twice = next(entry for entry in known if known.count(entry) > 1)
        problems.add(question.key, "duplicate", f"{twice!r} is chosen twice")
    elif isinstance(value, list) and len(value) < question.min:
        problems.add(question.key, "too_few", f"at least {question.min} must be chosen")
    elif len(known) > question.max:
        problems.add(question.key, "too_many", f"at most {question.max} may be chosen")
    return sorted(known, key=question.option_order.__getitem__)


def _as_list(value: object, path: str, most: int, problems: ProblemList) -> list[Any]:
    if not isinstance(value, list):
        problems.add(path, "not_a_list", "a list is needed here")
        return []
    if len(value) > most:
        problems.add(path, "too_many", f"{len(value)} entries, at most {most} are allowed")
        return []
    return value


def _check_rating(question: RatingQuestion, value: object, problems: ProblemList) -> Any:
    number = as_integer(value)
    if number is None:
        problems.add(question.key, "not_an_integer", "a whole number is needed here")
    elif number not in question.values:
        problems.add(question.key, "out_of_range", f"must be between {question.min} and {question.max}")
    return number


def _check_number(question: NumberQuestion, value: object, problems: ProblemList) -> Any:
    number = as_number(value)
    if number is None:
        problems.add(question.key, "not_a_number", "a finite number is needed here")
        return None
    if question.min is not None and number < question.min:
        problems.add(question.key, "out_of_range", f"must be at least {question.min}")
    if question.max is not None and number > question.max:
        problems.add(question.key, "out_of_range", f"must be at most {question.max}")
    return number


def _check_text(question: TextQuestion, value: object, problems: ProblemList) -> Any:
    if not isinstance(value, str):
        problems.add(question.key, "not_text", "a text is needed here")
    elif not is_text(value):
        problems.add(question.key, "control_character", "the text holds a character that cannot be stored")
    elif len(value) > question.max_length:
        problems.add(question.key, "too_long", f"at most {question.max_length} characters are allowed")
    return value


def _check_spans(question: SpanQuestion, value: object, payload: Payload, problems: ProblemList) -> Any:
    length = _marked_length(question, payload, problems)
    spans: list[tuple[int, int, int]] = []
    for index, raw in enumerate(_as_list(value, question.key, MOST_MARKS, problems)):
        path = join_path(question.key, index)
        reader = ObjectReader(raw, path, problems, allowed=("start", "end", "label"))
        start, end = reader.integer("start", least=0), reader.integer("end", least=1)
        known = _check_option(question, reader.values.get("label"), join_path(path, "label"), problems)
        if start is None or end is None:
            _check_ends_given(reader)
        elif end <= start:
            problems.add(path, "empty_span", "a span ends after it starts")
        elif length is not None and end > length:
            problems.add(join_path(path, "end"), "out_of_range", f"the text ends at {length}")
        elif known:
            spans.append((start, end, question.option_order[reader.values["label"]]))
    spans.sort()
    _check_span_overlap(question, spans, problems)
    return [{"start": start, "end": end, "label": question.options[at].key} for start, end, at in spans]


def _check_ends_given(reader: ObjectReader) -> None:
    for name in ("start", "end"):
        if not reader.has(name):
            reader.report(name, "required", f"{name} is needed")


def _marked_length(question: SpanQuestion, payload: Payload, problems: ProblemList) -> int | None:
    """Length of the marked text in code points, None where the item is not at hand."""
    if payload is None:
        return None
    text = payload.get(question.field)
    if isinstance(text, str):
        return len(text)
    problems.add(question.key, "no_such_field", f"the item has no text {question.field!r}")
    return None


def _check_span_overlap(question: SpanQuestion, spans: list[tuple[int, int, int]], problems: ProblemList) -> None:
    for before, after in zip(spans, spans[1:], strict=False):
        if before == after:
            problems.add(question.key, "duplicate", f"the span {after[0]} to {after[1]} is marked twice")
        elif not question.overlapping and after[0] < before[1]:
            problems.add(question.key, "overlapping", f"spans overlap at {after[0]}")


def _check_preference(question: PreferenceQuestion, value: object, problems: ProblemList) -> Any:
    given = {"choice": value} if isinstance(value, str) else value
    reader = ObjectReader(given, question.key, problems, allowed=("choice", "strength"))
    choice = reader.values.get("choice")
    allowed = (*question.candidates, TIE) if question.ties else question.candidates
    if choice not in allowed:
        reader.report("choice", "unknown_candidate", f"must be one of {', '.join(allowed)}")
    if not reader.has("strength"):
        return {"choice": choice}
    if question.strengths is None or choice == TIE:
        reader.report("strength", "not_asked", "no strength is asked for here")
    strength = reader.integer("strength", least=1, most=question.strengths or 1)
    return {"choice": choice, "strength": strength}


def _check_ranking(question: RankingQuestion, value: object, problems: ProblemList) -> Any:
    order = {candidate: position for position, candidate in enumerate(question.candidates)}
    groups: list[list[str]] = []
    seen: set[str] = set()
    for index, entry in enumerate(_as_list(value, question.key, len(order), problems)):
        group = entry if isinstance(entry, list) else [entry]
        path = join_path(question.key, index)
        for candidate in group:
            if not isinstance(candidate, str) or candidate not in order:
                problems.add(path, "unknown_candidate", f"must be one of {', '.join(order)}")
                return value
            if candidate in seen:
                problems.add(path, "duplicate", f"{candidate!r} is ranked twice")
            seen.add(candidate)
        if not group:
            problems.add(path, "too_few", "a rank needs at least one candidate")
        groups.append(sorted(group, key=order.__getitem__))
    missing = [candidate for candidate in order if candidate not in seen]
    if missing:
        problems.add(question.key, "required", f"not ranked: {', '.join(missing)}")
    if any(len(group) > 1 for group in groups):
        return groups
    return [candidate for group in groups for candidate in group]


def _check_boxes(question: BoxesQuestion, value: object, problems: ProblemList) -> Any:
    shapes = []
    for index, raw in enumerate(_as_list(value, question.key, MOST_MARKS, problems)):
        path = join_path(question.key, index)
        is_polygon = isinstance(raw, dict) and "polygon" in raw
        allowed = ("polygon", "label") if is_polygon else ("x", "y", "w", "h", "label")
        reader = ObjectReader(raw, path, problems, allowed=allowed)
        _check_option(question, reader.values.get("label"), join_path(path, "label"), problems)
        shape = _read_polygon(reader) if is_polygon else _read_box(reader)
        shapes.append({**shape, "label": reader.values.get("label")})
    return shapes


def _read_box(reader: ObjectReader) -> dict[str, Any]:
    sides = {name: reader.number(name) for name in ("x", "y", "w", "h")}
    for name, side in sides.items():
        if side is None and not reader.has(name):
            reader.report(name, "required", f"{name} is needed")
        elif side is not None and not (0 <= side <= 1 if name in "xy" else 0 < side <= 1):
            reader.report(name, "out_of_range", "sides are fractions of the image, 0 to 1")
    for start, length in (("x", "w"), ("y", "h")):
        at, size = sides[start], sides[length]
        if at is not None and size is not None and at + size > _EDGE:
            reader.report(length, "out_of_range", "the box leaves the image")
    return sides


def _read_polygon(reader: ObjectReader) -> dict[str, Any]:
    points = reader.entries("polygon", most=MOST_POLYGON_POINTS, least=3)
    for index, point in enumerate(points):
        sides = [as_number(side) for side in point] if isinstance(point, list) else []
        if len(sides) != 2 or not all(side is not None and 0 <= side <= 1 for side in sides):
            reader.report(f"polygon[{index}]", "out_of_range", "a point is [x, y], both 0 to 1")
    return {"polygon": points}


_CHECKERS: dict[type[Question], Callable[[Any, object, ProblemList], Any]] = {
    ChoiceQuestion: _check_choice,
    ChoicesQuestion: _check_choices,
    RatingQuestion: _check_rating,
    NumberQuestion: _check_number,
    TextQuestion: _check_text,
    PreferenceQuestion: _check_preference,
    RankingQuestion: _check_ranking,
    BoxesQuestion: _check_boxes,
}
