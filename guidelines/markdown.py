"""Markdown written by people as HTML that is safe to put into a page. Pure.

Two fences, each enough alone: the parser escapes raw HTML and refuses script links; the sanitiser keeps an
allow-list of tags and attributes and nothing else, so that no class, id, style, event handler or hx-* gets through.
"""

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

# `![what it shows](image:<sha256>)` is an image of the guideline itself (services/images.py). An image from elsewhere
# would tell its server who reads the guideline.
IMAGES_PREFIX = "/g/images/"
LONGEST_TEXT = 100_000
LINK_SCHEMES = frozenset({"http", "https", "mailto"})

_OWN_IMAGE = re.compile(r"image:([0-9a-f]{64})\Z")
_SHOWN_IMAGE = re.compile(re.escape(IMAGES_PREFIX) + r"[0-9a-f]{64}/\Z")
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


def render_markdown(text: str) -> str:
    """CommonMark with tables and strikethrough as safe HTML; raw HTML is shown as text.

    Links go to http, https or mailto only and carry rel="nofollow noopener noreferrer"; images are
    the guideline's own, named by hash; of others the description is left. A text over LONGEST_TEXT characters is
    shown as it is written: the parser takes seconds for what a hostile one could hold.
    """
    if len(text) > LONGEST_TEXT:
        return f"<pre>{escapeHtml(text)}</pre>"
    return nh3.clean(
        _parser().render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_keep_attribute,
        url_schemes=set(LINK_SCHEMES),
        link_rel="nofollow noopener noreferrer",
    )


class Block(NamedTuple):
    """A paragraph, heading, list, table ... that stands on its own: the line it begins on, its heading if it is one."""

    line: int
    heading: str | None
    last_line: int


def blocks_of(text: str) -> list[Block]:
    """The outermost blocks of a text in their order; none of a text that is too long to be read as Markdown."""
    if len(text) > LONGEST_TEXT:
        return []
    tokens = _parser().parse(text)
    blocks = []
    for at, token in enumerate(tokens):
        if token.level == 0 and token.map is not None and token.nesting >= 0:
            heading = tokens[at + 1].content if token.type == "heading_open" else None
            blocks.append(Block(token.map[0], heading, token.map[1]))
    return blocks


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
    parser.add_render_rule("image", _render_image)
    return parser


def _render_image(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    """Our own image, or of any other image its description only."""
    token = tokens[at]
    description = renderer.renderInlineAsText(token.children, options, env)
    named = _OWN_IMAGE.match(str(token.attrs.get("src", "")))
    if named is None:
        return escapeHtml(description)
    token.attrs["src"] = f"{IMAGES_PREFIX}{named[1]}/"
    token.attrs["alt"] = description
    return renderer.renderToken(tokens, at, options, env)


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return value if _SHOWN_IMAGE.match(value) else None
    if attribute == "href":
        return value if _is_plain_link(value) else None
    return value


def _is_plain_link(url: str) -> bool:
    try:
        return urlsplit(url).scheme in LINK_SCHEMES
    except ValueError:
        return False
