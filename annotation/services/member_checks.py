"""What may stand in a membership: cohorts for figures, skills, the reason of a pause."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.errors import FieldError, InvalidInput

MOST_COHORTS = MOST_SKILLS = 50
LONGEST_VALUE = 200
LONGEST_REASON = 300


def checked_cohorts(cohorts: Mapping[str, Any]) -> dict[str, str]:
    """Attributes as texts: {"site": "Lisbon"}; what is empty is left out, as an import leaves it out."""
    if not isinstance(cohorts, Mapping) or len(cohorts) > MOST_COHORTS:
        raise _wrong("cohorts", "not_an_object", f"At most {MOST_COHORTS} attributes, each a key and a text.")
    for key, value in cohorts.items():
        if not (_is_word(key, 100) and isinstance(value, str) and (value == "" or _is_word(value, LONGEST_VALUE))):
            raise _wrong(f"cohorts.{str(key)[:80]}", "not_a_text", f"A text of at most {LONGEST_VALUE} characters.")
    return {key: value for key, value in cohorts.items() if value != ""}


def checked_skills(skills: Sequence[str]) -> list[str]:
    if isinstance(skills, str) or len(skills) > MOST_SKILLS:
        raise _wrong("skills", "not_a_list", f"A list of at most {MOST_SKILLS} words.")
    for index, skill in enumerate(skills):
        if not _is_word(skill, 100):
            raise _wrong(f"skills[{index}]", "not_a_text", "A text of 1 to 100 characters.")
    return list(dict.fromkeys(skills))


def checked_pause_reason(reason: str) -> str:
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise _wrong("pause_reason", "too_long", f"At most {LONGEST_REASON} characters.")
    return reason


def _is_word(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest and value.strip() != "" and "\x00" not in value


def _wrong(path: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError(path, code, detail)])
