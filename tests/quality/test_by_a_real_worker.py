"""Analyses and snapshots where they really run: another process, labels arriving meanwhile, workers that die."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from annotation.models import Annotation, Project
from annotation.services.write_lock import hold_for_writing
from operations.models import Job
from operations.services.jobs import run_job, sweep_jobs
from quality.models import Analysis, DatasetSnapshot, Finding
from quality.services.analyses import request_analysis
from quality.services.snapshot_files import file_path, snapshots_dir
from quality.services.snapshots import request_snapshot
from tests.browser_support import Worker
from tests.factories.quality import make_items, make_labels, make_planted_project

pytestmark = pytest.mark.django_db(transaction=True)


def wait_for(is_there: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := is_there():
            return found
        time.sleep(0.05)
    pytest.fail(f"nothing in {seconds} s")


def ended(job: Job) -> Job:
    def is_over() -> bool:
        job.refresh_from_db()
        return job.is_finished

    wait_for(is_over)
    return job


def test_a_worker_analyses_and_takes_a_snapshot(project: Project, worker: Worker) -> None:
    make_planted_project(project)

    analysis = ended(request_analysis(actor=project.created_by, project=project, kinds=["agreement", "hotspots"]))
    snapshot = ended(request_snapshot(actor=project.created_by, project=project))

    assert (analysis.state, snapshot.state) == ("succeeded", "succeeded"), (analysis.error, snapshot.error)
    assert (Analysis.objects.count(), Finding.objects.get().kind) == (1, "hotspots")
    assert file_path(DatasetSnapshot.objects.get().sha256, "rows.jsonl").exists()


def test_a_worker_killed_in_the_middle_leaves_nothing_to_fetch_and_another_finishes_once(
    project: Project, start_worker: Callable[[], Worker]
) -> None:
    make_labels(project, [("a", "ana", "refund"), ("a", "ben", "refund")])
    first = start_worker()
    with transaction.atomic():
        hold_for_writing(project.pk)  # a long import: the job waits for it in the middle of its work
        job = in_another_connection(lambda: request_snapshot(actor=project.created_by, project=project))
        wait_for(lambda: list(snapshots_dir().glob(f".tmp-{job.pk}-*")))
        first.kill()

    fetched_before = DatasetSnapshot.objects.count()
    Job.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    start_worker()
    sweep_jobs()

    assert fetched_before == 0
    assert ended(job).state == "succeeded", job.error
    assert (job.attempts, DatasetSnapshot.objects.count()) == (2, 1)
    assert not list(snapshots_dir().glob(".tmp-*"))


def in_another_connection(work: Callable[[], Any]) -> Any:
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture
def writer(project: Project) -> Iterator[None]:
    """Pairs of labels of one item are stored in one transaction after the other, by four connections at once."""
    numbers, is_over = iter(range(100_000)), threading.Event()
    take = threading.Lock()

    def write() -> None:
        try:
            while not is_over.is_set():
                with take:
                    number = next(numbers)
                with transaction.atomic():
                    at = hold_for_writing(project.pk)
                    made = make_labels(project, [(f"w{number % 40:02d}", f"{who}{number}", "refund") for who in "ab"])
                    stamp(made, at)
        finally:
            connection.close()

    make_items(project, [f"w{n:02d}" for n in range(40)])
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    yield
    is_over.set()
    for thread in threads:
        thread.join()


def stamp(made: list[Annotation], at: Any) -> None:
    """The factory's clock is Python's; a writer's is the one it was given under the lock."""
    ids = [annotation.pk for annotation in made]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE annotation_annotation SET created_at = %s WHERE id = ANY(%s)", [at, ids])


def test_snapshots_taken_while_labels_are_written_hold_whole_transactions_and_can_be_taken_again(
    project: Project, writer: None
) -> None:
    wait_for(lambda: Annotation.objects.count() > 20)
    taken = []
    for _ in range(5):
        job = request_snapshot(actor=project.created_by, project=project)
        run_job(job.pk)
        taken.append(ended(job).result)

    assert len({result["sha256"] for result in taken if result}) == 5
    for result in taken:
        assert result is not None
        snapshot = DatasetSnapshot.objects.get(pk=result["snapshot"])
        rows = [json.loads(line) for line in file_path(snapshot.sha256, "rows.jsonl").read_bytes().splitlines()]
        counts = [len(row["annotations"]) for row in rows]
        defining = Annotation.objects.filter(project=project, created_at__lte=snapshot.as_of).count()
        assert all(count % 2 == 0 for count in counts)
        assert sum(counts) == defining
        again = request_snapshot(actor=project.created_by, project=project, as_of=snapshot.as_of)
        run_job(again.pk)
        assert ended(again).result["sha256"] == snapshot.sha256  # type: ignore[index]
