"""The difference of two guideline contents as typed values."""

from dataclasses import dataclass
from typing import Any, Literal

from guidelines.diffs.text import Segment

ClauseKind = Literal["added", "removed", "changed", "moved"]
QuestionKind = Literal["added", "removed", "changed", "moved"]
OptionKind = Literal["added", "removed", "rekeyed", "renamed", "changed", "moved"]
ExampleKind = Literal["added", "removed", "changed"]
PrecedentKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class FieldChange:
    """One field with its value before and after, as JSON; `segments` where both are text."""

    field: str
    old: Any
    new: Any
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class ClauseChange:
    """`title` and `body` as segments, also where only one of them changed; `is_moved` beside any kind."""

    key: str
    kind: ClauseKind
    title: tuple[Segment, ...]
    body: tuple[Segment, ...]
    old_parent: str | None
    new_parent: str | None
    is_moved: bool


@dataclass(frozen=True)
class OptionChange:
    """`rekeyed`: the key changed from `old_key` and the label stayed; `renamed`: the label changed."""

    key: str
    kind: OptionKind
    old_key: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class QuestionChange:
    key: str
    kind: QuestionKind
    fields: tuple[FieldChange, ...]
    options: tuple[OptionChange, ...]


@dataclass(frozen=True)
class ExampleChange:
    key: str
    kind: ExampleKind
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class PrecedentChange:
    """`clause`: the one it stands under now, or stood under last."""

    key: str
    kind: PrecedentKind
    clause: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class ContentDiff:
    """Only what differs, in the order of the new content; what was removed comes after it."""

    clauses: tuple[ClauseChange, ...]
    questions: tuple[QuestionChange, ...]
    examples: tuple[ExampleChange, ...]
    precedents: tuple[PrecedentChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.clauses or self.questions or self.examples or self.precedents)
