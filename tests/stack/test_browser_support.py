"""The fixtures of the browser tests must themselves notice what is wrong."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from operations.models import Heartbeat
from tests.browser_support import Watch, Worker, assert_accessible

pytestmark = pytest.mark.browser


@pytest.fixture
def plain_page(browser: Browser) -> Page:
    return browser.new_page()


def test_errors_in_the_console_and_uncaught_ones_are_seen_unless_allowed(plain_page: Page) -> None:
    watch = Watch()
    watch.follow(plain_page)
    plain_page.set_content("<script>console.error('first'); console.log('fine'); throw new Error('second')</script>")
    assert [text.split(" (")[0] for text in watch.unexpected()] == ["console: first", "uncaught: second"]
    watch.allow("first")
    assert watch.unexpected() == ["uncaught: second"]


def test_a_page_that_a_screen_reader_cannot_use_is_refused(plain_page: Page) -> None:
    good = "<html lang=en><title>t</title><main><h1>Label</h1><label>Answer <input></label></main></html>"
    plain_page.set_content(good)
    assert_accessible(plain_page)
    plain_page.set_content(good.replace("<label>Answer <input></label>", "<input>"))
    with pytest.raises(AssertionError, match="label"):
        assert_accessible(plain_page)


def test_the_worker_writes_into_the_database_of_this_test_process(start_worker: Callable[[], Worker]) -> None:
    assert not Heartbeat.objects.exists()
    worker = start_worker()
    worker.stop()
    assert Heartbeat.objects.filter(part__startswith="worker:").count() == 1
    assert worker.process.returncode == 0
