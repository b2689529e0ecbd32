"""Split a clause in two where one of its blocks begins. Pure."""

from typing import NamedTuple

from guidelines.content import LONGEST_TITLE
from guidelines.markdown import blocks_of
from guidelines.parts import Content, find_part, inserted_after, with_part

LONGEST_WORDS = 80


class SplitPoint(NamedTuple):
    """A place to split: the line of the body that would begin the new clause, and how it begins."""

    line: int
    words: str
    title: str
    body_line: int


def split_points(body: str) -> list[SplitPoint]:
    """Every block of the body but the first. A heading becomes the title of the new clause; else its first words do."""
    lines = _lines(body)
    points = []
    for block in blocks_of(body)[1:]:
        words = _shortened(block.heading or lines[block.line], LONGEST_WORDS)
        title = _shortened((block.heading or lines[block.line]).strip(" -*#>"), LONGEST_TITLE) or words
        points.append(SplitPoint(block.line, words, title, block.last_line if block.heading else block.line))
    return points


def split_clause(content: Content, key: str, line: int, new_key: str) -> Content | None:
    """The content with what begins on that line as a clause of its own, after the first and beside it.

    What cites the clause still cites the first part. None if no block begins there.
    """
    clause = find_part(content, "clause", key)
    point = next((point for point in split_points(clause["body"]) if point.line == line), None) if clause else None
    if clause is None or point is None:
        return None
    lines = _lines(clause["body"])
    first = clause | {"body": "\n".join(lines[: point.line]).rstrip("\n")}
    second = {
        "key": new_key, "title": point.title, "body": "\n".join(lines[point.body_line :]).strip("\n"),
        "parent": clause.get("parent"),
    }  # fmt: skip
    return inserted_after(with_part(content, "clause", first), "clause", key, second)


def _lines(body: str) -> list[str]:
    """The lines as Markdown counts them."""
    return body.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _shortened(words: str, longest: int) -> str:
    plain = "".join(character for character in " ".join(words.split()) if character.isprintable())
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"
