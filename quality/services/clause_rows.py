"""Where people differ on the items that carry an option of a clause: counts for each clause of one question."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from quality.ratings_loader import CodedQuestion, LabelTable
from quality.stats.ratings import BoolArray, IntArray, Ratings

Row = dict[str, Any]
MOST_PAIRS = 10


@dataclass(frozen=True, eq=False)
class _Shared:
    """The items with two labels or more: (item, value) once each, whether people differ, which values met where."""

    item: IntArray
    value: IntArray
    differs: BoolArray
    first: IntArray
    second: IntArray
    n_met: IntArray


def clause_rows(table: LabelTable, key: str) -> list[Row]:
    """A row for each clause that an option of the question cites, in the order of the options.

    `n_items`: items with two labels or more of which one is an option of the clause; `n_differ`: those on which not
    all labels are equal; `pairs`: [a, b, items that carry both] where one of the two is an option of the clause, most
    frequent first. Sets count as wholes, and belong to the clauses of all their options.
    """
    question = table.question(key)
    tied = _codes_by_clause(question)
    if not tied:
        return []
    shared = _shared_items(table.ratings(key))
    return [_row(clause, codes, shared, question.keys) for clause, codes in tied.items()]


def _codes_by_clause(question: CodedQuestion) -> dict[str, list[int]]:
    tied: dict[str, list[int]] = {}
    for option in question.question.options:
        codes = [code for code, value in enumerate(question.values) if _holds(value, option.key)]
        for clause in option.clauses:
            known = tied.setdefault(clause, [])
            known += [code for code in codes if code not in known]
    return tied


def _holds(value: Any, option: str) -> bool:
    return option in value if isinstance(value, list | tuple) else bool(value == option)


def _shared_items(ratings: Ratings) -> _Shared:
    rows = ratings.item_sizes()[ratings.item] >= 2
    width = max(ratings.n_values, 1)
    cells = np.unique(ratings.item[rows].astype(np.int64) * width + ratings.value[rows])
    item, value = np.divmod(cells, width)
    n_values = np.bincount(item, minlength=ratings.n_items)
    met = [_neighbours(item, value, step, width) for step in range(1, int(n_values.max(initial=0)))]
    pairs, n_met = np.unique(np.concatenate(met) if met else cells[:0], return_counts=True)
    first, second = np.divmod(pairs, width)
    return _Shared(item, value, n_values > 1, first, second, n_met)


def _neighbours(item: IntArray, value: IntArray, step: int, width: int) -> IntArray:
    """Values that stand `step` apart on one item, as one code each; those of an item stand in order."""
    same = item[:-step] == item[step:]
    codes: IntArray = value[:-step][same] * width + value[step:][same]
    return codes


def _row(clause: str, codes: list[int], shared: _Shared, keys: tuple[str, ...]) -> Row:
    touched = np.unique(shared.item[np.isin(shared.value, codes)])
    of_clause = np.isin(shared.first, codes) | np.isin(shared.second, codes)
    first, second, n_met = shared.first[of_clause], shared.second[of_clause], shared.n_met[of_clause]
    order = np.lexsort((second, first, -n_met))[:MOST_PAIRS]
    return {
        "clause": clause, "n_items": len(touched), "n_differ": int(shared.differs[touched].sum()),
        "pairs": [[keys[first[k]], keys[second[k]], int(n_met[k])] for k in order.tolist()],
    }  # fmt: skip
