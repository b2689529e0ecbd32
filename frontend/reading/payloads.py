"""How an item's payload is shown: the project's fields in order, each by its type. Used wherever an item appears."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from operations.strict_json import canonical_json


@dataclass(frozen=True)
class Turn:
    """One message of a conversation; `is_reply` puts the assistant's side on the right."""

    speaker: str
    text: str
    is_reply: bool


@dataclass(frozen=True)
class PayloadView:
    """One field: `kind` is text, chat or data; only the attribute of that kind is filled."""

    key: str
    title: str
    kind: str
    text: str = ""
    turns: tuple[Turn, ...] = ()


REPLYING = {"assistant", "agent", "bot", "support", "system"}


def payload_views(fields: Sequence[dict[str, Any]], payload: dict[str, Any]) -> list[PayloadView]:
    """The fields that the project shows and the payload has. A project that names no fields shows every text."""
    named = fields or [{"key": key, "type": "text"} for key, value in payload.items() if isinstance(value, str)]
    has_titles = len(named) > 1
    return [
        _view(str(field["key"]), str(field.get("type", "text")), payload[field["key"]], has_titles)
        for field in named
        if field["key"] in payload
    ]


def _view(key: str, kind: str, value: Any, has_title: bool) -> PayloadView:
    title = key.replace("_", " ").capitalize() if has_title else ""
    if kind == "chat" and isinstance(value, list):
        turns = tuple(_turn(entry) for entry in value)
        return PayloadView(key, title, "chat", turns=turns)
    if isinstance(value, str):
        return PayloadView(key, title, "text", text=value)
    return PayloadView(key, title, "data", text=canonical_json(value).decode())


def _turn(entry: Any) -> Turn:
    if not isinstance(entry, dict):
        return Turn("", str(entry), False)
    speaker = str(entry.get("speaker") or entry.get("role") or "")
    text = entry.get("text", entry.get("content", ""))
    return Turn(speaker, text if isinstance(text, str) else canonical_json(text).decode(), speaker.lower() in REPLYING)


def payload_gist(fields: Sequence[dict[str, Any]], payload: dict[str, Any], length: int = 140) -> str:
    """One line of an item for tables."""
    views = payload_views(fields, payload)
    words = " · ".join(view.text or " / ".join(turn.text for turn in view.turns) for view in views)
    words = " ".join(words.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"
