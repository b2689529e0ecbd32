"""Read typed fields out of a parsed JSON object, collecting every problem by path instead of stopping at one."""

import re
from collections.abc import Collection
from typing import Any, NamedTuple

from operations.strict_json.errors import MAX_INTEGER

MOST_PROBLEMS = 100
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Problem(NamedTuple):
    """One thing wrong in an input: where, which rule, in words."""

    path: str
    code: str
    detail: str


def join_path(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


class ProblemList:
    """Problems found so far; keeps the first hundred, so that a hostile input cannot make a huge answer."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, path: str, code: str, detail: str) -> None:
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(Problem(path, code, detail))

    def __bool__(self) -> bool:
        return bool(self.found)


class ObjectReader:
    """The fields of one JSON object. A field of the wrong type is reported and read as its default."""

    def __init__(self, raw: object, path: str, problems: ProblemList, *, allowed: Collection[str]) -> None:
        self.path = path
        self.problems = problems
        self.values: dict[str, Any] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            problems.add(path, "not_an_object", "an object is needed here")
        for key in self.values:
            if key not in allowed:
                shown = str(key) if len(str(key)) <= 60 else str(key)[:60] + "..."
                self.report(shown, "unknown_key", f"unknown key {shown!r}; known are {', '.join(allowed)}")

    def report(self, key: str, code: str, detail: str) -> None:
        self.problems.add(join_path(self.path, key), code, detail)

    def has(self, key: str) -> bool:
        """True if the field is there and not null."""
        return self.values.get(key) is not None

    def text(self, key: str, *, longest: int, required: bool = False, one_line: bool = False) -> str:
        """The text of a field, "" where it is absent; surrounding space of a one-line text is dropped."""
        value = self.values.get(key)
        if value is None:
            if required:
                self.report(key, "required", f"{key} is needed")
            return ""
        if not isinstance(value, str):
            self.report(key, "not_text", f"{key} must be text")
            return ""
        return self._checked_text(key, value, longest=longest, required=required, one_line=one_line)

    def _checked_text(self, key: str, value: str, *, longest: int, required: bool, one_line: bool) -> str:
        if one_line:
            value = value.strip()
        if (_CONTROL if one_line else _NOT_TEXT).search(value):
            self.report(key, "control_character", f"{key} holds a character that is not text")
            return ""
        if len(value) > longest:
            self.report(key, "too_long", f"{key} has {len(value)} characters, at most {longest} are allowed")
            return ""
        if required and not value.strip():
            self.report(key, "required", f"{key} must not be empty")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.report(key, "not_a_boolean", f"{key} must be true or false")
            return default
        return value

    def integer(self, key: str, *, least: int = -MAX_INTEGER, most: int = MAX_INTEGER) -> int | None:
        value = as_integer(self.values.get(key))
        if value is None:
            if self.has(key):
                self.report(key, "not_an_integer", f"{key} must be a whole number")
            return None
        if not least <= value <= most:
            self.report(key, "out_of_range", f"{key} must be between {least} and {most}")
            return None
        return value

    def number(self, key: str) -> float | None:
        value = as_number(self.values.get(key))
        if value is None and self.has(key):
            self.report(key, "not_a_number", f"{key} must be a finite number")
        return value

    def entries(self, key: str, *, most: int, least: int = 0) -> list[Any]:
        """The entries of a list, [] where it is absent and may be."""
        value = self.values.get(key)
        if value is None:
            value = []
        if not isinstance(value, list):
            self.report(key, "not_a_list", f"{key} must be a list")
            return []
        if len(value) < least:
            self.report(key, "too_few", f"{key} needs at least {least}")
        if len(value) > most:
            self.report(key, "too_many", f"{key} has {len(value)} entries, at most {most} are allowed")
            return []
        return value

    def names(self, key: str, *, longest: int, most: int, least: int = 0) -> tuple[str, ...]:
        """The entries of a list of distinct, non-empty, one-line texts."""
        names: list[str] = []
        for index, entry in enumerate(self.entries(key, most=most, least=least)):
            path = f"{key}[{index}]"
            if not isinstance(entry, str) or not entry.strip() or _CONTROL.search(entry):
                self.report(path, "not_text", "a non-empty text on one line is needed here")
            elif len(entry) > longest:
                self.report(path, "too_long", f"at most {longest} characters are allowed")
            elif entry in names:
                self.report(path, "duplicate", f"{entry!r} stands here twice")
            else:
                names.append(entry)
        return tuple(names)


def as_integer(value: object) -> int | None:
    """A whole number written either way (4 or 4.0), None for anything else; true is not a number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and -MAX_INTEGER <= value <= MAX_INTEGER else None


def as_number(value: object) -> float | int | None:
    """A finite number, whole ones as int, None for anything else; true is not a number."""
    whole = as_integer(value)
    if whole is not None:
        return whole
    is_fraction = isinstance(value, float) and value - value == 0
    return float(value) if is_fraction and isinstance(value, float) else None


def is_one_line_text(value: str) -> bool:
    """True if the text holds no control character and no lone surrogate."""
    return _CONTROL.search(value) is None


def is_text(value: str) -> bool:
    """True if the text can be stored: no NUL, no lone surrogate."""
    return _NOT_TEXT.search(value) is None
