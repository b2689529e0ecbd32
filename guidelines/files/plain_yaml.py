"""YAML that says what JSON can say: no anchors, no tags, no guessed types; every value with the line it stands on."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from operations.strict_json.errors import MAX_DEPTH, MAX_INTEGER

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,3})?\Z")
_STEP = re.compile(r"\[([0-9]+)\]|([^.\[\]]+)")
_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}
_SURROGATE = re.compile("[\ud800-\udfff]")


class YamlError(ValueError):
    """What cannot be read as plain YAML: the line, the rule, in words."""

    def __init__(self, line: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.line, self.code, self.detail = line, code, detail


@dataclass
class Node:
    """The line on which a value begins, and the nodes of what is in it by key or index."""

    line: int
    inner: dict[str | int, "Node"] | None = None


@dataclass
class _Open:
    """A list or mapping being read; `key` is the one whose value comes next."""

    value: Any
    node: Node
    key: str | None = None

    @property
    def step(self) -> str | int:
        return len(self.value) if isinstance(self.value, list) else self.key or ""


@dataclass
class Document:
    value: Any = None
    root: Node = field(default_factory=lambda: Node(1))

    def line_of(self, path: str) -> int:
        """The line of a path like `clauses[2].title`, or of the nearest thing around it."""
        node = self.root
        for index, key in _STEP.findall(path):
            inner = (node.inner or {}).get(int(index) if index else key)
            if inner is None:
                break
            node = inner
        return node.line


def read_plain_yaml(text: str) -> Document:
    """The one document of a text. Nothing is built but texts, numbers, true, false, null, lists and mappings.

    Events are read one by one, without recursion, so that neither depth nor references can cost more than the text
    is long.
    """
    return _Reader().read(text)


class _Reader:
    def __init__(self) -> None:
        self.document, self.open, self.documents = Document(), list[_Open](), 0

    def read(self, text: str) -> Document:
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                self._take(event, event.start_mark.line + 1 if event.start_mark else 1)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise YamlError(
                line, "control_character", f"the character U+{_code_point(error):04X} is no text"
            ) from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            words = ", ".join(part for part in (error.context, error.problem) if part)
            last = text.rstrip("\n").count("\n") + 1  # the reader may notice only beyond the end
            raise YamlError(min(mark.line + 1, last) if mark else 1, "bad_yaml", words or "this is no YAML") from error
        if not self.documents:
            raise YamlError(1, "empty", "the file is empty")
        return self.document

    def _take(self, event: Any, line: int) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(line, "reference", "references (& and *) are not read: write the value out")
        if getattr(event, "tag", None):
            raise YamlError(line, "tag", f"tags are not read, like {event.tag!r}")
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise YamlError(line, "documents", "one file holds one document")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._begin([] if isinstance(event, yaml.SequenceStartEvent) else {}, line)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self.open.pop()

    def _scalar(self, event: Any, line: int) -> None:
        around = self.open[-1] if self.open else None
        if around and isinstance(around.value, dict) and around.key is None:
            self._key(around, event.value, line)
        else:
            self._place(event.value if not event.implicit[0] else self._plain(event.value, line), line)

    def _plain(self, word: str, line: int) -> Any:
        """An unquoted word: a number or one of four words as in JSON, else a text. `yes` and `1.10.2` are texts."""
        if word in _WORDS:
            return _WORDS[word]
        match = NUMBER.match(word)
        if match is None:
            return word
        if match[1] or match[2]:
            return self._finite(float(word), line)
        if abs(int(word)) > MAX_INTEGER:
            raise YamlError(line, "integer_out_of_range", "an integer outside +/-2^53")
        return int(word)

    def _finite(self, number: float, line: int) -> float:
        if number - number != 0:
            raise YamlError(line, "not_finite", "not a finite number")
        return number

    def _key(self, around: _Open, key: str, line: int) -> None:
        self._check_text(key, line)
        if key in around.value:
            raise YamlError(line, "duplicate_key", f"the key {key[:60]!r} stands here twice")
        around.key = key

    def _begin(self, value: Any, line: int) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise YamlError(line, "too_deep", f"nested deeper than {MAX_DEPTH}")
        around = self.open[-1] if self.open else None
        if around and isinstance(around.value, dict) and around.key is None:
            raise YamlError(line, "key_not_text", "a key is a text")
        self.open.append(_Open(value, self._place(value, line)))

    def _place(self, value: Any, line: int) -> Node:
        if isinstance(value, str):
            self._check_text(value, line)
        node = Node(line, {} if isinstance(value, dict | list) else None)
        if not self.open:
            self.document.value, self.document.root = value, node
            return node
        around = self.open[-1]
        if around.node.inner is not None:
            around.node.inner[around.step] = node
        if isinstance(around.value, list):
            around.value.append(value)
        else:
            around.value[around.key], around.key = value, None
        return node

    def _check_text(self, text: str, line: int) -> None:
        if "\x00" in text or _SURROGATE.search(text):
            raise YamlError(line, "control_character", "NUL and lone surrogates are no text")


def _code_point(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character[:1] or "\ufffd")


class _Writer(yaml.CSafeDumper):
    """Long texts as blocks, one line each as it was written; quotes wherever another reader could see a number."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(writer: _Writer, text: str) -> yaml.ScalarNode:
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    lines = text.split("\n")
    if not all(line.isprintable() for line in lines):
        return '"'
    if len(lines) == 1:
        return "'" if NUMBER.match(text) else None
    is_block = not lines[0][:1].isspace() and bool(lines[0]) and all(line == line.rstrip() for line in lines)
    return "|" if is_block else '"'


_represent: Callable[..., Any] = _write_text
_Writer.add_representer(str, _represent)


def write_plain_yaml(value: dict[str, Any]) -> str:
    return str(yaml.dump(value, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=1_000_000))
