"""A guideline's content as a flat list of what can be found and pointed at: clauses, questions, options, examples,
precedents. From the JSON of a version, so that it also reads what the typed content does not know yet. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal

import nh3

from guidelines.content import Precedent
from guidelines.markdown import render_markdown

Kind = Literal["clause", "question", "option", "example", "precedent"]
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Passage:
    """`anchor` is its id on the reading page; `clauses` are those it belongs to; `text` is plain, without Markdown."""

    kind: Kind
    key: str
    anchor: str
    heading: str
    text: str
    clauses: tuple[str, ...] = ()


def precedents_of(content: Content) -> tuple[Precedent, ...]:
    """The rulings kept with a content; none in one written before there were any."""
    return tuple(
        Precedent(*(str(raw.get(name) or "") for name in ("key", "clause", "question", "ruling")))
        for raw in content.get("precedents", [])
    )


def passages_of(content: Content) -> tuple[Passage, ...]:
    """Everything in the order in which it is read."""
    return (*_clauses(content), *_precedents(content), *_questions(content), *_examples(content))


def precedent_anchor(key: str) -> str:
    """Its own kind of id: a precedent may have the key of a clause."""
    return f"precedent-{key}"


def option_anchor(question: str, option: str) -> str:
    return f"o-{question}-{option}"


def _clauses(content: Content) -> Iterator[Passage]:
    for clause in content.get("clauses", []):
        key = clause["key"]
        yield Passage("clause", key, key, clause["title"], _plain(clause.get("body", "")), (key,))


def _precedents(content: Content) -> Iterator[Passage]:
    for precedent in precedents_of(content):
        anchor, clauses = precedent_anchor(precedent.key), (precedent.clause,) if precedent.clause else ()
        text = _plain(precedent.ruling)
        yield Passage("precedent", precedent.key, anchor, precedent.question, text, clauses)


def _questions(content: Content) -> Iterator[Passage]:
    for question in content.get("questions", []):
        key = question["key"]
        yield Passage("question", key, f"q-{key}", question.get("title", key), question.get("help", ""))
        for option in question.get("options", []):
            words = (option.get(name, "") for name in ("definition", "use_when", "avoid_when"))
            anchor, cited = option_anchor(key, option["key"]), tuple(option.get("clauses", ()))
            heading = option.get("label") or option["key"]
            yield Passage("option", option["key"], anchor, heading, _joined(words), cited)


def _examples(content: Content) -> Iterator[Passage]:
    for example in content.get("examples", []):
        shown = example.get("text") or _joined(_texts(example.get("payload")))
        clauses = (example["clause"],) if example.get("clause") else ()
        yield Passage("example", example["key"], example["key"], shown, example.get("rationale", ""), clauses)


def _plain(markdown: str) -> str:
    return unescape(nh3.clean(render_markdown(markdown), tags=set())).strip()


def _joined(texts: Any) -> str:
    return "\n".join(text for text in texts if text)


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a payload, in its order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
