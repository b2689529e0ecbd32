"""What the lead writes at the desk: a reply, or why a task is set aside."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from frontend.forms.refusals import show_refusal


class ReplyForm(forms.Form):
    reply = forms.CharField(
        label=_("Reply"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "data-key": "r", "data-key-label": _("Write the reply")}),
    )  # fmt: skip

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)


class SetAsideForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is set aside"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "data-key": "r", "data-key-label": _("Write the reason")}),
    )  # fmt: skip

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)
