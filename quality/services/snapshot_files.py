"""The files of a snapshot: written once under a temporary name, forced to disk, then renamed into place."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

ROWS = "rows.jsonl"
CONTENT_TYPES = {
    ".jsonl": "application/x-ndjson", ".csv": "text/csv; charset=utf-8", ".parquet": "application/vnd.apache.parquet",
}  # fmt: skip
BUFFER = 1 << 20


def snapshots_dir() -> Path:
    folder = Path(settings.FILES_DIR) / "snapshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def file_path(snapshot_sha256: str, name: str) -> Path:
    """Where a file of a snapshot lies. Both parts come from the stored row, never from a request."""
    return snapshots_dir() / snapshot_sha256 / name


@contextmanager
def working_folder(job: str, attempt: str) -> Iterator[Path]:
    """A folder of one attempt; it leaves nothing behind, nor does an earlier attempt whose worker was killed."""
    for left in snapshots_dir().glob(f".tmp-{job}-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = snapshots_dir() / f".tmp-{job}-{attempt}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish_folder(folder: Path, snapshot_sha256: str) -> None:
    """Move the finished files to the place their hash names. What lies there already is the same, or was damaged."""
    target = snapshots_dir() / snapshot_sha256
    target.mkdir(exist_ok=True)
    for path in sorted(folder.iterdir()):
        path.replace(target / path.name)
    for directory in (target, target.parent):
        _sync_directory(directory)


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class WrittenFile:
    """A finished file as the manifest names it."""

    name: str
    sha256: str
    bytes: int
    rows: int

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": self.sha256, "bytes": self.bytes, "rows": self.rows}


class HashedFile:
    """A file that knows the hash and length of what was written to it."""

    def __init__(self, path: Path) -> None:
        self.path, self.digest, self.size = path, hashlib.sha256(), 0
        self.file: BinaryIO = path.open("wb", buffering=BUFFER)

    def add(self, data: bytes) -> None:
        self.file.write(data)
        self.digest.update(data)
        self.size += len(data)

    def finish(self, rows: int) -> WrittenFile:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return WrittenFile(self.path.name, self.digest.hexdigest(), self.size, rows)


def measure_file(path: Path) -> tuple[str, int]:
    """SHA-256 and length of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(BUFFER):
            digest.update(piece)
        return digest.hexdigest(), file.tell()


def sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
