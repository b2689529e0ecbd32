"""The difference of two snapshots of one project: every changed label, and why."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from accounts.errors import Conflict
from quality.models import DatasetSnapshot
from quality.selectors.snapshots import Row, rows_from
from quality.services.snapshot_files import ROWS, file_path

Change = dict[str, Any]
Place = tuple[int, int]


class OtherProject(Conflict):
    code = "other_project"
    sentence = "The two snapshots are of different projects."


class FilesMissing(Conflict):
    code = "files_missing"
    sentence = "The files of a snapshot are not where they were written; verify says which."


def diff_page(
    old: DatasetSnapshot, new: DatasetSnapshot, place: Place, limit: int
) -> tuple[list[Change], Place | None]:
    """Changed labels from a place in both files on, item by item, and the place to go on from (None at the end).

    Each: `{"external_id", "question", "before", "after", "cause", "methods"}`. Causes: `new_item`, `gold`, `relabel`
    (another round counts), `guideline` (another major version), `amended` (somebody changed their answer), `new_data`
    (more answers), `aggregation` (the same answers put together otherwise).
    """
    if old.project_id != new.project_id:
        raise OtherProject
    changes: list[Change] = []
    with ExitStack() as stack:
        try:
            files = [stack.enter_context(file_path(s.sha256, ROWS).open("rb")) for s in (old, new)]
        except OSError as error:
            raise FilesMissing from error
        lines = [rows_from(file, at) for file, at in zip(files, place, strict=True)]
        for after, left, right in _joined(lines[0], lines[1], place):
            changes += _changes(left, right)
            if len(changes) >= limit:
                return changes, after
    return changes, None


def _joined(
    left: Iterator[tuple[int, Row]], right: Iterator[tuple[int, Row]], place: Place
) -> Iterator[tuple[Place, Row | None, Row | None]]:
    """Both files side by side in the order of external ids, with the place behind each pair."""
    at, to = place
    one, two = next(left, None), next(right, None)
    while one is not None or two is not None:
        first = one[1] if one is not None and (two is None or one[1]["external_id"] <= two[1]["external_id"]) else None
        second = two[1] if two is not None and (one is None or two[1]["external_id"] <= one[1]["external_id"]) else None
        if first is not None and one is not None:
            at, one = one[0], next(left, None)
        if second is not None and two is not None:
            to, two = two[0], next(right, None)
        yield (at, to), first, second


def _changes(old: Row | None, new: Row | None) -> list[Change]:
    before, after = (row["labels"] if row else {} for row in (old, new))
    name = (new or old or {})["external_id"]
    return [
        {
            "external_id": name, "question": key, "before": before.get(key), "after": after.get(key),
            "cause": _cause(old, new, key),
            "methods": [row["resolution"].get(key, {}).get("method") if row else None for row in (old, new)],
        }
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]  # fmt: skip


def _cause(old: Row | None, new: Row | None, key: str) -> str:
    if old is None or new is None:
        return "new_item" if old is None else "gone"
    was, now = (row["resolution"].get(key, {}) for row in (old, new))
    if "gold" in {was.get("method"), now.get("method")}:
        return "gold"
    if was.get("round") != now.get("round"):
        return "relabel" if str(now.get("round") or "").startswith("relabel") else "new_data"
    before, after = (_answers(row, now.get("round")) for row in (old, new))
    if _newest_major(before) != _newest_major(after):
        return "guideline"
    if any(before[who][0] != after[who][0] for who in before.keys() & after.keys()):
        return "amended"
    return "new_data" if before.keys() != after.keys() else "aggregation"


def _answers(row: Row, round_key: str | None) -> dict[tuple[str, int, str | None], tuple[Any, str | None]]:
    """The answers of the round that counts: (annotator, occurrence, major) -> (answer, major)."""
    found = {}
    for each in row["annotations"]:
        if each["round"] == round_key and each["kind"] == "human":
            major = each["guideline_version"].split(".")[0] if each["guideline_version"] else None
            found[(each["annotator"], each["occurrence"], major)] = (each["answer"], major)
    return found


def _newest_major(answers: dict[tuple[str, int, str | None], tuple[Any, str | None]]) -> int:
    return max((int(major) for _, major in answers.values() if major), default=0)
