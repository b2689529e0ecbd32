"""Giving an item to somebody, and the filter of "why this item"."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from annotation.models import Project
from annotation.selectors.why import REASONS, LeaseFilter
from frontend.forms.items import SuggestingInput
from frontend.forms.refusals import show_refusal
from frontend.reading.why import reason_words


class AssignForm(forms.Form):
    """An item and who is to get it next; the round only where an item can be open in several."""

    external_id = forms.CharField(label=_("Item"), max_length=200, strip=False)
    annotator = forms.CharField(label=_("Person"), max_length=150, strip=False)
    round = forms.ChoiceField(label=_("Round"), required=False)

    def __init__(self, data: Any, *, people: Sequence[str], rounds: Sequence[str], suggest_url: str) -> None:
        super().__init__(data)
        self.fields["external_id"].widget = SuggestingInput(())
        self.fields["external_id"].widget.attrs |= {
            "hx-get": suggest_url, "hx-trigger": "input changed delay:200ms", "hx-target": "next datalist",
            "hx-sync": "this:replace", "required": True, "maxlength": 200,
        }  # fmt: skip
        self.fields["annotator"].widget = SuggestingInput(people)
        if len(rounds) > 1:
            choices = [("", _("where it is open")), *((key, key) for key in rounds)]
            self.fields["round"] = forms.ChoiceField(label=_("Round"), required=False, choices=choices)
        else:
            del self.fields["round"]

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal, {
            "cannot_label_here": "annotator", "already_in_task": "annotator", "skipped_by_them": "annotator",
            "no_seat_open": "external_id", "task_not_open": "external_id", "round_needed": "round",
        })  # fmt: skip


class LeaseFilterForm(forms.Form):
    """The names of the API, so that an address says the same in both; days are those of the project's time zone."""

    reason = forms.ChoiceField(label=_("Why"), required=False)
    annotator = forms.CharField(label=_("Person"), required=False, max_length=150)
    item = forms.CharField(label=_("Item"), required=False, max_length=200, strip=False)
    round = forms.ChoiceField(label=_("Round"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any, *, project: Project, people: Sequence[str], zone: Any) -> None:
        super().__init__(data)
        self.zone = zone
        words = reason_words()
        self.fields["reason"] = forms.ChoiceField(
            label=_("Why"), required=False, choices=[("", _("any")), *((key, words[key]) for key in REASONS)]
        )
        keys = project.rounds.exclude(kind="imported").order_by("pk").values_list("key", flat=True)
        self.fields["round"] = forms.ChoiceField(
            label=_("Round"), required=False, choices=[("", _("any")), *((key, key) for key in keys)]
        )
        self.fields["annotator"].widget = SuggestingInput(people)

    def wanted(self) -> LeaseFilter:
        """Both days belong to the span."""
        given = self.cleaned_data
        return LeaseFilter(
            reason=given["reason"] or None, annotator=given["annotator"] or None, item=given["item"] or None,
            round=given["round"] or None, since=self._midnight(given["since"], 0),
            until=self._midnight(given["until"], 1),
        )  # fmt: skip

    def _midnight(self, day: Any, later: int) -> datetime | None:
        if day is None or day.toordinal() + later > datetime.max.toordinal():
            return None
        return datetime.combine(day.fromordinal(day.toordinal() + later), datetime.min.time(), tzinfo=self.zone)

    def is_filtering(self) -> bool:
        return any(self.data.get(name) for name in self.fields)
