"""On which items questions to a guideline arose, for those who may see the items of that project."""

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from accounts.permissions import Capability, Role, role_allows
from annotation.models import DeskNote, Member, TaskQuestion
from guidelines.models import Clarification

_MAY_VIEW = [role.value for role in Role if role_allows(role, Capability.VIEW_ITEMS)]


def with_items(asked: QuerySet[Clarification], user: User) -> QuerySet[Clarification]:
    """Each question with `shown_items`: its links to items of projects in which the user may see them. One query more.

    Who edits a guideline need not be in every project that uses it.
    """
    return asked.prefetch_related(Prefetch("task_questions", links_for(user), to_attr="shown_items"))


def links_for(user: User) -> QuerySet[TaskQuestion]:
    links = TaskQuestion.objects.select_related("item", "project", "annotator").order_by("pk")
    if user.is_owner:
        return links
    mine = Member.objects.filter(user=user, is_active=True, role__in=_MAY_VIEW)
    return links.filter(project__in=mine.values("project"))


def question_behind(note: DeskNote) -> Clarification | None:
    """The question to the guideline that keeps this note's item parked, if it still waits for its ruling."""
    links = TaskQuestion.objects.filter(note=note, clarification__state=Clarification.State.OPEN)
    link = links.select_related("clarification").first()
    return link.clarification if link else None
