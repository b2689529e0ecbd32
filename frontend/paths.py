"""Path converters: how names of the outside world stand in our addresses."""

import re
from urllib.parse import unquote

_ESCAPED = re.compile(r"~([0-9A-F]{2})")
_DOTS = {".", ".."}


class ExternalIdConverter:
    """An item's external id, which may hold any printable character, slashes too, at the end of an address.

    Browsers and proxies swallow the segments `.` and `..` and empty ones, even percent-encoded; `~` escapes those,
    and itself: `a/../b` is `a/~2E~2E/b`, `a//b` is `a/~00/b`.
    """

    regex = ".+"

    def to_python(self, value: str) -> str:
        return "/".join(_read_segment(segment) for segment in value.split("/"))

    def to_url(self, value: str) -> str:
        return "/".join(_write_segment(segment) for segment in value.split("/"))


def _write_segment(segment: str) -> str:
    if not segment:
        return "~00"
    if segment in _DOTS:
        return segment.replace(".", "~2E")
    return segment.replace("~", "~7E")


def _read_segment(segment: str) -> str:
    if segment == "~00":
        return ""
    return _ESCAPED.sub(lambda found: unquote(f"%{found[1]}"), segment)
