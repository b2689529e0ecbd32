"""Real threads, real connections: what a race needs and a test client cannot give."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import connection

from accounts.errors import DomainError

Result = TypeVar("Result")


def race(runners: Sequence[Callable[[], Result]]) -> list[Result | DomainError]:
    """Start all at one barrier, each on its own database connection; their results, or refusals, in order.

    Anything else that is raised is the test's failure: a race must never end in an error.
    """
    barrier = threading.Barrier(len(runners))
    results: list[Any] = [None] * len(runners)
    crashes: list[BaseException] = []

    def run(index: int, runner: Callable[[], Result]) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")  # connect before the start, not in the race
            barrier.wait(timeout=60)
            results[index] = runner()
        except DomainError as refusal:
            results[index] = refusal
        except BaseException as crash:  # noqa: BLE001  (handed to the test's own thread)
            crashes.append(crash)
            barrier.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=150)
    if crashes:
        raise crashes[0]
    assert not any(thread.is_alive() for thread in threads), "a racer is stuck"
    return results
