"""`demo`: the servers, migrated and seeded, then web, worker and beat under one supervisor until a signal ends it."""

import contextlib
import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from launcher import paths
from launcher.children import Service, Spawner, stop_all, supervise
from launcher.console import GiveUp, say, step
from launcher.locks import only_run
from launcher.published import FIRST_PORT, HOST, already_running, published
from launcher.servers import keep_previous, running_servers

PORTS_TRIED = 50
START_PATIENCE_S = 60.0
CREDENTIALS = paths.VAR / "demo.json"


def run_demo(_: Sequence[str]) -> int:
    """Until Ctrl-C or TERM: 0. GiveUp when something does not start or keeps dying."""
    say("Concord is starting. The first time takes a minute, later starts a few seconds.")
    with only_run(paths.VAR, already_running()) as lock, listening_socket() as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        with running_servers(paths.VAR, lock, durable=True) as servers, published(servers, address) as spawner:
            with step("Database and demo project"):
                prepare(spawner, address)
            with running_processes(spawner, listener) as processes:
                with step("Web server, worker, timetable"):
                    wait_until_live(listener.getsockname()[1], processes)
                say(greeting(address))
                supervise([*servers.services, *processes])
    return 0


@contextlib.contextmanager
def listening_socket() -> Iterator[socket.socket]:
    """The first free port from 8000 (or from $PORT). It stays ours while the web server restarts."""
    first = int(os.environ.get("PORT", FIRST_PORT))
    for port in range(first, first + PORTS_TRIED):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(512)
        except OSError:
            listener.close()
            continue
        with listener:
            yield listener
        return
    raise GiveUp(f"No free port from {first} to {first + PORTS_TRIED - 1}.")


def prepare(spawner: Spawner, address: str) -> None:
    """Migrate and seed in one process: each start of Django costs a second."""
    log = paths.LOGS / "prepare.log"
    keep_previous(log)
    process = spawner.start(
        [sys.executable, "manage.py", "prepare_demo", "--url", address, "--credentials", str(CREDENTIALS)], log=log
    )
    preparing = Service("prepare_demo", lambda: process, log, process=process)
    try:
        code = process.wait()
    finally:
        stop_all([preparing])
    if code != 0:
        raise GiveUp(f"The database could not be prepared; {log} says:\n{paths.tail(log)}")


@contextlib.contextmanager
def running_processes(spawner: Spawner, listener: socket.socket) -> Iterator[list[Service]]:
    logs = {name: paths.LOGS / f"{name}.log" for name in ("web", "worker", "beat")}
    keep_previous(*logs.values())
    python = sys.executable
    web = [python, "-m", "gunicorn", "-c", "tools/gunicorn_conf.py", "-b", f"fd://{listener.fileno()}", "config.wsgi"]
    celery = [python, "-m", "celery", "-A", "config"]
    worker = [
        *celery,
        "worker",
        "-Q",
        "default,import,quality",
        "-c",
        "2",
        "-l",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    beat = [*celery, "beat", "-l", "INFO", "-s", str(paths.VAR / "beat-schedule")]
    services = [
        Service("Web server", lambda: spawner.start(web, log=logs["web"], inherit=[listener.fileno()]), logs["web"]),
        Service("Worker", lambda: spawner.start(worker, log=logs["worker"]), logs["worker"]),
        Service("Timetable", lambda: spawner.start(beat, log=logs["beat"]), logs["beat"]),
    ]
    try:
        for service in services:
            service.launch()
        yield services
    finally:
        stop_all(services)


def wait_until_live(port: int, processes: Sequence[Service]) -> None:
    end = time.monotonic() + START_PATIENCE_S
    while not is_live(port):
        if time.monotonic() > end:
            raise GiveUp(f"Concord does not answer; {processes[0].log} says:\n{paths.tail(processes[0].log)}")
        for process in processes:
            if process.has_died():
                process.restart()
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


def greeting(address: str) -> str:
    people: list[Mapping[str, str]] = json.loads(CREDENTIALS.read_text())["users"]
    rows = [f"  {'role':<14}{'user name':<18}password"]
    rows += [f"  {person['role']:<14}{person['username']:<18}{person['password']}" for person in people]
    return "\n".join(
        [
            "",
            f"Concord is at {address}/",
            "",
            *rows,
            "",
            f"Logs: {paths.LOGS}. Press Ctrl-C to stop; the data stays for the next start.",
        ]
    )
