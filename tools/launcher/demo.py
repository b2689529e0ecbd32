"""`demo`: the servers, migrated and seeded, then web, worker and beat under one supervisor until a signal ends it."""

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence

from launcher import paths
from launcher.children import Service, Spawner, stop_all, supervise
from launcher.console import GiveUp, say, step
from launcher.locks import only_run
from launcher.processes import running_processes
from launcher.published import FIRST_PORT, HOST, already_running, published
from launcher.servers import keep_previous, running_servers

PORTS_TRIED = 50
CREDENTIALS = paths.VAR / "demo.json"


def run_demo(_: Sequence[str]) -> int:
    """Until Ctrl-C or TERM: 0. GiveUp when something does not start or keeps dying."""
    with only_run(paths.VAR, already_running()) as lock, listening_socket() as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        with running_servers(paths.VAR, lock, durable=True) as servers, published(servers, address) as spawner:
            with step("Database and demo project"):
                prepare(spawner, address)
            with running_processes(spawner, listener) as processes:
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
