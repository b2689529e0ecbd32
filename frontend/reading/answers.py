"""Answers in the words of the label schema, for tables and item pages."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.models import Project
from annotation.services.importing.answers import NoQuestions, Schemas
from guidelines.label_schema import Question, RatingQuestion
from operations.strict_json import canonical_json


@dataclass(frozen=True)
class Chip:
    """One given label: its name, its place in the schema (None without a colour of its own), how many gave it."""

    name: str
    index: int | None
    count: int = 1


@dataclass(frozen=True)
class ShownAnswer:
    """What was answered to one question."""

    title: str
    chips: tuple[Chip, ...]
    text: str = ""


def current_questions(project: Project) -> tuple[Question, ...]:
    """What the newest version asks (before the first publish: the draft); nothing where it asks nothing yet."""
    try:
        return Schemas(project).newest
    except NoQuestions:
        return ()


def shown_answers(questions: Sequence[Question], answer: Mapping[str, Any]) -> list[ShownAnswer]:
    """The questions that were answered, in the order of the schema; what the schema no longer asks comes last."""
    asked = {question.key: question for question in questions}
    keys = [key for key in asked if key in answer] + [key for key in answer if key not in asked]
    return [_shown(key, asked.get(key), answer[key]) for key in keys]


def label_counts(questions: Sequence[Question], answers: Iterable[Mapping[str, Any]]) -> list[ShownAnswer]:
    """All answers to one item together, question by question: each label once, with how many gave it, most first."""
    given: dict[str, Counter[str]] = {question.key: Counter() for question in questions}
    for answer in answers:
        for key, counter in given.items():
            if key in answer:
                counter.update(set(_values(answer[key])))
    shown = []
    for question in questions:
        order = sorted(given[question.key].items(), key=lambda pair: (-pair[1], pair[0]))
        chips = tuple(_chip(question, value, n) for value, n in order) if _has_labels(question) else ()
        text = "" if chips else _several(order)
        shown.append(ShownAnswer(question.title, chips, text))
    return shown


def _several(order: list[tuple[str, int]]) -> str:
    return " · ".join(value[:60] for value, _ in order[:3]) + (" …" if len(order) > 3 else "")


def _shown(key: str, question: Question | None, value: Any) -> ShownAnswer:
    title = question.title if question else key
    if question is not None and _has_labels(question):
        return ShownAnswer(title, tuple(_chip(question, each) for each in _values(value)))
    return ShownAnswer(title, (), _text(value))


def _has_labels(question: Question) -> bool:
    return question.type in {"choice", "choices", "rating"}


def _chip(question: Question, value: str, count: int = 1) -> Chip:
    if isinstance(question, RatingQuestion):
        name = next((f"{value} {words}" for point, words in question.labels if str(point) == value), value)
        return Chip(name, None, count)
    for index, option in enumerate(question.options):
        if option.key == value:
            return Chip(option.label, index, count)
    return Chip(value, None, count)


def _values(value: Any) -> list[str]:
    return [_text(each) for each in value] if isinstance(value, list) else [_text(value)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()
