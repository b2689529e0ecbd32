"""Serve a WSGI application as in production, on a loopback port, and call it from many keep-alive connections."""

import http.client
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any


@contextmanager
def served(application: str, *, workers: int, threads: int) -> Iterator[Iterator[int]]:
    """Workers of gunicorn that serve `module:application` for the time of the block: their ports, in turn without end.

    Each has a port of its own. Where workers share one, chance decides who gets how many of the connections that stay
    open, and with it by up to half how many requests a second are served.
    """
    with ExitStack() as stack:
        ports = [stack.enter_context(_worker(application, threads)) for _ in range(workers)]
        yield itertools.cycle(ports)


@contextmanager
def _worker(application: str, threads: int) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--workers", "1",
        "--threads", str(threads), "--worker-class", "gthread", "--log-level", "error", "--keep-alive", "30",
    ]  # fmt: skip
    server = subprocess.Popen(command)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the server did not start")


class Caller:
    """One keep-alive connection of one person."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Content-Type": "application/json"} | ({"Authorization": f"Token {token}"} if token else {})

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        self.connection.request("POST", path, json.dumps({} if body is None else body), self.headers)
        response = self.connection.getresponse()
        raw = response.read()
        return response.status, json.loads(raw) if raw else None


def timed_loops(loops: Sequence[Callable[[], float]], *, seconds: float) -> tuple[float, list[float]]:
    """Run every loop in a thread of its own until the time is over: (rounds per second in all, durations in ms).

    A loop returns the seconds of what it measured in that round.
    """
    durations: list[list[float]] = [[] for _ in loops]
    failures: list[BaseException] = []
    barrier, stop = threading.Barrier(len(loops) + 1), threading.Event()

    def run(index: int) -> None:
        barrier.wait()
        try:
            while not stop.is_set():
                durations[index].append(loops[index]() * 1000)
        except BaseException as failure:  # noqa: BLE001  (raised again where it ends the run)
            failures.append(failure)
            stop.set()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(loops))]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    stop.wait(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    if failures:
        raise failures[0]
    everything = [duration for own in durations for duration in own]
    return len(everything) / elapsed, everything
