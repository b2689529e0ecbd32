from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from annotation.overlap import MOST_LABELS
from frontend.forms.refusals import show_refusal


class CampaignForm(forms.Form):
    """How often each item is labeled again, and why."""

    labels_per_item = forms.IntegerField(
        label=_("Labels per item"), min_value=1, max_value=MOST_LABELS,
        help_text=_("From different people, none of whom sees the old labels."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What was changed since, or what you want to know. It stands in the report."),
    )  # fmt: skip

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)

    def wanted(self) -> dict[str, Any]:
        return self.cleaned_data
