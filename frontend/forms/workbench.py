"""The answer form: questions of a label schema to fields, posted fields to an answer.

It only parses. What a valid answer is, the label schema decides (guidelines/label_schema); a value that cannot be
parsed is passed on as it is, so that the same rule refuses it with the same words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from guidelines.label_schema import Option, Question, RatingQuestion, is_visible

WHOLE = re.compile(r"-?\d{1,15}")
LONGEST_REASON = 500
# Why an item was passed on: what is stored, its key in the dialog, and the words for it.
SKIP_REASONS = (
    ("unclear", "1", _("The item or the guideline is unclear")),
    ("not my language", "2", _("Not my language")),
    ("broken item", "3", _("The item is broken")),
    ("offensive", "4", _("It is offensive")),
    ("other", "5", _("Something else")),
)
SUPPORTED = {"choice", "choices", "rating", "number", "text"}


@dataclass(frozen=True)
class OptionField:
    """One pickable value. `key` is the form value, `hotkey` the key that picks it while its question is current."""

    key: str
    label: str
    hotkey: str
    is_checked: bool
    option: Option | None = None
    label_number: int = 0


@dataclass(frozen=True)
class QuestionField:
    """One question as the template shows it."""

    question: Question
    name: str
    options: tuple[OptionField, ...]
    text: str
    errors: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.question.type if self.question.type in SUPPORTED else "unsupported"


def question_fields(
    questions: Sequence[Question], answer: Mapping[str, Any], errors: Mapping[str, Sequence[str]] | None = None
) -> list[QuestionField]:
    """What to show for an answer so far; `errors` by question key."""
    return [
        QuestionField(
            question=question,
            name=f"q.{question.key}",
            options=tuple(_options(question, answer.get(question.key))),
            text=_text(answer.get(question.key)),
            errors=tuple((errors or {}).get(question.key, ())),
        )
        for question in questions
    ]


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, list | dict) else str(value)


def _options(question: Question, value: Any) -> list[OptionField]:
    if isinstance(question, RatingQuestion):
        labels = dict(question.labels)
        return [
            OptionField(str(point), labels.get(point, ""), _digit(question, point), value == point)
            for point in range(question.min, question.max + 1)
        ]
    chosen = value if isinstance(value, list) else [value]
    return [
        OptionField(option.key, option.label, option.hotkey, option.key in chosen, option, number)
        for number, option in enumerate(question.options)
    ]


def _digit(question: RatingQuestion, point: int) -> str:
    """Points that are digits are their own keys; a scale like -3..1 is numbered from the left."""
    if question.min >= 0 and question.max <= 9:
        return str(point)
    place = point - question.min + 1
    return str(place) if place <= 9 else ""


def parse_answer(questions: Sequence[Question], posted: QueryDict) -> dict[str, Any]:
    """The posted fields as an answer; questions left empty, or not asked after the other answers, are left out."""
    answer = {}
    for question in questions:
        values = [value for value in posted.getlist(f"q.{question.key}") if value.strip()]
        if values:
            answer[question.key] = _parse(question, values)
    return {q.key: answer[q.key] for q in questions if q.key in answer and is_visible(q, tuple(questions), answer)}


def _parse(question: Question, values: list[str]) -> Any:
    if question.type == "choices":
        return values
    value = values[-1]
    if question.type == "rating" and WHOLE.fullmatch(value):
        return int(value)
    if question.type == "number":
        return _number(value)
    return value.replace("\r\n", "\n") if question.type == "text" else value


def skip_reason(posted: QueryDict) -> str:
    """The reason chosen and what was written to it, as one text: `broken item: only half a sentence`."""
    kind, words = posted.get("kind", ""), posted.get("reason", "").strip()
    known = {name for name, _key, _words in SKIP_REASONS}
    return ": ".join(part for part in (kind if kind in known else "", words) if part)[:LONGEST_REASON]


def _number(value: str) -> Any:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        return value
    return int(number) if number.is_integer() and abs(number) <= 2**53 else number
