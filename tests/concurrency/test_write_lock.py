"""An instant is settled when everybody who was writing at it has committed, and nobody waits for it."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.db import connection, transaction

from annotation.models import Project
from annotation.services.write_lock import ProjectBusy, hold_for_writing, settled_instant

pytestmark = pytest.mark.django_db(transaction=True)


class Writer:
    """A transaction in a thread of its own that holds the project's lock until it is told to commit."""

    def __init__(self, project_id: int) -> None:
        self.project_id, self.has_lock, self.may_commit = project_id, threading.Event(), threading.Event()
        self.time: datetime | None = None
        self.thread = threading.Thread(target=self._write)
        self.thread.start()
        assert self.has_lock.wait(10)

    def _write(self) -> None:
        try:
            with transaction.atomic():
                self.time = hold_for_writing(self.project_id)
                self.has_lock.set()
                self.may_commit.wait(30)
        finally:
            connection.close()

    def commit(self) -> None:
        self.may_commit.set()
        self.thread.join()


@pytest.fixture
def write(project: Project) -> Iterator[Callable[[], Writer]]:
    writers: list[Writer] = []

    def begin() -> Writer:
        writers.append(Writer(project.pk))
        return writers[-1]

    yield begin
    for writer in writers:
        writer.commit()


def test_it_waits_for_the_writer_of_that_moment_and_not_for_those_who_come_later(
    project: Project, write: Callable[[], Writer]
) -> None:
    first, found = write(), []

    def look() -> None:
        try:
            found.append(settled_instant(project.pk))
        finally:
            connection.close()

    looking = threading.Thread(target=look)
    looking.start()
    time.sleep(0.2)
    later = write()  # is let in at once, although somebody waits for a settled instant
    assert not found

    first.commit()
    looking.join(5)

    assert len(found) == 1
    assert first.time is not None
    assert later.time is not None
    assert first.time < found[0] < later.time


def test_patience_ends_with_a_refusal(project: Project, write: Callable[[], Writer]) -> None:
    write()

    with pytest.raises(ProjectBusy):
        settled_instant(project.pk, patience=0.1)


def test_other_projects_and_ones_own_transaction_are_not_waited_for(project: Project) -> None:
    other = Writer(project.pk + 1)

    with transaction.atomic():
        own = hold_for_writing(project.pk)
        instant = settled_instant(project.pk, patience=0.1)

    other.commit()
    assert own < instant
