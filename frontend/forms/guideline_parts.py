"""The editor's fields of a clause, question, example or precedent: a stored part to fields, posted fields to a part.

These forms show and name fields; they do not judge. What a valid part is, guidelines/content.py decides, so that
page and API refuse the same things in the same words. A value that cannot be parsed is passed on as it is.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guidelines.content import EXAMPLE_KINDS, LONGEST_TITLE
from guidelines.label_schema import QUESTION_TYPES
from guidelines.parts import Part

TYPE_WORDS = {
    "choice": _("Choice: one option"),
    "choices": _("Choices: any number of options"),
    "rating": _("Rating: a point on a scale"),
    "number": _("Number: counted or measured"),
    "text": _("Text: written freely"),
    "span": _("Spans: parts of a text, each with a label; answered through the API"),
    "preference": _("Preference: the better one of several; answered through the API"),
    "ranking": _("Ranking: several, from best to worst; answered through the API"),
    "boxes": _("Boxes: parts of an image, each with a label; answered through the API"),
}
CONDITIONAL_ON = ("choice", "choices", "rating")
MOST_OPTIONS_HERE = 150  # a form has at most 2000 fields; a longer list is edited through the API


def beginning_of(question_type: str) -> Part:
    """What a new question of a type begins with: enough to be stored, and plainly to be changed."""
    yes, no = {"key": "yes", "label": gettext("Yes")}, {"key": "no", "label": gettext("No")}
    begins: Mapping[str, Part] = {
        "choice": {"options": [yes, no]},
        "choices": {"options": [yes, no]},
        "span": {"field": "text", "options": [{"key": "span", "label": gettext("Span")}]},
        "boxes": {"field": "image", "options": [{"key": "object", "label": gettext("Object")}]},
        "preference": {"candidates": ["response_a", "response_b"]},
        "ranking": {"candidates": ["response_a", "response_b"]},
    }
    return dict(begins.get(question_type, {}))


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
    condition = forms.ChoiceField(label=_("Asked only where another answer says so"), required=False)
    condition_in = forms.CharField(
        label=_("Those answers"), required=False,
        help_text=_("Keys of its options or points of its scale, with spaces between: refund billing"),
    )  # fmt: skip


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


class NumberForm(QuestionForm):
    min = forms.CharField(
        label=_("Lowest"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )  # fmt: skip
    max = forms.CharField(
        label=_("Highest"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )  # fmt: skip
    unit = forms.CharField(label=_("Unit"), required=False)


class FieldForm(QuestionForm):
    field = forms.CharField(label=_("Field of the item"), help_text=_("The key of the payload that is marked."))


class SpanForm(FieldForm):
    overlapping = forms.BooleanField(label=_("Spans may overlap"), required=False)


class CandidatesForm(QuestionForm):
    candidates = forms.CharField(
        label=_("Fields that are compared"),
        help_text=_("Keys of the payload, with spaces between: response_a response_b"),
    )  # fmt: skip


class PreferenceForm(CandidatesForm):
    ties = forms.BooleanField(label=_("May be called equal"), required=False)
    strengths = forms.CharField(
        label=_("Steps of how much better"), required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text=_("Empty: not asked."),
    )  # fmt: skip


QUESTION_FORMS: Mapping[str, type[QuestionForm]] = {
    "choices": ChoicesForm, "rating": RatingForm, "number": NumberForm, "text": TextForm, "span": SpanForm,
    "preference": PreferenceForm, "ranking": CandidatesForm, "boxes": FieldForm,
}  # fmt: skip

# The keys of a question that its form shows or that never change.
SHOWN_BY_TYPE: Mapping[str, set[str]] = {
    kind: {"key", "type", "visible_if", *QUESTION_FORMS.get(kind, QuestionForm).base_fields} for kind in QUESTION_TYPES
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
    return (
        question["type"] in {"choice", "choices", "span", "boxes"}
        and len(question.get("options", [])) <= MOST_OPTIONS_HERE
    )


def shown_question(part: Part) -> dict[str, Any]:
    """A stored question as initial values of its form. A bound that only repeats the default stays empty."""
    shown = dict(part)
    condition = part.get("visible_if") or {}
    shown |= {"condition": condition.get("question", ""), "condition_in": " ".join(map(str, condition.get("in", [])))}
    if isinstance(part.get("candidates"), list):
        shown["candidates"] = " ".join(map(str, part["candidates"]))
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
