"""`tools/stack.py test`: servers of its own, removed afterwards whatever happened, and never without a browser."""

import fcntl
from pathlib import Path

import pytest

from tests.stack.checkout import Checkout

pytestmark = pytest.mark.stack

PYTEST = ("-n0", "-c", "probe/pytest.ini", "-p", "no:django")
PROBE = """
import os, psycopg

def test_probe():
    with psycopg.connect() as connection:
        assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("off",)
    assert os.environ["PGHOST"] != {demo!r}
    assert {holds}
"""


def write_probe(checkout: Checkout, *, holds: bool, demo: str = "none") -> str:
    (checkout.root / "probe").mkdir()
    (checkout.root / "probe" / "pytest.ini").write_text("[pytest]\n")
    (checkout.root / "probe" / "test_probe.py").write_text(PROBE.format(demo=demo, holds=holds))
    return "probe/test_probe.py"


def test_it_runs_beside_the_demo_on_servers_of_its_own(checkout: Checkout) -> None:
    checkout.start_servers()
    probe = write_probe(checkout, holds=True, demo=checkout.variables()["PGHOST"])
    launcher = checkout.start("test", *PYTEST, probe)
    assert launcher.process.wait(100) == 0, launcher.printed()
    assert checkout.psql("SELECT 1") == "1"


def test_after_a_failure_nothing_is_left_either(checkout: Checkout) -> None:
    launcher = checkout.start("test", *PYTEST, write_probe(checkout, holds=False))
    assert launcher.process.wait(100) == 1, launcher.printed()
    assert "1 failed" in launcher.printed()
    assert list((checkout.var / "tests").iterdir()) == []
    assert checkout.processes() == []


def test_what_killed_runs_left_is_removed_and_what_a_run_uses_is_not(checkout: Checkout) -> None:
    homes = checkout.var / "tests"
    for name in ("run-abandoned", "run-used"):
        (homes / name / "pg").mkdir(parents=True)
    with (homes / "run-used" / "launcher.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        launcher = checkout.start("test", "--version")
        assert launcher.process.wait(100) == 0, launcher.printed()
    assert [home.name for home in homes.iterdir()] == ["run-used"]


def test_without_a_browser_that_starts_no_test_runs(checkout: Checkout, tmp_path: Path) -> None:
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\necho 'Install me from the snap store'\nexit 1\n")
    stub.chmod(0o755)
    checkout.environment = {"CHROMIUM": str(stub)}
    launcher = checkout.start("test", "--version")
    assert launcher.process.wait(100) == 1
    assert f"CHROMIUM={stub} does not start" in launcher.printed()
    assert "PostgreSQL" not in launcher.printed()
