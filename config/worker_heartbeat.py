"""A Celery worker says every ten seconds that it lives, so that a stuck or missing one is told within thirty."""

import logging
import threading
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

log = logging.getLogger(__name__)
EVERY_SECONDS = 10
_stop = threading.Event()


@worker_ready.connect
def start(sender: Any = None, **kwargs: Any) -> None:
    _stop.clear()
    threading.Thread(target=_beat, args=(f"worker:{sender.hostname}",), daemon=True).start()


@worker_shutdown.connect
def stop(**kwargs: Any) -> None:
    _stop.set()


def _beat(part: str) -> None:
    from operations.models import Heartbeat  # noqa: PLC0415  (the apps are ready only once the worker is)

    while True:
        try:
            close_old_connections()
            Heartbeat.objects.update_or_create(part=part, defaults={"seen_at": timezone.now()})
        except DatabaseError:
            log.warning("the worker could not tell that it lives: the database does not answer")
        if _stop.wait(EVERY_SECONDS):
            return
