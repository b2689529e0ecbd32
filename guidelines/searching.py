"""Full text search over the passages of one version: every word must occur, the best places count most. Pure.

Case, accents, and marks that nobody sees do not count; a word is found inside longer ones, at their start for more.
The content of a version is small and frozen, so a scored match beats an index in the database: it needs no language,
and finds in German, Arabic or Japanese alike.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from guidelines.passages import Passage

LONGEST_QUERY = 200
MOST_WORDS = 8
MOST_HITS = 30
SNIPPET = 160
_WHOLE_KEY, _HEADING_START, _HEADING, _TEXT_START, _TEXT, _PHRASE = 100, 6, 4, 2, 1, 5
_AGAIN = 0.25  # each further place of a word in a text, the first few of them
_KINDS = {"clause": 1.0, "precedent": 0.75, "option": 0.5, "question": 0.25, "example": 0.0}


class Piece(NamedTuple):
    """Some text of a hit, and whether it is what was looked for."""

    text: str
    is_match: bool


@dataclass(frozen=True)
class Indexed:
    """A passage with its heading and text as they are compared."""

    passage: Passage
    key: str
    heading: str
    text: str


@dataclass(frozen=True)
class Hit:
    """A passage that has every word; heading and snippet in pieces, so that marking them needs no markup."""

    passage: Passage
    score: float
    heading: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


def index_of(passages: Sequence[Passage]) -> tuple[Indexed, ...]:
    return tuple(Indexed(p, fold(p.key), fold(p.heading), fold(p.text)) for p in passages)


def search(index: Sequence[Indexed], query: str) -> list[Hit]:
    """The best hits, at most MOST_HITS; equal ones in the order of the text. Nothing for a query without a word."""
    wanted = fold(query[:LONGEST_QUERY]).split()[:MOST_WORDS]
    words = list(dict.fromkeys(wanted))
    if not words:
        return []
    scored = [(_score(entry, words, " ".join(wanted)), place, entry) for place, entry in enumerate(index)]
    found = sorted((-score, place, entry) for score, place, entry in scored if score)[:MOST_HITS]
    return [_hit(entry.passage, -score, words) for score, _place, entry in found]


def fold(text: str) -> str:
    """The text as it is compared: without case, accents and invisible characters."""
    return text.lower() if text.isascii() else "".join(map(_fold_character, text))


def _fold_character(character: str) -> str:
    spread = unicodedata.normalize("NFKD", character.casefold())
    return "".join(c for c in spread if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")


def _score(entry: Indexed, words: Sequence[str], phrase: str) -> float:
    """0 unless every word occurs."""
    total = _WHOLE_KEY if entry.key == phrase else _KINDS[entry.passage.kind]
    for word in words:
        value = _word_score(entry, word)
        if not value:
            return 0.0
        total += value
    if len(words) > 1:
        total += _PHRASE * ((phrase in entry.heading) + (phrase in entry.text))
    return total


def _word_score(entry: Indexed, word: str) -> float:
    value = 0.0
    if entry.key == word:
        value += _HEADING_START
    if word in entry.heading:
        value += _HEADING_START if _starts_a_word(word, entry.heading) else _HEADING
    if word in entry.text:
        value += _TEXT_START if _starts_a_word(word, entry.text) else _TEXT
        value += _AGAIN * min(entry.text.count(word) - 1, 4)
    return value


def _starts_a_word(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}", text) is not None


def _hit(passage: Passage, score: float, words: Sequence[str]) -> Hit:
    places = _places(passage.text, words)
    start, end = _window(passage.text, places[0] if places else (0, 0))
    snippet = _pieces(passage.text[start:end], [(a - start, b - start) for a, b in places if start <= a and b <= end])
    edges = ("… " if start else "", " …" if end < len(passage.text) else "")
    whole = (Piece(edges[0], is_match=False), *snippet, Piece(edges[1], is_match=False))
    heading = passage.heading[: 2 * SNIPPET]
    return Hit(
        passage, score, tuple(_pieces(heading, _places(heading, words))), tuple(piece for piece in whole if piece.text)
    )


def _places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words stand in the text as it is written: (start, end), in order, without overlaps."""
    folded, origin = [], []
    for at, character in enumerate(text):
        for plain in _fold_character(character):
            folded.append(plain)
            origin.append(at)
    joined, found = "".join(folded), []
    for word in words:
        found += [(origin[m.start()], origin[m.end() - 1] + 1) for m in re.finditer(re.escape(word), joined)]
    return list(_merged(sorted(found)))


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    here: tuple[int, int] | None = None
    for start, end in spans:
        if here is not None and start <= here[1]:
            here = (here[0], max(here[1], end))
            continue
        if here is not None:
            yield here
        here = (start, end)
    if here is not None:
        yield here


def _window(text: str, first: tuple[int, int]) -> tuple[int, int]:
    """A stretch of the text around the first place, cut between words where there are spaces near."""
    if len(text) <= SNIPPET:
        return 0, len(text)
    start = max(0, min(first[0] - SNIPPET // 4, len(text) - SNIPPET))
    end = min(len(text), start + SNIPPET)
    if start and (space := text.find(" ", start, first[0])) != -1:
        start = space + 1
    if end < len(text) and (space := text.rfind(" ", max(first[1], start), end)) != -1:
        end = space
    return start, max(end, first[1])


def _pieces(text: str, places: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = 0
    for start, end in places:
        if start > at:
            yield Piece(text[at:start], is_match=False)
        yield Piece(text[start:end], is_match=True)
        at = end
    if at < len(text):
        yield Piece(text[at:], is_match=False)
