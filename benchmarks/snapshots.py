"""Labels a second written into a snapshot, beside JSON lines of the same labels built in SQL in the same run.

    python -m benchmarks.snapshots 10000 100000 1000000

Fills a database of its own (PGHOST and friends name the server; it is made and dropped) with n labels, three on an
item. Each size is exported by a process of its own, so that the highest resident memory of each can be told. Reading
the labels, the audit and the hashes are part of the time; one label with its provenance counts as a row.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from benchmarks.importing import ROOT, resident_mb, scratch_database

PER_ITEM, PEOPLE = 3, 20
CONTENT = {
    "clauses": [], "examples": [],
    "questions": [{
        "key": "intent", "type": "choice", "title": "What is asked for?", "required": True,
        "options": [{"key": key, "label": key} for key in ("refund", "billing", "delivery", "praise", "other")],
    }],
}  # fmt: skip
IN_SQL = """
    SELECT json_build_object('external_id', i.external_id, 'annotator', a.annotator_id, 'answer', a.answer,
           'guideline_version', v.major || '.' || v.minor, 'guideline_sha256', v.sha256, 'round', r.key,
           'created_at', a.labeled_at, 'seconds_spent', a.seconds_spent)
    FROM annotation_annotation a
    JOIN annotation_item i ON i.id = a.item_id JOIN annotation_round r ON r.id = a.round_id
    LEFT JOIN guidelines_guidelineversion v ON v.id = a.guideline_version_id
    WHERE a.project_id = {} ORDER BY i.external_id COLLATE "C", a.id
"""


def django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django  # noqa: PLC0415

    django.setup()


def make_project(n: int) -> str:
    """A project with n labels, written by two INSERTs."""
    from django.db import connection  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415
    from annotation.services.projects import create_project  # noqa: PLC0415
    from guidelines.services.editing import create_guideline, save_draft  # noqa: PLC0415
    from guidelines.services.publishing import publish_version  # noqa: PLC0415

    owner, _ = User.objects.get_or_create(username="bench", is_owner=True, may_start_projects=True)
    slug = f"bench-{n}"
    guideline = create_guideline(actor=owner, slug=slug, title="Bench")
    draft = save_draft(actor=owner, guideline=guideline, content=CONTENT, change_note="first", revision=1)
    publish_version(actor=owner, guideline=draft.guideline, level="major", change_note="first", label_migrations=[])
    project = create_project(
        actor=owner, slug=slug, title="Bench", guideline=guideline, fields=[{"key": "text", "type": "text"}],
        slices=["language"], overlap={"labels_per_item": PER_ITEM},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(FILL, {"project": project.pk, "items": n // PER_ITEM, "people": PEOPLE, "n": n})
        cursor.execute("ANALYZE")
    return slug


FILL = """
    INSERT INTO annotation_member (project_id, name, kind, role, cohorts, skills, is_active, pause_reason, created_at)
    SELECT %(project)s, 'person-' || k, 'human', 'annotator', '{}', '[]', true, '', now()
    FROM generate_series(1, %(people)s) k;
    INSERT INTO annotation_item (project_id, external_id, payload, meta, sha256, priority, created_at)
    SELECT %(project)s, 'message-' || lpad(k::text, 8, '0'),
           jsonb_build_object('text', repeat('where is my parcel ', 8) || k),
           jsonb_build_object('language', (ARRAY['en', 'de', 'tr'])[1 + k %% 3]), repeat('0', 64), 0, now()
    FROM generate_series(1, %(items)s) k;
    INSERT INTO annotation_annotation (public_id, project_id, round_id, item_id, annotator_id, annotator_kind, revision,
        occurrence, answer, answer_sha256, guideline_version_id, source, seconds_spent, comment, clauses, labeled_at,
        created_at)
    SELECT gen_random_uuid(), %(project)s, r.id, i.id, m.first + (i.id * 7 + k * 3) %% %(people)s, 'human', 1, 1,
           jsonb_build_object('intent', (ARRAY['refund', 'billing', 'delivery', 'praise', 'other'])
                              [1 + CASE WHEN (i.id * 13 + k) %% 6 = 0 THEN k ELSE i.id %% 5 END]),
           repeat('0', 64), v.id, 'import', 10 + k, '', '[]', now() - k * interval '1 minute', now()
    FROM annotation_item i
    CROSS JOIN generate_series(1, 3) k
    CROSS JOIN (
        SELECT min(id) AS first FROM annotation_member WHERE project_id = %(project)s AND name LIKE 'person%%'
    ) m
    JOIN annotation_round r ON r.project_id = i.project_id AND r.key = 'imported'
    JOIN annotation_project p ON p.id = i.project_id
    JOIN guidelines_guidelineversion v ON v.guideline_id = p.guideline_id
    WHERE i.project_id = %(project)s;
"""


def export(slug: str, formats: list[str], folder: Path) -> dict[str, float]:
    """Seconds of one export, and how much memory it took beyond what the process had before."""
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from annotation.models import Project  # noqa: PLC0415
    from quality.services.snapshot_recipe import read_recipe  # noqa: PLC0415
    from quality.services.snapshots import build_snapshot  # noqa: PLC0415

    project = Project.objects.select_related("guideline").get(slug=slug)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    before = resident_mb(os.getpid(), "VmRSS")
    began = time.perf_counter()
    manifest = build_snapshot(project, timezone.now(), read_recipe({"formats": formats}), folder)
    seconds = time.perf_counter() - began
    labels = manifest["counts"]["annotations"]
    return {
        "labels": labels, "seconds": seconds, "labels_per_second": labels / seconds,
        "mb_grown": resident_mb(os.getpid()) - before, "highest_mb": resident_mb(os.getpid()),
        "file_mb": sum(file["bytes"] for file in manifest["files"]) / 1e6,
    }  # fmt: skip


def export_in_sql(slug: str) -> float:
    with psycopg.connect(options="-c statement_timeout=0") as database:
        found = database.execute("SELECT id FROM annotation_project WHERE slug = %s", [slug]).fetchone()
        assert found is not None
        began = time.perf_counter()
        with (
            database.cursor().copy(f"COPY ({IN_SQL.format(found[0])}) TO STDOUT") as copy,
            open(os.devnull, "wb") as out,
        ):
            for line in copy:
                out.write(line)
        return time.perf_counter() - began


def in_a_process(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.snapshots", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--formats", nargs="+", default=["jsonl"])
    parser.add_argument("--export", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.export:
        django()
        print(json.dumps(export(given.export, given.formats, given.folder)))
        return
    with scratch_database("concord_bench_snapshots"):
        django()
        for n in given.labels:
            slug = make_project(n)
            report(slug, given.formats)


def report(slug: str, formats: list[str]) -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"concord-{slug}-{os.getpid()}"  # noqa: S108
    folder.mkdir()
    try:
        ours = in_a_process("--export", slug, "--folder", str(folder), "--formats", *formats)
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    in_sql = ours["labels"] / export_in_sql(slug)
    figures = ours | {"sql_labels_per_second": in_sql, "ratio": ours["labels_per_second"] / in_sql}
    print("  ".join(f"{name} {value:,.2f}".removesuffix(".00") for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
