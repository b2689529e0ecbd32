import os
import socket
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import AuditEvent, User
from operations.models import Job
from operations.services.jobs import (
    KINDS,
    MAX_ATTEMPTS,
    JobLost,
    JobRun,
    cancel_job,
    enqueue_job,
    job_kind,
    run_job,
    sweep_jobs,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def kinds() -> Any:
    before = dict(KINDS)
    yield
    KINDS.clear()
    KINDS.update(before)


def queued(kind: str = "count") -> Job:
    return enqueue_job(actor=None, kind=kind)


def test_a_job_runs_once_and_keeps_its_result() -> None:
    calls = []
    job_kind("count", queue="default")(lambda run: calls.append(run.attempt) or {"counted": 3})
    job = queued()

    run_job(job.pk)
    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.result, job.attempts, calls) == ("succeeded", {"counted": 3}, 1, [1])
    assert job.finished_at is not None
    assert job.leased_until is None


def test_progress_is_stored_and_extends_the_lease() -> None:
    seen = {}

    @job_kind("count", queue="default")
    def work(run: JobRun) -> None:
        run.report(7, 10)
        seen.update(Job.objects.values("done", "total", "leased_until").get(pk=run.job.pk))

    run_job(queued().pk)

    assert (seen["done"], seen["total"]) == (7, 10)
    assert seen["leased_until"] > timezone.now()


def test_a_job_whose_worker_died_is_taken_again_and_its_late_first_attempt_writes_nothing(olga: User) -> None:
    @job_kind("count", queue="default")
    def work(run: JobRun) -> None:
        if run.attempt == 1:  # the worker stalls here until its lease is over and another one has finished the job
            Job.objects.filter(pk=run.job.pk).update(leased_until=timezone.now() - timezone.timedelta(seconds=1))
            run_job(run.job.pk)
        with run.finishing() as finish:
            AuditEvent.objects.create(actor=olga, action="effect")
            finish({"attempt": run.attempt})

    job = queued()
    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.result, job.attempts) == ("succeeded", {"attempt": 2}, 2)
    assert AuditEvent.objects.filter(action="effect").count() == 1


def test_the_effect_and_the_success_are_stored_together_or_not_at_all(olga: User) -> None:
    @job_kind("count", queue="default")
    def work(run: JobRun) -> None:
        with run.finishing() as finish:
            AuditEvent.objects.create(actor=olga, action="effect")
            finish(None)
            raise RuntimeError("the power fails before commit")

    job = queued()
    run_job(job.pk)

    job.refresh_from_db()
    assert job.state == "failed"
    assert not AuditEvent.objects.filter(action="effect").exists()


def test_a_job_that_keeps_killing_its_worker_is_given_up_with_the_reason() -> None:
    job_kind("count", queue="default")(lambda run: None)
    job = queued()
    past = timezone.now() - timezone.timedelta(minutes=1)
    Job.objects.filter(pk=job.pk).update(state="running", attempts=MAX_ATTEMPTS, leased_until=past)

    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error["code"]) == ("failed", "attempts_exhausted")


def test_a_refusal_is_stored_with_its_code() -> None:
    class NothingToDo(DomainError):
        code = "nothing_to_do"
        sentence = "There is nothing to do."

    @job_kind("count", queue="default")
    def work(run: JobRun) -> None:
        raise NothingToDo

    job = queued()
    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", {"code": "nothing_to_do", "detail": "There is nothing to do."})


def test_a_running_job_ends_at_its_next_report_when_cancelled(olga: User) -> None:
    @job_kind("count", queue="default")
    def work(run: JobRun) -> None:
        cancel_job(actor=olga, job=run.job)
        run.report(1, 2)

    job = queued()
    run_job(job.pk)

    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_queued_job_is_cancelled_at_once_and_never_runs(olga: User) -> None:
    calls = []
    job_kind("count", queue="default")(lambda run: calls.append(1))
    job = queued()

    cancel_job(actor=olga, job=job)
    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, calls) == ("cancelled", [])


def test_a_live_job_of_the_same_key_is_returned_instead_of_a_second_one() -> None:
    job_kind("count", queue="default")(lambda run: None)

    first = enqueue_job(actor=None, kind="count", dedupe_key="k")
    second = enqueue_job(actor=None, kind="count", dedupe_key="k")
    run_job(first.pk)
    third = enqueue_job(actor=None, kind="count", dedupe_key="k")

    assert first.pk == second.pk
    assert third.pk != first.pk


ENQUEUE = """
import time, django
django.setup()
from operations.services.jobs import enqueue_job, job_kind
job_kind("count", queue="default")(lambda run: None)
started = time.monotonic()
job = enqueue_job(actor=None, kind="count")
print(job.pk, time.monotonic() - started)
"""


def enqueue_with_broker(url: str) -> tuple[Job, float]:
    """Enqueue a job in a process of its own that is told of this broker."""
    environment = os.environ | {
        "CONCORD_BROKER_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings_test",
        "PGDATABASE": connection.settings_dict["NAME"],
    }  # fmt: skip
    out = subprocess.run([sys.executable, "-c", ENQUEUE], env=environment, check=True, capture_output=True, text=True)
    job_id, seconds = out.stdout.split()
    return Job.objects.get(pk=job_id), float(seconds)


def test_a_broker_that_is_down_delays_a_job_and_loses_nothing() -> None:
    job, seconds = enqueue_with_broker("redis://127.0.0.1:1/0")

    assert (job.state, job.woken_at) == ("queued", None)
    assert seconds < 5


def test_a_broker_that_accepts_and_never_answers_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        job, seconds = enqueue_with_broker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")

    assert (job.state, job.woken_at) == ("queued", None)
    assert seconds < 5


def test_the_sweep_wakes_what_the_broker_forgot() -> None:
    job_kind("count", queue="default")(lambda run: None)
    job = queued()
    old = timezone.now() - timezone.timedelta(minutes=2)
    Job.objects.filter(pk=job.pk).update(created_at=old, woken_at=old)

    assert sweep_jobs() == 1
    assert sweep_jobs() == 0
    job.refresh_from_db()
    assert job.woken_at > old


def test_finishing_is_refused_when_the_job_was_taken_away() -> None:
    job_kind("count", queue="default")(lambda run: None)
    job = queued()
    run_job(job.pk)
    job.refresh_from_db()

    with pytest.raises(JobLost), JobRun(job).finishing():
        pytest.fail("never entered")
