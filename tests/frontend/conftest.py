"""A page of the one Chromium that all browser tests share, without a server behind it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page


@pytest.fixture
def chromium(browser: Browser) -> Browser:
    return browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()
