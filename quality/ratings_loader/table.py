"""All counting labels of a project at an instant, as arrays."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from django.db import connection

from annotation.models import Item, Member, Project
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
    time: FloatArray
    seconds: FloatArray
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
            len(question.stored), levels, self.time[rows], self.seconds[rows],
        )  # fmt: skip

    def rows_of(self, key: str) -> IntArray:
        """The table's row of each label in `ratings(key)`."""
        return np.flatnonzero(self.codes[key] >= 0)

    def where(self, rows: BoolArray | IntArray) -> Self:
        """The same table with some of its rows: a mask, or row numbers in the order wanted."""
        parts = {name: getattr(self, name)[rows] for name in _ROW_COLUMNS}
        return replace(self, **parts, codes={key: codes[rows] for key, codes in self.codes.items()})

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
        for column in (self.item_ids, self.member_ids, *(getattr(self, name) for name in _ROW_COLUMNS)):
            digest.update(np.ascontiguousarray(column).tobytes())
        for question in self.questions:
            digest.update(repr((question.key, question.stored)).encode())
            digest.update(np.ascontiguousarray(self.codes[question.key]).tobytes())
        digest.update(repr((self.names, [sorted(c.items()) for c in self.cohorts], self.versions)).encode())
        return digest.hexdigest()


_ROW_COLUMNS = ("item", "annotator", "round", "version", "major", "time", "seconds")


def count_labels(project: Project, *, up_to: int) -> int:
    """The number of current human labels, counted no further than `up_to`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM annotation_annotation a WHERE a.project_id = %s AND"
            " a.annotator_kind = 'human' AND a.occurrence = 1 AND a.superseded_at IS NULL LIMIT %s) found",
            [project.pk, up_to],
        )
        return int(cursor.fetchone()[0])


def load_labels(project: Project, *, as_of: datetime, scope: str = LATEST, major: int | None = None) -> LabelTable:
    """The human labels of a project that count at `as_of`, for all its countable questions.

    `scope`: `latest`, `all` or a round's key (scope.py). `major` keeps the labels of one major version, and imported
    ones that name none. Six queries whatever the size; payloads are not read. Rows are ordered by (item, time, id).
    """
    rounds = project_rounds(project)
    check_round(rounds, scope)
    questions = load_questions(project, as_of)
    versions = list(GuidelineVersion.objects.filter(guideline_id=project.guideline_id).order_by("sequence"))
    pk, item, member, round_, version, time, seconds, *codes = _read(project, as_of, questions, rounds)
    item_ids, item = _item_codes(project, as_of, item)
    members, annotator = _member_codes(member)
    version_order = {v.pk: k for k, v in enumerate(versions)}
    version = _lookup(version, version_order)
    majors = np.array([v.major for v in versions] + [0], dtype=np.int32)[version]
    table = LabelTable(
        project, as_of, scope, questions, rounds, tuple(v.number for v in versions), item_ids,
        np.array([m.pk for m in members], dtype=np.int64), tuple(m.name for m in members),
        tuple(m.cohorts for m in members), item, annotator, _lookup(round_, {r.pk: k for k, r in enumerate(rounds)}),
        version, majors, time, seconds, {q.key: c - 1 for q, c in zip(questions, codes, strict=True)},
    )  # fmt: skip
    if major is not None:
        keep = (table.major == major) | (table.major == 0)
        table, pk = table.where(keep), pk[keep]
    kept = _in_scope(table, pk, scope)
    order = np.lexsort((pk[kept], table.time[kept], table.item[kept]))
    return _without_unused(table.where(np.flatnonzero(kept)[order]))


def _read(
    project: Project, as_of: datetime, questions: tuple[CodedQuestion, ...], rounds: tuple[RoundInfo, ...]
) -> list[npt.NDArray[Any]]:
    coded = "".join(f", {question.sql()}" for question in questions)
    params = [value for question in questions for value in question.sql_params()]
    sql = f"""
        SELECT a.id, a.item_id, a.annotator_id, a.round_id, coalesce(a.guideline_version_id, 0)::int8,
               extract(epoch FROM a.labeled_at)::float8, coalesce(a.seconds_spent, 'NaN')::float8{coded}
        FROM annotation_annotation a WHERE a.project_id = %s AND a.round_id = ANY(%s) AND {COUNTING}
        """  # noqa: S608  (fixed text; every value is a parameter)
    wire = ["i8"] * 5 + ["f8"] * 2 + ["i4"] * len(questions)
    columns = copy_columns(sql, [*params, project.pk, [r.pk for r in rounds], as_of, as_of], wire, wire)
    for codes in columns[7:]:
        codes[codes < 0] = 0  # answers outside the values: an import checks them, so there are none
    return columns


def _in_scope(table: LabelTable, pk: IntArray, scope: str) -> BoolArray:
    if scope == LATEST:
        return counting_rows(table.item, table.round, table.major, [r.needed for r in table.rounds])
    if scope == ALL_ROUNDS:
        return newest_of_person(table.item, table.annotator, pk)
    wanted: BoolArray = np.array([r.key == scope for r in table.rounds], dtype=np.bool_)[table.round]
    return one_major(table.item, table.major, wanted)


def _item_codes(project: Project, as_of: datetime, found: IntArray) -> tuple[IntArray, IntArray]:
    """The ids of the labelled items in the order of their external ids, and the code of each row's item."""
    (ordered,) = copy_columns(
        'SELECT id FROM annotation_item WHERE project_id = %s ORDER BY external_id COLLATE "C"',
        [project.pk], ["i8"], ["i8"],
    )  # fmt: skip
    labelled = ordered[np.isin(ordered, found)]
    by_id = np.argsort(labelled)
    codes = by_id[np.searchsorted(labelled[by_id], found)] if len(found) else found
    return labelled, codes.astype(np.int32)


def _member_codes(found: IntArray) -> tuple[list[Member], IntArray]:
    """The people behind the rows by name (code points), and the code of each row's person."""
    members = sorted(Member.objects.filter(pk__in=np.unique(found).tolist()), key=lambda member: member.name)
    return members, _lookup(found, {member.pk: code for code, member in enumerate(members)})


def _lookup(found: IntArray, codes: dict[int, int]) -> IntArray:
    """The code of each id; -1 for an id without one."""
    distinct, inverse = np.unique(found, return_inverse=True)
    table = np.array([codes.get(int(value), -1) for value in distinct], dtype=np.int32)
    return table[inverse] if len(found) else np.zeros(0, dtype=np.int32)


def _without_unused(table: LabelTable) -> LabelTable:
    """Items and people without a row leave the codes."""
    items, item = np.unique(table.item, return_inverse=True)
    people, annotator = np.unique(table.annotator, return_inverse=True)
    return replace(
        table, item_ids=table.item_ids[items], item=item.astype(np.int32), member_ids=table.member_ids[people],
        names=tuple(table.names[k] for k in people), cohorts=tuple(table.cohorts[k] for k in people),
        annotator=annotator.astype(np.int32),
    )  # fmt: skip
