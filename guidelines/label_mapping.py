"""Carry answers from the labels of one version to those of another, through the mappings stated at publish. Pure.

A label goes to a set of labels, in which None stands for "gone": a rename or merge to one, a split to several, a
retired label and one that nobody mapped to None. Sets compose, so a chain of versions is its steps one after another,
and a label split in one version and merged again in the next is certain. No stored answer is changed by this.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from guidelines.label_schema import (
    BoxesQuestion,
    ChoicesQuestion,
    NumberQuestion,
    OptionsQuestion,
    PreferenceQuestion,
    Question,
    RankingQuestion,
    RatingQuestion,
    SpanQuestion,
    parse_questions,
)
from guidelines.label_schema.questions import TIE

Outcome = Literal["same", "certain", "ambiguous", "lost"]
OUTCOMES: tuple[Outcome, ...] = ("same", "certain", "ambiguous", "lost")
GONE: frozenset[str | None] = frozenset({None})


@dataclass(frozen=True)
class VersionLabels:
    """The questions of a version, and what it said becomes of the labels of the version before."""

    number: str
    questions: Mapping[str, Question]
    migrations: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Fate:
    """The labels that one label may be now; without certainty `reason` and `at` say which version made it so."""

    targets: frozenset[str | None]
    reason: str = ""
    at: str = ""

    @property
    def is_certain(self) -> bool:
        return len(self.targets) == 1 and None not in self.targets


@dataclass(frozen=True)
class Carried:
    """An answer to one question under the target version.

    `same`: its value stands as it was; `certain`: `value` is the new one; `ambiguous`: one of `candidates`, or gone;
    `lost`: none. `reason` is a code (`split`, `retired`, `unmapped`, `question_removed` ...), `at` a version's number.
    """

    outcome: Outcome
    value: Any = None
    candidates: tuple[str, ...] = ()
    reason: str = ""
    at: str = ""


def version_labels(number: str, content: Mapping[str, Any], migrations: Iterable[Mapping[str, Any]]) -> VersionLabels:
    """From a version's stored content."""
    questions = {question.key: question for question in parse_questions(content.get("questions", []))}
    return VersionLabels(number, questions, tuple(migrations))


class LabelChain:
    """The versions up to the one that labels are wanted for, oldest first.

    An answer that names no version is read under the newest version that offers all its labels.
    """

    def __init__(self, versions: Sequence[VersionLabels]) -> None:
        self.versions = tuple(versions)
        self._places = {version.number: place for place, version in enumerate(self.versions)}
        self._targets = [_targets_by_question(version.migrations) for version in self.versions]
        self._fates: dict[tuple[int, str, str], Fate] = {}

    @property
    def target(self) -> VersionLabels:
        return self.versions[-1]

    def carry_answer(self, number: str | None, answer: Mapping[str, Any]) -> dict[str, Carried]:
        """Each question of an answer that has a value."""
        return {key: self.carry(number, key, value) for key, value in answer.items() if value is not None}

    def carry(self, number: str | None, question: str, value: Any) -> Carried:
        """The value of one question, given under the version `number`."""
        labels = labels_in(value)
        place = self._place(number, question, labels)
        if place is None:
            return Carried("lost", reason="later_version" if number else "no_version", at=number or "")
        asked = self.versions[place].questions.get(question)
        if asked is None:
            return Carried("lost", reason="unknown_question", at=self.versions[place].number)
        broken = self._break(place, question)
        if broken is not None:
            return broken
        now = self.target.questions[question]
        if not isinstance(now, OptionsQuestion):
            return _carry_plain(now, value, self.target.number)
        return self._carry_labels(place, now, value, labels)

    def fate(self, number: str | None, question: str, label: str) -> Fate:
        """What one option became; GONE where the version or the option is not known."""
        place = self._place(number, question, [label])
        if place is None:
            return Fate(GONE, "later_version" if number else "no_version", number or "")
        if question not in self.versions[place].questions:
            return Fate(GONE, "unknown_question", self.versions[place].number)
        broken = self._break(place, question)
        if broken is not None:
            return Fate(GONE, broken.reason, broken.at)
        return self._fate(place, question, label)

    def _place(self, number: str | None, question: str, labels: Sequence[str]) -> int | None:
        if number is not None:
            return self._places.get(number)
        for place in range(len(self.versions) - 1, -1, -1):
            asked = self.versions[place].questions.get(question)
            if asked is not None and all(_offers(asked, label) for label in labels):
                return place
        return None

    def _break(self, place: int, key: str) -> Carried | None:
        """The first version after `place` in which the question is another one, so that no value of it lives on."""
        for older, newer in pairwise(self.versions[place:]):
            reason = _broken_by(older.questions.get(key), newer.questions.get(key))
            if reason:
                return Carried("lost", reason=reason, at=newer.number)
        return None

    def _fate(self, place: int, question: str, label: str) -> Fate:
        known = self._fates.get((place, question, label))
        if known is None:
            known = self._fates[place, question, label] = self._walk(place, question, label)
        return known

    def _walk(self, place: int, question: str, label: str) -> Fate:
        if not _offers(self.versions[place].questions[question], label):
            return Fate(GONE, "unknown_label", self.versions[place].number)
        here: set[str | None] = {label}
        reason = at = ""
        for newer in range(place + 1, len(self.versions)):
            after: set[str | None] = set()
            for one in here:
                targets, code = self._step(newer, question, one)
                after |= targets
                if code and not reason:
                    reason, at = code, self.versions[newer].number
            here = after
        found = Fate(frozenset(here), reason, at)
        return replace(found, reason="", at="") if found.is_certain else found

    def _step(self, newer: int, question: str, label: str | None) -> tuple[frozenset[str | None], str]:
        """Where a label goes from one version to the next, with a code where that is not one label."""
        if label is None:
            return GONE, ""
        stated = self._targets[newer].get((question, label))
        if stated is not None:
            code = "" if len(stated) == 1 else "split"
            return (frozenset(stated), code) if stated else (GONE, "retired")
        if _offers(self.versions[newer].questions[question], label):
            return frozenset({label}), ""
        return GONE, "unmapped"

    def _carry_labels(self, place: int, now: OptionsQuestion, value: Any, labels: Sequence[str]) -> Carried:
        fates = {label: self._fate(place, now.key, label) for label in labels}
        lost = next((fate for fate in fates.values() if fate.targets == GONE), None)
        if lost is not None:
            return Carried("lost", reason=lost.reason, at=lost.at)
        unsure = next((fate for fate in fates.values() if not fate.is_certain), None)
        if unsure is not None:
            named = {target for fate in fates.values() if not fate.is_certain for target in fate.targets if target}
            candidates = tuple(sorted(named, key=now.option_order.__getitem__))
            return Carried("ambiguous", candidates=candidates, reason=unsure.reason, at=unsure.at)
        single = {label: str(next(iter(fate.targets))) for label, fate in fates.items()}
        return _checked_set(now, value, _renamed(now, value, single), self.target.number)


def labels_in(value: Any) -> list[str]:
    """The options that a value names: of a choice, of a set, or of marks; each once, in their order."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        return []
    names = (each.get("label") if isinstance(each, dict) else each for each in value)
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _targets_by_question(migrations: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(m["question"], label): tuple(m["to"]) for m in migrations for label in m["from"]}


def _offers(question: Question, label: str) -> bool:
    return not isinstance(question, OptionsQuestion) or label in question.option_order


def _broken_by(old: Question | None, new: Question | None) -> str:
    """Why no value of the old question can be one of the new; "" where each is looked at by itself."""
    if new is None or old is None:
        return "question_removed"
    if type(old) is not type(new):
        return "type_changed"
    if isinstance(old, RatingQuestion) and isinstance(new, RatingQuestion):
        return "scale_changed" if (old.min, old.max) != (new.min, new.max) else ""
    if isinstance(old, RankingQuestion) and isinstance(new, RankingQuestion):
        return "candidates_changed" if set(old.candidates) != set(new.candidates) else ""
    if isinstance(old, PreferenceQuestion) and isinstance(new, PreferenceQuestion):
        return "scale_changed" if old.strengths != new.strengths else ""
    if isinstance(old, SpanQuestion | BoxesQuestion) and isinstance(new, SpanQuestion | BoxesQuestion):
        return "field_changed" if old.field != new.field else ""
    return ""


def _carry_plain(now: Question, value: Any, number: str) -> Carried:
    """A value without options: it stands where the question still takes it."""
    if isinstance(now, NumberQuestion):
        is_low = now.min is not None and value < now.min
        if is_low or (now.max is not None and value > now.max):
            return Carried("lost", reason="out_of_range", at=number)
    if isinstance(now, PreferenceQuestion):
        allowed = (*now.candidates, TIE) if now.ties else now.candidates
        if value["choice"] not in allowed:
            return Carried("lost", reason="candidates_changed", at=number)
    return Carried("same", value)


def _renamed(now: OptionsQuestion, value: Any, single: Mapping[str, str]) -> Any:
    """The value with each label as it is called now, in the canonical order of its type."""
    if isinstance(value, str):
        return single[value]
    if isinstance(now, ChoicesQuestion):
        return sorted({single[label] for label in value}, key=now.option_order.__getitem__)
    marks = [{**mark, "label": single[mark["label"]]} for mark in value]
    marks = [mark for place, mark in enumerate(marks) if mark not in marks[:place]]
    if isinstance(now, SpanQuestion):
        marks.sort(key=lambda mark: (mark["start"], mark["end"], now.option_order[mark["label"]]))
    return marks


def _checked_set(now: OptionsQuestion, old: Any, new: Any, number: str) -> Carried:
    """A set that has become too small or too large for its question is no answer to it any more."""
    if isinstance(now, ChoicesQuestion) and not now.min <= len(new) <= now.max:
        return Carried("lost", reason="wrong_number", at=number)
    return Carried("same", old) if old == new else Carried("certain", new)
