import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats.csv_rows import read_csv
from annotation.formats.rows import READING_STOPPED
from annotation.formats.writers import write_csv


def read(*chunks: bytes, limit: int = 1000) -> list[tuple[int, object]]:
    return [
        (line.number, line.error.code if line.error else line.value) for line in read_csv(chunks, max_row_chars=limit)
    ]


def detail(data: bytes) -> str:
    error = list(read_csv([data], max_row_chars=1000))[-1].error
    assert error
    return error.detail


def test_each_row_is_a_dict_of_text_with_the_line_it_starts_on() -> None:
    data = b'external_id, text\na,"one\ntwo, ""three"""\n\nb,=1\n'
    assert read(data) == [
        (2, {"external_id": "a", "text": 'one\ntwo, "three"'}),
        (5, {"external_id": "b", "text": "=1"}),
    ]
    assert read(b"a,b\n") == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_encodings_line_ends_and_chunks_do_not_matter(encoding: str, end: str, size: int) -> None:
    text = end.join(["id,t", "1,gr\u00fc\u00df \U0001f600", '2,"a\u2028b"', ""])
    data = text.encode(encoding)
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert read(*chunks) == [(2, {"id": "1", "t": "gr\u00fc\u00df \U0001f600"}), (3, {"id": "2", "t": "a\u2028b"})]


def test_big_endian_utf16_and_mixed_line_ends_are_read() -> None:
    assert read(b"\xfe\xff" + "id\r\n1".encode("utf-16-be")) == [(2, {"id": "1"})]
    assert read(b"id,t\r1,a\n2,b\r\n3,c") == [
        (2, {"id": "1", "t": "a"}),
        (3, {"id": "2", "t": "b"}),
        (4, {"id": "3", "t": "c"}),
    ]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"a,,c\n1,2,3\n", "column 2 has no name"),
        (b"a,b,a\n1,2,3\n", "column 3 repeats the name 'a'"),
        (b"a, a\n1,2\n", "repeats"),
        (b"a\x00,b\n", "NUL"),
        ("id,t\n1,a".encode("utf-16-le"), "UTF-16 needs a byte order mark"),
        ("gr\u00fc\u00df,t\n1,a".encode("latin-1"), "UTF-8"),
        (b'"a\nb",c\n1,2\n', "column 1"),
        (b",".join(b"c%d" % number for number in range(2001)), "2001 columns"),
    ],
)
def test_a_bad_header_is_one_clear_error_and_ends_the_reading(data: bytes, word: str) -> None:
    assert read(data, limit=100_000) == [(1, "bad_header")]
    (line,) = read_csv([data], max_row_chars=100_000)
    assert line.error
    assert word in line.error.detail


def test_two_thousand_columns_are_fine() -> None:
    data = b",".join(b"c%d" % number for number in range(2000)) + b"\n" + b",".join([b"x"] * 2000)
    assert len(read(data, limit=100_000)) == 1


def test_an_empty_file_has_no_header() -> None:
    assert read(b"") == read() == read(b"\n\r\n") == read(b"\xef\xbb\xbf") == [(1, "empty_file")]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "shift_jis"])
def test_other_encodings_are_refused_by_row(encoding: str) -> None:
    bad = ("\u30c6\u30b9\u30c8" if encoding == "shift_jis" else "gr\u00fc\u00df").encode(encoding)
    assert read(b"id,t\n1,a\n2," + bad + b"\n3,c\n") == [
        (2, {"id": "1", "t": "a"}),
        (3, "invalid_utf8"),
        (4, {"id": "3", "t": "c"}),
    ]


def test_a_bad_row_is_reported_by_line_and_the_rest_goes_on() -> None:
    data = b'id,t\n1\n2,a,b\n3,a\x00b\n4,"x"y\n"5\n6",ok\nid,t\n7,last'
    assert read(data) == [
        (2, "wrong_cell_count"),
        (3, "wrong_cell_count"),
        (4, "nul"),
        (5, "bad_quoting"),
        (6, {"id": "5\n6", "t": "ok"}),
        (8, "header_repeated"),
        (9, {"id": "7", "t": "last"}),
    ]


def test_a_bad_character_anywhere_in_a_long_row_marks_the_whole_row() -> None:
    assert read(b'id,t\n1,"a\n\xff\nb"\n2,c') == [(2, "invalid_utf8"), (5, {"id": "2", "t": "c"})]


def test_an_unclosed_quote_is_named_where_it_opens() -> None:
    assert read(b'id,t\n1,a\n2,"open\n3,b\n4,c\n') == [(2, {"id": "1", "t": "a"}), (3, "unclosed_quote")]
    assert read(b'"id,t\n1,a') == [(1, "unclosed_quote")]


def test_a_row_over_the_limit_stops_the_reading() -> None:
    over_many_lines = b'id,t\n1,"' + b"line\n" * 300
    assert read(over_many_lines) == [(2, "row_too_long")]
    assert read(b"id,t\n1," + b"x" * 2000 + b"\n2,b") == [(2, "row_too_long")]
    assert read(b"id,t\n1," + b"x" * 998 + b"\n2,b")[1] == (3, {"id": "2", "t": "b"})
    assert {"row_too_long", "unclosed_quote", "bad_header", "empty_file"} <= READING_STOPPED


def test_a_cell_may_be_longer_than_the_csv_module_expects() -> None:
    ((_, value),) = read(b"id,t\n1," + b"x" * 500_000, limit=1_000_000)
    assert value == {"id": "1", "t": "x" * 500_000}


def test_utf16_cut_in_a_character_is_refused() -> None:
    assert read("id\n1\n2".encode("utf-16")[:-1])[-1][1] == "invalid_encoding"


def test_a_lone_surrogate_in_utf16_is_refused() -> None:
    data = "id,t\n1,".encode("utf-16") + b"\x00\xd8" + "\n2,b".encode("utf-16-le")
    assert read(data) == [(2, "invalid_utf8"), (3, {"id": "2", "t": "b"})]


def test_memory_does_not_grow_with_the_file() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"id,t\n"
        for _ in range(500):
            yield b"0123456789,abcdefghij\n" * 200

    tracemalloc.start()
    count = sum(1 for _ in read_csv(chunks(), max_row_chars=1000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 3_000_000


cells = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=5), st.booleans(), st.integers(1, 50))
def test_what_is_written_exactly_reads_back_exactly(rows: list[tuple[str, str]], bom: bool, size: int) -> None:
    data = (b"\xef\xbb\xbf" if bom else b"") + b"".join(write_csv(("k1", "k2"), rows, spreadsheet_safe=False))
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    read_back = [value for _, value in read(*chunks)]
    assert read_back == [{"k1": first, "k2": second} for first, second in rows]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(1, 20))
def test_any_bytes_are_rows_or_named_errors(data: bytes, size: int) -> None:
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    result = read(*chunks)
    assert result == read(data)
    assert all(number >= 1 for number, _ in result)
