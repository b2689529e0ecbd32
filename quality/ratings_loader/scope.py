"""Which labels of an item count together: one round and one major version of the guideline, never a mixture.

`latest` (the default): each item's newest round counts, so that a re-labelled item is measured by its new labels and
the others by theirs; no two labels of different rounds are ever compared. A re-label round takes over an item once the
item has the labels that the round asked for; imported labels yield to those made here. Inside the round the major
version with the most labels counts (the newer if equal): after a major publish the old answers stand until the new
ones have caught up. Labels that name no version belong to whichever major counts.
A round's key: that round alone. `all`: every round pooled, the newest label of a person on an item; only when asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accounts.errors import FieldError, InvalidInput
from annotation.models import Project, Round

LATEST, ALL_ROUNDS = "latest", "all"
IntArray = npt.NDArray[np.integer]
BoolArray = npt.NDArray[np.bool_]


class UnknownRound(InvalidInput):
    """The round asked for is none of the project's."""


@dataclass(frozen=True)
class RoundInfo:
    """A round in the order of age; `needed` labels make it take over an item."""

    pk: int
    key: str
    kind: str
    needed: int


def project_rounds(project: Project) -> tuple[RoundInfo, ...]:
    """The rounds whose answers are labels, oldest claim first: imported, initial, re-labels in their order."""
    order = {"imported": 0, "initial": 1, "relabel": 2}
    found = [round_ for round_ in Round.objects.filter(project=project) if round_.kind in order]
    found.sort(key=lambda round_: (order[round_.kind], round_.pk))
    return tuple(RoundInfo(r.pk, r.key, r.kind, _needed(r)) for r in found)


def _needed(round_: Round) -> int:
    if round_.kind != "relabel" or not round_.overlap:
        return 1
    return int(round_.overlap.get("labels_per_item", 1))


def check_round(rounds: Sequence[RoundInfo], key: str) -> None:
    allowed = [LATEST, ALL_ROUNDS, *(round_.key for round_ in rounds)]
    if key not in allowed:
        raise UnknownRound(errors=[FieldError("round", "unknown", f"Allowed: {', '.join(allowed)}.")])


def counting_rows(item: IntArray, rank: IntArray, major: IntArray, needed: Sequence[int]) -> BoolArray:
    """Which rows count under `latest`. `rank` indexes `needed` (rounds by age); `major` 0 = names no version."""
    kept: BoolArray = np.ones(len(item), dtype=np.bool_)
    if len(rank) and rank.min() != rank.max():  # most projects have one round, and need no sorting
        kept = rank == _newest_round(item, rank, np.asarray(needed, dtype=np.int64))[item]
    return one_major(item, major, kept)


def _newest_round(item: IntArray, rank: IntArray, needed: IntArray) -> IntArray:
    """The rank of the round that counts for each item (-1: no row)."""
    newest = np.full(int(item.max(initial=-1)) + 1, -1, dtype=np.int64)
    cell, n = np.unique(item.astype(np.int64) * len(needed) + rank, return_counts=True)
    cell_item, cell_rank = np.divmod(cell, max(len(needed), 1))
    np.maximum.at(newest, cell_item, np.where(n >= needed[cell_rank], cell_rank, -1))
    fallback = np.full(len(newest), -1, dtype=np.int64)
    np.maximum.at(fallback, cell_item, cell_rank)
    return np.where(newest >= 0, newest, fallback)


def one_major(item: IntArray, major: IntArray, kept: BoolArray) -> BoolArray:
    """Of the rows kept: those of each item's major with most labels (the newer if equal), and those that name none."""
    base = int(major.max(initial=0)) + 1
    named = np.flatnonzero(kept & (major > 0))
    if not len(named) or major[named].min() == major[named].max():
        return kept
    cell, n = np.unique(item[named].astype(np.int64) * base + major[named], return_counts=True)
    cell_item, cell_major = np.divmod(cell, base)
    best = np.zeros(int(item.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(best, cell_item, n * base + cell_major)
    winner = best % base
    counts: BoolArray = kept & ((major == 0) | (major == winner[item]))
    return counts


def newest_of_person(item: IntArray, annotator: IntArray, moment: IntArray) -> BoolArray:
    """The last row of each person on each item; `moment` orders the rows (annotation ids)."""
    order = np.lexsort((moment, annotator, item))
    last = np.ones(len(item), dtype=np.bool_)
    same = (item[order][1:] == item[order][:-1]) & (annotator[order][1:] == annotator[order][:-1])
    last[:-1] = ~same
    kept = np.zeros(len(item), dtype=np.bool_)
    kept[order[last]] = True
    return kept
