"""`test`, `check` and `bench`: throw-away servers of their own, so that they can run beside a running demo."""

import contextlib
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from launcher import paths
from launcher.browser import find_or_install_chromium
from launcher.checks import run_checks
from launcher.children import in_foreground
from launcher.console import say, step
from launcher.locks import is_held, only_run
from launcher.servers import Servers, forget, running_servers

HOMES = paths.VAR / "tests"
BENCHMARKS = ("stats", "importing", "queue", "snapshots")


def run_tests(arguments: Sequence[str]) -> int:
    """pytest's exit code. Without a browser nothing runs: a skipped browser test would look like a pass."""
    with step("Chromium"):
        chromium = find_or_install_chromium()
    with throw_away_servers(durable=False) as (home, servers):
        return in_foreground(pytest(arguments), environment(home, servers, {"CHROMIUM": chromium}))


def run_check(arguments: Sequence[str]) -> int:
    """Everything a change must pass; 1 when anything fails, after all of it ran."""
    with throw_away_servers(durable=False) as (home, servers):
        failed = run_checks(environment(home, servers, {}))
    tests = 0 if "--no-tests" in arguments else run_tests([])
    say(f"\nFailed: {', '.join(failed)}" if failed else "\nAll checks passed.")
    return 1 if failed or tests else 0


def run_bench(arguments: Sequence[str]) -> int:
    """`bench NAME ARGS` runs benchmarks/NAME.py, `bench` all that need no argument; the first bad exit code.

    The servers are as durable as the demo's: `fsync` is part of what is measured.
    """
    programs = [arguments] if arguments else [[name] for name in BENCHMARKS]
    with throw_away_servers(durable=True) as (home, servers):
        settings = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CONCORD_SECRET_KEY": secrets.token_urlsafe(50),
            "CONCORD_INSECURE_HTTP": "1",
        }
        variables = environment(home, servers, settings)
        codes = [
            in_foreground([sys.executable, "-m", f"benchmarks.{name}", *more], variables) for name, *more in programs
        ]
    return next(filter(None, codes), 0)


def pytest(arguments: Sequence[str]) -> list[str]:
    """Two processes unless the caller says otherwise; tests of one group share a process."""
    parallel = [] if any(given.startswith(("-n", "--numprocesses", "--pdb")) for given in arguments) else ["-n", "2"]
    return [sys.executable, "-m", "pytest", *parallel, "--dist", "loadgroup", *arguments]


@contextlib.contextmanager
def throw_away_servers(*, durable: bool) -> Iterator[tuple[Path, Servers]]:
    """Servers with fresh data in a directory of their own, which is removed at the end, also after a failure."""
    HOMES.mkdir(parents=True, exist_ok=True)
    remove_abandoned()
    home = Path(tempfile.mkdtemp(prefix="run-", dir=HOMES))
    try:
        with only_run(home, "") as lock, running_servers(home, lock, durable=durable) as servers:
            yield home, servers
    finally:
        forget(home)


def remove_abandoned() -> None:
    """What earlier runs that were killed could not remove."""
    for home in HOMES.glob("run-*"):
        with contextlib.suppress(OSError):
            if not is_held(home):
                forget(home)


def environment(home: Path, servers: Servers, more: Mapping[str, str]) -> dict[str, str]:
    """For tests: every variable of the contract is set, so that nothing is taken from a running demo."""
    scratch = home / "tmp"
    scratch.mkdir(exist_ok=True)
    return dict(
        servers.spawner(
            {
                "CONCORD_SECRET_KEY": secrets.token_urlsafe(50),
                "CONCORD_DEBUG": "0",
                "CONCORD_ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
                "CONCORD_ORIGIN": "http://127.0.0.1:8000",
                "CONCORD_FILES_DIR": str(home / "files"),
                "CONCORD_INSECURE_HTTP": "1",
                "CONCORD_STACK_HOME": str(home),
                "DJANGO_SETTINGS_MODULE": "config.settings_test",
                **more,
            }
        ).environment
    )
