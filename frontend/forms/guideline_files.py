"""A guideline's file as it is sent: chosen, or carried along by the page that shows its difference."""

from django import forms
from django.http import HttpRequest

from guidelines.files.reading import LARGEST_FILE_BYTES


class DraftFileForm(forms.Form):
    """Confirms a file whose difference was read; `revision` is the draft that it was compared with."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    text = forms.CharField(widget=forms.HiddenInput, strip=False)


def sent_file(request: HttpRequest) -> bytes:
    """The bytes of the chosen file or of the confirmed text; one byte more than is allowed of what is too large."""
    uploaded = request.FILES.get("file")
    if uploaded is not None:
        return bytes(uploaded.read(LARGEST_FILE_BYTES + 1))
    # A form sends every line end as CR LF.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    return text.encode("utf-8", "replace")
