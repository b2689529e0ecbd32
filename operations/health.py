"""Is it alive, is it ready, and if not: which part is dead."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from accounts.permissions import Capability
from operations.models import Heartbeat

SILENT_AFTER = timedelta(seconds=30)
LEAST_FREE_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True)
class Part:
    """One part of the installation: `detail` says what it means for the people using it."""

    name: str
    is_alive: bool
    detail: str


def check_parts() -> list[Part]:
    """Every part with its state. Each check is bounded in time; labeling needs only the database."""
    database = _database()
    if not database.is_alive:
        return [database, _broker(), _disk()]
    return [database, _broker(), check_worker(), _seen("beat", "beat"), _disk()]


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return Part("database", False, "PostgreSQL does not answer: nothing works until it does.")
    return Part("database", True, "answers")


def _broker() -> Part:
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except (BrokerError, RedisError, OSError):
        return Part("broker", False, "Redis does not answer: analyses wait; labeling and import go on.")
    return Part("broker", True, "answers")


def _seen(name: str, prefix: str) -> Part:
    last = Heartbeat.objects.filter(part__startswith=prefix).order_by("-seen_at").first()
    if last is None:
        return Part(name, False, f"No {name} has been seen yet: long work waits.")
    silence = timezone.now() - last.seen_at
    if silence > SILENT_AFTER:
        return Part(name, False, f"No {name} seen for {int(silence.total_seconds())} s: long work waits.")
    return Part(name, True, f"seen {int(silence.total_seconds())} s ago")


def check_worker() -> Part:
    """Whether somebody is there to do the long work. One query; asks no broker."""
    return _seen("worker", "worker:")


def _disk() -> Part:
    folder = settings.FILES_DIR if _exists(settings.FILES_DIR) else settings.BASE_DIR
    free = shutil.disk_usage(folder).free
    return Part("disk", free > LEAST_FREE_BYTES, f"{free // 1024**2} MB free for snapshots")


def _exists(folder: str) -> bool:
    return Path(folder).is_dir()


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """This process answers. Says nothing of its surroundings: a restart would not mend them."""
    return JsonResponse({"status": "live"})


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """503 and the dead part's name when something is missing."""
    parts = check_parts()
    is_ready = all(part.is_alive for part in parts)
    body = {
        "status": "ready" if is_ready else "degraded",
        "parts": {part.name: {"alive": part.is_alive, "detail": part.detail} for part in parts},
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def _declare(view: Callable[..., HttpResponse]) -> None:
    view.capability = Capability.PUBLIC  # type: ignore[attr-defined]


_declare(live)
_declare(ready)
