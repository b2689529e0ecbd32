"""Celery's work of this app: what each kind of job does. Imported at start by worker and web (apps.py)."""

from annotation.services.importing.background import import_from_file
from operations.services.jobs import JobRun, job_kind
from quality.services.analyses import run_analysis
from quality.services.gold import GoldImporter
from quality.services.snapshots import run_snapshot


@job_kind("analysis", queue="quality")
def analysis(run: JobRun) -> None:
    run_analysis(run)


@job_kind("import-gold", queue="import")
def import_gold_lines(run: JobRun) -> None:
    import_from_file(run, {GoldImporter.kind: GoldImporter})


@job_kind("snapshot", queue="quality")
def snapshot(run: JobRun) -> None:
    run_snapshot(run)
