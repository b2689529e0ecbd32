"""Two locks keep two runs apart: one held by the launcher, one inherited by everything it starts."""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from launcher.console import GiveUp

PATIENCE_S = 20.0


@contextlib.contextmanager
def only_run(home: Path, already_running: str) -> Iterator[IO[str]]:
    """Hold `home` for this run; GiveUp(`already_running`) when another launcher holds it.

    Gives the lock that children inherit. After `kill -9` of a launcher the kernel tells its children to stop, which
    takes them a moment; the next run waits for that here, so that two servers never share one data directory.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "launcher.lock").open("w") as launcher, (home / "children.lock").open("w") as children:
        if not try_lock(launcher):
            raise GiveUp(already_running)
        if not wait_for_lock(children, PATIENCE_S):
            end_holders(home / "children.lock")
            if not wait_for_lock(children, PATIENCE_S):
                raise GiveUp(f"Processes of an earlier run still hold {home / 'children.lock'}; end them first.")
        yield children


def is_held(home: Path) -> bool:
    """Whether a launcher, or something that it started, is still using `home`."""
    for name in ("launcher.lock", "children.lock"):
        with (home / name).open("a") as lock:
            if not try_lock(lock):
                return True
    return False


def try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(lock: IO[str], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not try_lock(lock):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def end_holders(lock: Path) -> None:
    """Kill what an earlier launcher left behind: exactly the processes that inherited its lock."""
    identity = lock.stat()
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != os.getpid() and _has_open(process, identity):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(process.name), signal.SIGKILL)


def _has_open(process: Path, identity: os.stat_result) -> bool:
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                opened = descriptor.stat()
                if (opened.st_dev, opened.st_ino) == (identity.st_dev, identity.st_ino):
                    return True
    return False
