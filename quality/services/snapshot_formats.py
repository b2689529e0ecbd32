"""The dresses of a snapshot's rows: canonical JSON lines, CSV for spreadsheets, Parquet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from annotation.formats.writers import write_csv
from quality.services.snapshot_files import ROWS, HashedFile, WrittenFile, measure_file, sync_file
from quality.services.snapshot_rows import ExportedAnnotation, SnapshotRow

ITEMS_CSV, ANNOTATIONS_CSV, PARQUET = "items.csv", "annotations.csv", "rows.parquet"
GROUP_ROWS, GROUP_CHARACTERS = 5000, 16_000_000


class RowWriter(Protocol):
    """Takes the rows chunk by chunk; `close` forces the file to disk."""

    def write(self, rows: Sequence[SnapshotRow]) -> None: ...

    def close(self) -> WrittenFile: ...

    def abandon(self) -> None: ...


def open_writers(
    folder: Path, formats: Sequence[str], *, fields: Sequence[str], slices: Sequence[str], questions: Sequence[str],
    is_mapped: bool = False,
) -> list[RowWriter]:  # fmt: skip
    """The writers of the formats asked for; JSON lines first. `is_mapped`: with columns for the mapped labels."""
    writers: list[RowWriter] = [JsonlWriter(folder / ROWS)]
    if "csv" in formats:
        writers.append(ItemsCsvWriter(folder / ITEMS_CSV, fields, slices, questions, is_mapped=is_mapped))
        writers.append(AnnotationsCsvWriter(folder / ANNOTATIONS_CSV, questions, is_mapped=is_mapped))
    if "parquet" in formats:
        writers.append(ParquetWriter(folder / PARQUET, is_mapped=is_mapped))
    return writers


class JsonlWriter:
    """One canonical line per item: the record that everything else is checked against."""

    def __init__(self, path: Path) -> None:
        self.file, self.rows = HashedFile(path), 0

    def write(self, rows: Sequence[SnapshotRow]) -> None:
        self.file.add(b"".join([row.as_json() for row in rows]))
        self.rows += len(rows)

    def close(self) -> WrittenFile:
        return self.file.finish(self.rows)

    def abandon(self) -> None:
        self.file.file.close()


class _Csv:
    """A CSV file, safe to open in a spreadsheet."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.file, self.header, self.rows = HashedFile(path), header, 0
        self.head = b"".join(write_csv(header, [], spreadsheet_safe=True))
        self.file.add(self.head)

    def add(self, lines: list[list[object]]) -> None:
        data = b"".join(write_csv(self.header, lines, spreadsheet_safe=True))
        self.file.add(data.removeprefix(self.head))
        self.rows += len(lines)


class ItemsCsvWriter:
    """A line per item: shown fields, slices and, for each question, label, how it was reached, labels, agreement."""

    def __init__(
        self, path: Path, fields: Sequence[str], slices: Sequence[str], questions: Sequence[str], *, is_mapped: bool
    ) -> None:
        self.fields, self.slices, self.questions, self.is_mapped = fields, slices, questions, is_mapped
        parts = [
            f"{part}.{question}" for question in questions for part in ("label", "method", "n_labels", "agreement")
        ]
        shown = [*(f"payload.{field}" for field in fields), *(f"meta.{key}" for key in slices)]
        mapped = _mapped_header(questions) if is_mapped else []
        self.csv = _Csv(path, ["external_id", *shown, *parts, *mapped, "item_sha256"])

    def write(self, rows: Sequence[SnapshotRow]) -> None:
        self.csv.add([self._line(row) for row in rows])

    def _line(self, row: SnapshotRow) -> list[object]:
        payload, meta = orjson.loads(row.payload), orjson.loads(row.meta)
        cells: list[object] = [row.external_id]
        cells += [payload.get(field) for field in self.fields]
        cells += [meta.get(key) for key in self.slices]
        for question in self.questions:
            entry = row.resolved.entries[question]
            cells += [entry.label, entry.method, entry.n_labels, entry.agreement]
        if self.is_mapped:
            cells += _mapped_cells(row.mapped, "labels", self.questions)
        return [*cells, row.item_sha256]

    def close(self) -> WrittenFile:
        return self.csv.file.finish(self.csv.rows)

    def abandon(self) -> None:
        self.csv.file.file.close()


class AnnotationsCsvWriter:
    """A line per annotation with its provenance and a column per question."""

    def __init__(self, path: Path, questions: Sequence[str], *, is_mapped: bool) -> None:
        self.questions, self.is_mapped = questions, is_mapped
        header = [
            "external_id", "annotator", "kind", "round", "occurrence", "guideline_version", "guideline_sha256",
            "created_at", "seconds_spent",
        ]  # fmt: skip
        mapped = _mapped_header(questions) if is_mapped else []
        self.csv = _Csv(path, [*header, *(f"answer.{question}" for question in questions), *mapped])

    def write(self, rows: Sequence[SnapshotRow]) -> None:
        self.csv.add([self._line(row, each) for row in rows for each in row.annotations])

    def _line(self, row: SnapshotRow, each: ExportedAnnotation) -> list[object]:
        answer = orjson.loads(each.answer)
        return [
            row.external_id, each.annotator, each.kind, each.round, each.occurrence, each.guideline_version,
            each.guideline_sha256, each.created_at, each.seconds_spent,
            *(answer.get(question) for question in self.questions),
            *(_mapped_cells(each.mapped, "answer", self.questions) if self.is_mapped else []),
        ]  # fmt: skip

    def close(self) -> WrittenFile:
        return self.csv.file.finish(self.csv.rows)

    def abandon(self) -> None:
        self.csv.file.file.close()


def _mapped_header(questions: Sequence[str]) -> list[str]:
    return ["mapped_from", *(f"mapped.{question}" for question in questions)]


def _mapped_cells(mapped: str, name: str, questions: Sequence[str]) -> list[object]:
    """The version it was made under and, question by question, what is certain of it; empty where nothing is."""
    said = orjson.loads(mapped)
    return [said["mapped_from"], *(said[name].get(question) for question in questions)]


ANNOTATION = pa.struct([
    ("annotator", pa.string()), ("kind", pa.string()), ("answer", pa.string()), ("guideline_version", pa.string()),
    ("guideline_sha256", pa.string()), ("round", pa.string()), ("created_at", pa.timestamp("us", tz="UTC")),
    ("seconds_spent", pa.float64()), ("occurrence", pa.int32()),
])  # fmt: skip
# One schema for every project: what differs between projects (payloads, answers, labels) is JSON text.
SCHEMA = pa.schema([
    ("external_id", pa.string()), ("payload", pa.string()), ("meta", pa.string()), ("labels", pa.string()),
    ("soft_labels", pa.string()), ("resolution", pa.string()), ("annotations", pa.list_(ANNOTATION)),
    ("item_sha256", pa.string()),
])  # fmt: skip
# With the mapped labels, as JSON text too, of each annotation and each item.
MAPPED_SCHEMA = pa.schema([
    pa.field("annotations", pa.list_(pa.struct([*ANNOTATION, pa.field("mapped", pa.string())])))
    if field.name == "annotations" else field
    for field in SCHEMA
]).append(pa.field("mapped", pa.string()))  # fmt: skip


class ParquetWriter:
    """Row groups are cut by the content alone, so that the same rows give the same bytes."""

    def __init__(self, path: Path, *, is_mapped: bool) -> None:
        self.path, self.rows = path, 0
        self.schema = MAPPED_SCHEMA if is_mapped else SCHEMA
        self.writer = pq.ParquetWriter(path, self.schema, compression="zstd", write_statistics=True)
        self.waiting: list[dict[str, Any]] = []
        self.characters = 0

    def write(self, rows: Sequence[SnapshotRow]) -> None:
        for row in rows:
            self.waiting.append(_parquet_row(row, self.schema))
            self.characters += len(row.payload)
            if len(self.waiting) >= GROUP_ROWS or self.characters >= GROUP_CHARACTERS:
                self._flush()

    def _flush(self) -> None:
        if self.waiting:
            self.writer.write_table(_table(self.waiting, self.schema))
        self.rows += len(self.waiting)
        self.waiting, self.characters = [], 0

    def close(self) -> WrittenFile:
        self._flush()
        self.writer.close()
        sync_file(self.path)
        sha256, size = measure_file(self.path)
        return WrittenFile(self.path.name, sha256, size, self.rows)

    def abandon(self) -> None:
        self.writer.close()


def _table(rows: list[dict[str, Any]], schema: Any) -> Any:
    table = pa.Table.from_pylist(rows, schema=pa.schema([_as_text(field) for field in schema]))
    return table.cast(schema)


def _as_text(field: Any) -> Any:
    """The schema with times as text: Arrow itself reads them, faster than Python would."""
    if field.name != "annotations":
        return field
    struct = field.type.value_type
    parts = [pa.field(part.name, pa.string()) if part.name == "created_at" else part for part in struct]
    return pa.field("annotations", pa.list_(pa.struct(parts)))


def _parquet_row(row: SnapshotRow, schema: Any) -> dict[str, Any]:
    labels, resolution, soft_labels = row.resolved.texts
    parts = schema.field("annotations").type.value_type.names
    found = {
        "external_id": row.external_id, "payload": row.payload, "meta": row.meta,
        "labels": labels, "soft_labels": soft_labels, "resolution": resolution, "item_sha256": row.item_sha256,
        "annotations": [{name: getattr(each, name) for name in parts} for each in row.annotations],
    }  # fmt: skip
    return found | ({"mapped": row.mapped} if schema is MAPPED_SCHEMA else {})
