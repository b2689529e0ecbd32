"""Pages without a server behind them: of the one Chromium that all browser tests share, or of Django's client."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from accounts.models import User
from guidelines.models import Guideline
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.publishing import publish_version
from tests.factories.guidelines import INTENT
from tests.frontend.guideline_forms import EXAMPLE


@pytest.fixture
def chromium(browser: Browser) -> Browser:
    return browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def visit() -> Callable[[User], Client]:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def guide(lea: User) -> Guideline:
    """lea's guideline: 1.0 published, the draft the same."""
    guideline = create_guideline(actor=lea, slug="guide", title="Guide")
    save_draft(
        actor=lea, guideline=guideline, content=INTENT | {"examples": [EXAMPLE]}, change_note="First", revision=1
    )
    publish_version(actor=lea, guideline=guideline, level="major", change_note="")
    return guideline
