#!/usr/bin/env python3
"""Concord's two commands on a bare machine: `python3 tools/stack.py demo` and `python3 tools/stack.py test`.

This file needs Python's standard library only. It makes `.venv`, installs the hash-pinned requirements when they
have changed, and hands over to `tools/stack_commands.py` inside that environment. `make` is a thin face of it.
"""

import os
import shutil
import sys

OLDEST = (3, 11)
USAGE = """usage: python3 tools/stack.py COMMAND

  demo               start Concord with its demo project on this machine; Ctrl-C stops it
  test [ARGS]        run all tests on throw-away servers; ARGS go to pytest
  check [--no-tests] format, lint, types, import contracts, deployment checks, then the tests
  bench [NAME ARGS]  run the benchmarks, or one of them with arguments, on throw-away servers
  manage ARGS        run manage.py with the demo's servers
  servers            start PostgreSQL and Valkey of the demo only
  format             rewrite the code in the house format
  lock               compile requirements/*.in to hash-pinned requirements/*.txt
"""
REQUIREMENTS = {"demo": "demo", "servers": "demo", "manage": "demo"}  # every other command needs the test tools
COMMANDS = {"demo", "test", "check", "bench", "manage", "servers", "format", "lock"}


def use_new_enough_python() -> None:
    """Go on under a newer interpreter when `python3` is too old and a newer one is installed beside it."""
    if sys.version_info >= OLDEST:
        return
    for name in ("python3.13", "python3.12", "python3.11"):
        newer = shutil.which(name)
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606
    sys.exit("Concord needs Python 3.11 or newer; this is " + sys.version.split()[0])


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        asked_for_help = sys.argv[1:2] in (["-h"], ["--help"])
        print(USAGE, file=sys.stdout if asked_for_help else sys.stderr)
        sys.exit(0 if asked_for_help else 2)
    use_new_enough_python()
    from launcher import packages, paths  # noqa: PLC0415  (must not be parsed by an interpreter that is too old)

    if sys.argv[1] == "demo":
        print("Concord is starting. The first time takes a minute, later starts some seconds.", flush=True)
    python = packages.ensure_packages(REQUIREMENTS.get(sys.argv[1], "test"))
    os.execv(python, [str(python), str(paths.ROOT / "tools" / "stack_commands.py"), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
