"""The refusal of a JSON text, the limits it names, and the path that says where."""

import json
import re
from collections.abc import Iterable

MAX_DEPTH = 64
# The largest range in which every integer survives a reader that keeps numbers as doubles (JavaScript).
MAX_INTEGER = 2**53

_PLAIN_KEY = re.compile(r"[\w-]{1,80}\Z")
_LONGEST_KEY_SHOWN = 60


class StrictJsonError(ValueError):
    """A JSON text that Concord refuses: what is wrong (`code`), where (`path`), in words (`detail`)."""

    def __init__(self, code: str, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}" if path else detail)
        self.code = code
        self.path = path
        self.detail = detail


def json_path(parts: Iterable[str | int]) -> str:
    """`payload.t` or `labels[3].x`; a key that would not read back is quoted: `payload["a\\u0000b"]`."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _PLAIN_KEY.match(part):
            path += f".{part}" if path else part
        else:
            shown = part if len(part) <= _LONGEST_KEY_SHOWN else part[:_LONGEST_KEY_SHOWN] + "..."
            path += f"[{json.dumps(shown)}]"
    return path
