"""Concord's own processes in the demo: web server, worker, timetable."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from launcher import paths
from launcher.children import Service, Spawner, stop_all
from launcher.console import GiveUp, step
from launcher.published import HOST
from launcher.servers import keep_previous

QUEUES = "default,import,quality"
START_PATIENCE_S = 120.0


@contextlib.contextmanager
def running_processes(spawner: Spawner, listener: socket.socket) -> Iterator[list[Service]]:
    """Start all three; gives them once the web server answers, and stops them at the end."""
    web = web_server(spawner, listener)
    services = [web, worker(spawner), timetable(spawner)]
    keep_previous(*(service.log for service in services))
    try:
        with step("Web server, worker, timetable"):
            web.launch()  # alone at first: three starts of Django at once triple the wait for the first page
            wait_until_live(listener.getsockname()[1], web)
            for service in services[1:]:
                service.launch()
        yield services
    finally:
        stop_all(services)


def web_server(spawner: Spawner, listener: socket.socket) -> Service:
    log = log_of("web")
    socket_number = listener.fileno()
    command = python("gunicorn", "-c", "tools/gunicorn_conf.py", "-b", f"fd://{socket_number}", "config.wsgi")
    return Service("Web server", lambda: spawner.start(command, log=log, inherit=[socket_number]), log)


def worker(spawner: Spawner) -> Service:
    log = log_of("worker")
    command = celery("worker", "-Q", QUEUES, "-c", "2", "--without-gossip", "--without-mingle")

    # A job that is cut off is done again, so a worker whose launcher is gone need not finish what it does.
    def start() -> "subprocess.Popen[bytes]":
        return spawner.start(command, log=log, death_signal=signal.SIGQUIT)

    return Service("Worker", start, log, last_signal=signal.SIGQUIT)


def timetable(spawner: Spawner) -> Service:
    log = log_of("beat")
    command = celery("beat", "-s", str(paths.VAR / "beat-schedule"))
    return Service("Timetable", lambda: spawner.start(command, log=log), log)


def celery(*arguments: str) -> list[str]:
    return python("celery", "-A", "config", *arguments, "-l", "INFO")


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def log_of(name: str) -> Path:
    return paths.LOGS / f"{name}.log"


def wait_until_live(port: int, web: Service) -> None:
    end = time.monotonic() + START_PATIENCE_S
    while not is_live(port):
        if time.monotonic() > end:
            raise GiveUp(f"Concord does not answer; {web.log} says:\n{paths.tail(web.log)}")
        if web.has_died():
            web.restart()
        time.sleep(0.1)


def is_live(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
