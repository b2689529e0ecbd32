"""The queue under load, over HTTP: claim latency by length of queue, number of people and own history, and
submit-and-next loops beside a bare Django lease view, interleaved in one run.

    python -m benchmarks.queue                                  # 10k and 100k items, 1 and 16 annotators
    python -m benchmarks.queue --sizes 10000 1000000 --rounds 5 --json queue.json

It needs a PostgreSQL server (PGHOST, PGUSER ...) where it may make a database; it makes `<PGDATABASE>_bench` and drops
it. Absolute figures are this machine's; the ratios are what counts.
"""

import argparse
import json
import os
import platform
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

WORKERS, THREADS = 2, 8
OVERLAP = 3
LEFT = 5000  # items that the veteran still has before them: a quick machine answers a thousand in a minute
WARM_UP = 0.5  # seconds, not counted: connections are made, the version is parsed


def main() -> None:
    options = _options()
    with bench_database():
        import django  # noqa: PLC0415  (the database's name must be set first)

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        results = Bench(options).run()
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--annotators", type=int, nargs="+", default=[1, 16])
    parser.add_argument(
        "--history",
        type=int,
        help=f"own answers of the veteran (default: nine tenths of the largest size, but {LEFT} items are left)",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


@contextmanager
def bench_database() -> Iterator[None]:
    name = f"{os.environ.get('PGDATABASE', 'concord')}_bench"
    with psycopg.connect(dbname="postgres", autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    os.environ |= {"PGDATABASE": name, "DJANGO_SETTINGS_MODULE": "config.settings", "CONCORD_LOG_LEVEL": "ERROR"}
    os.environ.setdefault("CONCORD_INSECURE_HTTP", "1")
    os.environ.setdefault("CONCORD_SECRET_KEY", uuid.uuid4().hex * 2)
    try:
        yield
    finally:
        with psycopg.connect(dbname="postgres", autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Bench:
    """Every round measures each case once, one after the other, so that a noisy minute hits all of them alike."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.figures: dict[str, list[dict[str, float]]] = {}

    def run(self) -> dict[str, Any]:
        from benchmarks.queue_data import give_history, make_bare_queue, make_queue  # noqa: PLC0415
        from benchmarks.serving import served  # noqa: PLC0415

        options = self.options
        most = max(options.annotators)
        queues = {size: make_queue(size, overlap=OVERLAP, annotators=most)[1] for size in options.sizes}
        history = options.history or min(max(options.sizes) * 9 // 10, max(options.sizes) - LEFT)
        _, (veteran, newcomer) = make_queue(max(options.sizes), overlap=OVERLAP, annotators=2)
        give_history(veteran[0], history)
        make_bare_queue(max(options.sizes) * OVERLAP)
        with ExitStack() as stack:
            ports = stack.enter_context(served("config.wsgi:application", workers=WORKERS, threads=THREADS))
            bare = stack.enter_context(served("benchmarks.bare_lease:application", workers=WORKERS, threads=THREADS))
            for _ in range(options.rounds):
                for people in options.annotators:
                    self._measure(f"bare lease, {people}", [bare_lease(next(bare)) for _ in range(people)])
                    for size, tokens in queues.items():
                        mine = [(member.project.slug, token) for member, token in tokens[:people]]
                        self._measure(f"claim {size}, {people}", [claim_loop(next(ports), *who) for who in mine])
                        self._measure(
                            f"submit and next {size}, {people}", [answer_loop(next(ports), *who) for who in mine]
                        )
                for name, (member, token) in (("newcomer", newcomer), ("veteran", veteran)):
                    self._measure(f"claim, {name}", [claim_loop(next(ports), member.project.slug, token)])
        return self._results(history)

    def _measure(self, case: str, loops: list[Callable[[], float]]) -> None:
        from benchmarks.serving import timed_loops  # noqa: PLC0415

        timed_loops(loops, seconds=WARM_UP)
        rate, durations = timed_loops(loops, seconds=self.options.seconds)
        cuts = statistics.quantiles(durations, n=100) if len(durations) > 1 else durations * 99
        self.figures.setdefault(case, []).append({"per_s": rate, "p50": cuts[49], "p95": cuts[94], "p99": cuts[98]})

    def _results(self, history: int) -> dict[str, Any]:
        cases = {
            case: {key: statistics.median(each[key] for each in rounds) for key in ("per_s", "p50", "p95", "p99")}
            for case, rounds in self.figures.items()
        }
        return {
            "machine": {"python": platform.python_version(), "cpus": os.cpu_count(), "processor": platform.machine()},
            "settings": {"workers": WORKERS, "threads": THREADS, "overlap": OVERLAP, "history": history}
            | {key: value for key, value in vars(self.options).items() if key != "json"},
            "cases": cases,
            "ratios": self._ratios(),
        }

    def _ratios(self) -> dict[str, float]:
        """Medians over the rounds of ratios inside one round."""
        low, high = min(self.options.sizes), max(self.options.sizes)
        wanted: dict[str, tuple[str, str, str]] = {
            "veteran / newcomer, claim p50": ("claim, veteran", "claim, newcomer", "p50")
        }
        for people in self.options.annotators:
            if high > low:
                wanted[f"claim p50, {high} / {low} items, {people}"] = (
                    f"claim {high}, {people}", f"claim {low}, {people}", "p50",
                )  # fmt: skip
                wanted[f"loops/s, {high} / {low} items, {people}"] = (
                    f"submit and next {high}, {people}", f"submit and next {low}, {people}", "per_s",
                )  # fmt: skip
            wanted[f"loops/s, submit and next / bare lease, {low} items, {people}"] = (
                f"submit and next {low}, {people}", f"bare lease, {people}", "per_s",
            )  # fmt: skip
        return {
            name: statistics.median(
                a[key] / b[key] for a, b in zip(self.figures[above], self.figures[below], strict=True)
            )
            for name, (above, below, key) in wanted.items()
        }


def bare_lease(port: int) -> Callable[[], float]:
    from benchmarks.serving import Caller  # noqa: PLC0415

    caller = Caller(port)

    def lease() -> float:
        began = time.perf_counter()
        status, _ = caller.post("/lease/")
        assert status == 200, status
        return time.perf_counter() - began

    return lease


def claim_loop(port: int, slug: str, token: str) -> Callable[[], float]:
    """Claim (measured), then answer (not measured), so that each claim takes a seat."""
    from benchmarks.serving import Caller  # noqa: PLC0415

    caller = Caller(port, token)

    def claim() -> float:
        began = time.perf_counter()
        status, task = caller.post(f"/api/v1/projects/{slug}/assignments/claim/")
        took = time.perf_counter() - began
        assert status == 200, status
        status, _ = caller.post(f"/api/v1/assignments/{task['id']}/submit/", _answer())
        assert status == 201, status
        return took

    return claim


def answer_loop(port: int, slug: str, token: str) -> Callable[[], float]:
    """Answer and get the next item in one round trip."""
    from benchmarks.serving import Caller  # noqa: PLC0415

    caller = Caller(port, token)
    held: list[str] = []

    def answer_and_next() -> float:
        if not held:
            held.append(caller.post(f"/api/v1/projects/{slug}/assignments/claim/")[1]["id"])
        began = time.perf_counter()
        status, answered = caller.post(f"/api/v1/assignments/{held.pop()}/submit/?claim_next=true", _answer())
        took = time.perf_counter() - began
        assert status == 201, status
        if answered["next"]:
            held.append(answered["next"]["id"])
        return took

    return answer_and_next


def _answer() -> dict[str, Any]:
    return {"submission_id": str(uuid.uuid4()), "answer": {"intent": "refund"}, "seconds_spent": 2.5}


def table(results: dict[str, Any]) -> str:
    lines = ["| case | per s | p50 ms | p95 ms | p99 ms |", "|---|---|---|---|---|"]
    for case, row in results["cases"].items():
        lines.append(f"| {case} | {row['per_s']:.0f} | {row['p50']:.1f} | {row['p95']:.1f} | {row['p99']:.1f} |")
    lines += ["", "| ratio (median of the rounds) | |", "|---|---|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in results["ratios"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
