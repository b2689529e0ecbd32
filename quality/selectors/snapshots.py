"""Reading the rows of a stored snapshot back, a page at a time."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

Row = dict[str, Any]


def rows_from(file: BinaryIO, offset: int) -> Iterator[tuple[int, Row]]:
    """(offset behind the line, its row) from a place in the file that such an offset named."""
    file.seek(offset)
    while line := file.readline():
        offset += len(line)
        yield offset, orjson.loads(line)


def page_of_rows(file: BinaryIO, offset: int, limit: int) -> tuple[list[Row], int | None]:
    """Rows from an offset on, and the offset of the next page, or None behind the last."""
    rows: list[Row] = []
    for after, row in rows_from(file, offset):
        rows.append(row)
        if len(rows) == limit:
            return rows, after if file.read(1) else None
    return rows, None
