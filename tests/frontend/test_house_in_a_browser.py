"""A page with every component in a real Chromium, under the real Content-Security-Policy. No server, no database."""

import mimetypes
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from csp.utils import build_policy
from django import forms
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.test import RequestFactory
from playwright.sync_api import Browser, Page, Route

from frontend.plots import IntervalRow, LinePoint, heat_table, interval_rows, line_plot, progress_bar

pytestmark = pytest.mark.browser

ORIGIN = "http://concord.test"
SOURCE = Path(__file__).with_name("every_component.html").read_text()
NAMES = [
    "Refund",
    "Billing",
    "Delivery",
    "Account",
    "Complaint",
    "Praise",
    "Spam",
    "Tech",
    "Contract",
    "Upgrade",
    "Legal",
    "Other",
]


class SampleForm(forms.Form):
    name = forms.CharField(help_text="Letters only.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
    mode = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    silent = forms.BooleanField(required=False)


def sample_context() -> dict[str, Any]:
    form = SampleForm({"name": ""})
    form.is_valid()
    rows = [
        IntervalRow("All", 0.68, 0.64, 0.72, 412, is_total=True),
        IntervalRow("de", 0.4, 0.3, 0.5, 60, "", "/x", tone="bad"),
    ]
    rows.append(IntervalRow("fr", None, n=3, reason="3 shared items"))
    place = SimpleNamespace(url="/agreement", label="Agreement", icon="agreement", current=True, count=3)
    return {
        "form": form,
        "names": NAMES,
        "nav": [place, SimpleNamespace(url="/items", label="Items", icon="items", current=False)],
        "access": {"project": {"title": "Support intents"}},
        "switcher": [{"name": "Support intents", "url": "/a", "current": True}, {"name": "Audit", "url": "/b"}],
        "user": {"is_authenticated": True},
        "intervals": interval_rows(rows, lower=0, upper=1, reference=0.67, reference_label="Policy"),
        "heat": heat_table(["a", "b"], ["a", "b"], [[90, 10], [40, 60]], hrefs=[["/1", "/2"], ["/3", "/4"]]),
        "line": line_plot([LinePoint("1 Mar", 0.6, 0.5, 0.7, mark="v7"), LinePoint("2 Mar", 0.7, 0.6, 0.8)]),
        "progress": progress_bar(128, 200, 12),
        "columns": [{"label": "Annotator"}, {"label": "Items", "is_number": True}],
        "rows": [{"cells": ["ana", "412"], "href": "/ana"}],
    }


def fulfil(route: Route) -> None:
    """What the product would answer: the page, its static files, and a status that the test asks for."""
    path = urlsplit(route.request.url).path
    if path.startswith("/static/"):
        file = finders.find(path.removeprefix("/static/"))
        kind = mimetypes.guess_type(path)[0] or "text/plain"
        route.fulfill(path=file, content_type=kind) if isinstance(file, str) else route.fulfill(status=404)
    elif path == "/answer/":
        status = int((route.request.post_data or "status=200").split("=")[1])
        route.fulfill(status=status, body=f"<p>answer {status}</p>", content_type="text/html")
    else:
        request = RequestFactory().get("/", headers={"cookie": route.request.all_headers().get("cookie", "")})
        html = Template(SOURCE).render(Context(sample_context() | {"request": request}))
        route.fulfill(body=html, content_type="text/html", headers={"Content-Security-Policy": build_policy()})


Opener = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Any:
    """`open_page(width=, scheme=)`: the sample page; at the end of the test the console must have stayed empty."""
    said: list[str] = []
    contexts = []

    def open_one(*, width: int = 1280, scheme: Any = "light") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, base_url=ORIGIN)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.route("**/*", fulfil)
        page.goto("/")
        page.wait_for_function("window.htmx")
        return page

    yield open_one
    for context in contexts:
        context.close()
    # A refused or failed request is told by the browser and by htmx; anything else is ours to mend.
    expected = ("Failed to load resource", "Response Status Error Code", "htmx:")
    assert [line for line in said if not line.startswith(expected)] == []


def toast_text(page: Page) -> str:
    page.wait_for_selector(".toast")
    return page.inner_text(".toast")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_no_axe_violation_and_no_sideways_scroll(open_page: Opener, width: int, scheme: str) -> None:
    page = open_page(width=width, scheme=scheme)

    violations = Axe().run(page).response["violations"]

    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("dialog", ["keys-help", "confirm", "sheet"])
def test_open_dialog_has_no_axe_violation(open_page: Opener, dialog: str) -> None:
    page = open_page()
    page.evaluate(f"document.getElementById('{dialog}').showModal()")
    page.wait_for_timeout(300)

    assert [v["id"] for v in Axe().run(page, context=f"#{dialog}").response["violations"]] == []


def test_chosen_theme_is_drawn_by_the_server_and_can_be_given_back_to_the_system(open_page: Opener) -> None:
    page = open_page(scheme="light")
    night = "getComputedStyle(document.body.parentElement).backgroundColor"
    day_colour = page.evaluate(night)

    page.click("[data-theme-switch]")
    page.reload()

    assert 'data-theme="dark"' in page.content()[:400]
    assert page.evaluate(night) != day_colour
    assert page.get_attribute("[data-theme-switch]", "aria-pressed") == "true"
    page.click("[data-theme-switch]")
    assert page.context.cookies() == []


def test_rail_can_be_narrow_and_stays_so(open_page: Opener) -> None:
    page = open_page()

    page.click("[data-toggle=rail]")
    page.reload()

    assert page.locator(".rail").bounding_box()["width"] < 60  # type: ignore[index]
    assert page.locator(".rail-link").first.get_attribute("title") == "Agreement"


def test_places_open_and_close_on_a_phone(open_page: Opener) -> None:
    page = open_page(width=390)
    assert not page.is_visible("#rail")

    page.click("[popovertarget=rail]")
    assert page.is_visible("#rail")
    page.keyboard.press("Escape")

    assert not page.is_visible("#rail")


def test_key_opens_the_dialog_that_its_button_opens(open_page: Opener) -> None:
    page = open_page()

    page.keyboard.press("r")

    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    assert page.evaluate("document.querySelector('#confirm').matches(':modal')")


@pytest.mark.parametrize("status", [409, 422])
def test_refusal_with_a_body_is_shown_in_its_place(open_page: Opener, status: int) -> None:
    page = open_page()
    page.evaluate(f"document.querySelector('[name=status]').value = '{status}'")

    page.click("#ask")

    page.wait_for_selector(f"text=answer {status}")
    assert page.locator(".toast").count() == 0


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "Your session has ended"), (403, "Your role does not allow this"), (500, "The page is as it was")],
)
def test_failure_is_told_and_the_page_stays(open_page: Opener, status: int, words: str) -> None:
    page = open_page()
    page.evaluate(f"document.querySelector('[name=status]').value = '{status}'")

    page.click("#ask")

    assert words in toast_text(page)
    assert page.inner_text("#answer") == ""


def test_lost_connection_is_told(open_page: Opener) -> None:
    page = open_page()
    page.route("**/answer/", lambda route: route.abort())

    page.click("#ask")

    assert "No connection to the server" in toast_text(page)


def test_notice_text_is_never_markup(open_page: Opener) -> None:
    page = open_page()

    page.evaluate("document.dispatchEvent(new CustomEvent('toast', { detail: { text: '<img src=x>', kind: 'x' } }))")

    assert toast_text(page).strip() == "<img src=x>"
    assert page.locator(".toast-info").count() == 1


def test_open_menu_closes_on_a_click_elsewhere_and_on_escape(open_page: Opener) -> None:
    page = open_page()
    menu = page.locator("details.menu").first

    menu.locator("summary").click()
    page.click("h1")
    assert menu.get_attribute("open") is None
    menu.locator("summary").click()
    page.keyboard.press("Escape")

    assert menu.get_attribute("open") is None


def test_undefined_figure_says_why_when_focused(open_page: Opener) -> None:
    page = open_page()
    reason = page.locator(".undefined-reason").first

    page.locator(".undefined").first.focus()

    assert reason.inner_text() == "4 gold items; 20 are needed"
    assert reason.bounding_box()["height"] > 10  # type: ignore[index]


def test_print_drops_the_shell_and_is_light(open_page: Opener) -> None:
    page = open_page(scheme="dark")

    page.emulate_media(media="print")

    assert not page.is_visible(".rail")
    assert not page.is_visible(".topline")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
