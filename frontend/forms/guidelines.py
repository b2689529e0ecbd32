from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from guidelines.models import GuidelineVersion
from guidelines.services.checks import LONGEST_NOTE


class GuidelineForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200, help_text=_("What annotators see, like Support intents."))
    slug = forms.CharField(
        label=_("Short name"), max_length=60,
        help_text=_("Part of its address: letters, digits, - and _. It cannot be changed later."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Start from a file"), required=False, help_text=_("A guideline that was downloaded as YAML."),
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}), allow_empty_file=True,
    )  # fmt: skip


class _Keys(forms.MultipleChoiceField):
    """Keys of examples: which of them can be asked, the service says."""

    def valid_value(self, value: str) -> bool:
        return True


class PublishForm(forms.Form):
    """What is said with a new version; `revision` is the draft that was read, so that no other one is published."""

    change_note = forms.CharField(
        label=_("What changed, and why"), max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Annotators read this before the difference."),
    )  # fmt: skip
    level = forms.ChoiceField(
        label=_("How much it changes"), choices=GuidelineVersion.Level.choices, widget=forms.RadioSelect
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
    acknowledge = forms.BooleanField(label=_("Nobody labels on before they have read it"), required=False)
    proof = _Keys(required=False)
    acknowledgement_note = forms.CharField(
        label=_("A word to those who read it"), max_length=LONGEST_NOTE, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    @property
    def acknowledgement(self) -> dict[str, Any] | None:
        """What publish_version takes; None when nothing is asked."""
        said = self.cleaned_data
        if not said["acknowledge"]:
            return None
        return {"items": said["proof"], "note": said["acknowledgement_note"]}


def sentence(words: Any) -> str:
    """A detail like `key is needed` as a sentence."""
    text = str(words).strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
