"""Every race is followed by the whole list of invariants, on committed data."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from annotation.models import Member, Project
from annotation.services.invariants import broken_invariants
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import make_guideline


@pytest.fixture
def racing_project(transactional_db: None) -> Iterator[Project]:
    lead = make_user("lea", may_start_projects=True)
    yield make_project(lead, make_guideline(lead))
    assert broken_invariants() == []
    call_command("verify")


@pytest.fixture
def crowd(racing_project: Project) -> Callable[[int], list[Member]]:
    """`crowd(50)` is that many annotators who can sign in."""

    def gather(size: int) -> list[Member]:
        users = User.objects.bulk_create(User(username=f"a{n:03}", email=f"a{n:03}@example.org") for n in range(size))
        return [make_member(racing_project, user) for user in users]

    return gather


@pytest.fixture
def fill(racing_project: Project) -> Callable[..., list[Any]]:
    """`fill(20, overlap=3)` opens that many tasks."""

    def open_tasks(number: int, *, overlap: int) -> list[Any]:
        return [make_task(make_item(racing_project, f"m{n:04}"), overlap=overlap) for n in range(number)]

    return open_tasks
