"""The editor's fields of a clause, question, example or precedent: a stored part to fields, posted fields to a part.

These forms show and name fields; they do not judge. What a valid part is, guidelines/content.py decides, so that
page and API refuse the same things in the same words. A value that cannot be parsed is passed on as it is.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guidelines.content import EXAMPLE_KINDS, LONGEST_TITLE
from guidelines.label_schema import QUESTION_TYPES
from guidelines.parts import Part

TYPE_WORDS = {
    "choice": _("Choice: one option"),
    "choices": _("Choices: any number of options"),
    "rating": _("Rating: a point on a scale"),
    "text": _("Text: written freely"),
}
MOST_OPTIONS_HERE = 150  # a form has at most 2000 fields; a longer list is edited through the API


def _lines(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


class PartForm(forms.Form):
    """Shown, never validated here; `required` only says whether "(optional)" stands beside the label."""

    use_required_attribute = False


class ClauseForm(PartForm):
    title = forms.CharField(label=_("Title"), max_length=LONGEST_TITLE)
    parent = forms.ChoiceField(label=_("Stands under"))
    body = forms.CharField(
        label=_("Rule"), widget=_lines(14, **{"class": "guide-source"}),
        help_text=_("Markdown: **bold**, *italic*, lists, tables, `code`. Raw HTML is shown as text."),
    )  # fmt: skip


class NewQuestionForm(forms.Form):
    title = forms.CharField(label=_("Question"), max_length=500)
    type = forms.ChoiceField(label=_("Answer"), choices=list(TYPE_WORDS.items()))
    key = forms.CharField(
        label=_("Key"), required=False, max_length=64,
        help_text=_("Names the answer in exports and stays for ever. Left empty, it is made from the question."),
    )  # fmt: skip


class QuestionForm(PartForm):
    title = forms.CharField(label=_("Question"), max_length=500)
    help = forms.CharField(label=_("Hint"), required=False, widget=_lines(2))
    required = forms.BooleanField(label=_("An answer is needed"), required=False)


class ChoicesForm(QuestionForm):
    min = forms.CharField(label=_("At least"), required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    max = forms.CharField(label=_("At most"), required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}))


class RatingForm(QuestionForm):
    min = forms.CharField(label=_("Lowest"), widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    max = forms.CharField(label=_("Highest"), widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    labels = forms.CharField(
        label=_("What the points mean"), required=False, widget=_lines(4, placeholder="1 = Can wait\n5 = Today"),
        help_text=_("One a line: 1 = Can wait"),
    )  # fmt: skip


class TextForm(QuestionForm):
    max_length = forms.CharField(label=_("Most characters"), widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    of = forms.CharField(
        label=_("Rewrites the field"), required=False, help_text=_("A field of the item, if the answer rewrites it.")
    )


QUESTION_FORMS: Mapping[str, type[QuestionForm]] = {"choices": ChoicesForm, "rating": RatingForm, "text": TextForm}

# The keys of a question that its form shows or that never change.
SHOWN_BY_TYPE: Mapping[str, set[str]] = {
    kind: {"key", "type", *QUESTION_FORMS.get(kind, QuestionForm).base_fields} for kind in QUESTION_TYPES
}


class OptionForm(PartForm):
    label = forms.CharField(label=_("Label"), max_length=200)
    key = forms.CharField(label=_("Key"), required=False)
    hotkey = forms.CharField(label=_("Hotkey"), required=False, widget=forms.TextInput(attrs={"maxlength": "1"}))
    definition = forms.CharField(label=_("Means"), required=False, widget=_lines(2))
    use_when = forms.CharField(label=_("Use when"), required=False, widget=_lines(2))
    avoid_when = forms.CharField(label=_("Avoid when"), required=False, widget=_lines(2))
    clauses = forms.CharField(label=_("Clauses"), required=False, help_text=_("Keys, like C1 C3"))
    color = forms.CharField(required=False, widget=forms.HiddenInput)

    @property
    def title(self) -> str:
        return str(self.initial.get("label") or _("New option"))

    @property
    def is_new(self) -> bool:
        """A row just added: it has nothing yet, and is where the hand wants to go."""
        return not self.initial.get("label")


class ExampleForm(PartForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=[(kind, kind.capitalize()) for kind in EXAMPLE_KINDS])
    clause = forms.ChoiceField(label=_("Shows the rule of"))
    text = forms.CharField(label=_("Text"), widget=_lines(5))
    rationale = forms.CharField(label=_("Why"), required=False, widget=_lines(4))


class PrecedentForm(PartForm):
    clause = forms.ChoiceField(label=_("Says what is meant by"))
    question = forms.CharField(label=_("Question"), widget=_lines(2))
    ruling = forms.CharField(
        label=_("Ruling"), widget=_lines(6, **{"class": "guide-source"}), help_text=_("Markdown, like a clause.")
    )


def shows_options(question: Part) -> bool:
    return question["type"] in {"choice", "choices"} and len(question.get("options", [])) <= MOST_OPTIONS_HERE


def shown_question(part: Part) -> dict[str, Any]:
    """A stored question as initial values of its form. A bound that only repeats the default stays empty."""
    shown = dict(part)
    if part["type"] == "choices":
        shown["min"] = "" if part.get("min") == int(part.get("required", True)) else part.get("min")
        shown["max"] = "" if part.get("max") == len(part.get("options", [])) else part.get("max")
    if isinstance(part.get("labels"), Mapping):
        shown["labels"] = "\n".join(f"{point} = {label}" if label else point for point, label in part["labels"].items())
    return shown


def option_form(option: Part, at: int) -> OptionForm:
    form = OptionForm(initial=option | {"clauses": " ".join(option.get("clauses", []))}, prefix=f"o{at}")
    if form.is_new:
        form.fields["label"].widget.attrs["autofocus"] = True
    return form
