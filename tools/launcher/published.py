"""How `manage.py` finds the demo's servers without any environment variable: `var/demo.env`, while they run."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from launcher import paths
from launcher.children import Spawner
from launcher.servers import Servers

HOST = "127.0.0.1"
FIRST_PORT = 8000
VARIABLES_FILE = paths.VAR / "demo.env"  # read by config/env.py
SECRET = paths.VAR / "secret"


@contextlib.contextmanager
def published(servers: Servers, address: str) -> Iterator[Spawner]:
    """Let `manage.py` find the servers while they run: var/demo.env, readable by this user only."""
    settings = {
        "CONCORD_SECRET_KEY": secret_key(),
        "CONCORD_DEBUG": "0",
        "CONCORD_ALLOWED_HOSTS": f"{HOST},localhost",
        "CONCORD_ORIGIN": address,
        "CONCORD_FILES_DIR": str(paths.VAR / "files"),
        "CONCORD_INSECURE_HTTP": "1",
    }
    (paths.VAR / "files").mkdir(mode=0o700, exist_ok=True)
    lines = [f"{key}={value}" for key, value in {**servers.variables, **settings}.items()]
    write_private(VARIABLES_FILE, "\n".join(lines) + "\n")
    try:
        yield servers.spawner({**settings, "DJANGO_SETTINGS_MODULE": "config.settings"})
    finally:
        VARIABLES_FILE.unlink(missing_ok=True)


def secret_key() -> str:
    """Made once, kept: sessions survive a restart."""
    if not SECRET.exists():
        write_private(SECRET, secrets.token_urlsafe(50))
    return SECRET.read_text().strip()


def write_private(file: Path, text: str) -> None:
    """Whole or not at all, and never readable by others."""
    partial = file.with_name(file.name + ".new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    partial.replace(file)


def already_running() -> str:
    where = ""
    with contextlib.suppress(OSError):
        lines = dict(line.split("=", 1) for line in VARIABLES_FILE.read_text().splitlines())
        where = f" at {lines['CONCORD_ORIGIN']}/"
    return f"Concord is already running in this checkout{where}. Stop that one first (Ctrl-C where it was started)."
