"""The qualification as a form: how well, how often, and over which items."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from annotation.models import Qualification
from annotation.services.qualification_settings import MOST_ATTEMPTS, MOST_ITEMS
from frontend.forms.refusals import show_refusal


class QualificationForm(forms.Form):
    is_required = forms.BooleanField(
        label=_("Required before real work"), required=False, initial=True,
        help_text=_("Without it nobody is asked, and nothing is lost: you can require it again."),
    )  # fmt: skip
    threshold = forms.IntegerField(
        label=_("Percent that must be right"), min_value=1, max_value=100, initial=80,
        help_text=_("An item is right when every question that its gold answers is. First answers count."),
    )  # fmt: skip
    attempts = forms.IntegerField(
        label=_("Attempts"), min_value=1, max_value=MOST_ATTEMPTS, initial=2,
        help_text=_("Who has used all can be given another one on their page."),
    )  # fmt: skip
    shows_feedback = forms.BooleanField(
        label=_("Explain mistakes"), required=False, initial=True,
        help_text=_("What the gold says and why, after each wrong answer and at the end."),
    )  # fmt: skip
    again_after_major = forms.BooleanField(
        label=_("Ask again after a major version of the guideline"), required=False,
        help_text=_("Who has passed before must then pass under the new meaning before they go on."),
    )  # fmt: skip
    items = forms.CharField(
        label=_("Items"), max_length=MOST_ITEMS * 201,
        widget=forms.Textarea(attrs={"rows": 8, "class": "input-mono", "spellcheck": "false"}),
        help_text=_("External ids of items with gold, one a line. Best are items that are nowhere else in the work."),
    )  # fmt: skip

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)

    def wanted(self) -> dict[str, Any]:
        given = self.cleaned_data
        names = ("is_required", "attempts", "shows_feedback", "again_after_major")
        items = [line.strip() for line in given["items"].splitlines() if line.strip()]
        return {name: given[name] for name in names} | {"threshold": given["threshold"] / 100, "items": items}


def as_initial(rules: Qualification, names: list[str]) -> dict[str, Any]:
    return {
        "is_required": rules.is_required, "threshold": round(rules.threshold * 100), "attempts": rules.attempts,
        "shows_feedback": rules.shows_feedback, "again_after_major": rules.again_after_major, "items": "\n".join(names),
    }  # fmt: skip
