"""The filter of the list of items: the same names as in the API, so that an address says the same in both."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import InvalidInput
from annotation.models import Project
from annotation.selectors.items import ITEM_STATES, PRIORITIES, ItemFilter, label_value
from guidelines.label_schema import OptionsQuestion, Question, RatingQuestion

STATES = {
    "open": _("in the queue"), "needs_lead": _("needs a lead"), "done": _("done"), "unqueued": _("not in the queue"),
}  # fmt: skip
PRIORITY_WORDS = {"raised": _("raised"), "ordinary": _("ordinary"), "lowered": _("lowered")}
UNFILTERABLE = {"ranking"}


class SuggestingInput(forms.TextInput):
    """A text field with a list of what is likely meant; anything else can be typed."""

    template_name = "items/suggesting_input.html"

    def __init__(self, suggestions: Sequence[str]) -> None:
        super().__init__(attrs={"autocomplete": "off"})
        self.suggestions = suggestions

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}-list"
        context["widget"]["attrs"]["list"] = list_id
        return context | {"list_id": list_id, "suggestions": self.suggestions}


class ItemFilterForm(forms.Form):
    """`slice.<key>`, `state`, `annotator`, `label.<question>`; only what the project has."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("any")), *((key, STATES[key]) for key in ITEM_STATES)]
    )

    priority = forms.ChoiceField(
        label=_("Priority"),
        required=False,
        choices=[("", _("any")), *((key, PRIORITY_WORDS[key]) for key in PRIORITIES)],
    )
    sort = forms.ChoiceField(
        label=_("Order"), required=False, choices=[("", _("oldest first")), ("priority", _("most urgent first"))]
    )

    def __init__(
        self, data: Any, *, project: Project, questions: Sequence[Question], seen: Mapping[str, Sequence[str]]
    ) -> None:
        super().__init__(data)
        self.questions = {f"label.{q.key}": q for q in questions if q.type not in UNFILTERABLE}
        self.slices = {f"slice.{key}": key for key in project.slices}
        for name, key in self.slices.items():
            widget = SuggestingInput(seen.get(key, ()))
            self.fields[name] = forms.CharField(label=key, required=False, max_length=200, widget=widget)
        for name, question in self.questions.items():
            self.fields[name] = _label_field(question)
        self.fields["annotator"] = forms.CharField(label=_("Annotator"), required=False, max_length=150)

    def clean(self) -> dict[str, Any]:
        """The text of a label as the value that an answer holds."""
        self.labels = {}
        for name, question in self.questions.items():
            if raw := self.cleaned_data.get(name):
                try:
                    self.labels[question.key] = label_value(question, raw)
                except InvalidInput as refusal:
                    self.add_error(name, refusal.errors[0].detail)
        return self.cleaned_data

    def wanted(self) -> ItemFilter:
        given = self.cleaned_data
        return ItemFilter(
            slices={key: given[name] for name, key in self.slices.items() if given.get(name)},
            state=given.get("state") or None,
            priority=given.get("priority") or None,
            annotator=given.get("annotator") or None,
            labels=self.labels,
        )

    def is_filtering(self) -> bool:
        return any(self.data.get(name) for name in self.fields if name != "sort")

    @property
    def is_by_urgency(self) -> bool:
        return self.data.get("sort") == "priority"


def _label_field(question: Question) -> forms.Field:
    values: list[tuple[str, str]] = []
    if isinstance(question, OptionsQuestion):
        values = [(option.key, option.label) for option in question.options]
    elif isinstance(question, RatingQuestion):
        values = [(str(point), str(point)) for point in range(question.min, question.max + 1)]
    if not values:
        return forms.CharField(label=question.title, required=False, max_length=200)
    return forms.ChoiceField(label=question.title, required=False, choices=[("", _("any")), *values])
