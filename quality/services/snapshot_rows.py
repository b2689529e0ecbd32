"""The rows of a snapshot, streamed: items in the order of their external ids, everything as of one instant."""

import functools
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from django.db import connection

from annotation.models import Project
from guidelines.models import GuidelineVersion
from operations.strict_json import canonical_json
from quality.ratings_loader import LabelTable
from quality.ratings_loader.copying import copy_columns
from quality.ratings_loader.scope import RoundInfo
from quality.services.snapshot_labels import Labels, ResolvedItem
from quality.services.snapshot_mapping import LabelMapping

CHUNK_ITEMS = 1000
CHUNK_BYTES = 4 * 1024**2  # of stored payloads: a project of long documents is read in smaller steps


@dataclass(frozen=True, slots=True)
class ExportedAnnotation:
    """One answer with its provenance. `answer` is canonical JSON."""

    annotator: str
    kind: str
    answer: str
    guideline_version: str | None
    guideline_sha256: str | None
    round: str
    created_at: str
    seconds_spent: float | None
    occurrence: int
    mapped: str = ""

    def as_json(self) -> str:
        """Canonical JSON, put together: every part is canonical and the keys are in order."""
        mapped = f'"mapped":{self.mapped},' if self.mapped else ""
        return (
            f'{{"annotator":"{self.annotator}","answer":{self.answer},"created_at":"{self.created_at}",'
            f'"guideline_sha256":{_quoted(self.guideline_sha256)},"guideline_version":{_quoted(self.guideline_version)},'
            f'"kind":"{self.kind}",{mapped}"occurrence":{self.occurrence},"round":"{self.round}",'
            f'"seconds_spent":{_number(self.seconds_spent)}}}'
        )


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One item. `payload` and `meta` are canonical JSON."""

    external_id: str
    payload: str
    meta: str
    item_sha256: str
    resolved: ResolvedItem
    annotations: list[ExportedAnnotation]
    mapped: str = ""

    def as_json(self) -> bytes:
        """The row as one canonical line (API.md, Snapshots)."""
        annotations = ",".join([annotation.as_json() for annotation in self.annotations])
        labels, resolution, soft_labels = self.resolved.texts
        mapped = f'"mapped":{self.mapped},' if self.mapped else ""
        line = (
            f'{{"annotations":[{annotations}],"external_id":{_text(self.external_id)},'
            f'"item_sha256":"{self.item_sha256}","labels":{labels},{mapped}"meta":{self.meta},'
            f'"payload":{self.payload},"resolution":{resolution},"soft_labels":{soft_labels}}}\n'
        )
        return line.encode()


def _text(value: Any) -> str:
    return canonical_json(value).decode()


def _quoted(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


@functools.lru_cache(maxsize=50_000)
def _number(value: float | None) -> str:
    return _text(value)


def pseudonym(salt: str, member_id: int) -> str:
    """The name of an annotator outside: stable in the project, salted, not to be turned back without the salt."""
    return "a" + hmac.new(salt.encode(), str(member_id).encode(), hashlib.sha256).hexdigest()[:16]


class SnapshotRows:
    """Reads the rows of one project at one instant; iterate over `chunks()` once or again, always the same rows."""

    def __init__(
        self, project: Project, table: LabelTable, labels: Labels, rounds: tuple[RoundInfo, ...],
        mapping: LabelMapping | None = None,
    ) -> None:  # fmt: skip
        self.mapping = mapping
        self.project, self.table, self.labels, self.as_of = project, table, labels, table.as_of
        self.item_ids, self._sizes = items_in_order(project, self.as_of)
        self.codes = np.full(len(self.item_ids), -1, dtype=np.int32)
        self.codes[np.isin(self.item_ids, table.item_ids)] = np.arange(len(table.item_ids), dtype=np.int32)
        self.rounds = {round_.pk: (rank, round_.key) for rank, round_ in enumerate(rounds)}
        versions = GuidelineVersion.objects.filter(guideline_id=project.guideline_id)
        self.versions = {v.pk: (v.number, v.sha256, v.major) for v in versions}
        self._people: dict[int, str] = {}
        self._answers: dict[str, tuple[str, dict[str, Any]]] = {}

    def __len__(self) -> int:
        return len(self.item_ids)

    def chunks(self) -> Iterator[list[SnapshotRow]]:
        """Rows in order, some hundred at a time; memory is that of one chunk."""
        begin = 0
        while begin < len(self.item_ids):
            end = self._end_of_chunk(begin)
            ids = self.item_ids[begin:end].tolist()
            items, annotations = self._items(ids), self._annotations(ids)
            yield [
                self._row(pk, int(code), items[pk], annotations.get(pk, []))
                for pk, code in zip(ids, self.codes[begin:end], strict=True)
            ]
            begin = end

    def _end_of_chunk(self, begin: int) -> int:
        most = self._sizes[begin : begin + CHUNK_ITEMS]
        fitting = int(np.searchsorted(np.cumsum(most, dtype=np.int64), CHUNK_BYTES, side="right"))
        return begin + max(1, fitting)

    def _items(self, ids: list[int]) -> dict[int, tuple[str, str, str, str]]:
        rows = _fetch(
            "SELECT id, external_id, payload::text, meta::text, sha256 FROM annotation_item WHERE id = ANY(%s)", [ids]
        )
        return {pk: (name, _canonical(payload), _canonical(meta), sha) for pk, name, payload, meta, sha in rows}

    def _annotations(self, ids: list[int]) -> dict[int, list[tuple[Any, ...]]]:
        """The answers of each item that stand at the instant, by round and then in the order they came."""
        found: dict[int, list[tuple[Any, ...]]] = {}
        for row in _fetch(_ANNOTATIONS, [ids, list(self.rounds), self.as_of, self.as_of]):
            found.setdefault(row[0], []).append(row)
        for rows in found.values():
            if len({row[4] for row in rows}) > 1:
                rows.sort(key=lambda row: self.rounds[row[4]][0])
        return found

    def _row(self, pk: int, code: int, item: tuple[str, str, str, str], rows: list[tuple[Any, ...]]) -> SnapshotRow:
        external_id, payload, meta, sha = item
        counting = self._counting(code, rows) if self.labels.open_keys or self.mapping else []
        resolved = self.labels.of_item(pk, code, [self._answer(row[6])[1] for row in counting])
        exported = [self._exported(row) for row in rows]
        return SnapshotRow(external_id, payload, meta, sha, resolved, exported, self._mapped(pk, resolved, counting))

    def _mapped(self, pk: int, resolved: ResolvedItem, counting: list[tuple[Any, ...]]) -> str:
        """The item's labels as the version asked for calls them; "" where none was asked for."""
        if self.mapping is None:
            return ""
        made = sorted({row[3] for row in counting if row[3] is not None})
        return self.mapping.of_item(pk, resolved, tuple(self.versions[version][0] for version in made))

    def _counting(self, code: int, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The answers behind the item's label: its round and major, people only, the first of repeats."""
        if code < 0:
            return []
        rank, major = int(self.labels.round_of[code]), int(self.labels.major_of[code])
        found = []
        for row in rows:
            _, _, kind, version, round_id, occurrence, *_ = row
            of_version = self.versions[version][2] if version is not None else 0
            is_same = self.rounds[round_id][0] == rank and of_version in {0, major}
            if kind == "human" and occurrence == 1 and is_same:
                found.append(row)
        return found

    def _exported(self, row: tuple[Any, ...]) -> ExportedAnnotation:
        _, member, kind, version, round_id, occurrence, answer, created_at, seconds = row
        number, sha, _ = self.versions[version] if version is not None else (None, None, 0)
        text, value = self._answer(answer)
        return ExportedAnnotation(
            self._person(member), kind, text, number, sha, self.rounds[round_id][1], created_at, seconds, occurrence,
            self.mapping.of_annotation(number, text, value) if self.mapping else "",
        )  # fmt: skip

    def _person(self, member_id: int) -> str:
        name = self._people.get(member_id)
        if name is None:
            name = self._people[member_id] = pseudonym(self.project.pseudonym_salt, member_id)
        return name

    def _answer(self, text: str) -> tuple[str, dict[str, Any]]:
        """(canonical text, value) of an answer; the few that most people give are parsed once."""
        known = self._answers.get(text)
        if known is None:
            value = orjson.loads(text)
            known = (_text(value), value)
            if len(self._answers) < 10_000 and len(text) < 300:
                self._answers[text] = known
        return known


_ANNOTATIONS = """
    SELECT item_id, annotator_id, annotator_kind, guideline_version_id, round_id, occurrence, answer::text,
           to_char(labeled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), seconds_spent
    FROM annotation_annotation
    WHERE item_id = ANY(%s) AND round_id = ANY(%s)
      AND created_at <= %s AND (superseded_at IS NULL OR superseded_at > %s)
    ORDER BY item_id, id
"""


def items_in_order(project: Project, as_of: datetime) -> tuple[Any, Any]:
    """Ids of all items there were at the instant, by external id (code points), and the stored size of each."""
    ids, sizes = copy_columns(
        "SELECT id, pg_column_size(payload) FROM annotation_item WHERE project_id = %s AND created_at <= %s"
        ' ORDER BY external_id COLLATE "C"',
        [project.pk, as_of], ["i8", "i4"], ["i8", "i4"],
    )  # fmt: skip
    return ids, sizes


def _fetch(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _canonical(stored: str) -> str:
    return _text(orjson.loads(stored))
