#!/usr/bin/env python3
"""Take the README's pictures from a freshly started demo: `make demo` in one terminal, then in another

    .venv/bin/python tools/pictures.py

It signs in with var/demo.json, edits the draft of the guideline (without publishing) for the picture of a difference,
and writes docs/pictures/*.png. Needs the test requirements (Playwright) and a Chromium ($CHROMIUM, or on the PATH).
"""

import json
import os
import shutil
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
DEMO: dict[str, Any] = json.loads((ROOT / "var" / "demo.json").read_text())
PEOPLE: dict[str, dict[str, str]] = {user["username"]: user for user in DEMO["users"]}
MENDED = "\n\nCharged twice and wants one back: **Refund request**, whatever caused it."


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        _annotator(browser)
        _lead(browser)
        _engineer(browser)
        browser.close()


def _annotator(browser: Browser) -> None:
    page = _signed_in(browser, "ana", "/p/support/label/")
    page.wait_for_selector("#task[data-lease]")
    page.keyboard.press("2")
    page.wait_for_timeout(1500)
    _shoot(page, "workbench")


def _lead(browser: Browser) -> None:
    page = _signed_in(browser, "lea", "/p/support/")
    _shoot(page, "morning")
    page.goto(f"{DEMO['url']}/p/support/findings/")
    _shoot(page, "findings")
    split = next(f for f in _get("lea", "/api/v1/projects/support/findings/")["results"] if f["kind"] == "hotspots")
    page.goto(f"{DEMO['url']}/p/support/findings/{split['id']}/")
    _shoot(page, "finding")
    page.goto(f"{DEMO['url']}/p/support/agreement/")
    _shoot(page, "agreement")
    page.goto(f"{DEMO['url']}/g/support-intents/edit/clause/C3/")
    body = page.locator("[name=body]")
    if MENDED.strip() not in body.input_value():
        body.fill(body.input_value() + MENDED)
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1500)
    page.goto(f"{DEMO['url']}/g/support-intents/publish/")
    _shoot(page, "diff")


def _engineer(browser: Browser) -> None:
    _shoot(_signed_in(browser, "max", "/p/support/datasets/"), "datasets")


def _signed_in(browser: Browser, username: str, path: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.goto(f"{DEMO['url']}/accounts/login/?next={path}")
    page.fill("[name=login]", username)
    page.fill("[name=password]", PEOPLE[username]["password"])
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{path}")
    return page


def _shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / f"{name}.png")
    print(PICTURES / f"{name}.png")


def _get(username: str, path: str) -> Any:
    request = urllib.request.Request(  # noqa: S310  (the demo's own address)
        DEMO["url"] + path, headers={"Authorization": f"Token {PEOPLE[username]['token']}"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


if __name__ == "__main__":
    main()
