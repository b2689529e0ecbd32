"""What readers of bulk input hand on: a line that parsed or did not, a row that is refused."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from operations.strict_json.reading import Problem

# After these a CSV file cannot be read on: where the next row starts is not known. An import that skips bad
# lines must not take the rest of the file for read.
READING_STOPPED = frozenset(
    {"bad_header", "empty_file", "invalid_encoding", "row_too_long", "unclosed_quote"},
)


class RowError(NamedTuple):
    """One reason why a line is refused; `line` is the line of the file that the row starts on, from 1."""

    line: int
    code: str
    detail: str


class Line(NamedTuple):
    """One record of a file: a value, or the error that kept it from being one.

    `is_plain` as in strict_json.Parsed.
    """

    number: int
    value: Any
    error: RowError | None = None
    is_plain: bool = False


class Refused(NamedTuple):
    """One record that is not taken, with every reason."""

    line: int
    errors: tuple[RowError, ...]


def lines_from_values(values: Iterable[Any]) -> Iterator[Line]:
    """Values that came in one JSON list, numbered from 1 like the lines of a file."""
    for number, value in enumerate(values, 1):
        yield Line(number, value)


def broken_line(number: int, code: str, detail: str) -> Line:
    return Line(number, None, RowError(number, code, detail))


def refuse(line: int, problems: Iterable[Problem]) -> Refused:
    """A refusal whose details name the field."""
    errors = (RowError(line, code, f"{path}: {detail}" if path else detail) for path, code, detail in problems)
    return Refused(line, tuple(errors))
