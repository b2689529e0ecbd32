from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from annotation.overlap import MOST_LABELS
from quality.services.impact_samples import DEFAULT_SIZE, MOST


class RelabelForm(forms.Form):
    """The re-label round that follows a publish: of which project, for which reasons, how often, and why."""

    relabel = forms.CharField(max_length=60, widget=forms.HiddenInput)
    reasons = forms.CharField(required=False, widget=forms.MultipleHiddenInput)
    labels_per_item = forms.IntegerField(
        label=_("Labels per item"), min_value=1, max_value=MOST_LABELS,
        help_text=_("From different people, none of whom sees the old labels."),
    )  # fmt: skip
    campaign_reason = forms.CharField(
        label=_("Reason for the re-label round"), max_length=1000, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stands in the report. Empty: the change note of the version."),
    )  # fmt: skip

    def wanted(self, change_note: str) -> dict[str, Any]:
        """Arguments of `publish_and_relabel` but the project."""
        said = self.cleaned_data
        return {
            "labels_per_item": said["labels_per_item"], "reasons": chosen_reasons(self.data),
            "reason": (said["campaign_reason"].strip() or change_note)[:1000],
        }  # fmt: skip


class SampleForm(forms.Form):
    """How many items to read, and of which draw; without a number chance decides and the number is kept."""

    size = forms.IntegerField(label=_("Items to read"), min_value=1, max_value=MOST, initial=DEFAULT_SIZE)
    seed = forms.IntegerField(
        label=_("Seed"), min_value=0, max_value=2**31 - 1, required=False,
        help_text=_("The same number draws the same items. Empty: chance."),
    )  # fmt: skip


def chosen_reasons(data: Any) -> list[str] | None:
    """The reasons ticked in a form or address; None, which means all, where none was offered to tick."""
    given = data.getlist("reasons") if isinstance(data, QueryDict) else list(data.get("reasons", []))
    named = [key for key in given if key]
    return named if named or "chosen" in data else None
