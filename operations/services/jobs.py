"""Durable jobs: queue one, run it under a lease, finish it once, find the ones that everybody forgot.

An app registers what a kind of job does in its `jobs.py`:

    @job_kind("analysis", queue="quality")
    def analyse(run: JobRun) -> dict[str, Any]: ...

The function does its reading and computing, calls `run.report(done, total)` now and then (which also extends the
lease and ends a cancelled job), and puts its writes into `with run.finishing() as finish: ...; finish(result)`.
That block is one transaction holding the job's row: whatever happens, the effect and the state `succeeded` are
stored together or not at all, and only by the attempt that still holds the job.
"""

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from accounts.errors import DomainError, NotFound
from accounts.models import User
from operations.models import Job

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 3
FORGOTTEN_AFTER = timedelta(seconds=30)

Handler = Callable[["JobRun"], dict[str, Any] | None]


@dataclass(frozen=True)
class JobKind:
    name: str
    queue: str
    work: Handler


KINDS: dict[str, JobKind] = {}


def job_kind(name: str, *, queue: str) -> Callable[[Handler], Handler]:
    """Register what a job of this kind does and which Celery queue wakes it."""

    def register(work: Handler) -> Handler:
        KINDS[name] = JobKind(name, queue, work)
        return work

    return register


class JobLost(Exception):
    """Another attempt holds the job now, or it was cancelled: this one must write nothing."""


class JobCancelled(JobLost):
    pass


class JobRun:
    """One attempt at a job, as its handler sees it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.attempt = job.attempts
        self.has_finished = False

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, attempts=self.attempt)

    def report(self, done: int, total: int | None = None) -> None:
        """Store progress and extend the lease; raises JobLost when the job is no longer this attempt's."""
        changed = self._mine().filter(cancel_requested=False).update(
            done=done, total=total, leased_until=Now() + LEASE
        )  # fmt: skip
        if not changed:
            raise (JobCancelled if Job.objects.filter(pk=self.job.pk, cancel_requested=True).exists() else JobLost)

    def hold(self) -> None:
        """Keep the job until the caller's transaction ends, however long it takes; raises JobLost if it is not ours."""
        job = self._mine().select_for_update(no_key=True).first()
        if job is None:
            raise JobLost
        if job.cancel_requested:
            raise JobCancelled

    @contextmanager
    def finishing(self) -> Iterator[Callable[[dict[str, Any] | None], None]]:
        """One transaction for the job's effect and its success. Raises JobLost before anything is written."""
        with transaction.atomic():
            self.hold()
            yield self._finish
            if not self.has_finished:
                raise RuntimeError(f"The handler of {self.job.kind!r} left finishing() without calling finish().")

    def _finish(self, result: dict[str, Any] | None) -> None:
        self._mine().update(
            state=Job.State.SUCCEEDED, result=result, error=None, finished_at=Now(), leased_until=None,
            done=F("total") if self.job.total else F("done"),
        )  # fmt: skip
        self.has_finished = True


def enqueue_job(
    *, actor: User | None, kind: str, scope: str = "", payload: dict[str, Any] | None = None,
    dedupe_key: str | None = None,
) -> Job:  # fmt: skip
    """Store a job in the caller's transaction and wake a worker after commit.

    With a `dedupe_key` a live job of that key is returned instead of a second one.
    """
    if kind not in KINDS:
        raise LookupError(f"No app has registered the job kind {kind!r}.")
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, scope=scope, payload=payload or {}, dedupe_key=dedupe_key, created_by=actor
            )
    except IntegrityError:
        live = Job.objects.filter(dedupe_key=dedupe_key, state__in=["queued", "running"]).first()
        if live is None:  # it ended between our insert and our look
            return enqueue_job(actor=actor, kind=kind, scope=scope, payload=payload, dedupe_key=dedupe_key)
        return live
    transaction.on_commit(lambda: wake_job(job.pk, kind))
    return job


def wake_job(job_id: uuid.UUID, kind: str) -> bool:
    """Tell a worker. A broker that is down only delays the job: the sweep wakes it again."""
    try:
        current_app.send_task("operations.jobs.run", args=[str(job_id)], queue=KINDS[kind].queue, retry=False)
    except (BrokerError, OSError) as error:
        log.warning("job %s waits: the broker did not take its wake-up (%s)", job_id, error.__class__.__name__)
        return False
    Job.objects.filter(pk=job_id).update(woken_at=timezone.now())
    return True


def run_job(job_id: uuid.UUID) -> None:
    """Take the job's lease and do its work. Called twice, or late, it does nothing the second time."""
    job = _take(job_id)
    if job is None:
        return
    run = JobRun(job)
    try:
        result = KINDS[job.kind].work(run)
        if not run.has_finished:
            with run.finishing() as finish:
                finish(result)
    except JobCancelled:
        _end(run, Job.State.CANCELLED, None)
    except JobLost:
        log.warning("job %s: attempt %s lost the job and wrote nothing", job.pk, run.attempt)
    except DomainError as error:
        _end(run, Job.State.FAILED, {"code": error.code, "detail": error.detail, **error.extra})
    except OperationalError:
        log.exception("job %s: the database failed; it will be tried again", job.pk)
        _release(run)
    except Exception as error:
        log.exception("job %s failed", job.pk)
        _end(
            run,
            Job.State.FAILED,
            {"code": "internal", "detail": f"{type(error).__name__}; see the worker's log"},
        )


def _take(job_id: uuid.UUID) -> Job | None:
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, leased_until__lt=Now()), pk=job_id)
            .first()
        )
        if job is None or job.kind not in KINDS:  # unknown kind: a newer worker will know it
            return None
        if job.cancel_requested or job.attempts >= MAX_ATTEMPTS:
            _give_up(job)
            return None
        job.state, job.attempts = Job.State.RUNNING, job.attempts + 1
        job.started_at = job.started_at or timezone.now()
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.RUNNING,
            attempts=job.attempts,
            started_at=job.started_at,
            leased_until=Now() + LEASE,
        )
        return job


def _give_up(job: Job) -> None:
    state = Job.State.CANCELLED if job.cancel_requested else Job.State.FAILED
    error = None if job.cancel_requested else {
        "code": "attempts_exhausted", "detail": f"Its worker died {job.attempts} times; it is not tried again."
    }  # fmt: skip
    Job.objects.filter(pk=job.pk).update(state=state, error=error, finished_at=Now(), leased_until=None)


def _end(run: JobRun, state: Job.State, error: dict[str, Any] | None) -> None:
    Job.objects.filter(pk=run.job.pk, state=Job.State.RUNNING, attempts=run.attempt).update(
        state=state, error=error, finished_at=Now(), leased_until=None
    )


def _release(run: JobRun) -> None:
    try:
        Job.objects.filter(pk=run.job.pk, state=Job.State.RUNNING, attempts=run.attempt).update(
            state=Job.State.QUEUED, leased_until=None
        )
    except OperationalError:
        log.warning("job %s keeps its lease until it runs out", run.job.pk)


def cancel_job(*, actor: User, job: Job) -> Job:
    """Ask a live job to stop: a queued one ends now, a running one at its next report. An ended one stays as it is."""
    with transaction.atomic():
        current = Job.objects.select_for_update(no_key=True).filter(pk=job.pk).first()
        if current is None:
            raise NotFound
        if current.state == Job.State.QUEUED:
            current.state, current.finished_at = Job.State.CANCELLED, timezone.now()
        if not current.is_finished:
            current.cancel_requested = True
        current.save(update_fields=["state", "finished_at", "cancel_requested"])
    return current


def sweep_jobs() -> int:
    """Wake what nobody runs: queued for too long, or running under a dead lease. Returns how many."""
    quiet = timezone.now() - FORGOTTEN_AFTER
    forgotten = Job.objects.filter(
        Q(state=Job.State.QUEUED) & (Q(woken_at=None, created_at__lt=quiet) | Q(woken_at__lt=quiet))
        | Q(state=Job.State.RUNNING, leased_until__lt=Now())
    ).values_list("pk", "kind")[:500]
    return sum(wake_job(pk, kind) for pk, kind in forgotten if kind in KINDS)
