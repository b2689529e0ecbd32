"""For jobs that compute for minutes: keep the lease while they do, and wait for a settled instant without losing it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection
from django.db.models.functions import Now

from annotation.services.write_lock import ProjectBusy, settled_instant
from operations.models import Job
from operations.services.jobs import LEASE, JobRun

EVERY_SECONDS = 15.0
PATIENCE_SECONDS = 600


@contextmanager
def lease_kept(run: JobRun) -> Iterator[None]:
    """Extend the job's lease from a thread, so that the sweep does not start a second worker on a long computation.

    It extends only while the job is still this attempt's; whether it is decides `run.finishing()`, not this.
    """
    is_over = threading.Event()

    def extend() -> None:
        try:
            while not is_over.wait(EVERY_SECONDS):
                Job.objects.filter(pk=run.job.pk, state=Job.State.RUNNING, attempts=run.attempt).update(
                    leased_until=Now() + LEASE
                )
        finally:
            connection.close()

    thread = threading.Thread(target=extend, name=f"lease of job {run.job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def instant_for_job(run: JobRun, project_id: int) -> datetime:
    """A settled instant; while a long import is being stored, the job waits and can be cancelled."""
    waited = 0
    while True:
        try:
            return settled_instant(project_id, patience=5)
        except ProjectBusy:
            waited += 5
            if waited >= PATIENCE_SECONDS:
                raise
            run.report(0, None)
