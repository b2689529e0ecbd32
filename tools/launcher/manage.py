"""`servers` and `manage`: the demo's data without the web server."""

import contextlib
import sys
from collections.abc import Iterator, Sequence

from launcher import paths
from launcher.children import Spawner, in_foreground, supervise
from launcher.console import say
from launcher.locks import is_held, only_run
from launcher.published import FIRST_PORT, HOST, VARIABLES_FILE, already_running, published
from launcher.servers import Servers, plain_environment, running_servers

ADDRESS = f"http://{HOST}:{FIRST_PORT}"


@contextlib.contextmanager
def demo_servers() -> Iterator[tuple[Servers, Spawner]]:
    """The demo's two servers, published for manage.py, without the rest of the demo."""
    with (
        only_run(paths.VAR, already_running()) as lock,
        running_servers(paths.VAR, lock, durable=True) as servers,
        published(servers, ADDRESS) as spawner,
    ):
        yield servers, spawner


def run_servers(_: Sequence[str]) -> int:
    """Only the two servers, with the demo's data, until a signal."""
    with demo_servers() as (servers, _spawner):
        say(f"Ready. manage.py reaches them through {VARIABLES_FILE}; Ctrl-C stops them.")
        supervise(servers.services)
    return 0


def run_manage(arguments: Sequence[str]) -> int:
    """`manage.py` with the demo's servers: those that run, else its own for as long as the command takes."""
    command = [sys.executable, "manage.py", *arguments]
    if VARIABLES_FILE.exists() and is_held(paths.VAR):
        return in_foreground(command, plain_environment())
    with demo_servers() as (_servers, spawner):
        return in_foreground(command, spawner.environment)
