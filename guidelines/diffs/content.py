"""Compare two guideline contents."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from difflib import SequenceMatcher
from typing import Any, Protocol, TypeVar

from guidelines.content import Clause, Example, GuidelineContent, Precedent
from guidelines.diffs.changes import (
    ClauseChange,
    ClauseKind,
    ContentDiff,
    ExampleChange,
    FieldChange,
    OptionChange,
    OptionKind,
    PrecedentChange,
    QuestionChange,
)
from guidelines.diffs.text import diff_text
from guidelines.label_schema import Option, Question, option_to_json, question_to_json


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


Entry = TypeVar("Entry", bound=_Keyed)


def diff_content(old: GuidelineContent, new: GuidelineContent) -> ContentDiff:
    """Everything that differs between two contents, matched by the keys of clauses, questions, examples and precedents.

    Options are matched by key, then by label: a key that changed under the same label is `rekeyed`. Something
    that kept its text is `moved` if it left the order it had among what both contents share.
    """
    return ContentDiff(
        clauses=_diff_clauses(_by_key(old.clauses), _by_key(new.clauses)),
        questions=_diff_questions(_by_key(old.questions), _by_key(new.questions)),
        examples=_diff_examples(_by_key(old.examples), _by_key(new.examples)),
        precedents=_diff_precedents(_by_key(old.precedents), _by_key(new.precedents)),
    )


def _by_key(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {entry.key: entry for entry in entries}


def _moved_keys(old: Mapping[str, object], new: Mapping[str, object]) -> set[str]:
    """Shared keys outside the runs that kept their order."""
    before = [key for key in old if key in new]
    after = [key for key in new if key in old]
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = {key for start, _, size in blocks for key in before[start : start + size]}
    return set(after) - kept


def _diff_clauses(old: Mapping[str, Clause], new: Mapping[str, Clause]) -> tuple[ClauseChange, ...]:
    moved = _moved_keys(old, new)
    changes = [_diff_clause(old.get(key), clause, key in moved) for key, clause in new.items()]
    removed = [_removed_clause(clause) for key, clause in old.items() if key not in new]
    return (*(change for change in changes if change is not None), *removed)


def _diff_clause(old: Clause | None, new: Clause, is_out_of_order: bool) -> ClauseChange | None:
    title, body = diff_text(old.title if old else "", new.title), diff_text(old.body if old else "", new.body)
    if old is None:
        return ClauseChange(new.key, "added", title, body, None, new.parent, is_moved=False)
    is_moved = is_out_of_order or old.parent != new.parent
    is_changed = (old.title, old.body) != (new.title, new.body)
    if not is_moved and not is_changed:
        return None
    kind: ClauseKind = "changed" if is_changed else "moved"
    return ClauseChange(new.key, kind, title, body, old.parent, new.parent, is_moved=is_moved)


def _removed_clause(old: Clause) -> ClauseChange:
    title, body = diff_text(old.title, ""), diff_text(old.body, "")
    return ClauseChange(old.key, "removed", title, body, old.parent, None, is_moved=False)


def _diff_questions(old: Mapping[str, Question], new: Mapping[str, Question]) -> tuple[QuestionChange, ...]:
    moved = _moved_keys(old, new)
    changes: list[QuestionChange] = []
    for key, question in new.items():
        before = old.get(key)
        fields = _diff_fields(_plain(before), _plain(question))
        options = _diff_options(before.options if before else (), question.options)
        if before is None:
            changes.append(QuestionChange(key, "added", fields, options))
        elif fields or options:
            changes.append(QuestionChange(key, "changed", fields, options))
        elif key in moved:
            changes.append(QuestionChange(key, "moved", (), ()))
    for key, question in old.items():
        if key not in new:
            options = _diff_options(question.options, ())
            changes.append(QuestionChange(key, "removed", _diff_fields(_plain(question), {}), options))
    return tuple(changes)


def _plain(question: Question | None) -> dict[str, Any]:
    """The question as JSON without what is compared on its own."""
    if question is None:
        return {}
    return {name: value for name, value in question_to_json(question).items() if name not in ("key", "options")}


def _diff_options(old: tuple[Option, ...], new: tuple[Option, ...]) -> tuple[OptionChange, ...]:
    before, after = _by_key(old), _by_key(new)
    moved = _moved_keys(before, after)
    old_keys = {key: key for key in after if key in before} | _rekeyed(before, after)
    changes: list[OptionChange] = []
    for key, option in after.items():
        old_key = old_keys.get(key)
        if old_key is None:
            changes.append(OptionChange(key, "added", "", _diff_fields({}, _without_key(option))))
            continue
        fields = _diff_fields(_without_key(before[old_key]), _without_key(option))
        kind = _option_kind(fields, is_rekeyed=old_key != key)
        if fields or old_key != key or key in moved:
            changes.append(OptionChange(key, kind, old_key, fields))
    gone = [key for key in before if key not in old_keys.values()]
    removed = [OptionChange(key, "removed", key, _diff_fields(_without_key(before[key]), {})) for key in gone]
    return (*changes, *removed)


def _rekeyed(before: Mapping[str, Option], after: Mapping[str, Option]) -> dict[str, str]:
    """New key to old key, for options whose key changed under the same label."""
    gone = {option.label: key for key, option in before.items() if key not in after}
    return {key: gone[option.label] for key, option in after.items() if key not in before and option.label in gone}


def _option_kind(fields: tuple[FieldChange, ...], *, is_rekeyed: bool) -> OptionKind:
    if is_rekeyed:
        return "rekeyed"
    if any(change.field == "label" for change in fields):
        return "renamed"
    return "changed" if fields else "moved"


def _without_key(option: Option) -> dict[str, Any]:
    return {name: value for name, value in option_to_json(option).items() if name != "key"}


def _diff_examples(old: Mapping[str, Example], new: Mapping[str, Example]) -> tuple[ExampleChange, ...]:
    changes: list[ExampleChange] = []
    for key, example in new.items():
        before = old.get(key)
        fields = _diff_fields(_stated(before), _stated(example))
        if before is None:
            changes.append(ExampleChange(key, "added", fields))
        elif fields:
            changes.append(ExampleChange(key, "changed", fields))
    for key, example in old.items():
        if key not in new:
            changes.append(ExampleChange(key, "removed", _diff_fields(_stated(example), {})))
    return tuple(changes)


def _diff_precedents(old: Mapping[str, Precedent], new: Mapping[str, Precedent]) -> tuple[PrecedentChange, ...]:
    changes: list[PrecedentChange] = []
    for key, precedent in new.items():
        before = old.get(key)
        fields = _diff_fields(_stated(before), _stated(precedent))
        if before is None:
            changes.append(PrecedentChange(key, "added", precedent.clause, fields))
        elif fields:
            changes.append(PrecedentChange(key, "changed", precedent.clause, fields))
    for key, precedent in old.items():
        if key not in new:
            changes.append(PrecedentChange(key, "removed", precedent.clause, _diff_fields(_stated(precedent), {})))
    return tuple(changes)


def _stated(entry: Example | Precedent | None) -> dict[str, Any]:
    if entry is None:
        return {}
    return {name: value for name, value in asdict(entry).items() if name != "key" and value not in (None, "")}


def _diff_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    return tuple(
        _field_change(name, old.get(name), new.get(name))
        for name in dict.fromkeys((*new, *old))
        if _differ(old.get(name), new.get(name))
    )


def _differ(old: Any, new: Any) -> bool:
    # 1 == True in Python, not in JSON.
    return bool(old != new) or isinstance(old, bool) != isinstance(new, bool)


def _field_change(name: str, old: Any, new: Any) -> FieldChange:
    is_text = isinstance(old or "", str) and isinstance(new or "", str) and not (old is False or new is False)
    return FieldChange(name, old, new, diff_text(old or "", new or "") if is_text else ())
