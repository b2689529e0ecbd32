"""A copy of this checkout in a directory of its own, and the launcher run in it as a process."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree, ignore_patterns

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_COPIED = ignore_patterns(".git", ".venv", "var", "node_modules", "__pycache__", ".*_cache", "tests", "docs")
PATIENCE_S = 120.0
CLIENT = """
import json, sys, psycopg
with psycopg.connect(autocommit=True, connect_timeout=5) as connection:
    cursor = connection.execute(sys.argv[1])
    print(json.dumps(cursor.fetchall() if cursor.description else []))
"""


@dataclass
class Launcher:
    """A running `tools/stack.py`, with what it has printed."""

    process: "subprocess.Popen[bytes]"
    output: Path

    def printed(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str) -> str:
        end = time.monotonic() + PATIENCE_S
        while text not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < end, self.printed()
            time.sleep(0.05)
        return self.printed()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@dataclass
class Checkout:
    """A checkout that shares the packages of this one (`.venv` is a link) but nothing else."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    interpreter: str = sys.executable
    launchers: list[Launcher] = field(default_factory=list)

    @property
    def var(self) -> Path:
        return self.root / "var"

    def start(self, *arguments: str, ignore_sigint: bool = False) -> Launcher:
        output = self.root / f"output-{len(self.launchers)}.txt"
        with output.open("wb") as target:
            process = subprocess.Popen(
                [*self.prefix, self.interpreter, "tools/stack.py", *arguments],
                cwd=self.root,
                env={**os.environ, "PORT": "18200", **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=subprocess.STDOUT,
                preexec_fn=_ignore_sigint if ignore_sigint else None,
            )
        self.launchers.append(Launcher(process, output))
        return self.launchers[-1]

    def start_servers(self) -> Launcher:
        launcher = self.start("servers")
        launcher.wait_for("Ready.")
        return launcher

    def variables(self) -> dict[str, str]:
        """What `manage.py` would find."""
        return dict(line.split("=", 1) for line in (self.var / "demo.env").read_text().splitlines())

    def psql(self, statement: str) -> str:
        """Run SQL on the running server, by a client that knows only var/demo.env."""
        done = self._client(statement)
        assert done.returncode == 0, done.stderr
        rows: list[list[object]] = json.loads(done.stdout)
        return "|".join(str(value) for row in rows for value in row)

    def wait_for_database(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while self._client("SELECT 1").returncode != 0:
            assert time.monotonic() < end, self.launchers[-1].printed()

    def _client(self, statement: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, **self.variables()}
        return subprocess.run(
            [sys.executable, "-c", CLIENT, statement], env=environment, capture_output=True, text=True, check=False
        )

    def processes(self) -> list[int]:
        """Every process that works in this checkout."""
        return processes_below(self.root)

    def clean_up(self) -> None:
        for launcher in self.launchers:
            if launcher.process.poll() is None:
                launcher.process.terminate()
                try:
                    launcher.process.wait(30)
                except subprocess.TimeoutExpired:
                    launcher.process.kill()
                    launcher.process.wait()


def make_checkout(at: Path) -> Checkout:
    copytree(ROOT, at, ignore=NOT_COPIED)
    (at / ".venv").symlink_to(sys.prefix)
    return Checkout(at)


def processes_below(directory: Path) -> list[int]:
    """The processes whose working directory is `directory` or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = Path(os.readlink(process / "cwd").removesuffix(" (deleted)"))
        except OSError:
            continue
        if place.is_relative_to(directory):
            found.append(int(process.name))
    return found


def wait_until_gone(directory: Path, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while left := processes_below(directory):
        assert time.monotonic() < end, subprocess.run(
            ["ps", "-o", "pid,args", "-p", ",".join(map(str, left))], capture_output=True, text=True, check=False
        ).stdout
        time.sleep(0.05)


def _ignore_sigint() -> None:
    """As a shell starts a background job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
