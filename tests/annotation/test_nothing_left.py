"""Who has been told that nothing is left is told so for free, until something comes; and then at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from annotation.models import Member, Project, QueueMemory
from annotation.services.members import update_member
from annotation.services.projects import set_project_status, update_project
from annotation.services.queue import claim_ahead, claim_next, release_lease, skip_task
from annotation.services.submission import undo_last_submission
from annotation.services.tasks import open_tasks
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_member, make_task
from tests.factories.guidelines import make_version
from tests.factories.work import answer, claimed, label, let_run_out

Who = Callable[[User], Member]


@pytest.fixture
def idle(project: Project, ana: User, member_of: Who) -> Member:
    """ana has answered the only item, whose second seat is for somebody else, and been told that nothing is left."""
    make_task(make_item(project, "m1"), overlap=2)
    label(member_of(ana))
    assert claim_next(annotator=member_of(ana)) is None
    return member_of(ana)


def statements(member: Member) -> list[str]:
    heard: list[str] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        heard.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        claim_next(annotator=member)
    return heard


def test_an_idle_page_asks_without_a_search(idle: Member) -> None:
    assert not [sql for sql in statements(idle) if "concord_find" in sql]


def test_it_is_remembered_where_the_search_ended(idle: Member) -> None:
    memory = QueueMemory.objects.get(annotator=idle)

    assert memory.empty_ticks is not None
    assert memory.served == 1


def test_new_items_are_found(idle: Member, project: Project) -> None:
    item = make_item(project, "m2")
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(item.pk, 1, 0)])

    assert claimed(idle).item.external_id == "m2"


def test_a_seat_given_back_is_found(idle: Member, project: Project, ben: User, cho: User, member_of: Who) -> None:
    make_task(make_item(project, "m2"), overlap=1)
    # the factory opens it without counting, so only ben finds it
    make_member(project, cho)
    label(member_of(ben))
    held = claimed(member_of(ben))
    assert claim_next(annotator=idle) is None

    release_lease(annotator=member_of(ben), lease_id=held.lease.id)

    assert claimed(idle).item.external_id == held.item.external_id


def test_a_seat_that_ran_out_is_found(idle: Member, project: Project, ben: User, member_of: Who) -> None:
    label(member_of(ben))
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(make_item(project, "m2").pk, 1, 0)])
    held = claimed(member_of(ben))
    assert claim_next(annotator=idle) is None

    let_run_out(held)

    assert claimed(idle).item.external_id == "m2"


def test_a_skipped_seat_is_found_by_others_and_not_by_who_skipped_it(
    idle: Member, project: Project, ben: User, member_of: Who
) -> None:
    label(member_of(ben))
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(make_item(project, "m2").pk, 1, 0)])
    held = claimed(member_of(ben))
    assert claim_next(annotator=idle) is None

    skip_task(annotator=member_of(ben), lease_id=held.lease.id)

    assert claimed(idle).item.external_id == "m2"
    assert claim_next(annotator=member_of(ben)) is None


def test_a_higher_overlap_is_found(idle: Member, project: Project, lea: User, ben: User, member_of: Who) -> None:
    label(member_of(ben))
    assert claim_next(annotator=member_of(ben)) is None

    update_project(actor=lea, project=project, overlap={"labels_per_item": 3})

    assert claim_next(annotator=member_of(ben)) is None  # they have answered it
    assert claim_next(annotator=make_member(project, lea_s_friend(project))) is not None


def lea_s_friend(project: Project) -> User:
    return User.objects.create(username=f"friend-of-{project.slug}", email="friend@example.org")


def test_a_new_major_version_is_found(idle: Member, guideline: Guideline, lea: User) -> None:
    make_version(guideline, lea, level="major")

    assert claimed(idle).version.number == "2.0"


def test_ones_own_answer_taken_back_is_held_again(idle: Member) -> None:
    task = undo_last_submission(annotator=idle)

    assert claimed(idle).lease.id == task.lease.id


def test_a_pause_of_project_or_person_forgets_nothing_that_matters(idle: Member, project: Project, lea: User) -> None:
    set_project_status(actor=lea, project=project, status="paused")
    set_project_status(actor=lea, project=project, status="active")
    update_member(actor=lea, member=idle, paused=True)
    update_member(actor=lea, member=idle, paused=False)

    assert claim_next(annotator=idle) is None
    make_task(make_item(project, "m2"), overlap=1)
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(make_item(project, "m3").pk, 1, 0)])
    assert claimed(idle).item.external_id == "m2"


def test_an_adaptive_seat_is_found(
    project: Project, lea: User, ana: User, ben: User, cho: User, member_of: Who
) -> None:
    adaptive = {"labels_per_item": 2, "adaptive": {"max_labels": 3, "stop_at_posterior": 0.95}}
    update_project(actor=lea, project=project, overlap=adaptive)
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(make_item(project, "m1").pk, 2, 0)])
    third = make_member(project, cho)
    label(member_of(ana), "refund")
    held = claimed(member_of(ben))
    assert claim_next(annotator=third) is None

    answer(member_of(ben), held, "billing")

    assert claimed(third).item.external_id == "m1"


def test_looking_ahead_finds_nothing_and_loses_nothing(project: Project, ana: User, member_of: Who) -> None:
    make_task(make_item(project, "m1"), overlap=1)
    held = claimed(member_of(ana))

    assert claim_ahead(annotator=member_of(ana)) is None

    assert claimed(member_of(ana)).lease.id == held.lease.id
