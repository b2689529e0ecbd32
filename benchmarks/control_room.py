"""The control room of a large project: how long each of its statements takes.

    python -m benchmarks.control_room --items 300000 --overlap 3 --answered 0.6 --people 50

The answers lie in the last fortnight. Absolute figures are this machine's; run it twice, the first one warms the cache.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

from benchmarks.queue import bench_database

SLICES = ["language", "channel"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=300_000)
    parser.add_argument("--overlap", type=int, default=3)
    parser.add_argument("--answered", type=float, default=0.6, help="share of the seats")
    parser.add_argument("--people", type=int, default=50)
    options = parser.parse_args()
    with bench_database():
        import django  # noqa: PLC0415  (the database's name must be set first)

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        _measure(options)


def _measure(options: argparse.Namespace) -> None:
    from annotation.selectors.control_room import control_room  # noqa: PLC0415
    from annotation.selectors.in_hand import seats_in_hand  # noqa: PLC0415
    from annotation.selectors.slices import slice_progress  # noqa: PLC0415
    from annotation.selectors.why import LeaseFilter, lease_rows  # noqa: PLC0415
    from benchmarks.queue_data import answer_seats, make_queue  # noqa: PLC0415

    project, people = make_queue(options.items, overlap=options.overlap, annotators=options.people)
    answer_seats(project, [member for member, _ in people], options.answered)
    project.slices = SLICES
    project.save(update_fields=["slices"])
    someone = people[0][0]
    for _ in range(2):
        _each_statement(lambda: control_room(project))
        _time("slices", lambda: slice_progress(project))
        _time("in hand, first page", lambda: list(seats_in_hand(project)[:101]))
        _time("leases, newest 100", lambda: lease_rows(project, LeaseFilter(), size=100))
        _time("leases of one person", lambda: lease_rows(project, LeaseFilter(annotator=someone.name), size=100))
        _time("leases of a reason that none has", lambda: lease_rows(project, LeaseFilter(reason="gold"), size=100))


def _each_statement(call: Callable[[], Any]) -> None:
    from django.db import connection  # noqa: PLC0415

    def timed(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  (Django's hook)
        begin = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            print(f"    {1000 * (time.perf_counter() - begin):8.0f} ms  {' '.join(sql.split())[:90]}")

    with connection.execute_wrapper(timed):
        _time("control room", call)


def _time(name: str, call: Callable[[], Any]) -> None:
    begin = time.perf_counter()
    call()
    print(f"{1000 * (time.perf_counter() - begin):12.0f} ms  {name}", flush=True)


if __name__ == "__main__":
    main()
