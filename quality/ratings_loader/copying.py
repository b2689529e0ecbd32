"""Fixed-width columns from PostgreSQL straight into numpy: binary COPY, a block at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

_HEADER = 19
_END = b"\xff\xff"
_BLOCK = 1 << 14
Column = npt.NDArray[Any]
Columns = list[Column]


def copy_columns(
    sql: str, params: Sequence[Any], wire: Sequence[str], kept: Sequence[str | Callable[[Column], Column]]
) -> Columns:
    """The columns of a query as arrays.

    `wire` is what each column is cast to in SQL (`i8`, `i4`, `f8`; none may be null); `kept` the dtype it is kept
    in, or a function that makes something smaller of each block. Memory is that of the arrays kept, and of one twice.
    """
    record = _record(wire)
    columns: list[Columns] = [[_keep(np.zeros(0, dtype=kind), how)] for kind, how in zip(wire, kept, strict=True)]
    for raw in _blocks(sql, params):
        rows = np.frombuffer(raw, dtype=record)
        for k, how in enumerate(kept):
            columns[k].append(_keep(rows[f"c{k}"], how))
    found = []
    for column in columns:
        found.append(np.concatenate(column))
        column.clear()
    return found


def _keep(block: Column, how: str | Callable[[Column], Column]) -> Column:
    return block.astype(how) if isinstance(how, str) else how(block)


def _record(wire: Sequence[str]) -> np.dtype[Any]:
    """One tuple of the binary format: number of fields, then for each its length and its big-endian value."""
    fields: list[tuple[str, str]] = [("n", ">i2")]
    for k, kind in enumerate(wire):
        fields += [(f"l{k}", ">i4"), (f"c{k}", f">{kind}")]
    return np.dtype(fields)


def _blocks(sql: str, params: Sequence[Any]) -> Iterator[bytes]:
    """The tuples' bytes, without header and trailer, some ten thousand rows at a time."""
    with connection.cursor() as cursor:
        query = cursor.cursor.mogrify(sql, params)
        with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
            pieces: list[bytes] = []
            skip = _HEADER
            for piece in copy:
                data = bytes(piece)[skip:]
                skip = 0
                if data != _END:  # the stream is read to its end, else the connection stays in COPY
                    pieces.append(data)
                if len(pieces) >= _BLOCK:
                    yield b"".join(pieces)
                    pieces = []
            yield b"".join(pieces)
