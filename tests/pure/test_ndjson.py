import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats.ndjson import read_ndjson


def read(*chunks: bytes, limit: int = 1000) -> list[tuple[int, object]]:
    return [
        (line.number, line.error.code if line.error else line.value)
        for line in read_ndjson(chunks, max_line_bytes=limit)
    ]


def test_each_line_is_a_value_with_its_number() -> None:
    assert read(b'{"a":1}\n{"a":2}\n') == [(1, {"a": 1}), (2, {"a": 2})]
    assert read(b"") == []
    assert read() == []


def test_ends_blank_lines_and_byte_order_mark_do_not_matter() -> None:
    assert read(b'\xef\xbb\xbf{"a":1}\r\n\r\n  \t\n{"a":2}') == [(1, {"a": 1}), (4, {"a": 2})]
    assert read(b"\xef\xbb\xbf\n1") == [(2, 1)]
    assert read(b"1\r\n2\r\n\r\n") == [(1, 1), (2, 2)]


def test_a_byte_order_mark_inside_the_file_is_refused() -> None:
    assert read(b"1\n\xef\xbb\xbf2\n3") == [(1, 1), (2, "bom"), (3, 3)]


def test_a_bad_line_is_reported_by_number_and_the_rest_goes_on() -> None:
    chunk = b'{"t":"a\\u0000"}\n{"a":1,"a":2}\n{broken\n{"ok":1}\n{"t":"\xff"}\n[] []'
    assert read(chunk) == [
        (1, "nul"),
        (2, "duplicate_key"),
        (3, "invalid_json"),
        (4, {"ok": 1}),
        (5, "invalid_utf8"),
        (6, "trailing_data"),
    ]
    (line,) = read_ndjson([b'{"payload":{"t":"a\\u0000"}}'], max_line_bytes=100)
    assert line.error
    assert (line.error.line, line.error.detail) == (1, "payload.t: a NUL character cannot be stored")


def test_only_a_line_feed_ends_a_line() -> None:
    text = '{"t":"a\u2028b\u0085c"}'
    assert read(f"{text}\n{text}".encode()) == [(1, json.loads(text)), (2, json.loads(text))]
    assert read(b"1\r2\n3") == [(1, "trailing_data"), (2, 3)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_chunks_may_cut_anywhere(size: int) -> None:
    data = '\ufeff{"t":"gr\u00fc\u00df"}\r\n\n{bad}\n{"x":[1,2]}'.encode()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert read(*chunks) == [(1, {"t": "gr\u00fc\u00df"}), (3, "invalid_json"), (4, {"x": [1, 2]})]
    assert read(b"", *chunks, b"") == read(data)


@pytest.mark.parametrize("size", [1, 10, 64, 1000])
def test_a_line_over_the_limit_is_reported_and_skipped(size: int) -> None:
    data = b'"' + b"x" * 98 + b'"\n"' + b"x" * 99 + b'"\r\n1\n"' + b"x" * 5000
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert read(*chunks, limit=100) == [
        (1, "x" * 98),
        (2, "line_too_long"),
        (3, 1),
        (4, "line_too_long"),
    ]


def test_utf16_is_named_and_ends_the_reading() -> None:
    assert read('{"a":1}\n{"a":2}'.encode("utf-16")) == [(1, "invalid_encoding")]


def test_memory_does_not_grow_with_the_file_or_with_an_endless_line() -> None:
    def endless_line() -> Iterator[bytes]:
        for _ in range(500):
            yield b"x" * 100_000

    def many_lines() -> Iterator[bytes]:
        for _ in range(500):
            yield b'{"t":"0123456789"}\n' * 200

    for chunks, expected in ((endless_line(), 1), (many_lines(), 100_000)):
        tracemalloc.start()
        count = sum(1 for _ in read_ndjson(chunks, max_line_bytes=1_000_000))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == expected
        assert peak < 5_000_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=12), max_size=12))
def test_any_bytes_in_any_chunks_read_the_same(chunks: list[bytes]) -> None:
    assert read(*chunks) == read(b"".join(chunks))
