"""The part of the publish page that opens a re-label round with the publish: asked for by the impact page's link."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts.errors import DomainError
from annotation.models import Project
from frontend.forms.impact import RelabelForm, chosen_reasons
from frontend.guard import signed_in_user
from guidelines.models import Guideline
from quality.selectors.impact_projects import impact_project
from quality.services.impact import Impact, impact_of


@dataclass(frozen=True)
class RelabelSection:
    """`impact` is what the round would hold now; None with the reason why it cannot be told."""

    form: RelabelForm
    project: Project
    reasons: list[str]
    impact: Impact | None
    refusal: str

    @property
    def seconds(self) -> float | None:
        hours = self.impact.total.hours if self.impact else None
        return None if hours is None else hours * 3600


def relabel_section(request: HttpRequest, guideline: Guideline) -> RelabelSection | None:
    """The section if the address or the form asks for one. InvalidInput for a project that is not the lead's."""
    given = request.POST if request.method == "POST" else request.GET
    slug = given.get("relabel", "")
    if not slug:
        return None
    project = impact_project(signed_in_user(request), guideline, slug)
    reasons = chosen_reasons(given)
    impact, refusal = None, ""
    try:
        impact = impact_of(project, reasons=reasons, labels_per_item=_number(given.get("labels_per_item", "")))
    except DomainError as error:
        refusal = " ".join([error.sentence, *(each.detail for each in error.errors)])
    initial: dict[str, Any] = {"relabel": slug, "labels_per_item": impact.labels_per_item if impact else 2}
    form = RelabelForm(request.POST) if request.method == "POST" else RelabelForm(initial=initial)
    return RelabelSection(form, project, reasons or [], impact, refusal)


def _number(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 4 else None
