"""Members as forms: somebody new, and what may be changed about one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from accounts.permissions import Role
from annotation.models import Member
from annotation.services.member_checks import LONGEST_REASON
from frontend.forms.refusals import show_refusal
from frontend.forms.words import split_words

ROLE_WORDS = {
    Role.ANNOTATOR: _("annotator: labels, sees nothing of the others"),
    Role.ADJUDICATOR: _("adjudicator: decides where people differ"),
    Role.ENGINEER: _("engineer: imports, reads figures, takes snapshots"),
    Role.LEAD: _("lead: everything in this project"),
    Role.OWNER: _("owner: everything everywhere"),
}
COHORT_LINES = 50


class CohortsField(forms.CharField):
    """Attributes of a person, one `key: value` a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Cohorts"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("One key: value a line, like site: Lisbon. Figures can be cut by them."), **options,
        )  # fmt: skip

    def clean(self, value: Any) -> dict[str, str]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        cohorts: dict[str, str] = {}
        for line in lines[: COHORT_LINES + 1]:
            key, colon, attribute = (part.strip() for part in line.partition(":"))
            if not colon or not key or not attribute:
                raise forms.ValidationError(_("“%(line)s” is not key: value."), params={"line": line[:60]})
            if key in cohorts:
                raise forms.ValidationError(_("“%(key)s” stands there twice."), params={"key": key[:60]})
            cohorts[key] = attribute
        return cohorts


class SkillsField(forms.CharField):
    """Words with commas between."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Skills"), required=False, max_length=10_000,
            help_text=_("With commas between: german, medicine. A slice contract may ask for them."), **options,
        )  # fmt: skip

    def clean(self, value: Any) -> list[str]:
        return split_words(super().clean(value))


class PersonForm(forms.Form):
    """What the two forms share. The role of owner is offered to owners only; the service decides."""

    role = forms.ChoiceField(label=_("Role"))
    cohorts = CohortsField()
    skills = SkillsField()

    def __init__(self, data: Any, *, by_owner: bool, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        roles = [role for role in ROLE_WORDS if by_owner or role is not Role.OWNER]
        self.fields["role"].choices = [(role.value, ROLE_WORDS[role]) for role in roles]  # type: ignore[attr-defined]

    def refuse(self, refusal: DomainError) -> None:
        show_refusal(self, refusal, {"username": "who", "email": "who", "already_a_member": "who"})


class AddPersonForm(PersonForm):
    who = forms.CharField(
        label=_("Username or e-mail"), max_length=254,
        help_text=_("Of somebody who has an account here. An owner makes accounts."),
    )  # fmt: skip
    field_order = ("who", "role", "cohorts", "skills")

    def wanted(self) -> dict[str, Any]:
        given = self.cleaned_data
        name = "email" if "@" in given["who"] else "username"
        return {name: given["who"], "role": given["role"], "cohorts": given["cohorts"], "skills": given["skills"]}


class ChangePersonForm(PersonForm):
    def __init__(self, data: Any, *, by_owner: bool, member: Member) -> None:
        cohorts = "\n".join(f"{key}: {value}" for key, value in member.cohorts.items())
        super().__init__(data, by_owner=by_owner or member.role == Role.OWNER, initial={
            "role": member.role, "cohorts": cohorts, "skills": ", ".join(member.skills),
        })  # fmt: skip

    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("role", "cohorts", "skills")}


class PauseForm(forms.Form):
    pause_reason = forms.CharField(
        label=_("Why"), required=False, max_length=LONGEST_REASON,
        help_text=_("For leads and owners to read, not for the person."),
    )  # fmt: skip
