"""Items a second through the REST API, beside COPY of the same rows into the same table in the same run.

    python -m benchmarks.importing 10000 100000 --overlap 1 --rounds 3

Starts one gunicorn worker on a database of its own (PGHOST and friends name the server; the database is made and
dropped). Each round imports n new items into an empty project by one streamed NDJSON body, and copies the same n rows
into annotation_item, with its indexes and foreign keys, in one transaction. Prints the median of each and of their
ratios, the rate of a repeat in which every line is unchanged, and how much the worker's memory grew over the run.
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

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


def copy_items(slug: str, n: int) -> float:
    """COPY of the same n rows, already encoded, into the project's items."""
    with psycopg.connect() as connection:
        project = connection.execute("SELECT id FROM annotation_project WHERE slug = %s", [slug]).fetchone()
        assert project is not None
        now = "2026-01-01 00:00:00+00"
        rows = []
        for number in range(n):
            row = item(number)
            columns = (
                project[0],
                row["external_id"],
                json.dumps(row["payload"]),
                json.dumps(row["meta"]),
                "0" * 64,
                0,
                now,
            )
            rows.append("\t".join(str(column).replace("\\", "\\\\") for column in columns) + "\n")
        encoded = ["".join(rows[start : start + 1000]).encode() for start in range(0, n, 1000)]
        began = time.perf_counter()
        with connection.cursor().copy(
            "COPY annotation_item (project_id, external_id, payload, meta, sha256, priority, created_at) FROM STDIN"
        ) as copy:
            for chunk in encoded:
                copy.write(chunk)
        connection.commit()
        return time.perf_counter() - began


def measure(port: int, pid: int, n: int, overlap: int, rounds: int) -> dict[str, float]:
    rates, copies, repeats = [], [], []
    before = resident_mb(pid)
    lines = list(body(n))
    for _ in range(rounds):
        slug, secret = make_project(overlap)
        seconds, report = post_items(port, slug, secret, lines)
        assert report["created"] == n, report
        rates.append(n / seconds)
        seconds, report = post_items(port, slug, secret, lines)
        assert report["unchanged"] == n, report
        repeats.append(n / seconds)
        copies.append(n / copy_items(make_project(overlap)[0], n))
    return {
        "items": n, "overlap": overlap, "items_per_second": statistics.median(rates),
        "copy_per_second": statistics.median(copies),
        "ratio": statistics.median(rate / copy for rate, copy in zip(rates, copies, strict=True)),
        "unchanged_per_second": statistics.median(repeats), "worker_mb_grown": resident_mb(pid) - before,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("items", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--overlap", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    results = []
    with scratch_database(), web_server() as (port, pid):
        slug, secret = make_project(given.overlap)
        post_items(port, slug, secret, list(body(2000)))  # the first request pays for imports and connections
        for n in given.items:
            results.append(measure(port, pid, n, given.overlap, given.rounds))
            print(
                "  ".join(f"{name} {value:,.2f}".removesuffix(".00") for name, value in results[-1].items()), flush=True
            )
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
