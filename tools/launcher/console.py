"""What the launcher says: one line a step with the time it took, and one sentence when it must give up."""

import contextlib
import signal
import time
from collections.abc import Iterator


class GiveUp(Exception):
    """The command cannot go on; the text says why and what to do."""


def say(text: str) -> None:
    print(text, flush=True)


class Ended(BaseException):
    """A signal asked the launcher to stop. Not an Exception: no handler on the way may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = signal.Signals(number)


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Show `title` while the body runs, and the seconds it took afterwards."""
    print(f"  {title:.<58} ", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print("stopped", flush=True)
        raise
    print(f"{time.monotonic() - began:5.1f} s", flush=True)
