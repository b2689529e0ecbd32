"""Word-level difference of two texts, quick enough for 100 kB."""

import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Op = Literal["equal", "insert", "delete"]

# SequenceMatcher takes time with the product of the lengths; above this a block is shown as replaced whole.
MOST_COMPARISONS = 4_000_000
_SENTENCE = re.compile(r"[^.!?]*[.!?]+\s*|[^.!?]+\Z")
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Segment(NamedTuple):
    """A run of text that stands in both versions, only in the new one, or only in the old one."""

    op: Op
    text: str


def diff_text(old: str, new: str) -> tuple[Segment, ...]:
    """How `old` becomes `new`: the equal and deleted runs give `old`, the equal and inserted ones `new`.

    Lines are matched first, sentences inside the lines that differ, words inside the sentences that differ.
    """
    return tuple(_merge(_widen(_merge(_compare(old, new, _LEVELS)))))


def _split_lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


_LEVELS: tuple[Callable[[str], list[str]], ...] = (_split_lines, _SENTENCE.findall, _WORD.findall)


def _compare(old: str, new: str, levels: tuple[Callable[[str], list[str]], ...]) -> Iterator[Segment]:
    split, *finer = levels
    before, after = split(old), split(new)
    start = _common_start(before, after)
    yield Segment("equal", "".join(before[:start]))
    before, after = before[start:], after[start:]
    end = _common_start(before[::-1], after[::-1])
    tail = "".join(before[len(before) - end :])
    yield from _compare_middle(before[: len(before) - end], after[: len(after) - end], tuple(finer))
    yield Segment("equal", tail)


def _compare_middle(
    before: list[str], after: list[str], finer: tuple[Callable[[str], list[str]], ...]
) -> Iterator[Segment]:
    if len(before) * len(after) > MOST_COMPARISONS:
        blocks = [("replace", 0, len(before), 0, len(after))]
    else:
        blocks = list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())
    for tag, old_start, old_end, new_start, new_end in blocks:
        old, new = "".join(before[old_start:old_end]), "".join(after[new_start:new_end])
        if tag == "equal":
            yield Segment("equal", old)
        elif tag == "replace" and finer:
            yield from _compare(old, new, finer)
        else:
            yield Segment("delete", old)
            yield Segment("insert", new)


def _common_start(before: list[str], after: list[str]) -> int:
    count = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        count += 1
    return count


def _widen(segments: Iterator[Segment]) -> Iterator[Segment]:
    """Count the space between two changed words as changed: a phrase replaced reads as one, not as shreds."""
    listed = list(segments)
    for at, segment in enumerate(listed):
        is_between = 0 < at < len(listed) - 1
        if segment.op == "equal" and is_between and segment.text.isspace() and "\n" not in segment.text:
            yield Segment("delete", segment.text)
            yield Segment("insert", segment.text)
        else:
            yield segment


def _merge(segments: Iterator[Segment]) -> Iterator[Segment]:
    """Neighbouring changes as one deletion and one insertion, neighbouring equal runs as one, none empty."""
    deleted = inserted = equal = ""
    for op, text in segments:
        if op != "equal":
            if equal:
                yield Segment("equal", equal)
                equal = ""
            deleted += text if op == "delete" else ""
            inserted += text if op == "insert" else ""
        elif text:
            yield from _changes(deleted, inserted)
            deleted = inserted = ""
            equal += text
    if equal:
        yield Segment("equal", equal)
    yield from _changes(deleted, inserted)


def _changes(deleted: str, inserted: str) -> Iterator[Segment]:
    if deleted:
        yield Segment("delete", deleted)
    if inserted:
        yield Segment("insert", inserted)
