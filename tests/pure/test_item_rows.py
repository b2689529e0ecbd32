from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats.csv_rows import read_csv
from annotation.formats.items import ItemRow, item_from_object, read_items
from annotation.formats.ndjson import read_ndjson
from annotation.formats.rows import Refused, lines_from_values


def from_json(*values: Any) -> list[ItemRow | Refused]:
    return list(read_items(lines_from_values(values), from_csv=False))


def from_csv(text: str, **names: Any) -> list[ItemRow | Refused]:
    return list(read_items(read_csv([text.encode()], max_row_chars=10_000), from_csv=True, **names))


def errors(row: ItemRow | Refused) -> list[tuple[int, str, str]]:
    assert isinstance(row, Refused)
    assert all(error.line == row.line for error in row.errors)
    return [(error.line, error.code, error.detail.partition(":")[0]) for error in row.errors]


def test_an_item_is_read_with_its_defaults() -> None:
    full, bare = from_json(
        {"external_id": "a", "payload": {"text": "x", "n": [1]}, "meta": {"lang": "de"}, "priority": -5},
        {"external_id": "b", "payload": {"text": "y"}, "meta": None},
    )
    assert full == ItemRow(1, "a", {"text": "x", "n": [1]}, {"lang": "de"}, -5)
    assert bare == ItemRow(2, "b", {"text": "y"}, {}, None)


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ([], "not_an_object", "an object is needed here"),
        ("a", "not_an_object", "an object is needed here"),
        ({"payload": {}}, "required", "external_id"),
        ({"external_id": "", "payload": {}}, "required", "external_id"),
        ({"external_id": 5, "payload": {}}, "not_text", "external_id"),
        ({"external_id": "x" * 201, "payload": {}}, "too_long", "external_id"),
        ({"external_id": "a\tb", "payload": {}}, "control_character", "external_id"),
        ({"external_id": "a\x85b", "payload": {}}, "control_character", "external_id"),
        ({"external_id": " a", "payload": {}}, "surrounding_space", "external_id"),
        ({"external_id": "a"}, "required", "payload"),
        ({"external_id": "a", "payload": "text"}, "not_an_object", "payload"),
        ({"external_id": "a", "payload": {}, "meta": ["x"]}, "not_an_object", "meta"),
        ({"external_id": "a", "payload": {}, "priority": "high"}, "not_an_integer", "priority"),
        ({"external_id": "a", "payload": {}, "priority": True}, "not_an_integer", "priority"),
        ({"external_id": "a", "payload": {}, "priority": 1001}, "out_of_range", "priority"),
        ({"external_id": "a", "payload": {}, "is_gold": True}, "unknown_key", "is_gold"),
    ],
)
def test_a_bad_item_is_refused_naming_the_field(value: Any, code: str, field: str) -> None:
    (row,) = from_json(value)
    assert errors(row) == [(1, code, field)]


class ReadFieldByField(dict[str, Any]):
    """Not a dict of the parser, so no glance is enough."""


names = st.text(max_size=3) | st.sampled_from(["m-1", " m", "a\u00a0", "a\u2028b", "a\tb", "x" * 200, "x" * 201, ""])
objects = st.dictionaries(st.just("text"), st.text(max_size=2), max_size=1)
odd = st.none() | st.booleans() | st.floats() | names | st.lists(names, max_size=1)
priorities = st.sampled_from([0, 5, 1000, -1000, 1001, -1001, 4.0, 4.5, True, 2**60])
fields = st.fixed_dictionaries(
    {},
    optional={
        "external_id": names | odd, "payload": objects | odd, "meta": objects | odd,
        "priority": priorities | odd, "unknown": odd,
    },
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(fields)
def test_an_item_that_is_fine_at_a_glance_is_the_one_read_field_by_field(raw: dict[str, Any]) -> None:
    assert item_from_object(3, raw) == item_from_object(3, ReadFieldByField(raw))


def test_every_bad_field_of_a_line_is_named() -> None:
    (row,) = from_json({"external_id": "", "payload": 1, "priority": 1.5, "x": 1})
    assert {(code, field) for _, code, field in errors(row)} == {
        ("unknown_key", "x"),
        ("required", "external_id"),
        ("not_an_object", "payload"),
        ("not_an_integer", "priority"),
    }


def test_odd_but_storable_names_are_kept_exactly() -> None:
    for name in ("x" * 200, "a\u2028b", "\uffff", "e\u0301", "a/b?c", "=1", "\U0001f469\u200d\U0001f4bb", "..", "a b"):
        (row,) = from_json({"external_id": name, "payload": {name: name}})
        assert isinstance(row, ItemRow)
        assert (row.external_id, row.payload) == (name, {name: name})


def test_a_line_that_did_not_parse_is_a_refusal_in_its_place() -> None:
    lines = read_ndjson([b'{"external_id":"a","payload":{}}\n{oops\n'], max_line_bytes=100)
    first, second = read_items(lines, from_csv=False)
    assert isinstance(first, ItemRow)
    assert errors(second)[0][:2] == (2, "invalid_json")


def test_the_content_hash_covers_payload_and_meta_only() -> None:
    def digest(**more: Any) -> str:
        (row,) = from_json({"external_id": "a", "payload": {"b": 1, "a": 2}, **more})
        assert isinstance(row, ItemRow)
        return row.content_sha256()

    base = digest()
    assert digest(priority=5) == digest(external_id="z") == digest(payload={"a": 2.0, "b": 1}) == base
    assert len({base, digest(payload={"a": 2}), digest(meta={"a": 1})}) == 3


def test_csv_columns_go_to_payload_or_meta() -> None:
    text = "external_id,priority,payload.a.b,meta.lang,text,bot,other\na,3,x,de,t,b,o\nb,,,,,,\n"
    first, second = from_csv(text, fields=["text"], slices=["bot"])

    assert first == ItemRow(2, "a", {"a.b": "x", "text": "t", "other": "o"}, {"lang": "de", "bot": "b"}, 3)
    assert second == ItemRow(3, "b", {"a.b": "", "text": "", "other": ""}, {}, None)


def test_a_column_that_is_field_and_slice_goes_to_the_payload() -> None:
    (row,) = from_csv("external_id,lang\na,de\n", fields=["lang"], slices=["lang"])
    assert row == ItemRow(2, "a", {"lang": "de"}, {}, None)


@pytest.mark.parametrize(
    ("header", "code", "field"),
    [
        ("id,text", "missing_column", "external_id"),
        ("external_id,text,payload.text", "duplicate_column", "payload.text"),
        ("external_id,payload.", "bad_header", "payload."),
    ],
)
def test_a_bad_csv_header_is_refused_once(header: str, code: str, field: str) -> None:
    cells = ",".join("x" for _ in header.split(","))
    (row,) = from_csv(f"{header}\n{cells}\n{cells}\n")
    assert errors(row) == [(1, code, field)]


def test_csv_rows_obey_the_same_rules() -> None:
    first, second, third = from_csv("external_id,priority,text\n,1,x\na,high,x\nb,04,x\n")
    assert errors(first) == [(2, "required", "external_id")]
    assert errors(second) == [(3, "not_an_integer", "priority")]
    assert third == ItemRow(4, "b", {"text": "x"}, {}, 4)


def test_why_an_item_is_sent_is_read_from_both_formats() -> None:
    (from_object,) = from_json({"external_id": "a", "payload": {}, "priority": 7, "reason": "model unsure"})
    (from_table,) = from_csv("external_id,priority,reason\na,7,model unsure\n")
    (as_field,) = from_csv("external_id,reason\na,too late\n", fields=["reason"])

    assert from_object == ItemRow(1, "a", {}, {}, 7, "model unsure")
    assert from_table == ItemRow(2, "a", {}, {}, 7, "model unsure")
    assert as_field == ItemRow(2, "a", {"reason": "too late"}, {}, None)
    (too_long,) = from_json({"external_id": "a", "payload": {}, "reason": "x" * 201})
    assert errors(too_long) == [(1, "too_long", "reason")]
