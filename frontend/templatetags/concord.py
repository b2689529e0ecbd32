"""Template tags of the house: figures, times, icons, preferences. The wording itself is in frontend/wording.py."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from frontend import wording
from guidelines.searching import Piece

register = template.Library()

# What a person chose for their browser: cookie name -> values that change something. Set by static/js/theme.js.
PREFERENCES = {
    "theme": {"light", "dark"},
    "rail": {"narrow"},
    "measure": {"narrow", "wide"},
    "text": {"small", "large"},
    "keys": {"off"},
}
LABEL_COLOURS = 12
MESSAGE_KINDS = {"success": "good", "warning": "warn", "error": "bad"}


@register.simple_tag(takes_context=True)
def preferences(context: template.Context) -> SafeString:
    """Attributes for <html> from the cookies, so that a chosen theme is there with the first paint."""
    request: HttpRequest | None = context.get("request")
    cookies = request.COOKIES if request else {}
    chosen = [(name, cookies[name]) for name, known in PREFERENCES.items() if cookies.get(name) in known]
    return format_html_join("", ' data-{}="{}"', chosen)


@register.simple_tag
def icon(name: str, title: str = "") -> SafeString:
    """A shape of components/icon_sprite.html. Decoration by default; with a title it is an image with that name."""
    if title:
        svg = '<svg class="icon" role="img" aria-label="{}" viewBox="0 0 20 20"><use href="#icon-{}"/></svg>'
        return format_html(svg, title, name)
    return format_html('<svg class="icon" aria-hidden="true" viewBox="0 0 20 20"><use href="#icon-{}"/></svg>', name)


@register.simple_tag
def marked(pieces: Sequence[Piece]) -> SafeString:
    """Text with what was looked for in <mark>. Every piece is escaped: nothing in it can be markup."""
    shown = ((format_html("<mark>{}</mark>", piece.text) if piece.is_match else piece.text,) for piece in pieces)
    return format_html_join("", "{}", shown)


@register.inclusion_tag("components/figure.html")
def figure(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    reason: str = "",
    as_percent: bool = False,
    large: bool = False,
) -> dict[str, Any]:
    """`0.71 [0.66, 0.75] n = 412`; an undefined value is a dash that says why on focus or hover."""
    words = wording.figure(value, low, high, n, reason=reason, as_percent=as_percent)
    return {"figure": words, "large": large}


@register.inclusion_tag("components/undefined.html")
def undefined(reason: str) -> dict[str, str]:
    return {"reason": reason}


@register.simple_tag
def when(at: datetime | None) -> SafeString:
    """A <time> that reads `4 min ago` and shows the exact time on hover."""
    if at is None:
        return SafeString(wording.DASH)
    exact = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        exact.isoformat(timespec="seconds"),
        exact.strftime("%Y-%m-%d %H:%M %Z"),
        wording.relative_time(at, timezone.now()),
    )


@register.filter
def relative_time(at: datetime | None) -> str:
    return wording.relative_time(at, timezone.now()) if at else wording.DASH


@register.filter
def duration(length: float | timedelta | None) -> str:
    return wording.DASH if length is None else wording.duration(length)


@register.filter
def percent(share: float | None, n: int | None = None) -> str:
    return wording.percent(share, n)


@register.filter
def decimal(value: float | None, decimals: int = 2) -> str:
    return wording.decimal(value, decimals) if value is not None and wording.is_known(value) else wording.DASH


@register.filter
def whole(value: int | None) -> str:
    return wording.DASH if value is None else wording.whole(value)


@register.filter
def count(n: int, nouns: str) -> str:
    """`{{ n|count:"item,items" }}`: `1 item`, `12 400 items`."""
    one, many = nouns.split(",")
    return wording.count(n, one, many)


@register.filter
def p_value(p: float | None) -> str:
    return wording.DASH if p is None else wording.p_value(p)


@register.filter
def label_class(index: int) -> str:
    """The colour class of a label by its 0-based place in the schema; the palette starts again after twelve."""
    return f"label-{index % LABEL_COLOURS + 1}"


@register.filter
def message_kind(level_tag: str) -> str:
    """Django's message level as our kind: good, warn, bad or info."""
    return MESSAGE_KINDS.get(level_tag, "info")


@register.filter
def beside(columns: Sequence[Any], cells: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each column with the cell under it."""
    return list(zip(columns, cells, strict=True))


@register.filter
def described_by(bound_field: Any, label: str = "") -> SafeString:
    """The widget of a bound field, tied to the help and error that components/field.html prints beside it.

    A placeholder that only repeats the label is dropped: it vanishes while one types.
    """
    own = bound_field.field.widget.attrs
    if "placeholder" in own and own["placeholder"] in {label, bound_field.label}:
        del own["placeholder"]
    described = [f"{bound_field.auto_id}-error"] if bound_field.errors else []
    described += [f"{bound_field.auto_id}-help"] if bound_field.help_text else []
    attributes = {"aria-describedby": " ".join(described)} if described else {}
    if bound_field.errors:
        attributes["aria-invalid"] = "true"
    widget: SafeString = bound_field.as_widget(attrs=attributes)
    return widget
