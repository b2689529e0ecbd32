"""Which labels a difference may have given another meaning: options, questions, clauses."""

from collections.abc import Mapping
from dataclasses import dataclass

from guidelines.diffs.changes import ClauseChange, ContentDiff, FieldChange, OptionChange, QuestionChange
from guidelines.diffs.level import has_new_meaning

# What an option says of itself; its hotkey and colour say nothing about what it means.
_TEXTS = ("definition", "use_when", "avoid_when")
# What a question asks for; title, help and unit are its wording.
_QUESTION_FIELDS = frozenset(
    ["type", "min", "max", "visible_if", "candidates", "ties", "strengths", "field", "of", "overlapping"]
)


@dataclass(frozen=True)
class Touched:
    """What changed, by the keys of the old text: options by (question, option), each with the fields that changed.

    `wording`: options and clauses whose words changed without turning their meaning (diffs/level.py); they are named
    so that nobody takes them for forgotten.
    """

    options: Mapping[tuple[str, str], tuple[str, ...]]
    questions: Mapping[str, tuple[str, ...]]
    clauses: Mapping[str, str]
    wording: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.options or self.questions or self.clauses)


def touched_by(diff: ContentDiff) -> Touched:
    """Options that are gone, renamed, or define themselves otherwise; questions that ask for something else; clauses
    that came, went or say something else.

    An option that is new has no labels yet; one of which only the key changed reads as it did (its mapping is certain).
    """
    options: dict[tuple[str, str], tuple[str, ...]] = {}
    questions: dict[str, tuple[str, ...]] = {}
    wording: list[str] = []
    for question in diff.questions:
        fields = _question_fields(question)
        if fields:
            questions[question.key] = fields
        for option in question.options:
            changed = _option_fields(option)
            if changed:
                options[question.key, option.old_key] = changed
            elif option.kind == "rekeyed" or _is_reworded(option):
                wording.append(f"{question.key}/{option.key}")
    clauses = {change.key: change.kind for change in diff.clauses if _has_turned(change)}
    wording += [change.key for change in diff.clauses if change.kind == "changed" and change.key not in clauses]
    return Touched(options, questions, clauses, tuple(wording))


def _question_fields(change: QuestionChange) -> tuple[str, ...]:
    if change.kind in ("added", "removed"):  # without answers yet, or without a question to ask again
        return ()
    return tuple(field.field for field in change.fields if field.field in _QUESTION_FIELDS)


def _option_fields(change: OptionChange) -> tuple[str, ...]:
    if change.kind == "added":
        return ()
    if change.kind == "removed":
        return ("removed",)
    return tuple(field.field for field in change.fields if _is_meaning(field))


def _is_reworded(change: OptionChange) -> bool:
    return change.kind != "added" and any(field.field in _TEXTS for field in change.fields)


def _is_meaning(field: FieldChange) -> bool:
    if field.field in ("label", "clauses"):
        return True
    return field.field in _TEXTS and has_new_meaning(field.segments)


def _has_turned(change: ClauseChange) -> bool:
    return change.kind in ("added", "removed") or has_new_meaning(change.body)
