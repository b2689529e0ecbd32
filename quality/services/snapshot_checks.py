"""Whether a snapshot still is what it says: the files against the manifest, the manifest against its hash."""

import tempfile
from pathlib import Path
from typing import Any

from operations.strict_json import content_sha256
from quality.models import DatasetSnapshot
from quality.services.snapshot_files import ROWS, file_path, measure_file
from quality.services.snapshot_recipe import read_recipe
from quality.services.snapshots import build_snapshot


def verify_snapshot(snapshot: DatasetSnapshot) -> dict[str, Any]:
    """Recompute every hash and compare: `{"is_valid", "sha256", "files": [...], "problems": [sentences]}`.

    Where the rows were changed, they are built again from the database and the first line that differs is named.
    """
    problems = []
    actual = content_sha256(snapshot.manifest)
    if actual != snapshot.sha256:
        problems.append(f"The manifest's hash is {actual}, not {snapshot.sha256}.")
    files = [_check_file(snapshot, expected) for expected in snapshot.manifest["files"]]
    problems += [file["problem"] for file in files if file["problem"]]
    if any(file["name"] == ROWS and file["problem"] and file["actual_sha256"] for file in files):
        problems.append(_first_difference(snapshot))
    return {"is_valid": not problems, "sha256": actual, "files": files, "problems": problems}


def _check_file(snapshot: DatasetSnapshot, expected: dict[str, Any]) -> dict[str, Any]:
    path = file_path(snapshot.sha256, expected["name"])
    found = {"name": expected["name"], "expected_sha256": expected["sha256"], "actual_sha256": None, "problem": None}
    try:
        sha256, size = measure_file(path)
    except OSError as error:
        return found | {"problem": f"{expected['name']} cannot be read: {error.strerror}."}
    if (sha256, size) != (expected["sha256"], expected["bytes"]):
        return found | {"actual_sha256": sha256, "problem": f"{expected['name']} is not the file that was written."}
    return found | {"actual_sha256": sha256}


def _first_difference(snapshot: DatasetSnapshot) -> str:
    """The first line of the rows that is not what the database gives for that instant."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = read_recipe(snapshot.recipe | {"formats": ["jsonl"], "policy": {}})
        build_snapshot(snapshot.project, snapshot.as_of, recipe, Path(folder))
        with (Path(folder) / ROWS).open("rb") as right, file_path(snapshot.sha256, ROWS).open("rb") as found:
            number = 0
            for number, line in enumerate(right, start=1):
                if found.readline() != line:
                    return f"{ROWS}: line {number} is the first that differs from the database."
            if found.readline():
                return f"{ROWS}: line {number + 1} is more than the database gives."
    return f"{ROWS}: its lines are those of the database, but the manifest names another hash."
