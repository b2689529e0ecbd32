"""The virtual environment: made once, filled from hash-pinned requirements, filled again when those change.

Standard library only: this runs before anything is installed. A stamp in `.venv` names the requirements that were
installed, so that the next start needs neither network nor time.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from launcher import paths
from launcher.console import GiveUp, step

PYTHON = paths.VENV / "bin" / "python"
UV = paths.VENV / "bin" / "uv"
SETUP_LOG = paths.LOGS / "setup.log"


def ensure_packages(kind: str) -> Path:
    """Install what requirements/`kind`.txt pins unless it is installed; returns the environment's interpreter."""
    try:
        paths.LOGS.mkdir(parents=True, exist_ok=True)
        with one_at_a_time():
            make_environment()
            if not is_installed(kind):
                install_uv()
                install(kind)
    except PermissionError as error:
        sys.exit(f"{error.filename} belongs to another user: run this as the user who ran it first, or remove it.")
    except GiveUp as reason:
        sys.exit(str(reason))
    return PYTHON


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two commands started at once in a fresh checkout must not fill the same environment."""
    with (paths.VAR / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_environment() -> None:
    if os.access(PYTHON, os.X_OK):
        return
    with step("Python environment .venv"):
        make = [sys.executable, "-m", "venv", "--clear", str(paths.VENV)]
        if run_logged(make):
            return
        if can_install_debian_packages():  # Debian ships the standard library's venv in pieces
            run_logged(["apt-get", "update"])
            run_logged(["apt-get", "install", "-y", "--no-install-recommends", "python3-venv"])
        if not run_logged(make):
            raise GiveUp(
                "Python cannot make a virtual environment here. On Debian and Ubuntu: apt-get install python3-venv\n"
                + paths.tail(SETUP_LOG)
            )


def can_install_debian_packages() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_uv() -> None:
    """uv installs ten times faster than pip; without it pip does the work."""
    if is_installed("uv") and UV.exists():
        return
    with step("Installer uv"):
        if run_logged([*pip_install(), "-r", str(requirements("uv"))]):
            write_stamp("uv")


def install(kind: str) -> None:
    with step(f"Packages of requirements/{kind}.txt"):
        if not any(run_logged(command) for command in ways_to_install(kind)):
            raise GiveUp(f"The packages could not be installed (all of it in {SETUP_LOG}):\n" + paths.tail(SETUP_LOG))
        write_stamp(kind)
        if kind == "test":  # test.txt holds all of demo.txt
            write_stamp("demo")


def ways_to_install(kind: str) -> list[list[str]]:
    """uv; uv with the machine's own certificates, which some networks need; pip, which reads pip's configuration."""
    uv = [str(UV), "pip", "install", "--python", str(PYTHON), "--require-hashes", "-r", str(requirements(kind))]
    with_uv = [uv, [*uv, "--system-certs"]] if UV.exists() else []
    return [*with_uv, [*pip_install(), "-r", str(requirements(kind))]]


def pip_install() -> list[str]:
    return [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--require-hashes"]


def requirements(kind: str) -> Path:
    return paths.REQUIREMENTS / f"{kind}.txt"


def stamp(kind: str) -> Path:
    return paths.VENV / f".concord-{kind}"


def wanted(kind: str) -> str:
    return hashlib.sha256(requirements(kind).read_bytes()).hexdigest()


def is_installed(kind: str) -> bool:
    return stamp(kind).exists() and stamp(kind).read_text() == wanted(kind)


def write_stamp(kind: str) -> None:
    stamp(kind).write_text(wanted(kind))


def run_logged(command: list[str], *, directory: Path = paths.ROOT, more: Mapping[str, str] | None = None) -> bool:
    """Run a set-up command with its output in the set-up log; whether it succeeded."""
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONHOME", "UV_SYSTEM_PYTHON"}}
    environment |= {"DEBIAN_FRONTEND": "noninteractive", **(more or {})}
    with SETUP_LOG.open("ab") as log:
        log.write(f"$ {' '.join(command)}\n".encode())
        log.flush()
        try:
            done = subprocess.run(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
            )
        except OSError as error:
            log.write(f"{error}\n".encode())
            return False
    return done.returncode == 0
