"""Where the launcher keeps things. Everything it writes is below `var/` or `.venv/`, which git ignores."""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VAR = ROOT / "var"
LOGS = VAR / "log"
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"

LONGEST_SOCKET_PATH = 107  # bytes, sun_path of Linux without the closing NUL
LONGEST_SOCKET_NAME = len("/pg/.s.PGSQL.5432.lock")


def fingerprint(path: Path) -> str:
    """A short name that is the same for the same path on every run."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def fits_sockets(directory: Path) -> bool:
    """Whether unix sockets can live here: short, and free of what URLs and connection strings would have to quote."""
    name = str(directory)
    short = len(os.fsencode(name)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH
    return short and re.fullmatch(r"[A-Za-z0-9_./-]+", name) is not None


def socket_directory(home: Path) -> Path:
    """A directory for sockets that only this user may enter: `home/run`, or a private temporary one.

    The servers trust whoever reaches their socket, so nobody else may.
    """
    directory = home / "run"
    if fits_sockets(directory):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.chmod(0o700)
        return directory
    return private_temporary_directory(f"concord-{os.geteuid()}-{fingerprint(home)}")


def private_temporary_directory(
    name: str, *, owner: tuple[int, int] | None = None, usable: Callable[[Path], bool] = Path.is_dir
) -> Path:
    """`name` in a usable temporary directory, 0700 and owned by `owner` (default: us).

    A fresh, unguessable name is taken when somebody else has this one.
    """
    uid, gid = owner or (os.geteuid(), os.getegid())
    parents = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108  (owner and mode are checked below)
    parent = next((place for place in parents if fits_sockets(place / name) and usable(place)), parents[-1])
    directory = parent / name
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
            directory = Path(tempfile.mkdtemp(prefix="concord-", dir=parent))
    directory.chmod(0o700)
    if uid != directory.stat().st_uid:
        os.chown(directory, uid, gid)
    return directory


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented, for an error message; empty when there is none."""
    if not log.exists():
        return ""
    last = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in last)
