"""The payloads of the XSS tests, and what a page with them must not contain."""

import re

HOSTILE = (
    "<script>window.__x=1</script>",
    '<img src=x onerror="window.__x=1">',
    '"><svg onload=window.__x=1>',
    "{{7*7}}{% load static %}",
    '<div hx-get="/api/export" hx-trigger="load">x</div>',
    "</script><script>window.__x=1</script>",
    "&lt;script&gt;window.__x=1&lt;/script&gt;",
    "abc\u202etxt.exe\u200b",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.__x=1&gt;">',
)
RAW = re.compile(r"<(?:img src=x|svg onload|div hx-get=\"/api|math>|script>window)")


def raw_markup(html: str) -> list[str]:
    """Hostile markup that stands in a page as markup."""
    return RAW.findall(html)
