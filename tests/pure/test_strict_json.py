import json
import math
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from operations.strict_json import (
    MAX_INTEGER,
    StrictJsonError,
    canonical_json,
    check_value,
    content_sha256,
    json_path,
    loads_strict,
    parse_strict,
)


def refusal(data: bytes | str, max_bytes: int = 1_000_000) -> tuple[str, str]:
    with pytest.raises(StrictJsonError) as caught:
        loads_strict(data, max_bytes=max_bytes)
    assert caught.value.detail
    return caught.value.code, caught.value.path


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        (b"", "empty", ""),
        (b" \n\t", "empty", ""),
        (b"\xef\xbb\xbf{}", "bom", ""),
        (b"\xff\xfe{\x00}\x00", "invalid_utf8", ""),
        (b'{"payload":{"t":"a\xffb"}}', "invalid_utf8", "payload.t"),
        (b'{"payload":{"t":"\xed\xa0\x80"}}', "invalid_utf8", "payload.t"),
        (b'{"payload":{"t":"a\\u0000b"}}', "nul", "payload.t"),
        (b'{"payload":{"t":"a\\\\\\u0000b"}}', "nul", "payload.t"),
        (b'{"payload":{"a\\u0000":1}}', "nul", 'payload["a\\u0000"]'),
        (b'{"t":"a\x00b"}', "invalid_json", "t"),
        (b'{"payload":{"t":"\\ud800"}}', "lone_surrogate", "payload.t"),
        (b'["\\udc00"]', "lone_surrogate", "[0]"),
        (b'["\\ud83d\\ude00", "\\ude00\\ud83d"]', "lone_surrogate", "[1]"),
        (b'{"\\ud800":1}', "lone_surrogate", '["\\ud800"]'),
        ('{"a":"\ud800"}', "lone_surrogate", "a"),
        (b'{"ext":"a","ext":"b"}', "duplicate_key", "ext"),
        (b'{"a": {"b" : 1, "\\u0062" : 2}}', "duplicate_key", "a.b"),
        (b'{"t":"say \\":\\" twice","t":1}', "duplicate_key", "t"),
        (b'{"labels":[0,1,2,{"x":1,"x":1}]}', "duplicate_key", "labels[3].x"),
        (b'{"n":9007199254740993}', "integer_out_of_range", "n"),
        (b'{"n":-9007199254740993}', "integer_out_of_range", "n"),
        (b'{"n":18446744073709551617}', "integer_out_of_range", "n"),
        (b'{"n":' + b"9" * 10_000 + b"}", "integer_out_of_range", "n"),
        (b'{"n":1e400}', "number_out_of_range", "n"),
        (b'{"n":-1e400}', "number_out_of_range", "n"),
        (b'{"n":NaN}', "not_finite", "n"),
        (b'{"n":-Infinity}', "not_finite", "n"),
        (b"{} {}", "trailing_data", ""),
        (b'{"a":1,}', "invalid_json", ""),
        (b'{"a":[1,2}', "invalid_json", "a[1]"),
        (b'{"a":01}', "invalid_json", ""),
        (b"{'a':1}", "invalid_json", ""),
        (b'"open', "invalid_json", ""),
        (b'"\\x41"', "invalid_json", ""),
    ],
)
def test_refuses_with_a_code_and_the_path(data: bytes | str, code: str, path: str) -> None:
    assert refusal(data) == (code, path)


@pytest.mark.parametrize(
    "data",
    [
        b'{"t":"a\\\\u0000b"}',
        b'{"t":"he said \\":\\" and \\"x\\": y"}',
        b'{"a":{"x":1},"b":{"x":1}}',
        b"[9007199254740992,-9007199254740992]",
        b"[1e20,1.5e300,1e-400]",
        '{"t":"\uffff\u2028\U0001f469\u200d\U0001f4bb e\u0301 \u00e9"}'.encode(),
        b'["\\ud83d\\ude00"]',
        b'{"\xc3\xa9":1,"e\xcc\x81":2}',
        b"null",
        b" 5 ",
        b'{"":{"":1}}',
    ],
)
def test_accepts_what_every_reader_understands_alike(data: bytes) -> None:
    assert loads_strict(data, max_bytes=1000) == json.loads(data)


def test_nesting_of_64_is_accepted_and_65_is_refused_whatever_the_depth() -> None:
    assert loads_strict(b"[" * 64 + b"]" * 64, max_bytes=1000) == json.loads("[" * 64 + "]" * 64)
    for depth in (65, 500, 1000, 1024, 1025, 100_000):
        assert refusal(b"[" * depth + b"]" * depth)[0] == "too_deep"
        assert refusal(b'{"a":' * depth + b"1" + b"}" * depth)[0] == "too_deep"
    deep_beside_a_doubtful_text = b'["\\\\u0000",' + b"[" * 64 + b"]" * 64 + b"]"
    assert refusal(deep_beside_a_doubtful_text)[0] == "too_deep"


def test_size_is_refused_before_anything_is_parsed() -> None:
    assert loads_strict(b'"aaa"', max_bytes=5) == "aaa"
    assert refusal(b'"aaaa"', max_bytes=5) == ("too_large", "")
    assert refusal('"\u00e9\u00e9"', max_bytes=5) == ("too_large", "")


def test_bytes_like_inputs_and_text_give_the_same_value() -> None:
    text = '{"t": "gr\u00fc\u00df"}'
    for data in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode())):
        assert loads_strict(data, max_bytes=100) == {"t": "gr\u00fc\u00df"}


def test_paths_quote_keys_that_would_not_read_back() -> None:
    assert json_path(["a", 3, "b-c", "d.e", "", "gr\u00fc\u00df"]) == 'a[3].b-c["d.e"][""].gr\u00fc\u00df'
    assert len(json_path(["x" * 10_000])) < 80


def test_a_hostile_megabyte_is_refused_within_a_second() -> None:
    started = time.perf_counter()
    assert refusal(b"[" * 1_000_000, 2_000_000)[0] == "too_deep"
    assert refusal(b"9" * 1_000_000, 2_000_000)[0] == "integer_out_of_range"
    assert refusal(b'{"a":"' + b"x" * 1_000_000 + b'","a":1}', 2_000_000)[0] == "duplicate_key"
    assert refusal(b'"' + b"\\" * 999_999, 2_000_000)[0] == "invalid_json"
    assert time.perf_counter() - started < 1


# ---- exactly what it should: against an independent, slow and obvious reading of the same rules

scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.sampled_from([MAX_INTEGER, MAX_INTEGER + 1, -MAX_INTEGER, -MAX_INTEGER - 1])
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=8)
    | st.sampled_from(["\x00", '":', '"x":1', "\\u0000", "\ud800", "a:b"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | st.just('":'), inner, max_size=4),
    max_leaves=12,
)


def is_acceptable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return all(is_acceptable(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(is_acceptable(part) for part in value)
    if isinstance(value, bool) or value is None:
        return True
    return abs(value) <= MAX_INTEGER if isinstance(value, int) else math.isfinite(value)


def accepted(data: bytes | str) -> bool:
    try:
        loads_strict(data, max_bytes=1_000_000)
    except StrictJsonError:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(values, st.booleans(), st.sampled_from([None, (",", ":"), (" , ", " : ")]))
def test_accepts_exactly_the_values_within_the_rules(value: Any, escape: bool, separators: Any) -> None:
    escape = escape or not is_acceptable(value)
    data = json.dumps(value, ensure_ascii=escape, separators=separators).encode()

    assert accepted(data) == is_acceptable(value)
    if is_acceptable(value):
        assert loads_strict(data, max_bytes=1_000_000) == value
        check_value(value)
    else:
        with pytest.raises(StrictJsonError):
            check_value(value)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", '":']), scalars.filter(is_acceptable)), max_size=4))
def test_duplicate_keys_are_found_whatever_the_strings_hold(pairs: list[tuple[str, Any]]) -> None:
    data = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"
    keys = [key for key, _ in pairs]

    assert accepted(data.encode()) == (len(set(keys)) == len(keys))


quoted = st.text('ab":\\\\,{}', max_size=4)
spellings = st.sampled_from([json.dumps, lambda text: '"' + "".join(f"\\u{ord(each):04x}" for each in text) + '"'])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(quoted, quoted | st.lists(quoted, max_size=2)), max_size=4), st.data())
def test_duplicate_keys_are_found_however_quotes_are_spelled(pairs: list[tuple[str, Any]], data: st.DataObject) -> None:
    def spelled(value: Any) -> str:
        if isinstance(value, list):
            return "[" + " , ".join(map(spelled, value)) + "]"
        return data.draw(spellings)(value)

    inner = "{" + ",".join(f"{spelled(key)} :{spelled(value)}" for key, value in pairs) + "}"
    keys = [key for key, _ in pairs]

    assert accepted(f'{{"a":"{{","b":[{inner}]}}') == (len(set(keys)) == len(keys))


@settings(max_examples=400, deadline=None)
@given(values.filter(is_acceptable), st.booleans())
def test_a_plain_value_has_the_canonical_form_it_would_have_by_the_long_way(value: Any, escape: bool) -> None:
    parsed = parse_strict(json.dumps(value, ensure_ascii=escape), max_bytes=1_000_000)

    assert parsed.value == value
    if parsed.is_plain:
        assert canonical_json(parsed.value, is_plain=True) == canonical_json(parsed.value)


@pytest.mark.parametrize(
    ("data", "is_plain"),
    [
        (b'{"a": ["\xc3\xa9 \\"1.5\\" \\n", -5, 0, true, null, {"b": {}}]}', True),
        (b'{"a":9007199254740992}', True),
        (b'{"a": [[1.0]], "b": 1}', False),
        (b'{"a":1e2}', False),
    ],
)
def test_only_a_value_without_fractions_is_plain(data: bytes, is_plain: bool) -> None:
    assert parse_strict(data, max_bytes=100) == (json.loads(data), is_plain)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=40) | st.text('{}[]",:0123eE.-+\\untfalse \x00\ud800', max_size=30))
@example(b'\xf0\x9f\x98"')
@example("[-]")
def test_any_input_is_a_value_or_a_named_refusal(data: bytes | str) -> None:
    if accepted(data):
        value = loads_strict(data, max_bytes=1000)
        check_value(value)
        assert loads_strict(canonical_json(value), max_bytes=2000) == value
    else:
        code, path = refusal(data)
        assert code not in ("", "not_json")
        assert "\x00" not in path.encode().decode()


# ---- canonical form


def test_canonical_json_is_sorted_compact_utf8() -> None:
    value = {"b": [1, 2.5, "gr\u00fc\u00df\u2028"], "a": {"z": None, "y": True}, "\U0001f600": "\n\x1f\x7f/"}
    assert canonical_json(value) == (
        '{"a":{"y":true,"z":null},"b":[1,2.5,"gr\u00fc\u00df\u2028"],"\U0001f600":"\\n\\u001f\x7f/"}'.encode()
    )


@pytest.mark.parametrize(
    ("number", "text"),
    # RFC 8785 appendix B but for the exponent beyond 2^53, and the ends of the fast path
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992, "9007199254740992"),
        (-9007199254740992, "-9007199254740992"),
        (295147905179352830000, "2.9514790517935283e+20"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (1.0000000000000001e23, "1.0000000000000001e+23"),
        (999999999999999700000.0, "9.999999999999997e+20"),
        (1e21, "1e+21"),
        (10**21, "1e+21"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (0.000001, "0.000001"),
        (333333333.3333332, "333333333.3333332"),
        (0.0001, "0.0001"),
        (9007199254740994.0, "9.007199254740994e+15"),
        (-9007199254740994, "-9.007199254740994e+15"),
        (4503599627370495.5, "4503599627370495.5"),
        (1424953923781206.2, "1424953923781206.2"),
        (100.0, "100"),
    ],
)
def test_canonical_numbers_follow_rfc_8785_up_to_2_to_the_53(number: float, text: str) -> None:
    assert canonical_json(number) == text.encode()
    assert canonical_json([1e-9, number]) == f"[1e-9,{text}]".encode()


@settings(max_examples=300, deadline=None)
@given(values.filter(is_acceptable))
def test_canonical_json_reads_back_and_does_not_depend_on_key_order(value: Any) -> None:
    canonical = canonical_json(value)

    assert loads_strict(canonical, max_bytes=1_000_000) == value
    assert canonical_json(json.loads(canonical)) == canonical
    if isinstance(value, dict):
        assert canonical_json(dict(reversed(value.items()))) == canonical


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.text(max_size=5) | st.integers(-9, 9), max_size=5))
def test_both_writers_agree(value: dict[str, Any]) -> None:
    fast, slow = canonical_json([value, 0]), canonical_json([value, 1e-9])
    assert slow == fast[:-2] + b"1e-9]"


def test_canonical_json_refuses_what_json_cannot_say() -> None:
    for value in (math.nan, math.inf, [-math.inf]):
        with pytest.raises(ValueError, match="not JSON"):
            canonical_json(value)
    for odd in ({1: 2}, {"a": {1, 2}}, b"x"):
        with pytest.raises(TypeError):
            canonical_json(odd)


def test_content_hash_survives_jsonb_and_is_pinned() -> None:
    # jsonb stores 1e2 as 100, 1.0 stays 1.0, -0.0 becomes 0: the same value must keep its hash.
    assert content_sha256({"n": [1e2, 1.0, -0.0]}) == content_sha256({"n": [100, 1, 0]})
    assert content_sha256({"a": 1, "b": "\u00e9"}) == (
        "09ad9fd2fb648cb2f62141215828ea00a62c299db05d20aa9ade2f527a301cc6"
    )
