"""Rows to bytes: JSON lines in canonical form, CSV after RFC 4180 with a flavour that is safe in spreadsheets."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from operations.strict_json import canonical_json

_CHUNK = 65_536
# What makes a spreadsheet calculate instead of show, also behind what other locales take for a separator
# and behind space; the fullwidth forms are taken for the plain ones by East Asian locales.
_FORMULA = re.compile(r"[\s;,|]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def write_jsonl(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Chunks of canonical JSON, one row a line, each line ended by LF: the same rows give the same bytes."""
    buffer = bytearray()
    for row in rows:
        buffer += canonical_json(row)
        buffer += b"\n"
        if len(buffer) >= _CHUNK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]], *, spreadsheet_safe: bool) -> Iterator[bytes]:
    """Chunks of CSV in UTF-8, rows ended by CRLF, None as an empty cell.

    Machine flavour: cells are exact. Spreadsheet-safe flavour: every cell is quoted, and a text that a
    spreadsheet would run (=, +, -, @, TAB, CR or a fullwidth form at its start) gets a ' before it; numbers
    are left alone.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL if spreadsheet_safe else csv.QUOTE_MINIMAL, lineterminator="\r\n")
    convert = _safe_cell if spreadsheet_safe else _exact_cell
    for row in _with_header(header, rows):
        writer.writerow([convert(cell) for cell in row])
        if buffer.tell() >= _CHUNK:
            yield _drain(buffer)
    if buffer.tell():
        yield _drain(buffer)


def _with_header(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    yield header
    yield from rows


def _drain(buffer: io.StringIO) -> bytes:
    chunk = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return chunk


def _exact_cell(cell: object) -> str:
    if isinstance(cell, str):
        return cell
    return "" if cell is None else canonical_json(cell).decode()


def _safe_cell(cell: object) -> str:
    if isinstance(cell, int | float):
        return _exact_cell(cell)
    text = _exact_cell(cell)
    return f"'{text}" if _FORMULA.match(text) else text
