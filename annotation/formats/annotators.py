"""Annotators of bulk input, with the cohort attributes they carry."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from annotation.formats.fields import read_annotator
from annotation.formats.rows import Line, Refused, refuse
from operations.strict_json.reading import ObjectReader, ProblemList, as_number, is_one_line_text

KINDS = ("human", "model")
MOST_ATTRIBUTES = 50
LONGEST_ATTRIBUTE_NAME = 64
LONGEST_ATTRIBUTE = 200


class AnnotatorRow(NamedTuple):
    line: int
    annotator: str
    kind: str
    attributes: dict[str, str]


def read_annotators(lines: Iterable[Line], *, from_csv: bool) -> Iterator[AnnotatorRow | Refused]:
    """Every line as an annotator or as its refusal, in order.

    Every key or column but `annotator` and `kind` is a cohort attribute; values become text, empty ones and
    nulls say nothing.
    """
    for line in lines:
        if line.error is not None:
            yield Refused(line.number, (line.error,))
        elif from_csv and "annotator" not in line.value:
            problems = ProblemList()
            problems.add("annotator", "missing_column", "the header has no column annotator")
            yield refuse(1, problems.found)
            return
        else:
            yield annotator_from_object(line.number, line.value)


def annotator_from_object(line: int, raw: object) -> AnnotatorRow | Refused:
    """One annotator from a JSON object or a row of cells."""
    problems = ProblemList()
    allowed = raw.keys() if isinstance(raw, dict) else ()
    reader = ObjectReader(raw, "", problems, allowed=allowed)
    if not isinstance(raw, dict):
        return refuse(line, problems.found)
    kind = reader.text("kind", longest=20) or "human"
    if kind not in KINDS:
        reader.report("kind", "unknown_kind", f"kind must be one of {', '.join(KINDS)}")
    row = AnnotatorRow(line, read_annotator(reader), kind, _read_attributes(reader))
    return refuse(line, problems.found) if problems else row


def _read_attributes(reader: ObjectReader) -> dict[str, str]:
    given = {name: value for name, value in reader.values.items() if name not in ("annotator", "kind")}
    if len(given) > MOST_ATTRIBUTES:
        reader.problems.add("", "too_many", f"{len(given)} attributes, at most {MOST_ATTRIBUTES} are allowed")
        return {}
    attributes = {name: _read_attribute(reader, name, value) for name, value in given.items()}
    return {name: value for name, value in attributes.items() if value}


def _read_attribute(reader: ObjectReader, name: str, value: Any) -> str:
    if not 1 <= len(name) <= LONGEST_ATTRIBUTE_NAME or not is_one_line_text(name) or name != name.strip():
        reader.report(name[:60], "bad_key", f"an attribute has a plain name of 1 to {LONGEST_ATTRIBUTE_NAME}")
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    number = as_number(value)
    if number is not None:
        return str(number)
    return reader.text(name, longest=LONGEST_ATTRIBUTE, one_line=True)
