"""Imports that meet: the same file twice at once, and people made by somebody else meanwhile."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections, transaction

from accounts.models import User
from annotation.formats.rows import Line, lines_from_values
from annotation.models import Annotation, Assignment, Item, Member, Project, Task
from annotation.services.importing import ImportReport, import_annotators, import_items, import_labels
from tests.factories.annotation import make_item, make_member

pytestmark = pytest.mark.django_db(transaction=True)

ITEMS = [{"external_id": f"m{n}", "payload": {"text": f"message {n}"}} for n in range(300)]


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Each in a thread with a connection of its own."""

    def run(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def together(barrier: Barrier, values: list[Any]) -> Iterator[Line]:
    """Lines of which the last comes when everybody has read theirs: all begin to store at the same time."""
    yield from lines_from_values(values)
    barrier.wait(20)


def test_the_same_file_four_times_at_once_makes_one_set_of_items(project: Project, lea: User) -> None:
    barrier = Barrier(4)

    reports = at_once(*[
        lambda: import_items(actor=lea, project=project, lines=together(barrier, ITEMS)) for _ in range(4)
    ])  # fmt: skip

    assert sorted(report.created for report in reports) == [0, 0, 0, 300]
    assert sorted(report.unchanged for report in reports) == [0, 300, 300, 300]
    assert (Item.objects.count(), Task.objects.count(), Assignment.objects.count()) == (300, 300, 600)


def test_two_files_with_other_content_for_one_name_store_one_and_report_the_other(project: Project, lea: User) -> None:
    barrier = Barrier(2)
    files = [[{"external_id": "m", "payload": {"text": text}}] for text in ("this", "that")]

    reports = at_once(*[
        lambda values=values: import_items(actor=lea, project=project, lines=together(barrier, values))
        for values in files
    ])  # fmt: skip

    assert sorted((report.created, report.conflicts) for report in reports) == [(0, 1), (1, 0)]
    assert Item.objects.count() == 1


def test_the_same_labels_at_once_are_stored_once_with_one_person_a_name(project: Project, lea: User) -> None:
    make_item(project, "m1")
    barrier = Barrier(3)
    labels = [
        {"external_id": "m1", "annotator": f"a{n}", "answer": {"intent": "refund"}} for n in range(50)
    ]  # fmt: skip

    reports = at_once(*[
        lambda: import_labels(actor=lea, project=project, lines=together(barrier, labels)) for _ in range(3)
    ])  # fmt: skip

    assert sorted(report.created for report in reports) == [0, 0, 50]
    assert Annotation.objects.count() == 50
    assert Member.objects.filter(user=None).count() == 50


def test_somebody_added_between_judging_and_storing_is_judged_again(project: Project, lea: User) -> None:
    """The member is made, uncommitted, when the import judges, and committed when it stores: a unique violation."""
    barrier = Barrier(2)

    def add_member() -> None:
        with transaction.atomic():
            make_member(project, None, name="a001")
            barrier.wait(20)
            time.sleep(1)

    def bring() -> ImportReport:
        lines = together(barrier, [{"annotator": "a001"}, {"annotator": "a002"}])
        return import_annotators(actor=lea, project=project, lines=lines)

    report, _ = at_once(bring, add_member)

    assert (report.created, report.unchanged) == (1, 1)
    assert Member.objects.filter(user=None).count() == 2


def test_staging_locks_nothing_while_lines_come_slowly(project: Project, lea: User) -> None:
    """Between two batches of lines the connection is not in a transaction, so nothing waits for it."""
    states = []

    def slow_lines() -> Iterator[Line]:
        for number, line in enumerate(lines_from_values(ITEMS * 20)):
            if number % 2000 == 1999:
                states.append(connection.in_atomic_block or connection.connection.info.transaction_status.name)
            yield line

    import_items(actor=lea, project=project, lines=slow_lines())

    assert states == ["IDLE", "IDLE", "IDLE"]
