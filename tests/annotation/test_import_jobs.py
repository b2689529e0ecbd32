"""Imports that a worker does: one effect, also when the worker dies on the way; the file goes when the job ends."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from annotation.models import ImportBatch, Item, Member, Project
from annotation.services.importing import ItemImporter, LineFormat
from annotation.services.importing.background import imports_dir, new_import_file, queue_import
from operations.models import Job
from operations.services.jobs import JobRun, run_job

pytestmark = pytest.mark.django_db(transaction=True)

LINES = b"".join(b'{"external_id": "m%d", "payload": {"text": "message"}}\n' % n for n in range(5000))
BAD = b'{"external_id": "m1", "payload": 3}\n'


def queued(project: Project, actor: User, body: bytes = LINES, on_error: Any = "abort") -> tuple[Job, Path]:
    file = new_import_file()
    file.write_bytes(body)
    job = queue_import(
        actor=actor, project=project, job_kind="import", importer=ItemImporter, file=file,
        line_format=LineFormat("ndjson"), lines=body.count(b"\n"), on_error=on_error,
    )  # fmt: skip
    return job, file


def let_lease_run_out(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))


def test_the_job_imports_the_file_reports_and_removes_it(project: Project, max_: User) -> None:
    job, file = queued(project, max_)

    run_job(job.pk)

    job.refresh_from_db()
    batch = ImportBatch.objects.get()
    assert job.state == "succeeded", job.error
    assert job.result == {
        "received": 5000, "created": 5000, "unchanged": 0, "conflicts": 0, "rejected": 0, "errors": [],
        "import": str(batch.pk),
    }  # fmt: skip
    assert (job.done, job.total) == (5000, 5000)
    assert (Item.objects.count(), batch.created_by) == (5000, max_)
    assert not file.exists()


def test_progress_counts_lines(project: Project, max_: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    report = JobRun.report

    def watched(run: JobRun, done: int, total: int | None = None) -> None:
        seen.append((done, total))
        report(run, done, total)

    monkeypatch.setattr(JobRun, "report", watched)
    job, _ = queued(project, max_)

    run_job(job.pk)

    assert seen == [(2000, 5000), (4000, 5000), (5000, 5000)]


def test_a_refused_file_fails_the_job_with_its_report(project: Project, max_: User) -> None:
    job, file = queued(project, max_, LINES[:200].rsplit(b"\n", 1)[0] + b"\n" + BAD)

    run_job(job.pk)

    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error["code"] == "import_refused"
    assert (job.error["created"], job.error["rejected"]) == (0, 1)
    assert job.error["errors"][0]["code"] == "not_an_object"
    assert not Item.objects.exists()
    assert not file.exists()


# A worker that is killed by SIGKILL at one place of the import.
WORKER = """
import os, signal, sys, uuid
import django
django.setup()
from annotation.services.importing import ItemImporter
from operations.services.jobs import JobRun, run_job

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

place, job_id = sys.argv[1:]
report = JobRun.report
if place == "first batch":
    JobRun.report = die
elif place == "last batch":
    JobRun.report = lambda run, done, total=None: die() if done == 5000 else report(run, done, total)
elif place == "storing":
    ItemImporter.store = die
else:
    JobRun._finish = die
run_job(uuid.UUID(job_id))
"""


@pytest.mark.parametrize("place", ["first batch", "last batch", "storing", "before commit"])
def test_a_worker_that_is_killed_leaves_nothing_and_the_next_one_does_it_all(
    project: Project, max_: User, place: str
) -> None:
    job, file = queued(project, max_)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings_test", "PGDATABASE": connection.settings_dict["NAME"],
    }  # fmt: skip

    ended = subprocess.run([sys.executable, "-c", WORKER, place, str(job.pk)], env=environment)

    assert ended.returncode == -signal.SIGKILL
    assert not Item.objects.exists()
    assert file.exists()

    let_lease_run_out(job)
    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("succeeded", 2)
    assert Item.objects.count() == 5000
    assert ImportBatch.objects.count() == 1
    assert not file.exists()


def test_an_attempt_that_lost_its_job_writes_nothing(
    project: Project, max_: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = queued(project, max_)
    hold = JobRun.hold

    def hold_too_late(run: JobRun) -> None:
        Job.objects.filter(pk=job.pk).update(attempts=2)
        hold(run)

    monkeypatch.setattr(JobRun, "hold", hold_too_late)

    run_job(job.pk)

    assert not Item.objects.exists()
    assert not ImportBatch.objects.exists()


def test_a_cancelled_job_stores_nothing_and_drops_its_file(project: Project, max_: User) -> None:
    job, file = queued(project, max_)
    report = JobRun.report

    def cancel(run: JobRun, done: int, total: int | None = None) -> None:
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        report(run, done, total)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JobRun, "report", cancel)
        run_job(job.pk)

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not Item.objects.exists()
    assert not file.exists()


def test_a_file_that_is_gone_or_cut_fails_the_job(project: Project, max_: User) -> None:
    job, file = queued(project, max_)
    file.write_bytes(LINES[:1000])

    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error["code"]) == ("failed", "file_lost")
    assert not Item.objects.exists()


def test_who_lost_the_right_to_import_meanwhile_imports_nothing(project: Project, max_: User) -> None:
    job, _ = queued(project, max_)
    Member.objects.filter(project=project, user=max_).update(is_active=False)

    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error["code"]) == ("failed", "not_found")
    assert not Item.objects.exists()


def test_files_that_nobody_came_back_for_go_after_a_week(project: Project, max_: User) -> None:
    old, young = new_import_file(), new_import_file()
    for file in (old, young):
        file.write_bytes(b"x")
    week_ago = timezone.now().timestamp() - 8 * 24 * 3600
    os.utime(old, (week_ago, week_ago))

    queued(project, max_)

    assert (old.exists(), young.exists()) == (False, True)
    young.unlink()


def test_the_folder_of_files_is_closed_to_others() -> None:
    assert imports_dir().stat().st_mode & 0o777 == 0o700
