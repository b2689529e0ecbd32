"""The two servers under the launcher: one run at a time, nothing left behind, nothing lost."""

import os
import signal
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stack.checkout import Checkout, wait_until_gone

pytestmark = pytest.mark.stack


def test_manage_finds_the_servers_through_a_private_file_that_goes_away_with_them(checkout: Checkout) -> None:
    launcher = checkout.start_servers()
    file = checkout.var / "demo.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    variables = checkout.variables()
    assert variables["CONCORD_BROKER_URL"].startswith("redis+socket:///")
    assert variables["CONCORD_INSECURE_HTTP"] == "1"
    assert len(variables["CONCORD_SECRET_KEY"]) >= 50
    assert stat.S_IMODE(Path(variables["PGHOST"]).stat().st_mode) == 0o700
    assert checkout.psql("SELECT current_database(), current_setting('fsync')") == "concord|on"

    assert launcher.end() == 0
    assert not file.exists()
    assert not Path(variables["PGHOST"]).exists()
    assert checkout.processes() == []


def test_a_second_start_is_refused_while_the_first_runs_and_keeps_the_data_afterwards(checkout: Checkout) -> None:
    first = checkout.start_servers()
    secret = checkout.variables()["CONCORD_SECRET_KEY"]
    checkout.psql("CREATE TABLE kept AS SELECT 42 AS answer")
    second = checkout.start("servers")
    assert second.process.wait(30) == 1
    assert "already running" in second.printed()
    assert checkout.psql("SELECT answer FROM kept") == "42"
    assert first.end() == 0

    checkout.start_servers()
    assert checkout.psql("SELECT answer FROM kept") == "42"
    assert checkout.variables()["CONCORD_SECRET_KEY"] == secret


def test_kill_9_of_the_launcher_leaves_no_process_and_the_next_start_works(checkout: Checkout) -> None:
    launcher = checkout.start_servers()
    checkout.psql("CREATE TABLE kept AS SELECT 42 AS answer")
    launcher.end(signal.SIGKILL)
    again = checkout.start_servers()  # at once, while the old servers may still be stopping
    assert checkout.psql("SELECT answer FROM kept") == "42"
    assert again.end() == 0
    wait_until_gone(checkout.root)


def test_a_killed_database_server_is_started_again_with_its_data(checkout: Checkout) -> None:
    launcher = checkout.start_servers()
    checkout.psql("CREATE TABLE kept AS SELECT 42 AS answer")
    postmaster = int((checkout.var / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    launcher.wait_for("PostgreSQL ended (signal SIGKILL); starting it again")
    checkout.wait_for_database()
    assert checkout.psql("SELECT answer FROM kept") == "42"
    assert launcher.end() == 0
    assert checkout.processes() == []


def test_ctrl_c_stops_everything_even_where_the_shell_had_it_ignored(checkout: Checkout) -> None:
    launcher = checkout.start("servers", ignore_sigint=True)
    launcher.wait_for("Ready.")
    assert len(checkout.processes()) > 2
    assert launcher.end(signal.SIGINT) == 0
    assert "Traceback" not in launcher.printed()
    assert checkout.processes() == []


@pytest.mark.parametrize("name", ["with a space, a comma & more", "x" * 150])
def test_odd_and_long_paths_get_their_sockets_elsewhere(
    name: str, copy_to: Callable[[Path], Checkout], tmp_path: Path
) -> None:
    checkout = copy_to(tmp_path / name / "concord")
    launcher = checkout.start_servers()
    sockets = Path(checkout.variables()["PGHOST"])
    assert sockets.parent == Path(tempfile.gettempdir())
    assert (stat.S_IMODE(sockets.stat().st_mode), sockets.stat().st_uid) == (0o700, os.geteuid())
    assert checkout.psql("SELECT 1") == "1"
    assert launcher.end() == 0
    assert not sockets.exists()
    assert checkout.processes() == []


def test_the_second_start_needs_no_network_and_installs_nothing(checkout: Checkout) -> None:
    checkout.environment = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_NO_CACHE_DIR": "1",
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/",
        "UV_NO_CACHE": "1",
    }
    launcher = checkout.start_servers()
    assert "Packages" not in launcher.printed()
    assert not (checkout.var / "log" / "setup.log").exists()
