"""The labels of one question cut into the groups of an agreement table."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from quality.ratings_loader import ALL_ROUNDS, LabelTable, cohort_groupings, slice_groupings
from quality.stats.pairwise import PairCells, count_pairs
from quality.stats.ratings import Grouping, IntArray, Ratings

Group = dict[str, Any]
MAX_PAIRS = 1000


def grouped(table: LabelTable, key: str, by: str) -> Iterator[tuple[Group, Ratings]]:
    """(group, its labels) for `overall`, `slice:<key>`, `label`, `cohort:<key>`, `guideline_version`, `week`.

    `label`: the value against all others. `cohort`: labels of its members. `week`: the items whose last label came in
    that ISO week, so that every item lies in one week. Pairs and single people have tables of their own.
    """
    ratings = table.ratings(key)
    name, _, argument = by.partition(":")
    if name == "overall":
        yield {}, ratings
    elif name == "slice":
        yield from _by_unit(ratings, slice_groupings(table, [argument]), ratings.item)
    elif name == "cohort":
        yield from _by_unit(ratings, [g for g in cohort_groupings(table) if g.key == argument], ratings.annotator)
    elif name == "label":
        yield from _by_label(table, key, ratings)
    elif name == "guideline_version":
        yield from _by_version(table, key, ratings)
    elif name == "week":
        yield from _by_week(ratings)
    else:
        raise ValueError(f"no such grouping: {by}")


def _by_unit(ratings: Ratings, groupings: Sequence[Grouping], unit: IntArray) -> Iterator[tuple[Group, Ratings]]:
    for grouping in groupings:
        codes = grouping.codes[unit] if len(unit) else unit
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(grouping.names) + 1))
        for code, name in enumerate(grouping.names):
            rows = np.zeros(ratings.n_labels, dtype=np.bool_)
            rows[order[bounds[code] : bounds[code + 1]]] = True
            yield {grouping.key: name}, compact(ratings.where(rows))


def _by_label(table: LabelTable, key: str, ratings: Ratings) -> Iterator[tuple[Group, Ratings]]:
    for code, label in enumerate(table.question(key).keys):
        is_it = (ratings.value == code).astype(np.int32)
        yield {"label": label}, Ratings(
            ratings.item, ratings.annotator, is_it, ratings.n_items, ratings.n_annotators, 2
        )  # fmt: skip


def _by_version(table: LabelTable, key: str, ratings: Ratings) -> Iterator[tuple[Group, Ratings]]:
    versions = table.version[table.rows_of(key)]
    for code in np.unique(versions).tolist():
        number = None if code < 0 else table.versions[code]
        yield {"guideline_version": number}, compact(ratings.where(versions == code))


def _by_week(ratings: Ratings) -> Iterator[tuple[Group, Ratings]]:
    if ratings.time is None or not ratings.n_labels:
        return
    last = np.full(ratings.n_items, -np.inf)
    np.maximum.at(last, ratings.item, ratings.time)
    week = np.floor((last[ratings.item] / 86400 + 3) / 7).astype(np.int64)  # 1 January 1970 was a Thursday
    for number in np.unique(week).tolist():
        monday = datetime.fromtimestamp((number * 7 - 3) * 86400, tz=UTC).date()
        year, iso_week, _ = monday.isocalendar()
        group = {"week": f"{year}-W{iso_week:02d}", "from": monday.isoformat()}
        yield group, compact(ratings.where(week == number))


def compact(ratings: Ratings) -> Ratings:
    """The same labels with items renumbered, so that a small group costs what it holds."""
    items, item = np.unique(ratings.item, return_inverse=True)
    return Ratings(
        item, ratings.annotator, ratings.value, len(items), ratings.n_annotators, ratings.n_values, ratings.levels,
        ratings.time, ratings.seconds,
    )  # fmt: skip


def scope_for(by: str, asked: str) -> str:
    """Versions are compared over everything that was labelled; every other table keeps to the scope asked for."""
    return ALL_ROUNDS if by == "guideline_version" else asked


def pair_ratings(ratings: Ratings, min_n: int) -> tuple[list[tuple[int, int, Ratings]], int]:
    """(a, b, their labels on shared items) of the pairs with `min_n` shared items or more, and how many more there are.

    At most `MAX_PAIRS`, those with most shared items first; a pair's labels are rebuilt from its joint table.
    """
    cells = count_pairs(ratings)
    starts = np.r_[cells.starts, len(cells.first)]
    n = np.add.reduceat(cells.count, cells.starts) if len(cells.first) else np.zeros(0, dtype=np.int64)
    enough = np.flatnonzero(n >= min_n)
    chosen = enough[np.argsort(-n[enough], kind="stable")][:MAX_PAIRS]
    pairs = [_pair(cells, starts[p], starts[p + 1], ratings) for p in np.sort(chosen).tolist()]
    return pairs, len(enough) - len(chosen)


def _pair(cells: PairCells, begin: int, end: int, ratings: Ratings) -> tuple[int, int, Ratings]:
    count = cells.count[begin:end]
    left, right = np.repeat(cells.left[begin:end], count), np.repeat(cells.right[begin:end], count)
    n = len(left)
    joint = Ratings(
        np.tile(np.arange(n), 2), np.repeat([0, 1], n), np.r_[left, right], n, 2, ratings.n_values, ratings.levels
    )
    return int(cells.first[begin]), int(cells.second[begin]), joint


def star_ratings(ratings: Ratings) -> Iterator[tuple[int, Ratings]]:
    """(a, one two-label item for each label that somebody else gave to an item of a) for each annotator who shares one.

    Figures on it are a's agreement with the others, and never that of the others among themselves. There a is person 0.
    """
    cells = count_pairs(ratings)
    for a in np.unique(np.r_[cells.first, cells.second]).tolist():
        mine = (cells.first == a) | (cells.second == a)
        is_first = cells.first[mine] == a
        count = cells.count[mine]
        own = np.where(is_first, cells.left[mine], cells.right[mine])
        theirs = np.where(is_first, cells.right[mine], cells.left[mine])
        others, other = np.unique(np.where(is_first, cells.second[mine], cells.first[mine]), return_inverse=True)
        n = int(count.sum())
        people, values = (
            np.r_[np.zeros(n), np.repeat(other + 1, count)],
            np.r_[np.repeat(own, count), np.repeat(theirs, count)],
        )
        star = (np.tile(np.arange(n), 2), people.astype(np.int32), values, n, len(others) + 1, ratings.n_values)
        yield a, Ratings(*star, ratings.levels)
