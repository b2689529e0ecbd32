"""Health checks of the containers: `container_health.py web|worker|beat` exits 0 when the part works."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

BEAT_SCHEDULE = Path("/tmp/beat-schedule")  # noqa: S108  (the container's own tmpfs)
BEAT_SILENCE_S = 400  # beat writes its schedule every three minutes


def web() -> bool:
    """Answers as an allowed host; other hosts get 400."""
    host = os.environ["CONCORD_ALLOWED_HOSTS"].split(",")[0].strip()
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=5)
    connection.request("GET", "/health/live", headers={"Host": host})
    return connection.getresponse().status == http.HTTPStatus.OK


def worker() -> bool:
    """The worker of this container answers through the broker."""
    ping = ["celery", "-A", "config", "inspect", "ping", "-t", "10", "-d", f"celery@{socket.gethostname()}"]
    return subprocess.run(ping, capture_output=True, check=False).returncode == 0


def beat() -> bool:
    return time.time() - BEAT_SCHEDULE.stat().st_mtime < BEAT_SILENCE_S


if __name__ == "__main__":
    try:
        healthy = {"web": web, "worker": worker, "beat": beat}[sys.argv[1]]()
    except OSError as error:
        sys.exit(str(error))
    sys.exit(0 if healthy else 1)
