"""Which options a new text no longer has, and what most likely became of each. Pure; a person decides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from guidelines.content import GuidelineContent
from guidelines.label_schema import Option, Question

ALIKE = 0.6  # share of equal characters from which two names may be one label


@dataclass(frozen=True)
class LostOption:
    """An option without its key in the new text. `kind` and `to` are a proposal, empty where nothing suggests one."""

    question: Question
    option: Option
    offered: tuple[Option, ...]
    kind: str = ""
    to: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str]:
        return (self.question.key, self.option.key)


def lost_options(old: GuidelineContent, new: GuidelineContent) -> tuple[LostOption, ...]:
    """The options that disappeared from questions that stay, in the order of the old text.

    Proposed: the same label under another key, else the most similar of the new options, is a rename; if two options
    would go to one, or it was there before, that is a merge. One that resembles nothing is left to the lead.
    """
    asked = {question.key: question for question in new.questions}
    lost: list[LostOption] = []
    for question in old.questions:
        if question.key in asked:
            lost += _lost_of(question, asked[question.key])
    return tuple(lost)


def split_candidates(old: GuidelineContent, new: GuidelineContent) -> tuple[LostOption, ...]:
    """Options that stay in a question that gained others: the old meaning may be parted between them."""
    asked = {question.key: question for question in new.questions}
    found = []
    for question in old.questions:
        offered = asked[question.key].options if question.key in asked else ()
        keys = {option.key for option in offered}
        if keys - {option.key for option in question.options}:
            found += [LostOption(question, option, offered) for option in question.options if option.key in keys]
    return tuple(found)


def unmapped(lost: Iterable[LostOption], migrations: Iterable[Mapping[str, Any]]) -> list[LostOption]:
    """Those of which no mapping says what becomes of them."""
    mapped = {(m.get("question"), label) for m in migrations for label in m.get("from", ())}
    return [option for option in lost if option.place not in mapped]


def proposed_migrations(lost: Sequence[LostOption]) -> list[dict[str, Any]]:
    """The proposals as `publish_version` takes them; options that go to one place are one merge."""
    return joined_migrations([(each.place, each.kind, each.to, "") for each in lost if each.kind])


def joined_migrations(
    stated: Iterable[tuple[tuple[str, str], str, Sequence[str], str]],
) -> list[dict[str, Any]]:
    """One mapping for each ((question, option), kind, to, note); merges of one question to one option are joined."""
    found: list[dict[str, Any]] = []
    for (question, label), kind, to, note in stated:
        same = next((m for m in found if kind == "merge" and _is_same_merge(m, question, to)), None)
        if same is not None:
            same["from"].append(label)
            continue
        migration: dict[str, Any] = {"kind": kind, "question": question, "from": [label], "to": list(to)}
        found.append(migration | ({"note": note} if note else {}))
    return found


def _is_same_merge(migration: Mapping[str, Any], question: str, to: Sequence[str]) -> bool:
    return (migration["kind"], migration["question"], migration["to"]) == ("merge", question, list(to))


def _lost_of(old: Question, new: Question) -> list[LostOption]:
    kept = {option.key for option in new.options}
    before = {option.key for option in old.options}
    added = [option for option in new.options if option.key not in before]
    gone = [option for option in old.options if option.key not in kept]
    likely = {option.key: _likeliest(option, new.options, added) for option in gone}
    found = []
    for option in gone:
        to = likely[option.key]
        is_merge = to in before or list(likely.values()).count(to) > 1
        kind = "" if to is None else "merge" if is_merge else "rename"
        found.append(LostOption(old, option, new.options, kind, (to,) if to is not None else ()))
    return found


def _likeliest(option: Option, offered: Sequence[Option], added: Sequence[Option]) -> str | None:
    for other in offered:
        if other.label.casefold() == option.label.casefold():
            return other.key
    scored = [(max(_likeness(option, other)), other.key) for other in added]
    best = max(scored, default=(0.0, ""), key=lambda pair: pair[0])
    return best[1] if best[0] >= ALIKE else None


def _likeness(one: Option, other: Option) -> list[float]:
    pairs = [(one.label, other.label), (one.key, other.key)]
    if one.definition and other.definition:
        pairs.append((one.definition, other.definition))
    return [SequenceMatcher(None, a.casefold(), b.casefold()).ratio() for a, b in pairs]
