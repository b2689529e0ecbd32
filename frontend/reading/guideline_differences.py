"""The difference of two guideline texts as pages show it: one entry per clause, question, option and example."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

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

LONGEST_UNCHANGED = 400  # of an unchanged run, this much is shown on each side of what changed
KEPT = 160


@dataclass(frozen=True)
class Run:
    """Text in both, only new or only old; `skipped` unchanged characters stand before it."""

    op: str
    text: str
    skipped: int = 0


@dataclass(frozen=True)
class Row:
    """One field: runs to be read inline, or the old ones on the left and the new ones on the right."""

    name: str
    runs: tuple[Run, ...]

    @property
    def old(self) -> list[Run]:
        return [run for run in self.runs if run.op != "insert"]

    @property
    def new(self) -> list[Run]:
        return [run for run in self.runs if run.op != "delete"]


@dataclass(frozen=True)
class Entry:
    """`kind`: added, removed, changed or moved; `title` names what it is about."""

    key: str
    title: str
    kind: str
    note: str
    rows: tuple[Row, ...]

    @property
    def badge(self) -> str:
        return {"added": "good", "removed": "bad", "changed": "accent"}.get(self.kind, "")


@dataclass(frozen=True)
class ShownDifference:
    difference: Difference
    clauses: tuple[Entry, ...]
    questions: tuple[Entry, ...]
    examples: tuple[Entry, ...]
    precedents: tuple[Entry, ...] = ()

    @property
    def count(self) -> int:
        return len(self.clauses) + len(self.questions) + len(self.examples) + len(self.precedents)


def shown_difference(difference: Difference) -> ShownDifference:
    diff = difference.diff
    titles = {clause.key: clause.title for clause in (*difference.before.clauses, *difference.after.clauses)}
    questions = (*difference.before.questions, *difference.after.questions)
    asked = {question.key: question.title for question in questions}
    labels = {(question.key, option.key): option.label for question in questions for option in question.options}
    return ShownDifference(
        difference,
        tuple(_clause(change, titles[change.key]) for change in diff.clauses),
        tuple(entry for change in diff.questions for entry in _question(change, asked[change.key], labels)),
        tuple(_example(change) for change in diff.examples),
        tuple(_precedent(change) for change in diff.precedents),
    )


def _clause(change: ClauseChange, title: str) -> Entry:
    rows = [Row(_("Title"), _runs(change.title))] if _differs(change.title) else []
    rows += [Row(_("Rule"), _runs(change.body))] if _differs(change.body) else []
    note = ""
    if change.is_moved:
        note = _("now under %(parent)s") % {"parent": change.new_parent} if change.new_parent else _("moved")
    return Entry(change.key, title, change.kind, note, tuple(rows))


def _question(change: QuestionChange, title: str, labels: dict[tuple[str, str], str]) -> Iterator[Entry]:
    """The question itself, then each of its options that differs."""
    if change.fields or change.kind != "changed":
        yield Entry(change.key, title, change.kind, "", tuple(field_row(field) for field in change.fields))
    for option in change.options:
        yield _option(change.key, option, labels[change.key, option.key])


def _option(question: str, change: OptionChange, label: str) -> Entry:
    rows = tuple(field_row(field) for field in change.fields)
    kind = {"rekeyed": "changed", "renamed": "changed"}.get(change.kind, change.kind)
    note = _("key was %(old)s") % {"old": change.old_key} if change.kind == "rekeyed" else ""
    return Entry(f"{question} · {change.key}", label, kind, note, rows)


def _example(change: ExampleChange) -> Entry:
    return Entry(change.key, _("Example"), change.kind, "", tuple(field_row(field) for field in change.fields))


def _precedent(change: PrecedentChange) -> Entry:
    note = _("on %(clause)s") % {"clause": change.clause}
    return Entry(change.key, _("Precedent"), change.kind, note, tuple(field_row(field) for field in change.fields))


def field_row(change: FieldChange) -> Row:
    name = change.field.replace("_", " ").capitalize()
    if change.segments:
        return Row(name, _runs(change.segments))
    old, new = _words(change.old), _words(change.new)
    return Row(name, tuple(Run(op, text) for op, text in (("delete", old), ("insert", new)) if text))


def _words(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _differs(segments: Sequence[Segment]) -> bool:
    return any(segment.op != "equal" for segment in segments)


def _runs(segments: Sequence[Segment]) -> tuple[Run, ...]:
    """The segments, with the middle of long unchanged ones left out and counted."""
    runs: list[Run] = []
    for at, (op, text) in enumerate(segments):
        if op != "equal" or len(text) <= LONGEST_UNCHANGED or len(segments) == 1:
            runs.append(Run(op, text))
            continue
        head = text[:KEPT] if at > 0 else ""
        tail = text[-KEPT:] if at < len(segments) - 1 else ""
        runs += [Run("equal", head)] if head else []
        runs.append(Run("equal", tail, len(text) - len(head) - len(tail)))
    return tuple(runs)
