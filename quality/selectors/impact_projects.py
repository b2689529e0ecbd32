"""The projects of a guideline whose labels a lead may weigh a draft against."""

from accounts.errors import FieldError, Forbidden, InvalidInput, NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.models import Project
from annotation.selectors.access import access_to
from guidelines.models import Guideline


def impact_projects(user: User, guideline: Guideline) -> list[Project]:
    """Those in which the user may start a re-labeling, by title; closed ones too, their labels are exported still."""
    projects = Project.objects.filter(guideline=guideline).select_related("guideline").order_by("title", "pk")
    return [project for project in projects if _may_relabel(user, project)]


def impact_project(user: User, guideline: Guideline, slug: str) -> Project:
    """The one of that short name, or InvalidInput naming those there are."""
    found = impact_projects(user, guideline)
    for project in found:
        if project.slug == slug:
            return project
    names = ", ".join(project.slug for project in found) or "none"
    raise InvalidInput(errors=[FieldError("project", "unknown", f"Projects that you lead under it: {names}.")])


def _may_relabel(user: User, project: Project) -> bool:
    try:
        access_to(user, project, Capability.RELABEL)
    except (NotFound, Forbidden):
        return False
    return True
