"""The cast: olga owns, lea leads, max engineers, adi adjudicates, ana, ben and cho label, eve is a stranger."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Member, Project
from guidelines.models import Guideline
from tests.browser_support import browser, open_page, page, start_worker, watch, worker
from tests.factories.accounts import make_user, token_for
from tests.factories.annotation import make_member, make_project
from tests.factories.guidelines import make_guideline

__all__ = ["browser", "open_page", "page", "start_worker", "watch", "worker"]  # fixtures for all tests


@pytest.fixture
def olga(db: None) -> User:
    return make_user("olga", is_owner=True, may_start_projects=True)


@pytest.fixture
def lea(db: None) -> User:
    return make_user("lea", may_start_projects=True)


@pytest.fixture
def max_(db: None) -> User:
    return make_user("max")


@pytest.fixture
def adi(db: None) -> User:
    return make_user("adi")


@pytest.fixture
def ana(db: None) -> User:
    return make_user("ana")


@pytest.fixture
def ben(db: None) -> User:
    return make_user("ben")


@pytest.fixture
def cho(db: None) -> User:
    return make_user("cho")


@pytest.fixture
def eve(db: None) -> User:
    """Signed in, a lead somewhere else, a member of nothing here."""
    return make_user("eve", may_start_projects=True)


@pytest.fixture
def guideline(lea: User) -> Guideline:
    return make_guideline(lea)


@pytest.fixture
def project(lea: User, max_: User, adi: User, ana: User, ben: User, guideline: Guideline) -> Project:
    """lea's project with an engineer, an adjudicator and two annotators."""
    project = make_project(lea, guideline)
    make_member(project, max_, "engineer")
    make_member(project, adi, "adjudicator")
    make_member(project, ana)
    make_member(project, ben)
    return project


@pytest.fixture
def member_of(project: Project) -> Callable[[User], Member]:
    return lambda user: Member.objects.get(project=project, user=user)


@pytest.fixture
def api() -> Callable[..., Client]:
    """`api(user, "read")` is a test client that sends a token of that user with those scopes (default: all)."""
    return lambda user, *scopes: Client(headers={"Authorization": f"Token {token_for(user, *scopes)}"})
