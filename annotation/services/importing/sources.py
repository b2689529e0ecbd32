"""From the bytes of a body or file to its lines."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Literal

from annotation.formats.csv_rows import read_csv
from annotation.formats.ndjson import read_ndjson
from annotation.formats.rows import Line

MAX_BODY = 2 * 1024**3
MAX_LINE = 2 * 1024**2
CHUNK = 1024**2


@dataclass(frozen=True)
class LineFormat:
    """How lines are written: NDJSON, or CSV in UTF-8 or UTF-16."""

    kind: Literal["ndjson", "csv"]
    charset: str = "utf-8"

    @property
    def from_csv(self) -> bool:
        return self.kind == "csv"


# A CSV named as UTF-16 by its content type may lack the mark by which the reader would know it.
_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-16le": (codecs.BOM_UTF16_LE,),
    "utf-16be": (codecs.BOM_UTF16_BE,),
}
CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "utf-16": "utf-16", "utf-16le": "utf-16le",
            "utf-16be": "utf-16be"}  # fmt: skip


def read_lines(chunks: Iterable[bytes], line_format: LineFormat) -> Iterator[Line]:
    """The lines of a body, parsed strictly, in constant memory; a line holds at most MAX_LINE."""
    if line_format.kind == "ndjson":
        return read_ndjson(chunks, max_line_bytes=MAX_LINE)
    return read_csv(_marked(chunks, line_format.charset), max_row_chars=MAX_LINE)


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _marked(chunks: Iterable[bytes], charset: str) -> Iterable[bytes]:
    marks = _MARKS.get(charset)
    if marks is None:
        return chunks
    rest = iter(chunks)
    start = next(rest, b"")
    return chain([start if start.startswith(marks) else marks[0] + start], rest)
