"""One clause, question, example or precedent inside the JSON of a guideline: found, put, moved, taken out. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from operations.strict_json import content_sha256

Content = dict[str, Any]
Part = dict[str, Any]

LISTS = {"clause": "clauses", "question": "questions", "example": "examples", "precedent": "precedents"}


def parts_of(content: Content, kind: str) -> list[Part]:
    """The parts of a kind in their order."""
    listed: list[Part] = content.get(LISTS[kind], [])
    return listed


def find_part(content: Content, kind: str, key: str) -> Part | None:
    return next((part for part in parts_of(content, kind) if part["key"] == key), None)


def part_digest(part: Part | None) -> str:
    """Changes whenever the part does; "" for a part that is not there."""
    return "" if part is None else content_sha256(part)[:16]


def with_part(content: Content, kind: str, part: Part) -> Content:
    """The content with the part in the place of the one of its key, or at the end."""
    parts = parts_of(content, kind)
    keys = [other["key"] for other in parts]
    at = keys.index(part["key"]) if part["key"] in keys else len(parts)
    return content | {LISTS[kind]: [*parts[:at], part, *parts[at + 1 :]]}


def changed_parts(before: Content, after: Content) -> list[tuple[str, str]]:
    """Kind and key of each part that one of the contents says otherwise than the other, or does not have."""
    changed = []
    for kind in LISTS:
        old = {part["key"]: part for part in parts_of(before, kind)}
        new = {part["key"]: part for part in parts_of(after, kind)}
        changed += [(kind, key) for key in (old | new) if old.get(key) != new.get(key)]
    return changed


def moved_part(content: Content, kind: str, key: str, step: int) -> Content:
    """The content with the part before (-1) or after (+1) its neighbour; clauses move among those beside them."""
    parts = list(parts_of(content, kind))
    part = find_part(content, kind, key)
    beside = [at for at, other in enumerate(parts) if part and other.get("parent") == part.get("parent")]
    places = {parts[at]["key"]: place for place, at in enumerate(beside)}
    place = places.get(key)
    if place is None or not 0 <= place + step < len(beside):
        return content
    here, there = beside[place], beside[place + step]
    parts[here], parts[there] = parts[there], parts[here]
    return content | {LISTS[kind]: parts}


def without_part(content: Content, kind: str, key: str) -> Content:
    """The content without the part, and without what pointed at it.

    Clauses below a clause move up to where it stood; options and examples no longer cite it; its precedents, which
    say what it means, go with it. Examples keep no
    answer to a question that is gone. A condition on a question that is gone stays, and is then refused:
    when a question is asked must not change in silence.
    """
    rest = content | {LISTS[kind]: [part for part in parts_of(content, kind) if part["key"] != key]}
    if kind == "clause":
        return _without_citations(rest, key, find_part(content, kind, key))
    if kind == "question":
        return rest | {"examples": [_without_answer(example, key) for example in parts_of(rest, "example")]}
    return rest


def _without_citations(content: Content, key: str, clause: Part | None) -> Content:
    parent = clause.get("parent") if clause else None
    clauses = [other | {"parent": parent} if other.get("parent") == key else other for other in content["clauses"]]
    questions = [
        question | {"options": [_uncited(option, key) for option in question["options"]]}
        if "options" in question
        else question
        for question in parts_of(content, "question")
    ]
    examples = [
        {name: value for name, value in example.items() if (name, value) != ("clause", key)}
        for example in parts_of(content, "example")
    ]
    precedents = [precedent for precedent in parts_of(content, "precedent") if precedent["clause"] != key]
    kept = {"precedents": precedents} if "precedents" in content else {}
    return content | {"clauses": clauses, "questions": questions, "examples": examples} | kept


def _uncited(option: Part, key: str) -> Part:
    return (
        option | {"clauses": [cited for cited in option["clauses"] if cited != key]} if "clauses" in option else option
    )


def _without_answer(example: Part, question: str) -> Part:
    if question not in (example.get("answer") or {}):
        return example
    return example | {"answer": {key: value for key, value in example["answer"].items() if key != question}}


def next_clause_key(used: Iterable[str]) -> str:
    """The first free of C1, C2 ... above every one ever used: a retired clause's key names only that clause."""
    return f"C{_highest(used, 'C') + 1}"


def next_precedent_key(used: Iterable[str]) -> str:
    """P1, P2 ... likewise: a number once given names only that ruling."""
    return f"P{_highest(used, 'P') + 1}"


def _highest(used: Iterable[str], letter: str) -> int:
    numbers = [int(key[1:]) for key in used if key[:1].upper() == letter and key[1:].isascii() and key[1:].isdigit()]
    return max(numbers, default=0)


def inserted_after(content: Content, kind: str, key: str, part: Part) -> Content:
    """The content with a new part right after the one of this key."""
    parts = parts_of(content, kind)
    at = next((at + 1 for at, other in enumerate(parts) if other["key"] == key), len(parts))
    return content | {LISTS[kind]: [*parts[:at], part, *parts[at:]]}


def nested_clause(content: Content, key: str, step: int) -> Content:
    """The clause one level deeper, under the one before it (+1), or beside its parent, after it (-1)."""
    clauses = parts_of(content, "clause")
    clause = find_part(content, "clause", key)
    if clause is None:
        return content
    parent = clause.get("parent")
    if step > 0:
        beside = [other["key"] for other in clauses if other.get("parent") == parent]
        at = beside.index(key)
        return with_part(content, "clause", clause | {"parent": beside[at - 1]}) if at else content
    above = find_part(content, "clause", parent) if parent else None
    if above is None:
        return content
    rest = content | {"clauses": [other for other in clauses if other["key"] != key]}
    return inserted_after(rest, "clause", above["key"], clause | {"parent": above.get("parent")})


class Placed(NamedTuple):
    """A clause with how deep it stands in the tree, from 0."""

    clause: Part
    depth: int


def clause_tree(clauses: list[Part]) -> Iterator[Placed]:
    """The clauses as they are read: each followed by those below it, in the order of the list."""
    below: dict[str | None, list[Part]] = {}
    for clause in clauses:
        below.setdefault(clause.get("parent"), []).append(clause)
    waiting = [Placed(clause, 0) for clause in reversed(below.get(None, []))]
    while waiting:
        placed = waiting.pop()
        yield placed
        children = below.get(placed.clause["key"], [])
        waiting += [Placed(child, placed.depth + 1) for child in reversed(children)]


def keys_below(clauses: list[Part], key: str) -> set[str]:
    """The clause itself and every clause below it: where it cannot be moved to."""
    found = {key}
    for placed in clause_tree(clauses):
        if placed.clause.get("parent") in found:
            found.add(placed.clause["key"])
    return found
