"""When a project is measured without being asked, as a form."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from frontend.forms.refusals import show_refusal
from quality.services.schedules import LEAST_LABELS, MOST_HOURS, MOST_LABELS


class ScheduleForm(forms.Form):
    every_hours = forms.IntegerField(
        label=_("Every so many hours, if there are new labels"), required=False, min_value=1, max_value=MOST_HOURS,
        help_text=_("Empty: not by the clock."),
    )  # fmt: skip
    after_labels = forms.IntegerField(
        label=_("After so many new labels"), required=False, min_value=LEAST_LABELS, max_value=MOST_LABELS,
        help_text=_("Empty: not by their number."),
    )  # fmt: skip
    after_publish = forms.BooleanField(
        label=_("After a new version of the guideline"), required=False,
        help_text=_("As soon as the first labels under it are there."),
    )  # fmt: skip

    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("every_hours", "after_labels", "after_publish")}

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal)
