"""A slice contract as a form. It reads what was typed; what a contract may promise, the service decides."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from annotation.contract_terms import ContractTerms
from annotation.models import Project
from frontend.forms.people import SkillsField
from frontend.forms.refusals import show_refusal


class ContractForm(forms.Form):
    """One text for each slice of the project, and the promises."""

    target_labels = forms.IntegerField(
        label=_("Labels wanted"), required=False, min_value=1,
        help_text=_("While it has fewer, the slice is served before the others, the worst served first."),
    )  # fmt: skip
    overlap_percent = forms.FloatField(
        label=_("Share of its items with more labels, in %"), required=False, min_value=0, max_value=100,
        help_text=_("Drawn by chance, instead of the project's share."),
    )  # fmt: skip
    shared_labels = forms.IntegerField(label=_("Labels for those"), required=False, min_value=2, max_value=50)
    lowest_alpha = forms.FloatField(
        label=_("Krippendorff's alpha at least"), required=False, min_value=-1, max_value=1,
        help_text=_("The lower end of its interval, at each analysis. While it is lower, the slice counts as behind."),
    )  # fmt: skip
    widest_interval = forms.FloatField(
        label=_("Interval of alpha no wider than"), required=False, min_value=0, max_value=2,
        help_text=_(
            "From its lower to its upper end. Narrower takes more items with two labels: half the width, four "
            "times as many."
        ),
    )  # fmt: skip
    skills = SkillsField()
    cohort_key = forms.CharField(
        label=_("Mix of cohorts by"), required=False, max_length=100,
        help_text=_(
            "An attribute of people, like site. The first labels of each item come from people who differ in "
            "it."
        ),
    )  # fmt: skip
    least_cohorts = forms.IntegerField(
        label=_("Different ones on each item"), required=False, min_value=2, max_value=50
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, project: Project, terms: ContractTerms | None = None) -> None:
        super().__init__(data, initial=_initial(project, terms))
        self.keys = {f"slice_{number}": key for number, key in enumerate(project.slices)}
        for name, key in self.keys.items():
            self.fields[name] = forms.CharField(label=key, required=False, max_length=200)
        self.fields["skills"].help_text = _("With commas between. Only people who have all of them get its items.")

    @property
    def slice_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.keys]

    def wanted(self) -> dict[str, Any]:
        """The terms as the service takes them: what is empty is null."""
        given = self.cleaned_data
        percent = given["overlap_percent"]
        return {
            "slice": {key: given[name] for name, key in self.keys.items() if given[name]},
            "target_labels": given["target_labels"], "shared_labels": given["shared_labels"],
            "overlap_share": None if percent is None else percent / 100, "lowest_alpha": given["lowest_alpha"],
            "widest_interval": given["widest_interval"], "skills": given["skills"],
            "cohort_key": given["cohort_key"], "least_cohorts": given["least_cohorts"],
        }  # fmt: skip

    def refuse(self, refusal: DomainError) -> None:
        """A slice that is refused as a whole shows it at the first of its fields."""
        first = next(iter(self.keys), "")
        places = {f"slice.{key}": name for name, key in self.keys.items()}
        show_refusal(self, refusal, {"slice": first, "overlap_share": "overlap_percent"} | places)


def _initial(project: Project, terms: ContractTerms | None) -> dict[str, Any]:
    if terms is None:
        return {}
    share = terms.overlap_share
    slices = {f"slice_{number}": terms.slice.get(key, "") for number, key in enumerate(project.slices)}
    return slices | {
        "target_labels": terms.target_labels, "shared_labels": terms.shared_labels,
        "overlap_percent": None if share is None else f"{100 * share:.6g}", "lowest_alpha": terms.lowest_alpha,
        "widest_interval": terms.widest_interval, "skills": ", ".join(terms.skills), "cohort_key": terms.cohort_key,
        "least_cohorts": terms.least_cohorts or None,
    }  # fmt: skip
