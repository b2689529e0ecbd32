"""What is broken, ambiguous or hostile in bulk input is a 4xx that names the place, and nothing is stored."""

import gzip
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Assignment, ImportBatch, Item, Project, Task
from annotation.services.importing.sources import MAX_BODY, MAX_LINE
from operations.strict_json import canonical_json

NDJSON, CSV, JSON = "application/x-ndjson", "text/csv", "application/json"
GOOD = b'{"external_id": "good", "payload": {"text": "a"}}\n'


@pytest.fixture
def engineer(project: Project, max_: User, api: Callable[..., Client]) -> Client:
    return api(max_, "import")


def post(client: Client, body: bytes, media: str = NDJSON, query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"/api/v1/projects/intents/items/{query}"
    length = str(len(body))  # the client leaves both away when the body is empty
    return client.generic("POST", url, body, media, headers=named, CONTENT_TYPE=media, CONTENT_LENGTH=length)


def assert_nothing_is_stored() -> None:
    assert (Item.objects.count(), Task.objects.count(), Assignment.objects.count()) == (0, 0, 0)
    assert not ImportBatch.objects.filter(is_stored=True).exists()


def payload(raw: str) -> bytes:
    return b'{"external_id": "bad", "payload": {"t": ' + raw.encode("utf-8", "surrogatepass") + b"}}"


def nested(depth: int) -> str:
    """A value that makes the whole line nest `depth` deep: line, payload, then lists."""
    return "[" * (depth - 2) + "]" * (depth - 2)


# A bad line after a good one -> the code and what its detail must name.
BAD_LINES: dict[str, tuple[bytes, str, str]] = {
    "NUL in a value": (payload('"a\\u0000b"'), "nul", "payload.t"),
    "NUL in a key": (b'{"external_id": "bad", "payload": {"a\\u0000": 1}}', "nul", "payload"),
    "NUL in the id": (b'{"external_id": "b\\u0000d", "payload": {}}', "nul", "external_id"),
    "raw NUL": (b'{"external_id": "bad", "payload": {"t": "a\x00b"}}', "invalid_json", ""),
    "lone high surrogate": (payload('"\\ud800"'), "lone_surrogate", "payload.t"),
    "lone low surrogate": (payload('"x\\udc00"'), "lone_surrogate", "payload.t"),
    "surrogate in a key": (b'{"external_id": "bad", "payload": {"\\ud800": 1}}', "lone_surrogate", "payload"),
    "surrogate as bytes": (payload('"\ud800"'), "invalid_utf8", ""),
    "nested 65": (payload(nested(65)), "too_deep", "64"),
    "nested 1000": (payload(nested(1000)), "too_deep", "64"),
    "nested 100000": (payload(nested(100_000)), "too_deep", "64"),
    "NaN": (payload("NaN"), "not_finite", "payload.t"),
    "Infinity": (payload("-Infinity"), "not_finite", "payload.t"),
    "1e400": (payload("1e400"), "number_out_of_range", "payload.t"),
    "integer beyond 2^53": (payload("9007199254740993"), "integer_out_of_range", "payload.t"),
    "10000 digits": (payload("9" * 10_000), "integer_out_of_range", "payload.t"),
    "duplicate key": (b'{"external_id": "bad", "external_id": "b", "payload": {}}', "duplicate_key", "external_id"),
    "duplicate inner key": (payload('{"a": 1, "a": 2}'), "duplicate_key", "payload.t.a"),
    "invalid UTF-8": (payload('"x"').replace(b"x", b"\xff"), "invalid_utf8", ""),
    "trailing garbage": (payload("1") + b" x", "trailing_data", ""),
    "two values": (payload("1") + payload("2"), "trailing_data", ""),
    "not JSON": (b"external_id,payload", "invalid_json", ""),
    "no object": (b"[1, 2]", "not_an_object", ""),
    "mark in the middle": (b"\xef\xbb\xbf" + payload("1"), "bom", ""),
    "no id": (b'{"payload": {}}', "required", "external_id"),
    "empty id": (b'{"external_id": "", "payload": {}}', "required", "external_id"),
    "id of 201": (b'{"external_id": "' + b"x" * 201 + b'", "payload": {}}', "too_long", "200"),
    "id is a number": (b'{"external_id": 7, "payload": {}}', "not_text", "external_id"),
    "id with a line end": (b'{"external_id": "a\\nb", "payload": {}}', "control_character", "external_id"),
    "payload is text": (b'{"external_id": "bad", "payload": "x"}', "not_an_object", "payload"),
    "meta is a list": (b'{"external_id": "bad", "payload": {}, "meta": []}', "not_an_object", "meta"),
    "priority is text": (b'{"external_id": "bad", "payload": {}, "priority": "high"}', "not_an_integer", "priority"),
    "priority 1e6": (b'{"external_id": "bad", "payload": {}, "priority": 1000000}', "out_of_range", "priority"),
    "project set": (b'{"external_id": "bad", "payload": {}, "project": 2}', "unknown_key", "project"),
    "is_gold set": (b'{"external_id": "bad", "payload": {}, "is_gold": true}', "unknown_key", "is_gold"),
    "overlap set": (b'{"external_id": "bad", "payload": {}, "overlap": 9}', "unknown_key", "overlap"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "code", "named"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_a_400_that_names_it(engineer: Client, line: bytes, code: str, named: str) -> None:
    began = time.monotonic()

    response = post(engineer, GOOD + line + b"\n" + GOOD.replace(b"good", b"also"))

    assert response.status_code == 400
    assert time.monotonic() - began < 2
    body = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert (body["code"], body["created"], body["rejected"]) == ("import_refused", 0, 1)
    assert {(error["line"], error["code"]) for error in body["errors"]} == {(2, code)}, body["errors"]
    assert named in body["errors"][0]["detail"]
    assert_nothing_is_stored()


@pytest.mark.parametrize(("line", "code", "named"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_with_skip_the_lines_around_it_are_stored(engineer: Client, line: bytes, code: str, named: str) -> None:
    body = GOOD + line + b"\n" + GOOD.replace(b"good", b"also")

    report = post(engineer, body, query="?on_error=skip").json()

    assert (report["received"], report["created"], report["rejected"]) == (3, 2, 1)
    assert {(error["line"], error["code"]) for error in report["errors"]} == {(2, code)}


FINE = {
    "nested 64": nested(64),
    "noncharacter": '"\\uffff"',
    "line separator": '"\\u2028"',
    "bidi override": '"abc\\u202Etxt.exe\\u200B"',
    "NFD": '"e\u0301"',
    "family": '"👩\u200d👩\u200d👧"',
    "2^53": "9007199254740992",
    "-2^53": "-9007199254740992",
    "1e308": "1e308",
    "a script": '"</script><script>window.__x=1</script>"',
    "a formula": '"=cmd()"',
    "100000 keys": json.dumps({str(n): n for n in range(100_000)}),
    "1 MB text": json.dumps("x" * 1_000_000),
}


@pytest.mark.parametrize("raw", FINE.values(), ids=FINE.keys())
def test_what_is_odd_but_sound_is_stored_exactly(engineer: Client, raw: str) -> None:
    response = post(engineer, payload(raw))

    assert response.status_code == 200, response.json()
    assert canonical_json(Item.objects.get().payload) == canonical_json({"t": json.loads(raw)})


def test_a_line_over_the_limit_is_a_413_that_states_it(engineer: Client) -> None:
    response = post(engineer, GOOD + payload('"' + "x" * MAX_LINE + '"'))

    assert (response.status_code, response.json()["code"]) == (413, "line_too_long")
    assert str(MAX_LINE) in response.json()["errors"][0]["detail"]
    assert_nothing_is_stored()


def test_a_line_of_50_mb_is_refused_within_two_seconds(engineer: Client) -> None:
    body = payload('"' + "x" * 50_000_000 + '"')
    began = time.monotonic()

    assert post(engineer, body).status_code == 413
    assert time.monotonic() - began < 2
    assert_nothing_is_stored()


def test_a_body_that_announces_too_much_is_refused_unread(engineer: Client) -> None:
    response = engineer.generic(
        "POST", "/api/v1/projects/intents/items/", GOOD, content_type=NDJSON, CONTENT_LENGTH=str(MAX_BODY + 1)
    )

    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert response.json()["limit"] == MAX_BODY


def test_a_json_body_over_its_limit_is_a_413(engineer: Client) -> None:
    body = json.dumps({"items": [{"external_id": "m", "payload": {"t": "x" * 2_100_000}}]}).encode()

    response = post(engineer, body, JSON)

    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert_nothing_is_stored()


BAD_JSON = {
    "a list": (b"[]", "items", "required"),
    "another key": (b'{"rows": []}', "items", "required"),
    "a further key": (b'{"items": [], "on_error": "skip"}', "items", "required"),
    "not a list": (b'{"items": {}}', "items", "required"),
    "too many": (json.dumps({"items": [{}] * 1001}).encode(), "items", "too_many"),
    "broken": (b'{"items": [', "items[0]", "invalid_json"),
    "nothing": (b"", "", "empty"),
    "a NUL inside": (b'{"items": [{"external_id": "m", "payload": {"t": "\\u0000"}}]}', "items[0].payload.t", "nul"),
}


@pytest.mark.parametrize(("body", "path", "code"), BAD_JSON.values(), ids=BAD_JSON.keys())
def test_a_bad_json_document_is_a_400_that_names_the_place(engineer: Client, body: bytes, path: str, code: str) -> None:
    response = post(engineer, body, JSON)

    assert response.status_code == 400
    assert [(error["path"], error["code"]) for error in response.json()["errors"]] == [(path, code)]
    assert_nothing_is_stored()


HEAD = "external_id,text\n"
BAD_CSV: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty_file"),
    "blank": (b"\n\n", "empty_file"),
    "no id column": (b"text\nhello\n", "missing_column"),
    "column without a name": (b"external_id,,text\nm1,a,b\n", "bad_header"),
    "column twice": (b"external_id,text,text\nm1,a,b\n", "bad_header"),
    "2001 columns": (",".join(["external_id", *(f"c{n}" for n in range(2000))]).encode() + b"\nm1\n", "bad_header"),
    "header twice": ((HEAD + "m1,a\n" + HEAD).encode(), "header_repeated"),
    "too few cells": ((HEAD + "m1\n").encode(), "wrong_cell_count"),
    "too many cells": ((HEAD + "m1,a,b\n").encode(), "wrong_cell_count"),
    "unclosed quote": ((HEAD + 'm1,"a\nm2,b\n').encode(), "unclosed_quote"),
    "text after a quote": ((HEAD + 'm1,"a"b\n').encode(), "bad_quoting"),
    "NUL": ((HEAD + "m1,a\x00b\n").encode(), "nul"),
    "Latin-1": ((HEAD + "m1,größe\n").encode("latin-1"), "invalid_utf8"),
    "CP1252": ((HEAD + "m1,“x”\n").encode("cp1252"), "invalid_utf8"),
    "Shift-JIS": ((HEAD + "m1,日本語\n").encode("shift-jis"), "invalid_utf8"),
    "UTF-16 without a mark": ((HEAD + "m1,a\n").encode("utf-16-le"), "bad_header"),
    "UTF-16 cut": ((HEAD + "m1,a\n").encode("utf-16")[:-1], "invalid_encoding"),
    "priority is text": (b"external_id,text,priority\nm1,a,high\n", "not_an_integer"),
}


@pytest.mark.parametrize(("body", "code"), BAD_CSV.values(), ids=BAD_CSV.keys())
def test_a_bad_csv_is_a_400_with_its_row(engineer: Client, body: bytes, code: str) -> None:
    response = post(engineer, body, CSV)

    assert response.status_code == 400, response.json()
    assert response.json()["errors"][0]["code"] == code, response.json()
    assert response.json()["errors"][0]["line"] >= 1
    assert_nothing_is_stored()


def test_a_file_that_cannot_be_read_to_its_end_is_refused_even_with_skip(engineer: Client) -> None:
    response = post(engineer, (HEAD + 'm1,a\nm2,"b\nm3,c\n').encode(), CSV, query="?on_error=skip")

    assert response.status_code == 400
    assert "quote" in response.json()["detail"]
    assert_nothing_is_stored()


@pytest.mark.parametrize(
    ("media", "headers"),
    [
        ("application/xml", {}),
        ("application/x-yaml", {}),
        ("text/plain", {}),
        ("", {}),
        ("application/x-www-form-urlencoded", {}),
        ("multipart/form-data; boundary=x", {}),
        ("text/csv; charset=shift-jis", {}),
        ("text/csv; charset=nosuch", {}),
        ("application/x-ndjson; charset=utf-16", {}),
        (NDJSON, {"Content_Encoding": "br"}),
    ],
)
def test_what_is_not_understood_is_a_415(engineer: Client, media: str, headers: dict[str, str]) -> None:
    response = post(engineer, GOOD, media, **headers)

    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")
    assert_nothing_is_stored()


@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(GOOD, mtime=0) + b"garbage"])
def test_broken_gzip_is_a_400(engineer: Client, body: bytes) -> None:
    response = post(engineer, body, Content_Encoding="gzip")

    assert (response.status_code, response.json()["code"]) == (400, "bad_gzip")
    assert_nothing_is_stored()


def test_cut_gzip_is_a_400(engineer: Client) -> None:
    response = post(engineer, gzip.compress(GOOD * 100)[:-5], Content_Encoding="gzip")

    assert (response.status_code, response.json()["code"]) == (400, "body_incomplete")
    assert_nothing_is_stored()


def test_a_gzip_bomb_is_a_413_before_it_fills_the_disk(engineer: Client) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(10_000_000)) for _ in range(60)) + packer.flush()
    began = time.monotonic()

    response = post(engineer, bomb, Content_Encoding="gzip")

    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    assert time.monotonic() - began < 5
    assert_nothing_is_stored()


@pytest.mark.parametrize(
    "query", ["?on_error=ignore", "?async=1", "?nosuch=1", "?on_error=skip&on_error=skip", "?x=%00"]
)
def test_an_unknown_parameter_or_value_is_a_400(engineer: Client, query: str) -> None:
    assert post(engineer, GOOD, query=query).status_code == 400
    assert_nothing_is_stored()


def test_more_bad_lines_than_anyone_reads_end_the_reading(engineer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.services.importing.staging.MOST_BAD_LINES", 3000)

    response = post(engineer, GOOD + b"x\n" * 20_000, query="?on_error=skip")

    assert response.status_code == 400
    assert "reading stopped" in response.json()["detail"]
    assert response.json()["received"] < 10_000
    assert_nothing_is_stored()
