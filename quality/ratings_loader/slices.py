"""Items by slice and people by cohort, as groupings for the statistics."""

from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

import numpy as np
from django.db import connection

from quality.ratings_loader.table import LabelTable
from quality.stats.ratings import MISSING, Grouping, IntArray

MAX_NAMES = 1000  # a key with more values is no slice but an id
_READ: WeakKeyDictionary[LabelTable, dict[str, Grouping]] = WeakKeyDictionary()


def slice_groupings(table: LabelTable, keys: Iterable[str]) -> list[Grouping]:
    """The value of each slice key for each item of the table. One query for all keys that were not read before."""
    keys = list(keys)
    known = _READ.setdefault(table, {})
    missing = [key for key in keys if key not in known]
    if missing:
        known |= {grouping.key: grouping for grouping in _read(table, missing)}
    return [known[key] for key in keys if len(known[key].names) <= MAX_NAMES]


def _read(table: LabelTable, keys: Sequence[str]) -> Iterable[Grouping]:
    places = {int(pk): code for code, pk in enumerate(table.item_ids)}
    found: list[list[str | None]] = [[None] * len(places) for _ in keys]
    columns = ", ".join(["meta->>%s"] * len(keys))
    with connection.cursor() as cursor:
        query = cursor.cursor.mogrify(
            f"SELECT id, {columns} FROM annotation_item WHERE project_id = %s",  # noqa: S608  (names are parameters)
            [*keys, table.project.pk],
        )
        with cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
            copy.set_types(["int8", *["text"] * len(keys)])
            for pk, *values in copy.rows():
                place = places.get(pk)
                if place is not None:
                    for column, value in zip(found, values, strict=True):
                        column[place] = value
    return [_grouping(key, column) for key, column in zip(keys, found, strict=True)]


def cohort_groupings(table: LabelTable) -> list[Grouping]:
    """The value of each cohort attribute for each annotator of the table, keys in order."""
    keys = sorted({key for cohorts in table.cohorts for key in cohorts})
    return [
        _grouping(key, [_text(cohorts.get(key)) for cohorts in table.cohorts])
        for key in keys
    ]  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _grouping(key: str, values: list[str | None]) -> Grouping:
    names = sorted({value for value in values if value is not None})
    codes = {name: code for code, name in enumerate(names)}
    coded: IntArray = np.array(
        [MISSING if value is None else codes[value] for value in values], dtype=np.int32
    )  # fmt: skip
    return Grouping(key, coded, tuple(names))
