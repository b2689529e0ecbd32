"""Which parts of a content differ from the one before it, by key, without comparing their words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Content = Mapping[str, Any]
Change = Literal["new", "changed", "removed"]
KINDS = {"clause": "clauses", "question": "questions", "example": "examples", "precedent": "precedents"}


@dataclass(frozen=True)
class PartChange:
    """One part that a version brought, changed or took out; of a question also which of its options."""

    kind: str
    key: str
    title: str
    change: Change
    options: tuple[str, ...] = ()


def changed_parts(old: Content, new: Content) -> tuple[PartChange, ...]:
    """In the order of the new content, what was removed after it; a part that only moved is none."""
    return tuple(change for kind in KINDS for change in _changed(kind, old, new))


def _changed(kind: str, old: Content, new: Content) -> list[PartChange]:
    before, after = _by_key(old.get(KINDS[kind], [])), _by_key(new.get(KINDS[kind], []))
    found = [
        _change(kind, key, part, "changed" if key in before else "new", before.get(key))
        for key, part in after.items()
        if part != before.get(key)
    ]
    return found + [_change(kind, key, part, "removed", None) for key, part in before.items() if key not in after]


def _change(kind: str, key: str, part: Content, change: Change, before: Content | None) -> PartChange:
    options = _options(before, part) if kind == "question" and before is not None else ()
    return PartChange(kind, key, str(part.get("title", "")), change, options)


def _options(before: Content, after: Content) -> tuple[str, ...]:
    old, new = _by_key(before.get("options", [])), _by_key(after.get("options", []))
    named = {**old, **new}
    return tuple(str(option.get("label") or key) for key, option in named.items() if old.get(key) != new.get(key))


def _by_key(parts: list[Content]) -> dict[str, Content]:
    return {str(part["key"]): part for part in parts}
