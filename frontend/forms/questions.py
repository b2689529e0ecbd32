"""Questions to a guideline: what is asked, and the ruling."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from frontend.forms.refusals import show_refusal
from guidelines.content import Clause
from guidelines.models import Clarification
from guidelines.services.clarifications import LONGEST_TEXT

Outcome = Clarification.Outcome


def clause_choices(clauses: Iterable[Clause], none: Any) -> list[tuple[str, Any]]:
    return [("", none), *((clause.key, f"{clause.key}  {clause.title}") for clause in clauses)]


class AskForm(forms.Form):
    question = forms.CharField(
        label=_("What does the guideline not say?"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )
    clause = forms.ChoiceField(label=_("Clause"), required=False)

    def __init__(self, data: Any = None, *, clauses: Iterable[Clause], clause: str = "") -> None:
        super().__init__(data, initial={"clause": clause})
        self.fields["clause"].choices = clause_choices(clauses, _("no clause"))  # type: ignore[attr-defined]

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)


class RulingForm(forms.Form):
    ruling = forms.CharField(
        label=_("Ruling"), max_length=LONGEST_TEXT, help_text=_("Markdown, like a clause. Everybody may read it."),
        widget=forms.Textarea(attrs={"rows": 4, "data-key": "r", "data-key-label": _("Write the ruling")}),
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label=_("What becomes of it"), initial=Outcome.DRAFT, widget=forms.RadioSelect,
        choices=[
            (Outcome.DRAFT, _("Precedent in the draft: holds from the next version on")),
            (Outcome.MINOR, _("Precedent at once: published as the next minor version, without the rest of the draft")),
            (Outcome.ONLY_TOLD, _("Only told: the guideline stays as it is")),
        ],
    )  # fmt: skip
    clause = forms.ChoiceField(label=_("The precedent stands under"), required=False)
    question = forms.CharField(
        label=_("What the precedent answers"), required=False, max_length=LONGEST_TEXT,
        help_text=_("The question as it was asked, unless you word it better: everybody will read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, asked: Clarification, clauses: Iterable[Clause]) -> None:
        super().__init__(data, initial={"clause": asked.clause, "question": asked.question})
        self.fields["clause"].choices = clause_choices(clauses, _("Choose a clause"))  # type: ignore[attr-defined]

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)
