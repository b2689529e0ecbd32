from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Scope

SCOPE_WORDS = {
    Scope.READ: _("read: look at projects, figures, guidelines"),
    Scope.IMPORT: _("import: bring items, labels, gold, annotators"),
    Scope.LABEL: _("label: claim and answer items"),
    Scope.EXPORT: _("export: make and fetch snapshots"),
    Scope.MANAGE: _("manage: change projects, guidelines, people"),
}
LIFETIMES = {"7": _("a week"), "30": _("30 days"), "90": _("90 days"), "365": _("a year")}


class TokenForm(forms.Form):
    """A new API token, within the rights of its user."""

    name = forms.CharField(label=_("What it is for"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=[(scope.value, words) for scope, words in SCOPE_WORDS.items()],
        widget=forms.CheckboxSelectMultiple, initial=["read"],
    )  # fmt: skip
    lifetime = forms.ChoiceField(label=_("Ends after"), choices=list(LIFETIMES.items()), initial="90")

    def wanted(self) -> dict[str, Any]:
        days = int(self.cleaned_data["lifetime"])
        return {
            "name": self.cleaned_data["name"], "scopes": self.cleaned_data["scopes"],
            "expires_at": timezone.now() + timedelta(days=days),
        }  # fmt: skip
