"""CSV: a header and rows of text, from a stream of chunks of any size, in constant memory."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from annotation.formats.rows import Line, broken_line
from operations.strict_json.reading import is_one_line_text

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_COLUMNS = 2_000
LONGEST_COLUMN_NAME = 200
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_csv(chunks: Iterable[bytes], *, max_row_chars: int) -> Iterator[Line]:
    """Every row as a dict from column to cell, or the error that refuses it; blank rows are skipped.

    UTF-8 (a byte order mark is fine) or UTF-16 with one; comma, RFC 4180 quoting; rows end with LF, CRLF or CR.
    Cells are exact text. An error of rows.READING_STOPPED is the last line that comes.
    """
    csv.field_size_limit(max(csv.field_size_limit(), max_row_chars))
    text = _TextLines(_decoded(chunks), max_row_chars)
    try:
        yield from _read_rows(text)
    except _RowTooLong:
        detail = f"a row longer than {max_row_chars} characters (an unclosed quote?); reading stopped here"
        yield broken_line(text.row_start, "row_too_long", detail)
    except UnicodeError:
        yield broken_line(text.number + 1, "invalid_encoding", "the text is cut in the middle of a character")


def _read_rows(text: "_TextLines") -> Iterator[Line]:
    reader = csv.reader(text, strict=True)
    header: list[str] | None = None
    while True:
        text.start_row()
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield _quoting_error(text, error)
            if text.is_at_end or header is None:
                return
            continue
        if not cells:
            continue
        if header is None:
            header = [name.strip() for name in cells]
            problem = _header_problem(header, text.problem)
            if problem:
                yield broken_line(text.row_start, "bad_header", problem)
                return
        else:
            yield _row(text, header, cells)
    if header is None:
        yield broken_line(1, "empty_file", "there is no header")


def _row(text: "_TextLines", header: list[str], cells: list[str]) -> Line:
    number = text.row_start
    if text.problem == "nul":
        return broken_line(number, "nul", "a NUL character cannot be stored")
    if text.problem:
        return broken_line(number, text.problem, "not valid UTF-8 (save the file as UTF-8)")
    if len(cells) != len(header):
        detail = f"{len(cells)} cells, the header has {len(header)}"
        return broken_line(number, "wrong_cell_count", detail)
    if cells[0] == header[0] and [cell.strip() for cell in cells] == header:
        return broken_line(number, "header_repeated", "the header again, in the middle of the file")
    return Line(number, dict(zip(header, cells, strict=True)))


def _quoting_error(text: "_TextLines", error: csv.Error) -> Line:
    if text.is_at_end and "unexpected end" in str(error):
        return broken_line(text.row_start, "unclosed_quote", "a quote opens here and never closes")
    return broken_line(text.row_start, "bad_quoting", f"quotes do not follow RFC 4180: {error}")


def _header_problem(header: list[str], text_problem: str) -> str:
    if text_problem == "nul":
        return "the header holds NUL characters (UTF-16 needs a byte order mark; better save as UTF-8)"
    if text_problem:
        return "the header is not valid UTF-8 (save the file as UTF-8)"
    if len(header) > MOST_COLUMNS:
        return f"{len(header)} columns, at most {MOST_COLUMNS} are allowed"
    seen: set[str] = set()
    for position, name in enumerate(header, 1):
        if not name:
            return f"column {position} has no name"
        if len(name) > LONGEST_COLUMN_NAME or not is_one_line_text(name):
            return f"column {position} has a name that is too long or holds control characters"
        if name in seen:
            return f"column {position} repeats the name {name!r}"
        seen.add(name)
    return ""


class _RowTooLong(Exception):
    pass


class _TextLines:
    """The physical lines for the csv reader, with what it cannot tell: where a row starts, what is not text."""

    def __init__(self, stream: io.TextIOBase, max_row_chars: int) -> None:
        self.stream = stream
        self.max_row_chars = max_row_chars
        self.number = 0
        self.is_at_end = False
        self.start_row()

    def start_row(self) -> None:
        self.row_start = self.number + 1
        self.row_chars = 0
        self.problem = ""

    def __iter__(self) -> "_TextLines":
        return self

    def __next__(self) -> str:
        line = self.stream.readline(self.max_row_chars + 2)
        if not line:
            self.is_at_end = True
            raise StopIteration
        self.number += 1
        self.row_chars += len(line)
        if self.row_chars > self.max_row_chars + 1:
            raise _RowTooLong
        if "\x00" in line:
            self.problem = "nul"
        elif not line.isascii() and _SURROGATE.search(line):
            self.problem = "invalid_utf8"
        return line


def _decoded(chunks: Iterable[bytes]) -> io.TextIOWrapper:
    # Bad bytes become lone surrogates and are found line by line: a raised decoding error would name no line.
    start = b""
    rest = iter(chunks)
    for chunk in rest:
        start += chunk
        if len(start) >= 4:
            break
    is_utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding, errors = ("utf-16", "surrogatepass") if is_utf16 else ("utf-8-sig", "surrogateescape")
    stream = io.BufferedReader(_ChunkStream(chain([start], rest)), 65_536)
    return io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")


class _ChunkStream(io.RawIOBase):
    """Chunks of bytes as a file that can only be read on."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self.chunks = chunks
        self.left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        while not self.left:
            chunk = next(self.chunks, None)
            if chunk is None:
                return 0
            self.left = memoryview(chunk)
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self.left))
        target[:count] = self.left[:count]
        self.left = self.left[count:]
        return count
