"""What the editor shows: the outline of a draft, the fields of one part with its errors, both sides of a conflict."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import FieldError
from frontend.forms.guideline_parts import (
    CONDITIONAL_ON,
    QUESTION_FORMS,
    SHOWN_BY_TYPE,
    ClauseForm,
    ExampleForm,
    OptionForm,
    PrecedentForm,
    QuestionForm,
    option_form,
    shown_question,
    shows_options,
)
from frontend.forms.guidelines import sentence
from frontend.forms.workbench import SUPPORTED, QuestionField, question_fields
from frontend.reading.guideline_differences import Row, field_row
from guidelines.diffs import FieldChange, diff_text
from guidelines.label_schema import Question
from guidelines.models import Guideline, GuidelineDraft
from guidelines.parts import LISTS, Content, Part, clause_tree, find_part, keys_below, parts_of
from guidelines.selectors.presence import Presence

_OPTION = re.compile(r"options\[(\d+)\](?:\.(\w+))?")
_ANSWER = re.compile(r"answer\.([^.\[]+)")
KIND_WORDS = {
    "clause": gettext_lazy("Clause"),
    "question": gettext_lazy("Question"),
    "example": gettext_lazy("Example"),
    "precedent": gettext_lazy("Precedent"),
}


@dataclass(frozen=True)
class Place:
    """One line of the outline; `state` is `new` or `changed` against the current version.

    `changed_by` is who else changed it since this person looked, `editors` who has it open now.
    `comments` counts the open ones.
    """

    kind: str
    key: str
    title: str
    depth: int
    url: str
    state: str
    is_current: bool
    changed_by: str = ""
    editors: tuple[str, ...] = ()
    comments: int = 0


@dataclass(frozen=True)
class Around:
    """What other people did around the draft: where they are, what they changed, what they said."""

    presence: Presence = Presence()
    comments: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Outline:
    clauses: tuple[Place, ...]
    questions: tuple[Place, ...]
    examples: tuple[Place, ...]
    precedents: tuple[Place, ...] = ()


def outline_of(
    guideline: Guideline, content: Content, published: Content, here: tuple[str, str] | None, around: Around
) -> Outline:
    def place(kind: str, part: Part, depth: int = 0) -> Place:
        before = find_part(published, kind, part["key"])
        state = "" if before == part else "changed" if before else "new"
        url = reverse("guideline-part", args=[guideline.slug, kind, part["key"]])
        change = around.presence.change_of(kind, part["key"])
        return Place(
            kind, part["key"], _title(kind, part), depth, url, state, here == (kind, part["key"]),
            str(change.by) if change else "",
            tuple(str(editor.user) for editor in around.presence.at(kind, part["key"])),
            around.comments.get((kind, part["key"]), 0),
        )  # fmt: skip

    return Outline(
        tuple(place("clause", clause, min(depth, 3)) for clause, depth in clause_tree(parts_of(content, "clause"))),
        tuple(place("question", question) for question in parts_of(content, "question")),
        tuple(place("example", example) for example in parts_of(content, "example")),
        tuple(place("precedent", precedent) for precedent in parts_of(content, "precedent")),
    )


def _title(kind: str, part: Part) -> str:
    if kind not in {"example", "precedent"}:
        return str(part.get("title") or part["key"])
    words = " ".join(str(part.get("text") or part.get("question") or _("payload")).split())
    return words if len(words) <= 60 else words[:59].rstrip() + "…"


@dataclass
class PartFields:
    """The form of one part. `general` are errors that belong to no field shown here."""

    kind: str
    part: Part
    form: forms.Form
    options: list[OptionForm] = field(default_factory=list)
    answers: list[QuestionField] = field(default_factory=list)
    general: list[str] = field(default_factory=list)
    has_options: bool = False

    @property
    def is_valid(self) -> bool:
        answers_fit = not any(answer.errors for answer in self.answers)
        return answers_fit and not (self.general or self.form.errors or any(option.errors for option in self.options))

    @property
    def raw(self) -> str:
        """What these fields do not show of a question, as JSON."""
        if self.kind != "question":
            return ""
        hidden = {
            name: value for name, value in self.part.items() if name not in SHOWN_BY_TYPE.get(self.part["type"], ())
        }
        if self.has_options:
            hidden.pop("options", None)
        return json.dumps(hidden, ensure_ascii=False, indent=2) if hidden else ""


def fields_of(
    kind: str, part: Part, content: Content, questions: Sequence[Question], errors: Sequence[FieldError] = ()
) -> PartFields:
    """The fields of a part as stored or as posted; `errors` have paths relative to the part."""
    fields = _BUILD[kind](part, content)
    by_question: dict[str, list[str]] = defaultdict(list)
    for error in errors:
        _place_error(fields, error, by_question)
    if kind == "example":
        fields.answers = [
            shown
            for shown in question_fields(questions, part.get("answer") or {}, by_question)
            if shown.kind in SUPPORTED
        ]
    return fields


def _clause_fields(part: Part, content: Content) -> PartFields:
    form = ClauseForm(initial=part)
    inside = keys_below(parts_of(content, "clause"), part["key"])
    form.fields["parent"].choices = _clause_choices(content, _("Nothing: it stands on its own"), inside)  # type: ignore[attr-defined]
    return PartFields("clause", part, form)


def _question_fields(part: Part, content: Content) -> PartFields:
    form = QUESTION_FORMS.get(part["type"], QuestionForm)(initial=shown_question(part))
    asked = [q for q in parts_of(content, "question") if q["type"] in CONDITIONAL_ON and q["key"] != part["key"]]
    choices = [
        ("", _("Asked of every item")),
        *((q["key"], f"{q.get('title') or q['key']} ({q['key']})") for q in asked),
    ]
    form.fields["condition"].choices = choices  # type: ignore[attr-defined]
    if not asked:
        del form.fields["condition"], form.fields["condition_in"]
    fields = PartFields("question", part, form, has_options=shows_options(part))
    if fields.has_options:
        fields.options = [option_form(option, at) for at, option in enumerate(part.get("options", []))]
    return fields


def _example_fields(part: Part, content: Content) -> PartFields:
    form = ExampleForm(initial=part)
    form.fields["clause"].choices = _clause_choices(content, _("No clause in particular"))  # type: ignore[attr-defined]
    if "payload" in part:
        del form.fields["text"]
    return PartFields("example", part, form)


def _precedent_fields(part: Part, content: Content) -> PartFields:
    form = PrecedentForm(initial=part)
    form.fields["clause"].choices = _clause_choices(content, _("Choose a clause"))  # type: ignore[attr-defined]
    return PartFields("precedent", part, form)


_BUILD = {
    "clause": _clause_fields, "question": _question_fields, "example": _example_fields, "precedent": _precedent_fields,
}  # fmt: skip


def _clause_choices(content: Content, none: str, without: set[str] | None = None) -> list[tuple[str, str]]:
    listed = [
        clause for clause, _depth in clause_tree(parts_of(content, "clause")) if clause["key"] not in (without or ())
    ]
    return [("", none), *((clause["key"], f"{clause['key']}  {clause['title']}") for clause in listed)]


def _place_error(fields: PartFields, error: FieldError, by_question: dict[str, list[str]]) -> None:
    words = sentence(error.detail)
    option, answer = _OPTION.match(error.path), _ANSWER.match(error.path)
    name = re.split(r"[.\[]", error.path)[0]
    if name == "visible_if":
        name = "condition_in" if error.path.startswith("visible_if.in") else "condition"
    if option and int(option[1]) < len(fields.options):
        form: forms.Form = fields.options[int(option[1])]
        _add(form, option[2] if option[2] in form.fields else "label", words)
    elif answer and fields.kind == "example":
        by_question[answer[1]].append(words)
    elif name in fields.form.fields:
        _add(fields.form, name, words)
    else:
        fields.general.append(words)


def _add(form: forms.Form, name: str, words: str) -> None:
    form.errors.setdefault(name, form.error_class()).append(words)


def own_errors(errors: Sequence[FieldError], kind: str, key: str, content: Content) -> list[FieldError]:
    """Errors of a whole content as errors of one part: its own with short paths, others named in their words."""
    keys = [part["key"] for part in parts_of(content, kind)]
    mine = f"{LISTS[kind]}[{keys.index(key) if key in keys else len(keys)}]"
    found = []
    for error in errors:
        if error.path.startswith(mine):
            found.append(FieldError(error.path[len(mine) :].lstrip("."), error.code, error.detail))
        else:
            found.append(FieldError("", error.code, f"{_where(error.path, content)}: {error.detail}"))
    return found


def _where(path: str, content: Content) -> str:
    match = re.match(r"(clause|question|example|precedent)s\[(\d+)\]", path)
    if match and int(match[2]) < len(parts_of(content, match[1])):
        return f"{KIND_WORDS[match[1]]} {parts_of(content, match[1])[int(match[2])]['key']}"
    return path


@dataclass(frozen=True)
class BothSides:
    """A conflict: what the draft says now against what was about to be saved, field by field."""

    by: str
    draft: GuidelineDraft
    is_removed: bool
    rows: tuple[Row, ...]


def both_sides(draft: GuidelineDraft, theirs: Part | None, mine: Part) -> BothSides:
    before, after = dict(_flat(theirs or {})), dict(_flat(mine))
    names = list(dict.fromkeys([*after, *before]))
    rows = [
        field_row(
            FieldChange(name, before.get(name), after.get(name), diff_text(before.get(name, ""), after.get(name, "")))
        )
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]
    return BothSides(str(draft.updated_by), draft, theirs is None, tuple(rows))


def _flat(part: Part) -> Iterator[tuple[str, str]]:
    """A part as named texts: an option is one text of its own."""
    for name, value in part.items():
        if name == "options":
            yield from ((f"{_('Option')} {option.get('key')}", _lines(option)) for option in value)
        elif isinstance(value, dict):
            yield _field_words(name), _lines(value)
        elif value not in (None, "") and name not in {"key", "type"}:
            yield _field_words(name), str(value)


def _field_words(name: str) -> str:
    """A stored field by the label that the form gives it."""
    kinds: list[type[forms.Form]] = [
        ClauseForm, QuestionForm, OptionForm, ExampleForm, PrecedentForm, *QUESTION_FORMS.values()
    ]  # fmt: skip
    labels = (kind.base_fields[name].label for kind in kinds if name in kind.base_fields)
    return str(next(labels, name.replace("_", " ")))


def _lines(values: dict[str, Any]) -> str:
    return "\n".join(
        f"{_field_words(name)}: {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in values.items()
        if value not in (None, "", [])
    )
