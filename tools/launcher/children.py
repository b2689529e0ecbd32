"""Child processes: each in its own session, told by the kernel to stop when the launcher dies, restarted at times."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from launcher import paths
from launcher.console import Ended, GiveUp, say

PR_SET_PDEATHSIG = 1
RESTARTS_ALLOWED = 3
RESTART_WINDOW_S = 60.0


def follow_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """For preexec_fn: the kernel sends `death_signal` to the child when the launcher dies, even by `kill -9`."""
    launcher = os.getpid()
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def arm() -> None:
        if library is not None:
            library.prctl(PR_SET_PDEATHSIG, int(death_signal))
            if os.getppid() != launcher:  # it died between fork and prctl
                os._exit(1)

    return arm


@dataclass
class Spawner:
    """Starts children that inherit the run's lock, with one environment."""

    lock: IO[str]
    environment: Mapping[str, str]

    def start(
        self,
        command: Sequence[str],
        *,
        log: Path,
        directory: Path = paths.ROOT,
        death_signal: signal.Signals = signal.SIGTERM,
        inherit: Sequence[int] = (),
    ) -> "subprocess.Popen[bytes]":
        with log.open("ab") as output:
            return subprocess.Popen(
                list(command),
                cwd=directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(self.lock.fileno(), *inherit),
                start_new_session=True,  # Ctrl-C reaches the launcher only, which stops the rest in order
                preexec_fn=follow_parent(death_signal),  # noqa: PLW1509  (the launcher has one thread)
            )


@dataclass
class Service:
    """One long-running child: how to start it, and how to ask it to stop."""

    name: str
    start: Callable[[], "subprocess.Popen[bytes]"]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    last_signal: signal.Signals = signal.SIGKILL
    grace_s: float = 10.0
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)

    def launch(self) -> "subprocess.Popen[bytes]":
        self.process = self.start()
        return self.process

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def restart(self) -> None:
        """Start it again after it died; GiveUp with the end of its log when it keeps dying."""
        code = self.process.returncode if self.process else None
        now = time.monotonic()
        self.deaths = [moment for moment in self.deaths if now - moment < RESTART_WINDOW_S] + [now]
        if len(self.deaths) > RESTARTS_ALLOWED:
            times = f"{len(self.deaths)} times ({describe(code)})"
            raise GiveUp(f"{self.name} ended {times}; {self.log} says:\n{paths.tail(self.log)}")
        say(f"  {self.name} ended ({describe(code)}); starting it again. Log: {self.log}")
        time.sleep(1)
        self.launch()


def describe(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def stop_all(services: Sequence[Service]) -> None:
    """Ask all of them at once, wait for each within its grace, then kill what is left of its session."""
    running = [service for service in services if service.process is not None]
    for service in running:
        _signal(service, service.stop_signal)
    end = time.monotonic() + max((service.grace_s for service in running), default=0.0)
    for service in running:
        if not _ends_before(service, end):
            _signal(service, service.last_signal)
            if not _ends_before(service, time.monotonic() + 3):
                _signal(service, signal.SIGKILL)
        _end_session(service)


def _ends_before(service: Service, end: float) -> bool:
    assert service.process is not None
    try:
        service.process.wait(max(0.1, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _signal(service: Service, number: signal.Signals) -> None:
    if service.process is not None and service.process.poll() is None:
        service.process.send_signal(number)


def _end_session(service: Service) -> None:
    """Reap the child and kill what it left behind in its process group."""
    assert service.process is not None
    service.process.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(service.process.pid, signal.SIGKILL)
    service.process = None


def supervise(services: Sequence[Service]) -> None:
    """Watch until a signal ends the run (by exception) or a service keeps dying (GiveUp)."""
    while True:
        for service in services:
            if service.has_died():
                service.restart()
        time.sleep(0.3)


def in_foreground(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run with this terminal (a debugger works), and pass on the signal that ends the launcher."""
    on_terminal = sys.stdin.isatty()  # then Ctrl-C reaches the child by itself
    process = subprocess.Popen(
        list(command),
        cwd=paths.ROOT,
        env=dict(environment),
        start_new_session=not on_terminal,
        preexec_fn=follow_parent(signal.SIGTERM),  # noqa: PLW1509  (the launcher has one thread)
    )
    try:
        return process.wait()
    except Ended as end:
        if not (on_terminal and end.number == signal.SIGINT):
            process.send_signal(end.number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if not on_terminal:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
