"""Celery's entry points of this app: ids in, nothing out."""

import uuid
from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.utils import timezone

from operations.models import Heartbeat
from operations.services.jobs import run_job, sweep_jobs

# Periodic work of the apps above, by name: they register a function, beat calls `tick(name)`. Each must be safe to
# repeat, so that two beats or a late one change nothing.
TICKS: dict[str, Callable[[], Any]] = {}


def periodic(name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def register(work: Callable[[], Any]) -> Callable[[], Any]:
        TICKS[name] = work
        return work

    return register


@shared_task(name="operations.jobs.run")
def run(job_id: str) -> None:
    run_job(uuid.UUID(job_id))


@shared_task(name="operations.jobs.sweep")
def sweep() -> None:
    sweep_jobs()


@shared_task(name="operations.jobs.heartbeat")
def heartbeat() -> None:
    """Beat sent this and a worker got it: the whole chain is alive."""
    Heartbeat.objects.update_or_create(part="beat", defaults={"seen_at": timezone.now()})


@shared_task(name="operations.jobs.tick")
def tick(name: str) -> None:
    TICKS[name]()
