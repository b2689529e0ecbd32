import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidelines.markdown import LONGEST_TEXT, render_markdown

TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title", "rel"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


class Elements(HTMLParser):
    """What a browser would build: every element with its attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.odd: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_decl(self, decl: str) -> None:
        self.odd.append(decl)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)


def assert_safe(html: str) -> Elements:
    page = Elements(html)
    assert page.odd == []
    for tag, attributes in page.elements:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set())
        if tag == "a":
            assert attributes["rel"] == "nofollow noopener noreferrer"
            assert (attributes.get("href") or "http:").lower().startswith(("http:", "https:", "mailto:"))
        if tag == "img":
            assert re.fullmatch(r"/g/images/[0-9a-f]{64}/", attributes["src"] or "")
    return page


HOSTILE = [
    "<script>window.__x=1</script>",
    '<img src=x onerror="window.__x=1">',
    '"><svg onload=window.__x=1>',
    "{{7*7}}{% load static %}",
    '<div hx-get="/api/export" hx-trigger="load">x</div>',
    "</script><script>window.__x=1</script>",
    "[x](javascript:window.__x=1)",
    "[x](JaVaScRiPt:window.__x=1)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](&#106;avascript:window.__x=1)",
    "[x](java\tscript:window.__x=1)",
    "[x](vbscript:x)",
    "[x](//evil.example/)",
    "[x](/\\evil.example)",
    "[x](ftp://evil.example/)",
    '<a href="&#106;avascript:window.__x=1">x</a>',
    "<javascript:window.__x=1>",
    "&lt;script&gt;window.__x=1&lt;/script&gt;",
    "abc\u202etxt.exe\u200b",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=x&gt;">',
    "<iframe src=//e></iframe>",
    "<form action=//e><input name=q></form>",
    "<style>*{display:none}</style>",
    "<!-- c --><?php x ?><!DOCTYPE html>",
    "![x](http://evil.example/x.png)",
    "![x](//evil.example/x.png)",
    "![x](data:image/svg+xml,<svg onload=x>)",
    "![x](image:../api/export)",
    f"![x](image:{'a' * 63}%61)",
    f"![x](image:{'a' * 64}/../../api)",
    f"![x](/g/images/{'a' * 64}/)",
    f"![x](IMAGE:{'a' * 64})",
    "![x](/media\\evil)",
    f'![x" onerror="window.__x=1](image:{"a" * 64} "t\\" onload=\\"x")',
    '[x](http://a.b/ "t\\" onclick=\\"x")',
    '```"><img src=x onerror=window.__x=1>\nx\n```',
    "[ref]\n\n[ref]: javascript:window.__x=1",
    "| <b hx-get=/x>a</b> |\n|---|\n| <script>x</script> |",
    '<p class="x" id="y" style="z" data-a="b">x</p>',
]


@pytest.mark.parametrize("payload", HOSTILE)
def test_nothing_of_a_hostile_text_becomes_markup(payload: str) -> None:
    for text in (payload, f"> {payload}", f"- {payload}", f"# {payload}", f"**{payload}**"):
        page = assert_safe(render_markdown(text))
        assert not any(tag in ("script", "svg", "iframe", "form", "style", "math") for tag, _ in page.elements)


def test_raw_html_is_shown_as_it_was_typed() -> None:
    for text in HOSTILE[:3]:
        assert Elements(render_markdown(text)).text.strip() == text
    assert Elements(render_markdown("&lt;b&gt;")).text.strip() == "<b>"
    assert render_markdown("{{7*7}}") == "<p>{{7*7}}</p>\n"


def test_links_are_marked_and_limited_to_the_web_and_mail() -> None:
    assert render_markdown('[x](https://a.example/c?d=1&e=2 "t")') == (
        '<p><a href="https://a.example/c?d=1&amp;e=2" title="t" rel="nofollow noopener noreferrer">x</a></p>\n'
    )
    assert 'href="mailto:lea@a.example"' in render_markdown("<lea@a.example>")
    assert "href" not in render_markdown("[x](/local)")


def test_own_images_are_kept_and_others_leave_their_description() -> None:
    own = "a" * 64
    html = f'<p><img src="/g/images/{own}/" alt="a b" title="t"></p>\n'
    assert render_markdown(f'![a *b*](image:{own} "t")') == html
    assert render_markdown("![a <b>](https://e.example/x.png)") == "<p>a &lt;b&gt;</p>\n"


def test_commonmark_tables_and_strikethrough_are_rendered() -> None:
    text = "# T\n\n*a* **b** ~~c~~ `d`\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n3. x\n4. y\n\n> q\n\n```py\n<z>\n```\n"
    html = render_markdown(text)
    tags = [tag for tag, _ in assert_safe(html).elements]
    assert tags == [
        "h1", "p", "em", "strong", "s", "code", "table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td",
        "ol", "li", "li", "blockquote", "p", "pre", "code",
    ]  # fmt: skip
    assert '<ol start="3">' in html
    assert "<pre><code>&lt;z&gt;\n</code></pre>" in html


def test_an_overlong_text_is_shown_as_written() -> None:
    assert render_markdown("*<b>*" * LONGEST_TEXT).startswith("<pre>*&lt;b&gt;**")
    assert render_markdown("") == ""


fragments = st.sampled_from(
    [*HOSTILE, "<", ">", '"', "'", "[", "](", ")", "!", "`", "\n", "\n\n", "|", "- ", "&#x6a;", "javascript:", "*", "x"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(fragments | st.text(max_size=5), max_size=12))
def test_any_mixture_stays_safe(parts: list[str]) -> None:
    assert_safe(render_markdown("".join(parts)))
