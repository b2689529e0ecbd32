"""The words of texts as groups of items."""

import re
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from quality.stats.ratings import IntArray

MIN_LETTERS = 3
_WORD = re.compile(r"[^\W\d_]{2,}")
# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, Kana, CJK ideographs.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]+"
)
_SHORT_ENOUGH = 40


def tokens(text: str) -> set[str]:
    """The distinct words of a text, case folded: three letters or more; letter pairs where no spaces are
    written.
    """
    found: set[str] = set()
    for match in _WORD.finditer(text.casefold()):
        run = match.group()
        rest = 0
        for unspaced in _UNSPACED.finditer(run):
            _add(found, run[rest : unspaced.start()])
            piece = unspaced.group()
            found.update(piece[k : k + 2] for k in range(len(piece) - 1))
            rest = unspaced.end()
        _add(found, run[rest:])
    return found


def _add(found: set[str], word: str) -> None:
    if MIN_LETTERS <= len(word) <= _SHORT_ENOUGH:
        found.add(word)


def word_items(
    texts: Sequence[str], items: IntArray, *, min_items: int, max_share: float
) -> tuple[tuple[str, ...], csr_array]:
    """Words that occur in at least `min_items` and at most `max_share` of the given items, with their items.

    Returns the words in alphabetical order and a 0/1 matrix words x len(texts) with entries in `items` only.
    """
    code: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    for i in items.tolist():
        found = tokens(texts[i])
        rows.extend(code.setdefault(word, len(code)) for word in found)
        columns.extend([i] * len(found))
    counts = np.bincount(np.array(rows, dtype=np.int64), minlength=len(code))
    kept = np.flatnonzero((counts >= min_items) & (counts <= max_share * len(items)))
    names = np.array(list(code), dtype=object)[kept]
    order = np.argsort(names) if len(names) else np.zeros(0, dtype=np.int64)
    place = np.full(len(code), -1, dtype=np.int64)
    place[kept[order]] = np.arange(len(kept))
    row = place[np.array(rows, dtype=np.int64)]
    used = row >= 0
    data = (np.ones(int(used.sum())), (row[used], np.array(columns, dtype=np.int64)[used]))
    return tuple(names[order].tolist()), csr_array(data, shape=(len(kept), len(texts)))
