"""What the lead writes at the desk: a reply, or why a task is set aside."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from frontend.forms.refusals import show_refusal


class ReplyForm(forms.Form):
    """To a flag it may be empty; a question wants an answer."""

    reply = forms.CharField(
        label=_("Reply"), max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "data-key": "r", "data-key-label": _("Write the reply")}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, is_question: bool) -> None:
        super().__init__(data)
        self.fields["reply"].required = is_question

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)


class SetAsideForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is set aside"), max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "data-key": "r", "data-key-label": _("Write the reason")}),
    )  # fmt: skip

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)
