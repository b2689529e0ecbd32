"""The start page: one's projects with the one thing that one's role does there first."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import Capability, Role
from annotation.selectors.projects import MyProject, my_projects
from frontend.guard import page, signed_in_user
from frontend.plots import Progress, progress_bar
from frontend.reading.answered import shown_answers
from quality.selectors.overview import open_finding_counts


@dataclass(frozen=True)
class ProjectCard:
    """A project with what to press. Annotators see no project-wide progress: it would tell of peers."""

    mine: MyProject
    action_url: str
    action: str
    progress: Progress | None
    open_findings: int


@require_GET
@page(Capability.SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    mine = my_projects(user)
    findings = open_finding_counts([row.project.pk for row in mine if row.role is not Role.ANNOTATOR])
    context = {
        "cards": [_card(row, findings.get(row.project.pk, 0)) for row in mine],
        "answers": shown_answers(user.pk),
        "may_start": user.is_owner or user.may_start_projects,
    }
    return render(request, "home/page.html", context)


def _card(mine: MyProject, open_findings: int) -> ProjectCard:
    slug = mine.project.slug
    bar = None if mine.role is Role.ANNOTATOR else progress_bar(mine.done, mine.tasks)
    url, action = {
        Role.ANNOTATOR: ("workbench", _("Label")),
        Role.ADJUDICATOR: ("workbench", _("Label")),
        Role.ENGINEER: ("datasets", _("Datasets")),
        Role.LEAD: ("project", _("Open")),
        Role.OWNER: ("project", _("Open")),
    }[mine.role]
    return ProjectCard(mine, reverse(url, args=[slug]), action, bar, open_findings)
