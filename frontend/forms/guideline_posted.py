"""What the editor posted, as a part of a draft. It only parses: guidelines/content.py judges."""

import re
from typing import Any

from django.http import QueryDict
from django.utils.text import slugify

from frontend.forms.guideline_parts import MOST_OPTIONS_HERE, OptionForm, shows_options
from frontend.forms.workbench import SUPPORTED, parse_answer
from guidelines.label_schema import Question
from guidelines.parts import Part

WHOLE = re.compile(r"-?[0-9]{1,15}\Z")
DECIMAL = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}\Z")


def posted_part(post: QueryDict, kind: str, old: Part, questions: tuple[Question, ...]) -> Part:
    """The part with what the form says. What the form does not show stays as it was in `old`."""
    if kind == "clause":
        return posted_clause(post, old["key"])
    if kind == "precedent":
        return {"key": old["key"]} | {name: _text(post, name) for name in ("clause", "question", "ruling")}
    if kind == "question":
        return posted_question(post, old, questions)
    shown = {question.key for question in questions if question.type in SUPPORTED}
    kept = {key: value for key, value in (old.get("answer") or {}).items() if key not in shown}
    return posted_example(post, old, kept | parse_answer(questions, post))


def is_rearranged(post: QueryDict, part: Part) -> bool:
    """Add, move or drop an option of a posted question, as the button says; True if there was such a button."""
    action, _dash, at = post.get("action", "").partition("-")
    options = part.get("options")
    if action not in {"add", "up", "down", "drop"} or options is None or not shows_options(part):
        return False
    place = int(at) if at.isascii() and at.isdigit() and len(at) < 4 else -1
    if action == "add":
        options.append({})
    elif action == "drop" and 0 <= place < len(options):
        options.pop(place)
    elif action in {"up", "down"}:
        other = place + (1 if action == "down" else -1)
        if 0 <= place < len(options) and 0 <= other < len(options):
            options[place], options[other] = options[other], options[place]
    return True


def posted_clause(post: QueryDict, key: str) -> Part:
    return {
        "key": key,
        "title": _text(post, "title"),
        "body": _text(post, "body"),
        "parent": _text(post, "parent") or None,
    }


def posted_question(post: QueryDict, old: Part, questions: tuple[Question, ...]) -> Part:
    """The question with what the form says; what the form does not show stays as it was."""
    part = old | {"title": _text(post, "title"), "help": _text(post, "help"), "required": "required" in post}
    if old["type"] in {"choices", "rating"}:
        part |= {"min": _whole(post, "min"), "max": _whole(post, "max")}
    if old["type"] == "rating":
        part["labels"] = dict(_label_of_point(line) for line in _text(post, "labels").splitlines() if line.strip())
    if old["type"] == "text":
        part |= {"max_length": _whole(post, "max_length"), "of": _text(post, "of")}
    if old["type"] == "number":
        part |= {"min": _number(post, "min"), "max": _number(post, "max"), "unit": _text(post, "unit")}
    if old["type"] in {"span", "boxes"}:
        part["field"] = _text(post, "field")
    if old["type"] == "span":
        part["overlapping"] = "overlapping" in post
    if old["type"] in {"preference", "ranking"}:
        part["candidates"] = _words(post, "candidates")
    if old["type"] == "preference":
        part |= {"ties": "ties" in post, "strengths": _whole(post, "strengths")}
    if shows_options(old):
        part["options"] = posted_options(post)
    return part | ({"visible_if": _condition(post, questions)} if "condition" in post else {})


def _condition(post: QueryDict, questions: tuple[Question, ...]) -> dict[str, Any] | None:
    asked = _text(post, "condition")
    if not asked:
        return None
    is_rating = any(question.key == asked and question.type == "rating" for question in questions)
    values = _words(post, "condition_in")
    return {"question": asked, "in": [int(v) if is_rating and WHOLE.match(v) else v for v in values]}


def _words(post: QueryDict, name: str) -> list[str]:
    return _text(post, name).replace(",", " ").split()


def _number(post: QueryDict, name: str) -> Any:
    raw = _text(post, name).replace("\N{MINUS SIGN}", "-")
    if WHOLE.match(raw):
        return int(raw)
    return float(raw) if DECIMAL.match(raw) else raw or None


def posted_options(post: QueryDict) -> list[Part]:
    """The option rows in their order; a row in which nothing was typed is left out."""
    count = _text(post, "options")
    rows = [
        {name: _text(post, f"o{at}-{name}") for name in OptionForm.base_fields}
        for at in range(min(int(count) if WHOLE.match(count) else 0, MOST_OPTIONS_HERE + 1))
    ]
    return [_option(row) for row in rows if any(row.values())]


def _option(row: dict[str, str]) -> Part:
    option: Part = row | {
        "key": row["key"] or key_from(row["label"]),
        "clauses": row["clauses"].replace(",", " ").split(),
    }
    return option


def key_from(words: str) -> str:
    """A key made of the words in Latin letters; "" if there are none."""
    return slugify(words).replace("-", "_")[:40].strip("_")


def posted_example(post: QueryDict, old: Part, answer: dict[str, Any]) -> Part:
    """The example with what the form says; a payload, which the form only shows, stays."""
    part: Part = {"key": old["key"], "kind": _text(post, "kind"), "rationale": _text(post, "rationale")}
    part |= {"payload": old["payload"]} if "payload" in old else {"text": _text(post, "text")}
    return part | {"clause": _text(post, "clause") or None, "answer": answer or None}


def _text(post: QueryDict, name: str) -> str:
    return post.get(name, "").replace("\r\n", "\n").strip("\n" if name == "body" else None)


def _whole(post: QueryDict, name: str) -> Any:
    raw = _text(post, name).replace("\N{MINUS SIGN}", "-")
    return int(raw) if WHOLE.match(raw) else raw or None


def _label_of_point(line: str) -> tuple[str, str]:
    point, _equals, label = line.partition("=")
    return point.strip()[:60], label.strip()
