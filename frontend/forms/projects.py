"""The settings of a project as forms. They only read what was typed; what a project may be set to, services decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from accounts.models import User
from annotation.models import Project
from annotation.services.project_settings import FIELD_TYPES
from frontend.forms.refusals import show_refusal
from frontend.forms.words import split_words
from guidelines.models import Guideline
from guidelines.selectors.access import editable_guidelines

EMPTY_ROWS = 3
TYPE_WORDS = {"text": _("text"), "chat": _("conversation")}


@dataclass(frozen=True)
class FieldRow:
    """One payload field as typed, with what is wrong with it."""

    number: int
    key: str
    type: str
    error: str = ""


class LabelsPerItemForm(forms.Form):
    """How many people label each item: as many for all, or more for a share of the items."""

    labels_per_item = forms.IntegerField(label=_("People who label each item"), initial=2, min_value=1, max_value=100)
    sharing = forms.ChoiceField(
        label=_("Which items get more labels"), initial="all", widget=forms.RadioSelect,
        choices=[("all", _("none: every item gets as many")), ("share", _("a share of them, drawn by chance"))],
    )  # fmt: skip
    share_percent = forms.FloatField(
        label=_("Share of items, in %"), required=False, min_value=0, max_value=100, initial=20
    )  # fmt: skip
    shared_labels = forms.IntegerField(
        label=_("People who label those"), required=False, min_value=2, max_value=100, initial=3
    )  # fmt: skip
    stratify_by = forms.CharField(
        label=_("Drawn separately in each"), required=False, max_length=100,
        help_text=_("One of the slices, so that each of its values gets its share."),
    )  # fmt: skip
    lease_minutes = forms.FloatField(
        label=_("Minutes an item is kept for who works on it"), initial=15, min_value=0.1, max_value=1440,
        help_text=_("After that somebody else may get it. Working on it renews the time."),
    )  # fmt: skip

    REFUSED_AT: Mapping[str, str] = {
        "overlap.labels_per_item": "labels_per_item", "overlap.share": "share_percent",
        "overlap.shared_labels": "shared_labels", "overlap.stratify_by": "stratify_by", "overlap": "labels_per_item",
        "lease_seconds": "lease_minutes",
    }  # fmt: skip

    def overlap(self, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The policy as the API writes it; what the form does not show is kept as it was."""
        given = self.cleaned_data
        policy: dict[str, Any] = {"labels_per_item": given["labels_per_item"]}
        if given["sharing"] == "share":
            policy |= {"share": (given["share_percent"] or 0) / 100, "shared_labels": given["shared_labels"]}
            if given["stratify_by"]:
                policy["stratify_by"] = given["stratify_by"]
        policy |= {name: before[name] for name in ("adaptive", "shared_per_pair") if before and name in before}
        return {key: value for key, value in policy.items() if value is not None}

    def lease_seconds(self) -> int:
        minutes: float = self.cleaned_data["lease_minutes"]
        return round(minutes * 60)

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal, self.REFUSED_AT)


class NewProjectForm(LabelsPerItemForm):
    """A new project under a guideline that one may edit."""

    guideline = forms.ModelChoiceField(
        label=_("Guideline"), queryset=Guideline.objects.none(), to_field_name="slug", empty_label=None,
        help_text=_("Its questions are what people answer. It may still be a draft; labeling starts with 1.0."),
    )  # fmt: skip
    title = forms.CharField(label=_("Title"), max_length=200)
    slug = forms.CharField(
        label=_("Name in addresses"), required=False, max_length=60,
        help_text=_("a-z, 0-9, - and _. It cannot be changed later. Left empty, it is made from the title."),
    )  # fmt: skip
    slices = forms.CharField(
        label=_("Slices"), required=False, max_length=2000,
        help_text=_("Keys of the items' meta by which figures are cut, with commas between: language, channel."),
    )  # fmt: skip

    REFUSED_AT = {**LabelsPerItemForm.REFUSED_AT, "slug_taken": "slug"}
    field_order = ("guideline", "title", "slug", "slices")

    def __init__(self, data: QueryDict | None, *, user: User) -> None:
        super().__init__(data)
        self.rows = _typed_rows(data) if data is not None else [FieldRow(1, "text", "text")]
        editable = editable_guidelines(user).order_by("title")
        self.fields["guideline"].queryset = editable  # type: ignore[attr-defined]
        self.has_guidelines = editable.exists()

    @property
    def shown_rows(self) -> list[FieldRow]:
        """The rows as typed and some empty ones, so that it works without a script."""
        last = max((row.number for row in self.rows), default=0)
        empty = range(last + 1, max(EMPTY_ROWS, last + 1) + 1)
        return [*self.rows, *(FieldRow(number, "", "text") for number in empty)]

    @property
    def type_choices(self) -> list[tuple[str, Any]]:
        return [(kind, TYPE_WORDS[kind]) for kind in FIELD_TYPES]

    def wanted(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "guideline": given["guideline"], "title": given["title"],
            "slug": given["slug"] or slugify(given["title"])[:60], "overlap": self.overlap(),
            "fields": [{"key": row.key, "type": row.type} for row in self.rows],
            "slices": split_words(given["slices"]), "lease_seconds": self.lease_seconds(),
        }  # fmt: skip

    def refuse(self, refusal: DomainError) -> None:
        """A refused payload field shows it in its row."""
        for error in refusal.errors:
            if error.path.startswith("fields["):
                place = int(error.path[7 : error.path.index("]")])
                row = self.rows[place]
                self.rows[place] = FieldRow(row.number, row.key, row.type, error.detail)
        others = [error for error in refusal.errors if not error.path.startswith("fields[")]
        if others or not refusal.errors:
            super().refuse(type(refusal)(refusal.detail, errors=others))
        else:
            self.add_error(None, _("A field of the items is not right; see below."))


def _typed_rows(data: QueryDict) -> list[FieldRow]:
    pairs = zip(data.getlist("field_key"), data.getlist("field_type"), strict=False)
    return [FieldRow(number, key.strip(), kind) for number, (key, kind) in enumerate(pairs, 1) if key.strip()]


class SettingsForm(LabelsPerItemForm):
    """What may still be changed about a project that runs."""

    title = forms.CharField(label=_("Title"), max_length=200)
    field_order = ("title",)

    def __init__(self, data: QueryDict | None, *, project: Project) -> None:
        super().__init__(data, initial=_initial(project))
        self.project = project
        self.fields["stratify_by"].help_text = _one_of(project.slices)

    def wanted(self) -> dict[str, Any]:
        return {
            "title": self.cleaned_data["title"], "overlap": self.overlap(self.project.overlap),
            "lease_seconds": self.lease_seconds(),
        }  # fmt: skip


def _initial(project: Project) -> dict[str, Any]:
    policy = project.overlap
    has_share = "shared_labels" in policy
    return {
        "title": project.title, "labels_per_item": policy.get("labels_per_item", 1),
        "sharing": "share" if has_share else "all",
        "share_percent": f"{100 * policy['share']:.6g}" if has_share else None,
        "shared_labels": policy.get("shared_labels"), "stratify_by": policy.get("stratify_by", ""),
        "lease_minutes": f"{project.lease_seconds / 60:.4g}",
    }  # fmt: skip


def _one_of(slices: Sequence[str]) -> str:
    """A help text, which the page takes for markup: names from outside are escaped here."""
    if not slices:
        return str(_("There are no slices."))
    return format_html(str(_("One of: {}.")), ", ".join(slices))
