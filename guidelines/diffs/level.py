"""Suggest whether a difference changes what labels mean (major) or only how it is said (minor)."""

import re
from collections.abc import Iterator
from typing import Literal

from guidelines.diffs.changes import (
    ClauseChange,
    ContentDiff,
    ExampleChange,
    OptionChange,
    PrecedentChange,
    QuestionChange,
)
from guidelines.diffs.text import Op, Segment

Level = Literal["major", "minor"]

# Fields that say how a question looks, not what its answers mean.
_WORDING_FIELDS = frozenset({"title", "help", "label", "unit", "hotkey", "color", "clauses"})
# Words that turn a rule round, or move its border.
_TURNING_WORDS = frozenset(
    ["not", "no", "never", "none", "neither", "nor", "cannot", "unless", "except", "without", "only", "always"]
    + ["must", "may", "should", "all", "any", "every", "each", "before", "after", "first", "last", "until"]
    + ["more", "most", "less", "least", "over", "under", "both", "either", "instead", "rather"]
)
_NEGATION = re.compile(r"n['\u2019]t\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_FIELD_WORDS = {"required": "obligation", "visible_if": "condition", "min": "minimum", "max": "maximum"}
_LARGEST_MINOR_SHARE = 0.2


def suggest_level(diff: ContentDiff) -> tuple[Level, str]:
    """ "major" or "minor", and the first reason for it in a sentence. A person decides; this only suggests.

    Major: questions or options that come, go or change their key; a changed type, range, condition, definition,
    use-when or avoid-when; a clause that comes or goes; a clause body of which more than a fifth of the words
    changed, or any number or any word that turns a rule round (not, only, unless, first ...); an example whose
    answer or kind changed; a precedent that rules otherwise than before. All else is minor: wording of titles and
    labels, typing errors, order, new examples, new precedents: they say what a clause meant all along.
    """
    for reason in _major_reasons(diff):
        return "major", reason
    if diff.is_empty:
        return "minor", "Nothing changed."
    if not (diff.clauses or diff.questions or diff.examples):
        return "minor", "Only precedents changed: they say what a clause means."
    return "minor", "Only wording, order or examples changed."


def _major_reasons(diff: ContentDiff) -> Iterator[str]:
    for question in diff.questions:
        yield from _question_reasons(question)
    for clause in diff.clauses:
        yield from _clause_reasons(clause)
    for example in diff.examples:
        yield from _example_reasons(example)
    for precedent in diff.precedents:
        yield from _precedent_reasons(precedent)


def _question_reasons(change: QuestionChange) -> Iterator[str]:
    if change.kind in ("added", "removed"):
        yield f"Question {change.key} was {change.kind}."
    for option in change.options:
        yield from _option_reasons(change.key, option)
    for field in change.fields:
        if field.field not in _WORDING_FIELDS:
            yield f"Question {change.key} changed its {_plain(field.field)}."


def _option_reasons(question: str, change: OptionChange) -> Iterator[str]:
    if change.kind in ("added", "removed"):
        yield f"Option {change.key} of {question} was {change.kind}."
    elif change.kind == "rekeyed":
        yield f"Option {change.old_key} of {question} became {change.key}."
    for field in change.fields:
        if field.field not in _WORDING_FIELDS and has_new_meaning(field.segments):
            yield f"Option {change.key} of {question} changed its {_plain(field.field)}."


def _clause_reasons(change: ClauseChange) -> Iterator[str]:
    if change.kind in ("added", "removed"):
        yield f"Clause {change.key} was {change.kind}."
    elif has_new_meaning(change.body):
        yield f"Clause {change.key} changed what it says."


def _example_reasons(change: ExampleChange) -> Iterator[str]:
    for field in change.fields:
        if change.kind == "changed" and field.field in ("answer", "kind"):
            yield f"Example {change.key} changed its {field.field}."


def _precedent_reasons(change: PrecedentChange) -> Iterator[str]:
    ruling = next((field for field in change.fields if field.field == "ruling"), None)
    if change.kind == "changed" and ruling is not None and has_new_meaning(ruling.segments):
        yield f"Precedent {change.key} rules otherwise than before."


def has_new_meaning(segments: tuple[Segment, ...]) -> bool:
    """True if the changed words are many, or turn the sentence round; punctuation and space never count."""
    deleted, inserted, kept = (_words_of(segments, op) for op in ("delete", "insert", "equal"))
    if any(word in _TURNING_WORDS or word.isdigit() for word in (*deleted, *inserted)):
        return True
    if any(op != "equal" and _NEGATION.search(text) for op, text in segments):
        return True
    changed = max(len(deleted), len(inserted))
    return changed > _LARGEST_MINOR_SHARE * (len(kept) + changed)


def _words_of(segments: tuple[Segment, ...], wanted: Op) -> list[str]:
    return [word.casefold() for op, text in segments if op == wanted for word in _WORD.findall(text)]


def _plain(field: str) -> str:
    return _FIELD_WORDS.get(field, field.replace("_", " "))
