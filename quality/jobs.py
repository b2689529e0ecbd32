"""Celery's work of this app: what each kind of job does. Imported at start by worker and web (apps.py)."""

from operations.jobs import periodic
from operations.services.jobs import JobRun, job_kind
from quality.services.analyses import run_analysis
from quality.services.gold_floor import pause_below_floor
from quality.services.schedules import start_due_analyses
from quality.services.snapshots import run_snapshot


@job_kind("analysis", queue="quality")
def analysis(run: JobRun) -> None:
    run_analysis(run)


@job_kind("snapshot", queue="quality")
def snapshot(run: JobRun) -> None:
    run_snapshot(run)


@periodic("judge-by-gold")
def judge_by_gold() -> None:
    pause_below_floor()


@periodic("start-analyses")
def start_analyses() -> None:
    start_due_analyses()
