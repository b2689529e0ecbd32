from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from frontend.forms.refusals import show_refusal

DECISIONS = [("acknowledged", _("Acknowledge")), ("dismissed", _("Dismiss")), ("open", _("Open again"))]


class DecisionForm(forms.Form):
    """What a person decides about a finding: the pressed button is the state."""

    state = forms.ChoiceField(choices=DECISIONS, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Why"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the history. A dismissal needs a reason."),
    )  # fmt: skip

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)
