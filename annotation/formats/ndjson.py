"""NDJSON: one JSON value a line, from a stream of chunks of any size, in constant memory."""

from collections.abc import Iterable, Iterator

from annotation.formats.rows import Line, broken_line
from operations.strict_json import StrictJsonError, parse_strict

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


def read_ndjson(chunks: Iterable[bytes], *, max_line_bytes: int) -> Iterator[Line]:
    """Every line that is not blank, as a value or as the error that refuses it.

    Lines end with LF or CRLF; the last one may have no end; a UTF-8 byte order mark at the start is dropped.
    Holds no more than one chunk and one line of `max_line_bytes`; a longer line is reported and skipped.
    """
    for number, raw in enumerate(_split_lines(chunks, max_line_bytes), 1):
        if number == 1:
            if raw.startswith(_UTF16_BOMS):
                yield broken_line(1, "invalid_encoding", "the file is UTF-16; NDJSON is UTF-8")
                return
            raw = raw.removeprefix(_UTF8_BOM)
        if raw.isspace() or not raw:
            continue
        if len(raw) > max_line_bytes:
            yield broken_line(number, "line_too_long", f"longer than {max_line_bytes} bytes")
            continue
        try:
            value, is_plain = parse_strict(raw, max_bytes=max_line_bytes)
        except StrictJsonError as error:
            yield broken_line(number, error.code, str(error))
        else:
            yield Line(number, value, None, is_plain)


def _split_lines(chunks: Iterable[bytes], max_line_bytes: int) -> Iterator[bytes]:
    """Lines without their ends; of a line that is too long only enough to see that it is."""
    longest_kept = max_line_bytes + len(_UTF8_BOM) + 1
    open_line = bytearray()
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        open_line += first[: longest_kept + 1 - len(open_line)] if len(open_line) <= longest_kept else b""
        if not rest:
            continue
        yield bytes(open_line).removesuffix(b"\r")
        for line in rest[:-1]:
            yield line.removesuffix(b"\r")
        open_line = bytearray(rest[-1][: longest_kept + 1])
    if open_line:
        yield bytes(open_line).removesuffix(b"\r")
