"""Both servers together, and the environment through which Concord finds them (config/env.py)."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from launcher import paths
from launcher.children import Service, Spawner, stop_all
from launcher.console import GiveUp, step
from launcher.identity import choose_identity
from launcher.postgres import DATABASE, PORT, USER, Postgres, copy_binaries, find_binaries
from launcher.valkey import Valkey

PUBLIC_HOME = "/var/lib/concord"  # for root in a private directory where user namespaces are forbidden
OURS = {  # what the launcher decides; the same names in the caller's environment are for other servers
    "CONCORD_BROKER_URL",
    "CONCORD_SECRET_KEY",
    "CONCORD_DEBUG",
    "CONCORD_ALLOWED_HOSTS",
    "CONCORD_ORIGIN",
    "CONCORD_FILES_DIR",
    "CONCORD_INSECURE_HTTP",
    "DJANGO_SETTINGS_MODULE",
}


@dataclass
class Servers:
    """Running servers: their services for the supervisor, and the variables that lead to them."""

    lock: IO[str]
    variables: Mapping[str, str]
    services: list[Service]

    def spawner(self, more: Mapping[str, str]) -> Spawner:
        """Starts processes of Concord that know these servers and `more`."""
        return Spawner(self.lock, {**plain_environment(), **self.variables, **more})


@contextlib.contextmanager
def running_servers(home: Path, lock: IO[str], *, durable: bool) -> Iterator[Servers]:
    """Start PostgreSQL and Valkey with their data in `home`; stop them at the end, whatever happened."""
    logs = home / "log"
    logs.mkdir(parents=True, exist_ok=True)
    (paths.VAR / "static").mkdir(exist_ok=True)  # WhiteNoise warns when it is missing, though it is not used here
    keep_previous(logs / "postgres.log", logs / "valkey.log")
    spawner = Spawner(lock, plain_environment())
    services: list[Service] = []
    sockets: list[Path] = []
    try:
        with step("PostgreSQL"):
            postgres = place_postgres(home, spawner, durable=durable)
            sockets.append(postgres.sockets)
            postgres.initialise()
            start(postgres, services)
            postgres.ensure_database()
        with step("Valkey"):
            valkey = Valkey(home, paths.socket_directory(home), logs / "valkey.log", spawner)
            sockets.append(valkey.sockets)
            start(valkey, services)
        yield Servers(lock, variables(postgres, valkey), services)
    finally:
        stop_all(services[::-1])
        for directory in sockets:
            with contextlib.suppress(OSError):
                directory.rmdir()


def start(server: Postgres | Valkey, services: list[Service]) -> None:
    service = server.service()
    services.append(service)
    service.launch()
    server.wait_until_ready(service)


def place_postgres(home: Path, spawner: Spawner, *, durable: bool) -> Postgres:
    """Choose as whom PostgreSQL runs, and a place for its data, sockets and binaries which that account reaches."""
    identity = choose_identity()
    binaries = find_binaries()
    log = home / "log" / "postgres.log"
    if not identity.is_other_account:
        return Postgres(binaries, identity, home, paths.socket_directory(home), log, spawner, durable)

    def reachable(place: Path) -> bool:
        return identity.succeeds("test", "-x", place)

    sockets = paths.private_temporary_directory(
        f"concord-pg-{paths.fingerprint(home)}", owner=identity.owner, usable=reachable
    )
    if not reachable(home):
        home = make_public_home(home, durable=durable)
    if not reachable(binaries / "postgres"):
        binaries = copy_binaries(binaries, home)
    return Postgres(binaries, identity, home, sockets, log, spawner, durable)


def public_home(home: Path, *, durable: bool) -> Path:
    """The stand-in for `home` outside of root's private directories: lasting for the demo, temporary for tests."""
    parent = Path(os.environ.get("CONCORD_SERVER_HOME", PUBLIC_HOME)) if durable else Path(tempfile.gettempdir())
    return parent / f"concord-{paths.fingerprint(home)}"


def make_public_home(home: Path, *, durable: bool) -> Path:
    place = public_home(home, durable=durable)
    for directory in (place.parent, place):
        if not directory.exists():
            directory.mkdir(parents=True)
            directory.chmod(0o711)  # whatever the umask is
    if place.lstat().st_uid != os.geteuid():
        raise GiveUp(f"{place} belongs to someone else.")
    return place


def forget(home: Path) -> None:
    """Remove the data of throw-away servers, also where a stand-in for `home` was used."""
    shutil.rmtree(home, ignore_errors=True)
    for durable in (False, True):
        shutil.rmtree(public_home(home, durable=durable), ignore_errors=True)


def plain_environment() -> dict[str, str]:
    """The caller's environment without anything that leads to other servers, in one locale."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG") and key not in OURS}
    kept.pop("PYTHONHOME", None)
    return {**kept, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def variables(postgres: Postgres, valkey: Valkey) -> dict[str, str]:
    return {
        "PGHOST": str(postgres.sockets),
        "PGPORT": PORT,
        "PGUSER": USER,
        "PGPASSWORD": "",
        "PGDATABASE": DATABASE,
        "CONCORD_BROKER_URL": f"redis+socket://{valkey.socket}",
    }


def keep_previous(*logs: Path) -> None:
    """Each run writes fresh logs; those of the run before stay beside them as `.1`."""
    for log in logs:
        if log.exists():
            log.replace(log.with_name(log.name + ".1"))
