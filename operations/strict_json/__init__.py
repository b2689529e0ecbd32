"""JSON as Concord accepts it from outside, and as it is hashed. Pure: no framework, no database."""

from operations.strict_json.canonical import canonical_json, content_sha256
from operations.strict_json.errors import MAX_DEPTH, MAX_INTEGER, StrictJsonError, json_path
from operations.strict_json.parsing import Parsed, check_value, loads_strict, parse_strict

__all__ = [
    "MAX_DEPTH",
    "MAX_INTEGER",
    "Parsed",
    "StrictJsonError",
    "canonical_json",
    "check_value",
    "content_sha256",
    "json_path",
    "loads_strict",
    "parse_strict",
]
