"""Bulk bodies as a real server gets them: chunked, cut off, slow, and large at constant memory."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from annotation.models import ImportBatch, Item, Project
from annotation.services.importing.background import imports_dir
from tests.factories.accounts import token_for

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
PATH = "/api/v1/projects/intents/items/"


class Server:
    """gunicorn with one worker, on the test's database."""

    def __init__(self, port: int, worker: int) -> None:
        self.port = port
        self.worker = worker

    def peak_mb(self) -> float:
        return self._memory("VmHWM")

    def forget_peak(self) -> None:
        Path(f"/proc/{self.worker}/clear_refs").write_text("5")

    def _memory(self, what: str) -> float:
        lines = Path(f"/proc/{self.worker}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings_test", "PGDATABASE": connection.settings_dict["NAME"],
    }  # fmt: skip
    command = [
        sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "tools/gunicorn_conf.py", "--workers", "1",
        "--bind", f"127.0.0.1:{port}",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Server(port, _worker_of(process.pid, port))
    finally:
        process.terminate()
        process.wait(30)


def _worker_of(pid: int, port: int) -> int:
    for _ in range(300):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        with socket.socket() as probe:
            if children and probe.connect_ex(("127.0.0.1", port)) == 0:
                return int(children[0])
        time.sleep(0.1)
    raise TimeoutError("gunicorn did not start")


def lines(n: int, size: int = 20) -> Iterator[bytes]:
    """n items in chunks of a thousand lines."""
    for start in range(0, n, 1000):
        yield b"".join(
            b'{"external_id": "m%d", "payload": {"text": "%s"}}\n' % (number, b"x" * size)
            for number in range(start, min(start + 1000, n))
        )


def send(server: Server, user: User, body: Any, query: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"Authorization": f"Token {token_for(user)}", "Content-Type": "application/x-ndjson"} | named
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)) as client:
        client.request("POST", PATH + query, body, named, encode_chunked=not isinstance(body, bytes))
        answer = client.getresponse()
        return answer.status, json.loads(answer.read())


def raw(server: Server, user: User, head: bytes, body: bytes) -> socket.socket:
    """A request written by hand, so that it can lie or stop."""
    peer = socket.create_connection(("127.0.0.1", server.port))
    peer.sendall(
        b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\n"
        b"Connection: close\r\nAuthorization: Token " + token_for(user).encode() + b"\r\n" + head + b"\r\n\r\n" + body
    )
    return peer


def settled(check: Any) -> bool:
    for _ in range(100):
        if check():
            return True
        time.sleep(0.1)
    return False


def test_a_chunked_body_without_length_is_taken(server: Server, project: Project, max_: User) -> None:
    status, report = send(server, max_, lines(2500))

    assert (status, report["created"]) == (200, 2500)
    assert Item.objects.count() == 2500


LINE = b'{"external_id": "m1", "payload": {}}\n'
CUTS = {
    "before the announced length": (b"Content-Length: 100000", LINE),
    "between chunks": (b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n" % (len(LINE), LINE)),
    "inside a chunk": (b"Transfer-Encoding: chunked", b"ff\r\n" + LINE),
    "by a broken chunk": (b"Transfer-Encoding: chunked", b"%x\r\n%s\r\nzz\r\n" % (len(LINE), LINE)),
    "by a broken trailer": (b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\nbad\r\n\r\n" % (len(LINE), LINE)),
}


@pytest.mark.parametrize(("head", "body"), CUTS.values(), ids=CUTS.keys())
def test_a_cut_upload_stores_nothing(server: Server, project: Project, max_: User, head: bytes, body: bytes) -> None:
    peer = raw(server, max_, head, body)
    time.sleep(0.3)
    peer.shutdown(socket.SHUT_WR)
    answer = b"".join(iter(lambda: peer.recv(65536), b""))
    peer.close()

    assert answer.split()[1] == b"400", answer[:200]
    assert b"body_incomplete" in answer
    assert (Item.objects.count(), ImportBatch.objects.count()) == (0, 0)


def test_after_a_cut_the_whole_upload_makes_no_duplicates(server: Server, project: Project, max_: User) -> None:
    body = b"".join(lines(3000))
    peer = raw(server, max_, b"Content-Length: %d" % len(body), body[: len(body) // 2])
    peer.close()

    assert send(server, max_, body)[1]["created"] == 3000
    assert send(server, max_, body)[1]["unchanged"] == 3000
    assert Item.objects.count() == 3000


def test_an_upload_that_stops_halfway_holds_no_transaction(server: Server, project: Project, max_: User) -> None:
    peer = raw(server, max_, b"Content-Length: 100000", b'{"external_id": "m1", "payload": {}}\n')
    time.sleep(1)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        assert cursor.fetchone() == (0,)
    peer.close()


def test_a_cut_upload_leaves_no_file(server: Server, project: Project, max_: User) -> None:
    before = set(imports_dir().iterdir())
    peer = raw(server, max_, b"Content-Length: 100000", b'{"external_id": "m1", "payload": {}}\n')
    time.sleep(0.5)
    peer.close()

    assert settled(lambda: set(imports_dir().iterdir()) == before)


def test_memory_does_not_grow_with_the_file(server: Server, project: Project, max_: User) -> None:
    """20 and 60 MB of lines after a warm-up: the worker's peak stays where it was."""
    send(server, max_, lines(2000, size=1000), "?on_error=skip")
    server.forget_peak()
    before = server.peak_mb()

    status, report = send(server, max_, lines(20_000, size=1000))
    after_20 = server.peak_mb()
    assert (status, report["created"], report["unchanged"] + report["conflicts"]) == (200, 18_000, 2000)

    status, report = send(server, max_, lines(60_000, size=1000))
    after_60 = server.peak_mb()

    assert (status, report["created"]) == (200, 40_000)
    assert after_20 - before < 25, (before, after_20)
    assert after_60 - after_20 < 10, (after_20, after_60)
