"""One byte string for one JSON value, so that a hash means the same on every machine and after any storage.

The form is RFC 8785 (JSON Canonicalization Scheme) but for two points: keys are sorted by Unicode code point,
not by UTF-16 unit, as `sorted()` does; numbers beyond 2^53 always have an exponent, since written out they
would be integers that our own strict parser refuses. Numbers are written by their value as a double:
PostgreSQL's jsonb turns 1e2 into 100 and -0.0 into 0, and the hash must not notice.
"""

import hashlib
import json
from typing import Any

import orjson

from operations.strict_json.errors import MAX_INTEGER

_LEAST_PLAIN_FRACTION = 1e-4


def canonical_json(value: Any, *, is_plain: bool = False) -> bytes:
    """The canonical bytes of a JSON value: sorted keys, UTF-8, no spaces, shortest exact numbers.

    `is_plain` is what `parse_strict` learned of the value; it spares the search for numbers to write in another way.

    Raises TypeError for what JSON cannot say and ValueError for NaN, infinities and lone surrogates.
    """
    if is_plain:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    try:
        return orjson.dumps(_with_plain_numbers(value), option=orjson.OPT_SORT_KEYS)
    except _NotPlain:
        return _write(value).encode()


def content_sha256(value: Any, *, is_plain: bool = False) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_json(value, is_plain=is_plain)).hexdigest()


class _NotPlain(Exception):
    """A number that orjson would not write as RFC 8785 does."""


def _with_plain_numbers(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is dict:
        return {key: _with_plain_numbers(entry) for key, entry in value.items()}
    if kind is list or kind is tuple:
        return [_with_plain_numbers(entry) for entry in value]
    if kind is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return value
    if kind is float and value.is_integer() and abs(value) <= MAX_INTEGER:
        return int(value)
    if kind is float and _LEAST_PLAIN_FRACTION <= abs(value) <= MAX_INTEGER:
        return value
    raise _NotPlain


def _write(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{_write_text(key)}:{_write(entry)}" for key, entry in sorted(value.items()))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_write(entry) for entry in value) + "]"
    if isinstance(value, str):
        return _write_text(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return _write_number(float(value))
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _write_text(text: str) -> str:
    if not isinstance(text, str):
        raise TypeError("a key of a JSON object must be text")
    return json.dumps(text, ensure_ascii=False)


def _write_number(number: float) -> str:
    """The shortest digits that read back, in ECMAScript's notation (RFC 8785, 3.2.2.3)."""
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("NaN and infinities are not JSON")
    if number == 0:
        return "0"
    mantissa, _, exponent = f"{abs(number)!r}e0".partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent.partition("e")[0])
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    return ("-" if number < 0 else "") + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    """`digits` with the decimal point after `point` of them, in fixed notation from 1e-6 up to 2^53."""
    if len(digits) <= point <= 16 and int(digits.ljust(point, "0")) <= MAX_INTEGER:
        return digits.ljust(point, "0")
    if 0 < point < len(digits):
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    sign = "+" if point > 0 else "-"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{sign}{abs(point - 1)}"
