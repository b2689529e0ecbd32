"""One whole demo, from start to Ctrl-C, with the first port taken."""

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack.checkout import Checkout

pytestmark = pytest.mark.stack


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_the_demo_starts_beside_a_taken_port_heals_and_leaves_nothing(checkout: Checkout, taken_port: int) -> None:
    checkout.environment = {"PORT": str(taken_port)}
    launcher = checkout.start("demo")
    greeting = launcher.wait_for("Press Ctrl-C")

    port = address_in(greeting)
    assert port > taken_port
    credentials = checkout.var / "demo.json"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    written = json.loads(credentials.read_text())
    assert written["url"] == f"http://127.0.0.1:{port}"
    assert written["users"]
    for person in written["users"]:
        assert re.search(rf"{person['role']} +{person['username']} +{re.escape(person['password'])}", greeting)
    first = written["users"][0]
    signed = {"Authorization": f"Token {first['token']}"}
    assert (get(port, "/api/v1/tokens/", signed)[0], get(port, "/api/v1/tokens/")[0]) == (200, 401)

    assert first["username"] in manage(checkout, "shell", "-v0", "-c", LIST_PEOPLE)
    wait_until(lambda: get(port, "/health/ready")[0] == 200)  # worker and timetable told that they live

    [gunicorn] = [pid for pid in checkout.processes() if is_master(pid)]
    os.kill(gunicorn, signal.SIGKILL)
    launcher.wait_for("Web server ended (signal SIGKILL); starting it again")
    wait_until(lambda: get(port, "/health/live")[0] == 200)

    assert launcher.end(signal.SIGINT) == 0
    assert checkout.processes() == []
    assert not (checkout.var / "demo.env").exists()


LIST_PEOPLE = "from accounts.models import User; print(*User.objects.values_list('username', flat=True))"


def address_in(greeting: str) -> int:
    found = re.search(r"Concord is at http://127\.0\.0\.1:(\d+)/", greeting)
    assert found, greeting
    return int(found[1])


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def manage(checkout: Checkout, *arguments: str) -> str:
    """manage.py as a person runs it: no variable leads it to the demo."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PG", "CONCORD_", "DJANGO_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=checkout.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_master(pid: int) -> bool:
    """gunicorn's first process: the launcher is the parent."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return b"gunicorn" in command and b"gunicorn" not in Path(f"/proc/{parent}/cmdline").read_bytes()


def wait_until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)
