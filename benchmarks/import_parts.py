"""Where the time of an import goes, told by the import itself: run by benchmarks.importing, one import a process.

    python -m benchmarks.import_parts SLUG ITEMS

Prints seconds as JSON. The body is in memory; what the web server adds is not in it.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.importing import body


def parts(slug: str, n: int) -> dict[str, float]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django  # noqa: PLC0415

    django.setup()
    from django.db import connection  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415
    from annotation.models import Project  # noqa: PLC0415
    from annotation.services.importing import ItemImporter, LineFormat, Watch, read_lines, run_import  # noqa: PLC0415

    statements: dict[str, float] = defaultdict(float)

    def clock(execute: Callable[..., Any], query: str, values: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(query, values, many, context)
        finally:
            statements[_part_of(str(query))] += time.perf_counter() - began

    owner, project = User.objects.get(username="bench"), Project.objects.get(slug=slug)
    lines, moments = list(body(n)), {}
    watch = Watch(
        storing=lambda: moments.update(staged=time.perf_counter()),
        stored=lambda _: moments.update(stored=time.perf_counter()),
    )
    began = time.perf_counter()
    with connection.execute_wrapper(clock):
        run_import(
            ItemImporter(actor=owner, project=project), read_lines(lines, LineFormat("ndjson")), from_csv=False,
            on_error="abort", source="bench", watch=watch,
        )  # fmt: skip
    ended = time.perf_counter()
    inserts = {part: statements[part] for part in ("items", "tasks_and_seats")}
    return {
        "read_and_stage": moments["staged"] - began, **inserts,
        "judge": moments["stored"] - moments["staged"] - sum(inserts.values()),
        "commit_checks_keys": ended - moments["stored"] - statements["statistics"],
        "statistics": statements["statistics"], "total": ended - began,
    }  # fmt: skip


def _part_of(query: str) -> str:
    if "INSERT INTO annotation_item" in query:
        return "items"
    if "INSERT INTO annotation_task" in query or "INSERT INTO annotation_assignment" in query:
        return "tasks_and_seats"
    return "statistics" if query.startswith("ANALYZE annotation_") else "other"


if __name__ == "__main__":
    print(json.dumps(parts(sys.argv[1], int(sys.argv[2]))))
