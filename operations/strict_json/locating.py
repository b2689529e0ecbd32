"""Find the first thing wrong in a JSON text, with its path. Slow and exact; for texts that are refused."""

import re
from typing import NoReturn

from operations.strict_json.errors import MAX_DEPTH, MAX_INTEGER, StrictJsonError, json_path

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(
    r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*"',
)
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|(["\\/bfnrt]))')
_SHORT_ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
# Where `surrogateescape` puts the bytes that were not UTF-8.
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_INTEGER = len(str(MAX_INTEGER)) + 1


def locate_problem(source: str | bytes) -> StrictJsonError | None:
    """The first problem of `source` in reading order, or None where there is none."""
    from_bytes = isinstance(source, bytes)
    text = source.decode("utf-8", "surrogateescape") if isinstance(source, bytes) else source
    try:
        _Locator(text, from_bytes=from_bytes).read_document()
    except StrictJsonError as problem:
        return problem
    return None


class _Locator:
    def __init__(self, text: str, *, from_bytes: bool) -> None:
        self.text = text
        self.from_bytes = from_bytes
        self.position = 0
        self.path: list[str | int] = []

    def read_document(self) -> None:
        if self.text.startswith("\ufeff"):
            self.refuse("bom", "starts with a byte order mark")
        self.skip_space()
        if self.position == len(self.text):
            self.refuse("empty", "there is nothing in it")
        self.read_value(depth=0)
        self.skip_space()
        if self.position < len(self.text):
            self.refuse("trailing_data", f"something follows the value at character {self.position}")

    def read_value(self, depth: int) -> None:
        character = self.text[self.position : self.position + 1]
        if character in ("{", "["):
            if depth == MAX_DEPTH:
                self.refuse("too_deep", f"nested deeper than {MAX_DEPTH}")
            self.position += 1
            (self.read_object if character == "{" else self.read_array)(depth + 1)
        elif character == '"':
            self.check_text(self.read_string())
        elif self.text.startswith(_NOT_FINITE, self.position):
            self.refuse("not_finite", "NaN and Infinity are not JSON")
        elif not self.take("true") and not self.take("false") and not self.take("null"):
            self.read_number()

    def read_object(self, depth: int) -> None:
        seen: set[str] = set()
        self.skip_space()
        if self.take("}"):
            return
        while True:
            key = self.read_key(seen)
            self.path.append(key)
            self.expect(":")
            self.read_value(depth)
            self.path.pop()
            self.skip_space()
            if self.take("}"):
                return
            self.expect(",")

    def read_key(self, seen: set[str]) -> str:
        raw = self.read_string()
        key = _unescape(raw)
        self.path.append(key)
        self.check_text(raw)
        if key in seen:
            self.refuse("duplicate_key", "the same key stands twice in one object")
        self.path.pop()
        seen.add(key)
        return key

    def read_array(self, depth: int) -> None:
        self.skip_space()
        if self.take("]"):
            return
        self.path.append(0)
        index = 0
        while True:
            self.path[-1] = index
            self.read_value(depth)
            self.skip_space()
            if self.take("]"):
                break
            self.expect(",")
            index += 1
        self.path.pop()

    def read_string(self) -> str:
        """The inside of the string at the current position, escapes left as they stand."""
        match = _STRING.match(self.text, self.position)
        if match is None:
            self.refuse_syntax()
        self.position = match.end()
        return match.group()[1:-1]

    def read_number(self) -> None:
        match = _NUMBER.match(self.text, self.position)
        if match is None:
            self.refuse_syntax()
        whole, rest = match.groups()
        if rest:
            if abs(float(match.group())) == float("inf"):
                self.refuse("number_out_of_range", "a number too large for a double")
        elif len(whole) > _LONGEST_INTEGER or abs(int(whole)) > MAX_INTEGER:
            self.refuse("integer_out_of_range", "an integer outside +/-2^53")
        self.position = match.end()

    def check_text(self, raw: str) -> None:
        text = _unescape(raw)
        if "\x00" in text:
            self.refuse("nul", "a NUL character cannot be stored")
        if text.isascii():
            return
        if self.from_bytes and _BAD_BYTE.search(raw):
            self.refuse("invalid_utf8", "not valid UTF-8")
        if _SURROGATE.search(text):
            self.refuse("lone_surrogate", "a lone surrogate is not text")

    def skip_space(self) -> None:
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def take(self, token: str) -> bool:
        if not self.text.startswith(token, self.position):
            return False
        self.position += len(token)
        return True

    def expect(self, token: str) -> None:
        self.skip_space()
        if not self.take(token):
            self.refuse_syntax()
        self.skip_space()

    def refuse_syntax(self) -> NoReturn:
        if self.from_bytes and _BAD_BYTE.match(self.text, self.position):
            self.refuse("invalid_utf8", f"not valid UTF-8 at character {self.position}")
        self.refuse("invalid_json", f"not valid JSON at character {self.position}")

    def refuse(self, code: str, detail: str) -> NoReturn:
        raise StrictJsonError(code, json_path(self.path), detail)


def _unescape(raw: str) -> str:
    if "\\" not in raw:
        return raw
    text = _ESCAPE.sub(_character, raw)
    # \\ud83d\\ude00 is one character; UTF-16 joins the two halves and leaves a half without its other alone.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _character(escape: re.Match[str]) -> str:
    code, short = escape.groups()
    return chr(int(code, 16)) if code else _SHORT_ESCAPES[short]
