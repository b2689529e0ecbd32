"""What the import page asks beside the file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.uploads import FORMATS

FORMAT_WORDS = {"auto": _("by the file"), "csv": "CSV", "ndjson": "NDJSON"}
ON_ERROR_WORDS = {"abort": _("store nothing"), "skip": _("skip them and store the rest")}


class ImportForm(forms.Form):
    """The file and how to read it. A script sends the file as the body of the request."""

    file = forms.FileField(label=_("File"), required=False)
    pasted = forms.CharField(
        label=_("Or paste lines here"), required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "input-mono", "spellcheck": "false"}),
    )  # fmt: skip
    format = forms.ChoiceField(label=_("Format"), choices=[(key, FORMAT_WORDS[key]) for key in FORMATS])
    on_error = forms.ChoiceField(
        label=_("If a line is bad"), choices=list(ON_ERROR_WORDS.items()), initial="abort", widget=forms.RadioSelect
    )  # fmt: skip


class ImportOrder(forms.Form):
    """How to take what was sent, from the query or the form: only known words."""

    format = forms.ChoiceField(choices=[(key, key) for key in FORMATS], required=False)
    on_error = forms.ChoiceField(choices=[(key, key) for key in ON_ERROR_WORDS], required=False)
    dry_run = forms.ChoiceField(choices=[("1", "1"), ("", "")], required=False)
    name = forms.CharField(required=False, max_length=5000)

    def wanted(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "format": given["format"] or "auto", "on_error": given["on_error"] or "abort",
            "is_dry_run": given["dry_run"] == "1", "name": given["name"],
        }  # fmt: skip
