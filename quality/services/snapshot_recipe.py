"""What a snapshot is to hold: formats, aggregation, policy, waiver; checked once, then part of the manifest."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.errors import FieldError, InvalidInput

FORMATS = ("jsonl", "csv", "parquet")
AGGREGATIONS = ("majority", "dawid_skene", "adjudicated_first")
_VERSION = re.compile(r"[1-9][0-9]{0,8}\.(0|[1-9][0-9]{0,8})\Z")


@dataclass(frozen=True)
class Recipe:
    """The settings of a snapshot. The same recipe at the same instant gives the same bytes."""

    formats: tuple[str, ...]
    aggregation: str
    policy: dict[str, Any]
    waiver: dict[str, str] | None
    labels_as_of: str | None = None  # a version: the labels of others are shown beside as it would call them

    def as_json(self) -> dict[str, Any]:
        """What `read_recipe` reads back; a version not asked for is not said, so that old recipes stay as written."""
        asked = {"labels_as_of": self.labels_as_of} if self.labels_as_of else {}
        return asked | {
            "formats": list(self.formats), "aggregation": self.aggregation, "policy": self.policy,
            "waiver": self.waiver,
        }  # fmt: skip


def read_recipe(raw: Mapping[str, Any]) -> Recipe:
    """The recipe of a request or of a stored job; raises InvalidInput with every rule that it breaks.

    JSON lines are always written: they are the record, the other formats are the same rows in another dress.
    """
    errors: list[FieldError] = []
    formats = _given(raw, "formats", ["jsonl"])
    if not isinstance(formats, Sequence) or isinstance(formats, str) or set(map(str, formats)) - set(FORMATS):
        errors.append(FieldError("formats", "unknown", f"Allowed: {', '.join(FORMATS)}."))
        formats = []
    aggregation = _given(raw, "aggregation", "majority")
    if aggregation not in AGGREGATIONS:
        errors.append(FieldError("aggregation", "unknown", f"Allowed: {', '.join(AGGREGATIONS)}."))
    policy = _given(raw, "policy", {})
    errors += _policy_errors(policy)
    waiver = raw.get("waiver")
    if waiver is not None:
        errors += _waiver_errors(waiver)
    as_of = raw.get("labels_as_of") or None
    if as_of is not None and not (isinstance(as_of, str) and _VERSION.match(as_of)):
        errors.append(FieldError("labels_as_of", "invalid", 'The number of a version, like "2.1".'))
    if errors:
        raise InvalidInput(errors=errors)
    chosen = tuple(name for name in FORMATS if name in formats or name == "jsonl")
    return Recipe(chosen, str(aggregation), dict(policy), waiver, as_of)


def _given(raw: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    value = raw.get(name)
    return otherwise if value is None else value


def _policy_errors(policy: Any) -> list[FieldError]:
    if not isinstance(policy, Mapping):
        return [FieldError("policy", "invalid", "An object of rules.")]
    found = []
    for key, value in policy.items():
        if key not in _RULES:
            found.append(FieldError(f"policy.{str(key)[:60]}", "unknown", f"Allowed: {', '.join(_RULES)}."))
        elif not _RULES[key][0](value):
            found.append(FieldError(f"policy.{key}", "invalid", _RULES[key][1]))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= 1


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) and len(v) <= 60 for v in value)


# The rules of a policy: least alpha, least lower bound of its 95 % interval (each over everything and, unless
# `per_slice` is false, in every slice), most open hotspots, most open findings of any kind, the questions meant.
_RULES = {
    "min_alpha": (_is_number, "A number from -1 to 1."),
    "min_alpha_low": (_is_number, "A number from -1 to 1."),
    "per_slice": (lambda value: isinstance(value, bool), "true or false."),
    "max_open_hotspots": (_is_count, "A whole number from 0."),
    "max_open_findings": (_is_count, "A whole number from 0."),
    "questions": (_are_names, "A list of question keys."),
}


def _waiver_errors(waiver: Any) -> list[FieldError]:
    reason = waiver.get("reason") if isinstance(waiver, Mapping) and set(waiver) == {"reason"} else None
    if not isinstance(reason, str) or not 3 <= len(reason.strip()) <= 2000:
        return [FieldError("waiver", "invalid", 'An object {"reason": "..."} with 3 to 2000 characters.')]
    return []
