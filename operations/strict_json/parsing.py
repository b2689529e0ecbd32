"""Parse JSON strictly and fast: one C parser for the common case, slower ones where it cannot be trusted.

orjson refuses broken syntax, invalid UTF-8, lone surrogates and infinite numbers by itself. It keeps the
last of duplicate keys, turns huge integers into floats, nests to 1024 and lets NUL through.
One walk over the numbers and a count of quotes rule those out; a text they cannot clear is parsed again by the
standard library with hooks that refuse; only a text that is refused is walked by `locating`, which knows the path.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from operations.strict_json.errors import MAX_DEPTH, MAX_INTEGER, StrictJsonError, json_path
from operations.strict_json.locating import locate_problem

_BACKSLASH = ord("\\")
_LONGEST_INTEGER = len(str(MAX_INTEGER)) + 1
_SURROGATE = re.compile("[\ud800-\udfff]")


class Parsed(NamedTuple):
    """A value, and whether all its numbers are known to be whole: then there is but one way to write them."""

    value: Any
    is_plain: bool


def loads_strict(data: bytes | bytearray | memoryview | str, *, max_bytes: int) -> Any:
    """The value of a JSON text that every reader would understand the same way.

    Raises StrictJsonError for more than `max_bytes`, nothing, a byte order mark, invalid UTF-8, broken syntax
    or trailing data, NUL or a lone surrogate in any string or key, duplicate keys, nesting over 64, integers
    outside +/-2^53, numbers that overflow a double, NaN and Infinity.
    """
    return parse_strict(data, max_bytes=max_bytes).value


def parse_strict(data: bytes | bytearray | memoryview | str, *, max_bytes: int) -> Parsed:
    """The same, with what was learned of the value on the way."""
    raw = _as_bytes(data)
    if len(raw) > max_bytes:
        raise StrictJsonError("too_large", "", f"larger than the limit of {max_bytes} bytes")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _located(raw, str(error)) from None
    try:
        is_plain = _is_plain((value,), MAX_DEPTH)
        if _is_whole(raw, value):
            return Parsed(value, is_plain)
    except _Unsure:
        pass
    return Parsed(_parse_with_hooks(raw), False)


def check_value(value: Any) -> None:
    """Raise StrictJsonError where a value parsed elsewhere (a form, a cell) breaks the same rules."""
    _check(value, [])


def _as_bytes(data: bytes | bytearray | memoryview | str) -> bytes:
    if isinstance(data, str):
        try:
            return data.encode()
        except UnicodeEncodeError:
            problem = locate_problem(data)
            raise problem or StrictJsonError("lone_surrogate", "", "a lone surrogate is not text") from None
    return data if type(data) is bytes else bytes(data)


def _located(raw: bytes, fallback: str) -> StrictJsonError:
    problem = locate_problem(raw)
    return problem or StrictJsonError("invalid_json", "", f"not valid JSON: {fallback}")


def _is_plain(entries: Iterable[Any], levels: int) -> bool:
    """True if there are no fractions. Raises _Unsure for what orjson may have changed, and for too many levels."""
    is_plain = True
    for entry in entries:
        kind = type(entry)
        if kind is str:
            continue
        if kind is dict or kind is list:
            if not levels:
                raise _Unsure
            inner = _is_plain(entry.values() if kind is dict else entry, levels - 1)
            is_plain = is_plain and inner
        elif kind is int or kind is float:
            if not -MAX_INTEGER <= entry <= MAX_INTEGER:
                raise _Unsure
            is_plain = is_plain and kind is int
    return is_plain


def _is_whole(raw: bytes, value: Any) -> bool:
    """True if every text of `raw` is in the value: a duplicate key would be missing. No NUL was escaped, either."""
    if _BACKSLASH in raw and b"\\u0000" in raw:
        return False
    return _quotes(raw) == _quotes(orjson.dumps(value))


def _quotes(text: bytes) -> int:
    r"""How many " open or close a string of this JSON text. In \\" the backslash is escaped, not the quote."""
    if _BACKSLASH in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return text.count(b'"')


def _parse_with_hooks(raw: bytes) -> Any:
    try:
        value = json.loads(raw, object_pairs_hook=_unique_members, parse_int=_safe_integer)
    except (_Refused, RecursionError) as refusal:
        raise _located(raw, str(refusal)) from None
    check_value(value)
    return value


class _Unsure(Exception):
    """A glance does not tell whether the value is what the text says."""


class _Refused(Exception):
    """A hook said no; where it was is found by `locate_problem`."""


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Refused("a duplicate key")
    return members


def _safe_integer(digits: str) -> int:
    # The length first: int() of thousands of digits takes quadratic time.
    if len(digits) > _LONGEST_INTEGER or abs(int(digits)) > MAX_INTEGER:
        raise _Refused("an integer outside +/-2^53")
    return int(digits)


def _check(value: Any, path: list[str | int]) -> None:
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, dict | list):
        _check_container(value, path)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise StrictJsonError("integer_out_of_range", json_path(path), "an integer outside +/-2^53")
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise StrictJsonError("not_finite", json_path(path), "not a finite number")
    else:
        raise StrictJsonError("not_json", json_path(path), f"{type(value).__name__} is not a JSON value")


def _check_container(value: dict[Any, Any] | list[Any], path: list[str | int]) -> None:
    if len(path) >= MAX_DEPTH:
        raise StrictJsonError("too_deep", json_path(path), f"nested deeper than {MAX_DEPTH}")
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        path.append(key if isinstance(key, str | int) else str(key))
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise StrictJsonError("not_json", json_path(path), "a key that is not text")
            _check_text(key, path)
        _check(entry, path)
        path.pop()


def _check_text(text: str, path: list[str | int]) -> None:
    if "\x00" in text:
        raise StrictJsonError("nul", json_path(path), "a NUL character cannot be stored")
    if not text.isascii() and _SURROGATE.search(text):
        raise StrictJsonError("lone_surrogate", json_path(path), "a lone surrogate is not text")
