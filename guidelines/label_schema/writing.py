"""Write questions back as JSON: every stated fact, nothing that only repeats a default of the format."""

from dataclasses import fields
from typing import Any

from guidelines.label_schema.questions import Option, OptionsQuestion, Question, RatingQuestion


def questions_to_json(questions: tuple[Question, ...]) -> list[dict[str, Any]]:
    """What `parse_questions` reads back as the same questions."""
    return [question_to_json(question) for question in questions]


def question_to_json(question: Question) -> dict[str, Any]:
    """One question as JSON; keys in the order of API.md, empty texts and absent limits left out."""
    values = {field.name: getattr(question, field.name) for field in fields(question)}
    values.pop("option_list", None)
    if isinstance(question, OptionsQuestion):
        values["options"] = [option_to_json(option) for option in question.options]
    if isinstance(question, RatingQuestion):
        values["labels"] = {str(value): text for value, text in question.labels}
    if question.visible_if is not None:
        condition = question.visible_if
        values["visible_if"] = {"question": condition.question, "in": list(condition.values)}
    return _stated(values)


def option_to_json(option: Option) -> dict[str, Any]:
    return _stated({field.name: getattr(option, field.name) for field in fields(option)})


def _stated(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None and value not in ("", (), {})
    }
