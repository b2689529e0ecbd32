"""script-src 'self', style-src 'self': what the browser would refuse must not be in a template."""

import re
from pathlib import Path

import pytest

TEMPLATES = sorted(Path("frontend/templates").rglob("*.html"))
REFUSED = {
    "style attribute": r"<[^>]*\sstyle=",
    "style element": r"<style\b",
    "inline handler": r"<[^>]*\son[a-z]+=",
    "htmx inline handler": r"hx-on\b",
    "inline script": r"<script\b(?![^>]*(?:\bsrc=|type=\"application/json\"))",
    "javascript address": r"(?:href|src|action)=\"javascript:",
    "script or style of another host": r"<(?:script|link)\b[^>]*(?:src|href)=\"(?:https?:)?//",
}


def refused_in(text: str) -> set[str]:
    return {name for name, pattern in REFUSED.items() if re.search(pattern, text, re.IGNORECASE)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<p style="color:red">', "style attribute"),
        ("<style>p{}</style>", "style element"),
        ('<b onclick="x()">', "inline handler"),
        ('<form hx-on::after-request="x()">', "htmx inline handler"),
        ("<script>x()</script>", "inline script"),
        ('<a href="javascript:x()">', "javascript address"),
        ('<script src="https://cdn.example/x.js"></script>', "script or style of another host"),
    ],
)
def test_the_guard_sees(text: str, name: str) -> None:
    assert refused_in(text) == {name}


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_template_holds_nothing_the_browser_would_refuse(path: Path) -> None:
    assert refused_in(path.read_text()) == set()
