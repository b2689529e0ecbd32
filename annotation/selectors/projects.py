from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from accounts.permissions import Role
from annotation.models import Member, Project, Task


@dataclass(frozen=True)
class MyProject:
    """A project on somebody's start page: their role there and how far it is."""

    project: Project
    role: Role
    is_annotator: bool
    tasks: int
    done: int


def projects_of(user: User) -> QuerySet[Project]:
    """The projects a user may know of: an owner all of them, others those they are members of."""
    if user.is_owner:
        return Project.objects.all()
    return Project.objects.filter(members__user=user, members__is_active=True)


def my_projects(user: User) -> list[MyProject]:
    """The start page's rows, by title. Three queries whatever their number."""
    projects = list(projects_of(user).select_related("guideline").order_by("title", "pk"))
    members = {m.project_id: m for m in Member.objects.filter(user=user, is_active=True, project__in=projects)}
    counts = _task_counts(projects)
    return [_row(user, project, members.get(project.pk), *counts.get(project.pk, (0, 0))) for project in projects]


def _task_counts(projects: list[Project]) -> dict[int, tuple[int, int]]:
    rows = (
        Task.objects.filter(project__in=projects)
        .exclude(state=Task.State.SUPERSEDED)
        .values_list("project_id")
        .annotate(tasks=Count("pk"), done=Count("pk", filter=Q(state=Task.State.DONE)))
    )
    return {project_id: (tasks, done) for project_id, tasks, done in rows}


def _row(user: User, project: Project, member: Member | None, tasks: int, done: int) -> MyProject:
    role = Role.OWNER if user.is_owner or member is None else Role(member.role)
    return MyProject(project, role, member is not None and member.kind == Member.Kind.HUMAN, tasks, done)
