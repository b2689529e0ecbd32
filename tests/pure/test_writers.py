import csv
import io
import json

import pytest

from annotation.formats.writers import write_csv, write_jsonl


def safe_row(*cells: object) -> list[str]:
    data = b"".join(write_csv(("h",), [cells], spreadsheet_safe=True)).decode()
    return list(csv.reader(io.StringIO(data, newline="")))[1]


def test_jsonl_is_canonical_and_exact() -> None:
    rows: list[dict[str, object]] = [{"b": 1.0, "a": "=1\u2028\U0001f600"}, {"t": 'q"\n\t'}]
    data = b"".join(write_jsonl(rows))
    assert data == '{"a":"=1\u2028\U0001f600","b":1}\n{"t":"q\\"\\n\\t"}\n'.encode()
    assert list(write_jsonl([])) == []


def test_csv_follows_rfc_4180() -> None:
    data = b"".join(write_csv(("id", "t"), [("a", 'say "x", y\nz'), ("b", None), (1, -2.5)], spreadsheet_safe=False))
    assert data == b'id,t\r\na,"say ""x"", y\nz"\r\nb,\r\n1,-2.5\r\n'


def test_machine_cells_are_exact_and_structures_are_json() -> None:
    row = ["=1+1", "-x", "\t", "", True, {"b": 1, "a": [None]}]
    data = b"".join(write_csv(["c"] * 6, [row], spreadsheet_safe=False)).decode()
    (_, cells) = csv.reader(io.StringIO(data, newline=""))
    assert cells == ["=1+1", "-x", "\t", "", "true", '{"a":[null],"b":1}']


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", ";=1", ",=1",
        "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "\u3000=1",
    ],
)  # fmt: skip
def test_the_safe_flavour_disarms_what_a_spreadsheet_would_run(cell: str) -> None:
    assert safe_row(cell) == ["'" + cell]


def test_the_safe_flavour_leaves_numbers_and_ordinary_text_alone() -> None:
    assert safe_row("plain", "a=b", "", None, -3, 2.5, "1") == ["plain", "a=b", "", "", "-3", "2.5", "1"]


def test_the_safe_flavour_quotes_every_cell_so_that_other_separators_cannot_split_it() -> None:
    data = b"".join(write_csv(("id", "t"), [("a;=1", 2)], spreadsheet_safe=True))
    assert data == b'"id","t"\r\n"a;=1","2"\r\n'


def test_the_header_is_disarmed_too() -> None:
    assert b"".join(write_csv(("=h",), [], spreadsheet_safe=True)) == b'"\'=h"\r\n'


def test_long_outputs_come_in_chunks() -> None:
    rows = [{"n": number, "t": "x" * 100} for number in range(5000)]
    chunks = list(write_jsonl(rows))
    assert len(chunks) > 5
    assert max(map(len, chunks)) < 70_000
    assert [json.loads(line) for line in b"".join(chunks).splitlines()] == rows

    table = list(write_csv(("n", "t"), ((row["n"], row["t"]) for row in rows), spreadsheet_safe=False))
    assert len(table) > 5
    assert b"".join(table).count(b"\r\n") == 5001
