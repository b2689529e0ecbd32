from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from frontend.forms.refusals import show_refusal

FORMATS = [("jsonl", _("JSON lines (always: the record)")), ("csv", _("CSV, exact and safe for spreadsheets")),
           ("parquet", _("Parquet"))]  # fmt: skip
AGGREGATIONS = [
    ("majority", _("Majority: the label most people gave; a tie decides nothing")),
    ("dawid_skene", _("Dawid-Skene: labels weighted by how reliable each person is")),
]


class SnapshotForm(forms.Form):
    """What a dataset is to hold, and what its labels must meet."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    formats = forms.MultipleChoiceField(
        label=_("Formats"), choices=FORMATS, widget=forms.CheckboxSelectMultiple,
        initial=["jsonl", "csv"],
    )  # fmt: skip
    aggregation = forms.ChoiceField(
        label=_("One label for each item by"), choices=AGGREGATIONS, widget=forms.RadioSelect, initial="majority"
    )
    labels_as_of = forms.CharField(
        label=_("Labels as of version"), max_length=20, required=False,
        help_text=_("Like 2.1: beside each stored answer stands what that version calls it. Empty: only as stored."),
    )  # fmt: skip
    min_alpha_low = forms.FloatField(
        label=_("Least agreement"), required=False, min_value=-1, max_value=1,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
        help_text=_("The lower end of alpha's interval, like 0.6; empty asks for none."),
    )  # fmt: skip
    per_slice = forms.BooleanField(label=_("In every slice too"), required=False, initial=True)
    max_open_hotspots = forms.IntegerField(
        label=_("Most open findings of an unclear guideline"), required=False, min_value=0, max_value=10**9
    )
    waiver = forms.CharField(
        label=_("Waiver"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Why it is taken although the policy is not met. It stands in the manifest, for every reader."),
    )  # fmt: skip

    def policy(self) -> dict[str, Any]:
        """The rules that were given."""
        given = self.cleaned_data
        policy = {
            key: given[key] for key in ("min_alpha_low", "max_open_hotspots") if given.get(key) is not None
        }  # fmt: skip
        if "min_alpha_low" in policy and not given.get("per_slice"):
            policy["per_slice"] = False
        return policy

    def recipe(self) -> dict[str, Any]:
        given = self.cleaned_data
        recipe = {"formats": given["formats"], "aggregation": given["aggregation"], "policy": self.policy()}
        if given["labels_as_of"].strip():
            recipe["labels_as_of"] = given["labels_as_of"].strip()
        return recipe | ({"waiver": {"reason": given["waiver"]}} if given["waiver"].strip() else {})

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal, {
            "policy.min_alpha_low": "min_alpha_low", "policy.max_open_hotspots": "max_open_hotspots",
        })  # fmt: skip
