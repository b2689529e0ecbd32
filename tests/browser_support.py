"""Fixtures of the browser tests: a real Chromium, a page for each person, and a real Celery worker.

A page that logs an error, throws, or gets a 5xx fails its test. `CHROMIUM` names the browser; tools/stack.py sets it,
and without it these tests fail: skipping them would look like a pass.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "var" / "shots"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WORKER_PATIENCE_S = 60.0
SERVER_PATIENCE_S = 10.0

OpenPage = Callable[..., Page]
expect.set_options(timeout=20_000)  # a busy machine is not a broken page


# --- browser -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM")
    if not executable:
        pytest.fail("CHROMIUM is not set: run the tests with `make test`, or name a Chromium in it.")
    # Playwright's synchronous interface runs an event loop in this thread, which Django would take for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    arguments = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield launched
        launched.close()


@dataclass
class Watch:
    """What went wrong in the pages of one test. `allow` is for errors which the test provokes on purpose."""

    seen: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Expect messages that match this regular expression, e.g. "status of 409"."""
        self.allowed.append(pattern)

    def follow(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error}"))
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500:
            self.seen.append(f"status of {response.status}: {response.url}")

    def unexpected(self) -> list[str]:
        return [text for text in self.seen if not any(re.search(pattern, text) for pattern in self.allowed)]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test at its end when a page of it had an error that was not allowed."""
    watched = Watch()
    yield watched
    if watched.unexpected():
        pytest.fail("errors in the browser:\n" + "\n".join(watched.unexpected()))


@pytest.fixture
def open_page(browser: Browser, live_server: Any, watch: Watch, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """`open_page(user)`: a page in a browser context of its own, signed in as that person; without one, signed out.

    Further arguments go to Playwright's `new_context`, e.g. `color_scheme="dark"`. Paths are relative to the server.
    """
    contexts: list[BrowserContext] = []
    failed_before = request.session.testsfailed

    def opened(user: Any = None, **options: Any) -> Page:
        context = browser.new_context(
            **{
                "base_url": live_server.url,
                "viewport": {"width": 1280, "height": 800},
                "reduced_motion": "reduce",
                "locale": "en-GB",
                "timezone_id": "UTC",
                **options,
            }
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        if user is not None:
            context.add_cookies([session_cookie(user, live_server.url)])
        page = context.new_page()
        watch.follow(page)
        return page

    yield opened
    if request.session.testsfailed > failed_before:
        _keep_last_view(contexts, request.node.name)
    for context in contexts:
        context.close()
    served.wait_until_idle()


class Served:
    """Requests that the live server is at: pages also ask by themselves, and a table that is read cannot be emptied."""

    def __init__(self) -> None:
        self._running, self._change = 0, threading.Condition()
        request_started.connect(self._on_start)
        request_finished.connect(self._on_end)

    def _on_start(self, **_: Any) -> None:
        with self._change:
            self._running += 1

    def _on_end(self, **_: Any) -> None:
        with self._change:
            self._running -= 1
            self._change.notify_all()

    def wait_until_idle(self) -> None:
        with self._change:
            self._change.wait_for(lambda: self._running <= 0, SERVER_PATIENCE_S)
            self._running = 0


served = Served()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """One page, signed out."""
    return open_page()


def session_cookie(user: Any, url: str) -> Any:
    """A session as the sign-in page would give it, without the second that typing takes."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }


def screenshot(page: Page, name: str) -> Path:
    """Keep the whole page as var/shots/`name`.png."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    target = SHOTS / f"{name}.png"
    page.screenshot(path=target, full_page=True)
    return target


def _keep_last_view(contexts: list[BrowserContext], test: str) -> None:
    name = re.sub(r"\W+", "-", test).strip("-")
    for number, page in enumerate(page for context in contexts for page in context.pages):
        print(f"last view: {screenshot(page, f'failed-{name}-{number}')} of {page.url}")  # noqa: T201


def assert_accessible(page: Page) -> None:
    """axe finds nothing against WCAG 2.2 AA on the page as it is now."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response["violations"]
    assert not found, f"{page.url}\n" + "\n".join(map(_describe, found))


def _describe(violation: dict[str, Any]) -> str:
    places = [" ".join(map(str, node["target"])) for node in violation["nodes"][:5]]
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {', '.join(places)}"


# --- worker --------------------------------------------------------------------------------------------------
@dataclass
class Worker:
    """A Celery worker in a process of its own, on the database and the broker of this test process."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def has_logged(self, text: str) -> bool:
        return text in self.log.read_text(errors="replace")

    def stop(self) -> None:
        """Warm shutdown: what runs is finished."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """As a power cut would end it, pool included."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def start_worker(transactional_db: None, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """`start_worker()` starts a worker and waits until it takes jobs; each is stopped at the end of the test."""
    started: list[Worker] = []
    empty_broker()

    def start() -> Worker:
        worker = _spawn_worker(tmp_path / f"worker-{len(started)}.log")
        started.append(worker)
        _wait_until_ready(worker)
        return worker

    yield start
    for worker in started:
        worker.stop()
        print(f"--- {worker.log.name}\n{worker.log.read_text(errors='replace')}")  # noqa: T201  (shown if it failed)


@pytest.fixture
def worker(start_worker: Callable[[], Worker]) -> Worker:
    """One running worker."""
    return start_worker()


def empty_broker() -> None:
    """Forget wake-ups of earlier tests, whose rows are gone."""
    url = settings.CELERY_BROKER_URL.removeprefix("redis+").replace("socket://", "unix://")
    with redis.Redis.from_url(url.replace("virtual_host=", "db=")) as broker:
        broker.flushdb()


def worker_environment() -> dict[str, str]:
    """Leads a process of Concord to what this test process uses; the product's own settings, not those of the tests."""
    database = connection.settings_dict
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PGHOST": str(database["HOST"]),
        "PGPORT": str(database["PORT"]),
        "PGUSER": str(database["USER"]),
        "PGPASSWORD": str(database["PASSWORD"]),
        "PGDATABASE": str(database["NAME"]),
        "CONCORD_BROKER_URL": settings.CELERY_BROKER_URL,
        "CONCORD_FILES_DIR": str(settings.FILES_DIR),
        "CONCORD_SECRET_KEY": settings.SECRET_KEY,
        "CONCORD_INSECURE_HTTP": "1",
    }


def _spawn_worker(log: Path) -> Worker:
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "default,import,quality", "-c", "2"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "-l", "INFO", "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env=worker_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_tests,
        )
    return Worker(process, log)


def _die_with_tests() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGQUIT))


def _wait_until_ready(worker: Worker) -> None:
    end = time.monotonic() + WORKER_PATIENCE_S
    while not worker.has_logged(" ready."):
        if worker.process.poll() is not None or time.monotonic() > end:
            pytest.fail(f"the worker did not start:\n{worker.log.read_text(errors='replace')}")
        time.sleep(0.05)
