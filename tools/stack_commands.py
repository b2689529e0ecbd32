"""The launcher's commands, inside the virtual environment. Started by tools/stack.py."""

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from launcher.checks import lock_requirements, reformat
from launcher.console import Ended, GiveUp, say
from launcher.demo import run_demo
from launcher.manage import run_manage, run_servers
from launcher.testing import run_bench, run_check, run_tests

COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": run_demo,
    "servers": run_servers,
    "manage": run_manage,
    "test": run_tests,
    "check": run_check,
    "bench": run_bench,
    "format": reformat,
    "lock": lock_requirements,
}
RUN_UNTIL_STOPPED = {"demo", "servers"}


def end(number: int, _: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # stopping is bounded in time: let it finish
        signal.signal(each, signal.SIG_IGN)
    raise Ended(number)


def main() -> int:
    # A shell starts background jobs with SIGINT ignored, and Python keeps that: handlers are always installed.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # not under nohup
        signal.signal(signal.SIGHUP, end)
    command, arguments = sys.argv[1], sys.argv[2:]
    try:
        return COMMANDS[command](arguments)
    except Ended as ended:
        if command in RUN_UNTIL_STOPPED:
            say("\nStopped.")
            return 0
        return 128 + ended.number
    except GiveUp as reason:
        say(f"\n{reason}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
