"""Fields that several kinds of rows share."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from operations.strict_json import StrictJsonError, loads_strict
from operations.strict_json.reading import ObjectReader

LONGEST_EXTERNAL_ID = 200
LONGEST_ANNOTATOR = 150
LONGEST_SECONDS = 86_400
MOST_OCCURRENCES = 10_000

_VERSION = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}\Z")
_NUMBER_CELL = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")


def read_name(reader: ObjectReader, key: str, *, longest: int) -> str:
    """An exact identifier: not empty, no control characters, no space at its ends."""
    name = reader.text(key, longest=longest, required=True)
    if name != name.strip():
        reader.report(key, "surrounding_space", f"{key} must not start or end with a space")
    elif not name.isprintable() and any(unicodedata.category(character) == "Cc" for character in name):
        reader.report(key, "control_character", f"{key} must not hold control characters")
    return name


def read_external_id(reader: ObjectReader) -> str:
    return read_name(reader, "external_id", longest=LONGEST_EXTERNAL_ID)


def read_annotator(reader: ObjectReader) -> str:
    return read_name(reader, "annotator", longest=LONGEST_ANNOTATOR)


def read_created_at(reader: ObjectReader) -> datetime | None:
    """A moment with its offset, in UTC; None where it is absent."""
    text = reader.text("created_at", longest=64)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        reader.report("created_at", "not_a_time", "created_at must be ISO 8601, as 2026-03-01T09:30:00Z")
        return None
    reader.report("created_at", "no_offset", "created_at needs its offset from UTC, as 2026-03-01T09:30:00Z")
    return None


def read_seconds_spent(reader: ObjectReader) -> float | None:
    seconds = reader.number("seconds_spent")
    if seconds is not None and not 0 <= seconds <= LONGEST_SECONDS:
        reader.report("seconds_spent", "out_of_range", f"seconds_spent must be 0 to {LONGEST_SECONDS}")
        return None
    return seconds


def read_occurrence(reader: ObjectReader) -> int:
    """Which time this annotator answers this item, 1 where nothing is said."""
    return reader.integer("occurrence", least=1, most=MOST_OCCURRENCES) or 1


def read_guideline_version(reader: ObjectReader) -> str | None:
    version = reader.text("guideline_version", longest=20)
    if version and not _VERSION.match(version):
        reader.report("guideline_version", "bad_version", "guideline_version is a text like 2.1")
    return version or None


def number_from_cell(cell: str) -> Any:
    """The number a CSV cell says, or the cell itself where it says none (and is refused later)."""
    text = cell.strip()
    if not _NUMBER_CELL.match(text):
        return cell
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, rest = digits.partition(".")
    try:
        return loads_strict(f"{sign}{whole.lstrip('0') or '0'}{dot}{rest}", max_bytes=400)
    except StrictJsonError:
        return cell


def with_numbers(cells: Mapping[str, str], *names: str) -> dict[str, Any]:
    """The cells that hold something, those of `names` as numbers."""
    return {name: number_from_cell(cell) if name in names else cell for name, cell in cells.items() if cell != ""}
