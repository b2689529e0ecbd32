"""Input of the guideline services: refusals with the path of each problem."""

from typing import Any

from accounts.errors import FieldError, InvalidInput
from guidelines.content import GuidelineContent, parse_content
from guidelines.label_schema import SchemaError
from operations.strict_json.reading import is_text

LONGEST_NOTE = 5_000


def checked_content(raw: object) -> GuidelineContent:
    """The parsed content, or InvalidInput with every problem by path."""
    try:
        return parse_content(raw)
    except SchemaError as error:
        raise InvalidInput(
            "The guideline breaks a rule; see the errors.",
            errors=[FieldError(problem.path, problem.code, problem.detail) for problem in error.errors],
        ) from error


def checked_note(note: Any) -> str:
    """The change note without space around it; it may be empty."""
    if not isinstance(note, str) or not is_text(note):
        raise InvalidInput(errors=[FieldError("change_note", "not_text", "A text is needed here.")])
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(errors=[FieldError("change_note", "too_long", f"At most {LONGEST_NOTE} characters.")])
    return note.strip()
