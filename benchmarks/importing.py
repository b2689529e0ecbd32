"""Items a second through the REST API, beside COPY of the same rows into the same table in the same run.

    python -m benchmarks.importing 10000 100000 --overlap 1 --rounds 3 --least 0.25

Starts one gunicorn worker on a database of its own (PGHOST and friends name the server; the database is made and
dropped). Each round imports n new items into an empty project by one streamed NDJSON body, and copies n ready rows
into annotation_item of another, with its indexes and foreign keys, in one transaction; which comes first changes from
round to round. An import also opens a task and its seats for each item: it is compared with COPY into the three
tables, too. Prints medians of the rates and of each round's ratios, with the least and the largest; the rate of a
repeat in which every line is unchanged; what the worker holds at most, and how much of it came with this size; the
most that a process of the database server held of its own; and which part of the import took how much of its time.

`--least` ends with an error if the ratio to COPY of the same rows into the same three tables is smaller.
"""

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.import_yardsticks import TABLES, backend_memory, copy_rows, settle

DATABASE = f"concord_bench_importing_{os.getpid()}"  # two runs at once do not meet
ROOT = Path(__file__).resolve().parent.parent
TEXT = "order arrived broken refund please charged twice nobody answers my card still waiting for the parcel"
WORDS = TEXT.split()


def item(number: int) -> dict[str, object]:
    """About 300 bytes as a line, different in every item."""
    text = " ".join(WORDS[(number * 7 + step * (1 + number % 5)) % len(WORDS)] for step in range(32))
    return {
        "external_id": f"message-{number:08d}", "payload": {"text": f"{number}: {text}"},
        "meta": {"language": ("en", "de", "tr")[number % 3], "channel": "mail"},
    }  # fmt: skip


def body(n: int) -> Iterator[bytes]:
    for start in range(0, n, 1000):
        lines = (json.dumps(item(number)) for number in range(start, min(start + 1000, n)))
        yield ("\n".join(lines) + "\n").encode()


@contextmanager
def scratch_database(name: str = DATABASE) -> Iterator[None]:
    with psycopg.connect(dbname="postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        os.environ["PGDATABASE"] = name
        try:
            subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True, cwd=ROOT)
            yield
        finally:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def web_server() -> Iterator[tuple[int, int]]:
    """One gunicorn worker; yields its port and its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "tools/gunicorn_conf.py", "--workers", "1",
        "--bind", f"127.0.0.1:{port}", "--log-level", "warning",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        yield port, first_child(server.pid, port)
    finally:
        server.terminate()
        server.wait(30)


def first_child(pid: int, port: int) -> int:
    for _ in range(200):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        with socket.socket() as probe:
            if children and probe.connect_ex(("127.0.0.1", port)) == 0:
                return int(children[0])
        time.sleep(0.1)
    raise RuntimeError("gunicorn did not start")


def resident_mb(pid: int, what: str = "VmHWM") -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def make_project(overlap: int) -> tuple[str, str]:
    """A new project and the secret of an owner's token. Written by the services, in a process that has Django."""
    code = (
        "import django; django.setup()\n"
        "from accounts.models import User\n"
        "from accounts.services.tokens import create_token\n"
        "from annotation.services.projects import create_project\n"
        "from guidelines.services.editing import create_guideline\n"
        "owner, _ = User.objects.get_or_create(username='bench', is_owner=True, may_start_projects=True)\n"
        f"slug = 'bench-{uuid.uuid4().hex[:12]}'\n"
        "guideline = create_guideline(actor=owner, slug=slug, title='Bench')\n"
        "create_project(actor=owner, slug=slug, title='Bench', guideline=guideline,\n"
        "    fields=[{'key': 'text', 'type': 'text'}], slices=['language'],\n"
        f"    overlap={{'labels_per_item': {overlap}}}, lease_seconds=900, gold_rate=0)\n"
        "print(slug, create_token(actor=owner, name=slug, scopes=['import'])[1])\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    slug, secret = done.stdout.split()
    return slug, secret


def post_items(port: int, slug: str, secret: str, lines: list[bytes]) -> tuple[float, dict[str, int]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Authorization": f"Token {secret}", "Content-Type": "application/x-ndjson"}
    began = time.perf_counter()
    connection.request("POST", f"/api/v1/projects/{slug}/items/", iter(lines), headers, encode_chunked=True)
    answer = connection.getresponse()
    report = json.loads(answer.read())
    seconds = time.perf_counter() - began
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {report}")
    return seconds, report


def import_once(port: int, overlap: int, lines: list[bytes], n: int) -> float:
    slug, secret = make_project(overlap)
    settle()
    return timed(port, slug, secret, lines, "created", n)


def timed(port: int, slug: str, secret: str, lines: list[bytes], expected: str, n: int) -> float:
    """Items a second of one body, all of which must be as expected."""
    seconds, report = post_items(port, slug, secret, lines)
    if report[expected] != n:
        raise RuntimeError(f"{report}")
    return n / seconds


def copy_once(source: str, overlap: int, tables: Sequence[str], n: int) -> tuple[float, dict[str, float]]:
    """Items a second of COPY into a new project, and its seconds by table."""
    target = make_project(overlap)[0]
    settle()
    seconds = copy_rows(source, target, tables)
    return n / sum(seconds.values()), seconds


def measure(port: int, pid: int, n: int, overlap: int, rounds: int) -> dict[str, Any]:
    before, lines = resident_mb(pid), list(body(n))
    rates: dict[str, list[float]] = {"import": [], "copy": [], "copy_all": [], "unchanged": []}
    copies: list[dict[str, float]] = []
    source, secret = make_project(overlap)
    timed(port, source, secret, lines, "created", n)  # not counted: the source of the rows to copy

    def bring() -> None:
        rates["import"].append(import_once(port, overlap, lines, n))

    def copy() -> None:
        rates["copy"].append(copy_once(source, overlap, TABLES[:1], n)[0])
        rate, seconds = copy_once(source, overlap, TABLES, n)
        rates["copy_all"].append(rate)
        copies.append(seconds)

    with backend_memory() as database_mb:
        for number in range(rounds):
            for step in (bring, copy) if number % 2 == 0 else (copy, bring):
                step()
            rates["unchanged"].append(timed(port, source, secret, lines, "unchanged", n))
    memory = {"worker_mb": resident_mb(pid), "worker_mb_grown": resident_mb(pid) - before}
    return summary(n, overlap, rates) | memory | {
        "database_process_mb": database_mb[0], "copy_seconds": medians(copies),
        "import_seconds": medians([import_parts(overlap, n) for _ in range(rounds)]),
    }  # fmt: skip


def summary(n: int, overlap: int, rates: dict[str, list[float]]) -> dict[str, Any]:
    ratios = [mine / theirs for mine, theirs in zip(rates["import"], rates["copy"], strict=True)]
    of_all = [mine / theirs for mine, theirs in zip(rates["import"], rates["copy_all"], strict=True)]
    return {
        "items": n, "overlap": overlap, "items_per_second": statistics.median(rates["import"]),
        "copy_per_second": statistics.median(rates["copy"]), "ratio": statistics.median(ratios),
        "ratio_least": min(ratios), "ratio_most": max(ratios),
        "copy_of_3_tables_per_second": statistics.median(rates["copy_all"]),
        "ratio_of_3_tables": statistics.median(of_all), "unchanged_per_second": statistics.median(rates["unchanged"]),
    }  # fmt: skip


def medians(measured: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in measured) for name in measured[0]}


def import_parts(overlap: int, n: int) -> dict[str, float]:
    slug = make_project(overlap)[0]
    settle()
    command = [sys.executable, "-m", "benchmarks.import_parts", slug, str(n)]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def show(result: dict[str, Any]) -> None:
    plain = {name: value for name, value in result.items() if not isinstance(value, dict)}
    print("  ".join(f"{name} {value:,.2f}".removesuffix(".00") for name, value in plain.items()))
    for name in ("import_seconds", "copy_seconds"):
        print(f"  {name}: " + "  ".join(f"{part} {seconds:.2f}" for part, seconds in result[name].items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("items", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--overlap", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--least", type=float, default=0.0, help="fail if the ratio is smaller")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    results = []
    with scratch_database(), web_server() as (port, pid):
        slug, secret = make_project(given.overlap)
        post_items(port, slug, secret, list(body(2000)))  # the first request pays for imports and connections
        for n in given.items:
            results.append(measure(port, pid, n, given.overlap, given.rounds))
            show(results[-1])
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))
    if any(result["ratio_of_3_tables"] < given.least for result in results):
        sys.exit(f"The ratio to COPY is under {given.least}.")


if __name__ == "__main__":
    main()
