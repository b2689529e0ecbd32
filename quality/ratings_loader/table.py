"""All counting labels of a project at an instant, as arrays."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from django.db import connection

from annotation.models import Item, Member, Project
from annotation.selectors.labels import IS_LABEL
from guidelines.models import GuidelineVersion
from quality.ratings_loader.copying import copy_columns
from quality.ratings_loader.questions import CodedQuestion, load_questions
from quality.ratings_loader.scope import (
    ALL_ROUNDS,
    LATEST,
    RoundInfo,
    check_round,
    counting_rows,
    newest_of_person,
    one_major,
    project_rounds,
)
from quality.stats.ratings import Ratings

IntArray = npt.NDArray[np.integer]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

ALIVE = "a.created_at <= %s AND (a.superseded_at IS NULL OR a.superseded_at > %s)"
COUNTING = f"a.annotator_kind = 'human' AND a.occurrence = 1 AND {ALIVE}"

_SOME_LABELS = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM annotation_annotation a
        WHERE a.project_id = %s AND a.annotator_kind = 'human' AND a.occurrence = 1 AND a.superseded_at IS NULL
          AND {IS_LABEL} LIMIT %s) found
"""  # noqa: S608  (our own text)


@dataclass(frozen=True, eq=False)
class LabelTable:
    """One row per counting label; codes index `item_ids` (in the order of external ids) and `names` (in order).

    `codes[question]` is the value's code or -1 where the question was not answered. `round` indexes `rounds`,
    `version` indexes `versions` (-1: the label names none).
    """

    project: Project
    as_of: datetime
    scope: str
    questions: tuple[CodedQuestion, ...]
    rounds: tuple[RoundInfo, ...]
    versions: tuple[str, ...]
    item_ids: IntArray
    member_ids: IntArray
    names: tuple[str, ...]
    cohorts: tuple[dict[str, Any], ...]
    item: IntArray
    annotator: IntArray
    round: IntArray
    version: IntArray
    major: IntArray
    time: FloatArray | None
    seconds: FloatArray | None
    codes: dict[str, IntArray]

    @property
    def n_labels(self) -> int:
        return len(self.item)

    def question(self, key: str) -> CodedQuestion:
        return next(question for question in self.questions if question.key == key)

    def ratings(self, key: str) -> Ratings:
        """The labels that answer one question."""
        question, codes = self.question(key), self.codes[key]
        rows = np.flatnonzero(codes >= 0)
        levels = np.array([float(value) for value in question.values]) if question.is_ordinal else None
        return Ratings(
            self.item[rows], self.annotator[rows], codes[rows], len(self.item_ids), len(self.names),
            len(question.stored), levels, None if self.time is None else self.time[rows],
            None if self.seconds is None else self.seconds[rows],
        )  # fmt: skip

    def rows_of(self, key: str) -> IntArray:
        """The table's row of each label in `ratings(key)`."""
        return np.flatnonzero(self.codes[key] >= 0)

    def where(self, rows: BoolArray | IntArray) -> Self:
        """The same table with some of its rows: a mask, or row numbers in the order wanted."""
        parts: dict[str, Any] = {name: column[rows] for name, column in self._columns()}
        return replace(self, **parts, codes={key: codes[rows] for key, codes in self.codes.items()})

    def _columns(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """The columns with one entry per row, without the codes and what was not read."""
        for name in ("item", "annotator", "round", "version", "major", "time", "seconds"):
            column = getattr(self, name)
            if column is not None:
                yield name, column

    def only_items(self, item_ids: Iterable[int]) -> Self:
        """The rows of some items, by database id."""
        wanted = np.isin(self.item_ids, np.fromiter(item_ids, dtype=np.int64))
        return self.where(wanted[self.item])

    def items_per_round(self) -> dict[str, int]:
        """How many items each round speaks for."""
        pairs = np.unique(self.item.astype(np.int64) * max(len(self.rounds), 1) + self.round)
        counts = np.bincount(pairs % max(len(self.rounds), 1), minlength=len(self.rounds))
        return {round_.key: int(n) for round_, n in zip(self.rounds, counts, strict=True) if n}

    def external_ids(self, codes: Iterable[int]) -> list[str]:
        """The external ids of item codes, in their order. One query."""
        ids = [int(self.item_ids[code]) for code in codes]
        names = dict(Item.objects.filter(pk__in=ids).values_list("pk", "external_id"))
        return [names[pk] for pk in ids]

    def sha256(self) -> str:
        """A hash of everything read: equal inputs give equal figures."""
        digest = hashlib.sha256()
        for column in (self.item_ids, self.member_ids, *(column for _, column in self._columns())):
            digest.update(np.ascontiguousarray(column).tobytes())
        for question in self.questions:
            digest.update(repr((question.key, question.stored)).encode())
            digest.update(np.ascontiguousarray(self.codes[question.key]).tobytes())
        digest.update(repr((self.names, [sorted(c.items()) for c in self.cohorts], self.versions)).encode())
        return digest.hexdigest()


def count_labels(project: Project, *, up_to: int) -> int:
    """The number of current human labels, counted no further than `up_to`."""
    with connection.cursor() as cursor:
        cursor.execute(_SOME_LABELS, [project.pk, up_to])
        return int(cursor.fetchone()[0])


def load_labels(
    project: Project, *, as_of: datetime, scope: str = LATEST, major: int | None = None, with_times: bool = True,
    across_majors: bool = False,
) -> LabelTable:  # fmt: skip
    """The human labels of a project that count at `as_of`, for all its countable questions.

    `scope`: `latest`, `all` or a round's key (scope.py). `major` keeps the labels of one major version, and imported
    ones that name none. `across_majors` keeps every major of an item's round, and of each person the newest answer:
    for who carries them into the labels of one version first. Six queries whatever the size; payloads are not read.
    Rows are ordered by (item, time, id); without times, for those who need little memory, by (item, person).
    """
    rounds = project_rounds(project)
    check_round(rounds, scope)
    questions = load_questions(project, as_of)
    versions = list(GuidelineVersion.objects.filter(guideline_id=project.guideline_id).order_by("sequence"))
    items, members = _items_in_order(project), _members_in_order(project)
    reader = _Reader(project, as_of, questions, rounds, versions, with_times=with_times)
    pk, columns = reader.read(items, members)
    majors = np.array([v.major for v in versions] + [0], dtype=np.int32)[columns["version"]]
    table = LabelTable(
        project, as_of, scope, questions, rounds, tuple(v.number for v in versions), items,
        np.array([m.pk for m in members], dtype=np.int64), tuple(m.name for m in members),
        tuple(m.cohorts for m in members), major=majors, **columns,
    )  # fmt: skip
    counted = replace(table, major=np.zeros_like(majors)) if across_majors else table
    kept = _in_scope(counted, pk, scope, major)
    if across_majors and pk is not None:
        kept = _newest_of_kept(table, pk, kept)
    rows = np.flatnonzero(kept).astype(np.int32)
    last = (table.annotator[rows],) if table.time is None or pk is None else (pk[rows], table.time[rows])
    return _without_unused(table.where(rows[np.lexsort((*last, table.item[rows]))]))


def _items_in_order(project: Project) -> IntArray:
    (ids,) = copy_columns(
        'SELECT id FROM annotation_item WHERE project_id = %s ORDER BY external_id COLLATE "C"',
        [project.pk], ["i8"], ["i8"],
    )  # fmt: skip
    return ids


def _members_in_order(project: Project) -> list[Member]:
    return sorted(Member.objects.filter(project=project), key=lambda member: member.name)


class _Reader:
    """Reads the human answers of an instant as small columns."""

    def __init__(
        self, project: Project, as_of: datetime, questions: tuple[CodedQuestion, ...], rounds: tuple[RoundInfo, ...],
        versions: list[GuidelineVersion], *, with_times: bool,
    ) -> None:  # fmt: skip
        self.project, self.as_of, self.questions, self.with_times = project, as_of, questions, with_times
        self.rounds, self.versions = [r.pk for r in rounds], [v.pk for v in versions]

    def read(self, items: IntArray, members: list[Member]) -> tuple[IntArray | None, dict[str, Any]]:
        """(annotation ids if times are read, the columns of a LabelTable)."""
        sql, params = self._query()
        wire = ["i8", "i8", "i4", "i4", *(["f8", "f8", "i8"] if self.with_times else []), *["i4"] * len(self.questions)]
        kept: list[Any] = [
            _coder(items),
            _coder(np.array([m.pk for m in members], dtype=np.int64)),
            _less_one,
            _less_one,
        ]
        kept += ["f8", "f4", "i8"] if self.with_times else []
        kept += [_code] * len(self.questions)
        item, annotator, round_, version, *rest = copy_columns(sql, params, wire, kept)
        time, seconds, pk = rest[:3] if self.with_times else (None, None, None)
        codes = dict(zip([q.key for q in self.questions], rest[3 if self.with_times else 0 :], strict=True))
        columns = {"item": item, "annotator": annotator, "round": round_, "version": version}
        return pk, {**columns, "time": time, "seconds": seconds, "codes": codes}

    def _query(self) -> tuple[str, list[Any]]:
        coded = "".join(f", {question.sql()}" for question in self.questions)
        times = ", extract(epoch FROM a.labeled_at)::float8, coalesce(a.seconds_spent, 'NaN')::float8, a.id"
        times = times if self.with_times else ""
        sql = f"""
            SELECT a.item_id, a.annotator_id, array_position(%s::int8[], a.round_id)::int4,
                   coalesce(array_position(%s::int8[], a.guideline_version_id), 0)::int4{times}{coded}
            FROM annotation_annotation a WHERE a.project_id = %s AND a.round_id = ANY(%s) AND {COUNTING}
            """  # noqa: S608  (fixed text; every value is a parameter)
        params = [self.rounds, self.versions, *(value for q in self.questions for value in q.sql_params())]
        return sql, [*params, self.project.pk, self.rounds, self.as_of, self.as_of]


def _coder(ids: IntArray) -> Callable[[IntArray], IntArray]:
    """Turns ids into their places in `ids`; -1 for one that was committed after these were read."""
    order = np.argsort(ids).astype(np.int32)
    by_id = np.append(ids[order], np.iinfo(np.int64).max)
    places = np.append(order, np.int32(-1))

    def code(found: IntArray) -> IntArray:
        at = np.searchsorted(by_id, found)
        return np.where(by_id[at] == found, places[at], np.int32(-1)).astype(np.int32)

    return code


def _less_one(found: IntArray) -> IntArray:
    """SQL counts from 1; 0 is none and becomes -1."""
    return found.astype(np.int16) - np.int16(1)


def _code(found: IntArray) -> IntArray:
    """The same for values. An answer outside the values has none; an import checks them, so there should be none."""
    return np.maximum(found, 0).astype(np.int32) - np.int32(1)


def _in_scope(table: LabelTable, pk: IntArray | None, scope: str, major: int | None) -> BoolArray:
    asked = (table.item >= 0) & (table.annotator >= 0)
    if major is not None:
        asked &= (table.major == major) | (table.major == 0)
    rows = np.flatnonzero(asked)
    some = table if len(rows) == table.n_labels else table.where(rows)
    kept = np.zeros(table.n_labels, dtype=np.bool_)
    kept[rows] = _counting(some, None if pk is None else pk[rows], scope)
    return kept


def _counting(table: LabelTable, pk: IntArray | None, scope: str) -> BoolArray:
    if scope == LATEST:
        return counting_rows(table.item, table.round, table.major, [r.needed for r in table.rounds])
    if scope == ALL_ROUNDS:
        if pk is None:
            raise ValueError("which label of a person is the newest is known with times only")
        return newest_of_person(table.item, table.annotator, pk)
    wanted: BoolArray = np.array([r.key == scope for r in table.rounds], dtype=np.bool_)[table.round]
    return one_major(table.item, table.major, wanted)


def _newest_of_kept(table: LabelTable, pk: IntArray, kept: BoolArray) -> BoolArray:
    """Of the rows kept the newest of each person on each item: one may have answered under two majors of a round."""
    rows = np.flatnonzero(kept)
    newest: BoolArray = np.zeros(len(kept), dtype=np.bool_)
    newest[rows] = newest_of_person(table.item[rows], table.annotator[rows], pk[rows])
    return newest


def _without_unused(table: LabelTable) -> LabelTable:
    """Items and people without a row leave the codes."""
    item, items = _packed(table.item, len(table.item_ids))
    annotator, people = _packed(table.annotator, len(table.names))
    return replace(
        table, item=item, annotator=annotator, item_ids=table.item_ids[items], member_ids=table.member_ids[people],
        names=tuple(table.names[k] for k in people), cohorts=tuple(table.cohorts[k] for k in people),
    )  # fmt: skip


def _packed(codes: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """Codes renumbered without gaps, and the old codes that are left."""
    is_used = np.zeros(size, dtype=np.bool_)
    is_used[codes] = True
    return (np.cumsum(is_used, dtype=np.int32) - np.int32(1))[codes], np.flatnonzero(is_used)
