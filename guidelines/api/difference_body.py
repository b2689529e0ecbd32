from collections.abc import Sequence
from typing import Any

from guidelines.diffs import (
    ClauseChange,
    ExampleChange,
    FieldChange,
    OptionChange,
    PrecedentChange,
    QuestionChange,
    Segment,
)
from guidelines.selectors.differences import Difference


def difference_body(difference: Difference) -> dict[str, Any]:
    """Only what differs, by key; texts as segments that stand in both, only in the new or only in the old one."""
    diff = difference.diff
    return {
        "from": difference.old,
        "to": difference.new,
        "suggested_level": difference.level,
        "reason": difference.reason,
        "clauses": [_clause(change) for change in diff.clauses],
        "questions": [_question(change) for change in diff.questions],
        "examples": [_example(change) for change in diff.examples],
        "precedents": [_precedent(change) for change in diff.precedents],
    }


def _clause(change: ClauseChange) -> dict[str, Any]:
    return {
        "key": change.key,
        "change": change.kind,
        "is_moved": change.is_moved,
        "old_parent": change.old_parent,
        "new_parent": change.new_parent,
        "title": _segments(change.title),
        "body": _segments(change.body),
    }


def _question(change: QuestionChange) -> dict[str, Any]:
    return {
        "key": change.key,
        "change": change.kind,
        "fields": _fields(change.fields),
        "options": [_option(option) for option in change.options],
    }


def _option(change: OptionChange) -> dict[str, Any]:
    return {"key": change.key, "change": change.kind, "old_key": change.old_key, "fields": _fields(change.fields)}


def _example(change: ExampleChange) -> dict[str, Any]:
    return {"key": change.key, "change": change.kind, "fields": _fields(change.fields)}


def _precedent(change: PrecedentChange) -> dict[str, Any]:
    return {"key": change.key, "change": change.kind, "clause": change.clause, "fields": _fields(change.fields)}


def _fields(changes: Sequence[FieldChange]) -> list[dict[str, Any]]:
    return [
        {"field": change.field, "old": change.old, "new": change.new, "segments": _segments(change.segments)}
        for change in changes
    ]


def _segments(segments: Sequence[Segment]) -> list[dict[str, str]]:
    return [{"op": segment.op, "text": segment.text} for segment in segments]
