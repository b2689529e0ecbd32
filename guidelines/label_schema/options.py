"""Read the options of a question: keys that cannot be confused, hotkeys that cannot clash."""

import re
import unicodedata

from guidelines.label_schema.questions import RESERVED_HOTKEYS, Option
from operations.strict_json.reading import ObjectReader, join_path

MOST_OPTIONS = 10_000
LONGEST_LABEL = 200
LONGEST_TEXT = 10_000
MOST_CLAUSES = 50
_SHAPES = frozenset({"<wide>", "<narrow>", "<font>", "<noBreak>", "<compat>"})  # kinds of decomposition, Unicode 5.7.3

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}\Z")
_KEYS = ("key", "label", "definition", "use_when", "avoid_when", "hotkey", "color", "clauses")
_RESERVED = frozenset(key.casefold() for key in RESERVED_HOTKEYS)


def read_options(reader: ObjectReader) -> tuple[Option, ...]:
    """The options of the question that `reader` reads, in order; problems go to the reader."""
    options: list[Option] = []
    keys: dict[str, str] = {}
    labels: dict[str, str] = {}
    hotkeys: dict[str, str] = {}
    for index, raw in enumerate(reader.entries("options", most=MOST_OPTIONS, least=1)):
        path = join_path(join_path(reader.path, "options"), index)
        inner = ObjectReader(raw, path, reader.problems, allowed=_KEYS)
        option = _read_option(inner)
        if option.key:
            _check_distinct(inner, "key", option.key, keys)
            _check_distinct(inner, "label", option.label, labels)
            _check_hotkey(inner, option, hotkeys)
        options.append(option)
    return tuple(options)


def confusable_form(name: str) -> str:
    """One form for names that a reader cannot tell apart: case, Unicode form (wide letters and ligatures too, but not
    what is raised or lowered: m² is not m2), spacing, invisible characters."""
    visible = "".join(_plain(character) for character in name if unicodedata.category(character) != "Cf")
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", visible).casefold())
    return " ".join(folded.split())


def _plain(character: str) -> str:
    """The character, or what it is another shape of."""
    kind = unicodedata.decomposition(character).partition(" ")[0]
    return unicodedata.normalize("NFKD", character) if kind in _SHAPES else character


def _read_option(reader: ObjectReader) -> Option:
    key = reader.text("key", longest=LONGEST_LABEL, required=True)
    if key != key.strip() or any(unicodedata.category(character) == "Cc" for character in key):
        reader.report("key", "bad_key", "a key has no space at its ends and no control characters")
    color = reader.text("color", longest=20)
    if color and not _COLOR.match(color):
        reader.report("color", "bad_color", "a color is written #rrggbb")
    return Option(
        key=key,
        label=reader.text("label", longest=LONGEST_LABEL, one_line=True) or key,
        definition=reader.text("definition", longest=LONGEST_TEXT),
        use_when=reader.text("use_when", longest=LONGEST_TEXT),
        avoid_when=reader.text("avoid_when", longest=LONGEST_TEXT),
        hotkey=reader.text("hotkey", longest=20),
        color=color.lower(),
        clauses=reader.names("clauses", longest=64, most=MOST_CLAUSES),
    )


def _check_distinct(reader: ObjectReader, what: str, name: str, seen: dict[str, str]) -> None:
    form = confusable_form(name)
    first = seen.get(form)
    if first is None:
        seen[form] = name
    elif first == name:
        reader.report(what, "duplicate", f"another option has the {what} {name!r}")
    else:
        reader.report(what, "near_duplicate", f"{name!r} and {first!r} are too much alike to tell apart")


def _check_hotkey(reader: ObjectReader, option: Option, seen: dict[str, str]) -> None:
    hotkey = option.hotkey.casefold()
    if not hotkey:
        return
    if hotkey in _RESERVED:
        reader.report("hotkey", "hotkey_reserved", f"{option.hotkey!r} is a key of the workbench itself")
    elif len(option.hotkey) != 1 or not option.hotkey.isprintable() or option.hotkey.isspace():
        reader.report("hotkey", "hotkey_not_single", "a hotkey is one visible character")
    elif hotkey in seen:
        reader.report("hotkey", "hotkey_clash", f"{option.hotkey!r} is already the key of {seen[hotkey]!r}")
    else:
        seen[hotkey] = option.key
