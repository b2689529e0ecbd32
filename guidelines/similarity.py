"""How alike two questions are worded, in any script. Pure.

Words are compared by their trigrams, as PostgreSQL's pg_trgm does: order and inflection matter little, and a script
without spaces is one long word.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeVar

ALIKE = 0.4  # of all trigrams of two texts, this share is common

_WORD = re.compile(r"\w+")
Key = TypeVar("Key")


def trigrams(text: str) -> frozenset[str]:
    """The trigrams of the words of a text, whatever their case and Unicode form."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    padded = [f"  {word} " for word in words]
    return frozenset(word[at : at + 3] for word in padded for at in range(len(word) - 2))


def likeness(one: str, other: str) -> float:
    """From 0 (nothing in common) to 1 (the same words): the Jaccard index of the trigrams."""
    return _jaccard(trigrams(one), trigrams(other))


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0


def most_alike(text: str, others: Iterable[tuple[Key, str]]) -> Key | None:
    """The key of the text that is most like this one, if one is alike enough; of equals the first."""
    own = trigrams(text)
    best, key = ALIKE, None
    for other_key, other in others:
        like = _jaccard(own, trigrams(other))
        if like > best or (like == best and key is None):
            best, key = like, other_key
    return key
