"""The people of a project with what they did there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from accounts.errors import NotFound
from annotation.models import Annotation, Member, Project
from annotation.selectors.labels import standing_answers


@dataclass(frozen=True)
class Activity:
    """Labels of a person that stand now, and when they gave the last of them."""

    n_labels: int = 0
    last_label_at: datetime | None = None


def people_of(project: Project) -> QuerySet[Member]:
    """Everybody who is or was a member, with their account if they have one."""
    return Member.objects.filter(project=project).select_related("user")


def person_of(project: Project, member_id: int) -> Member:
    """The member of that id; NotFound for one of another project."""
    member = people_of(project).filter(pk=member_id).first()
    if member is None:
        raise NotFound
    return member


def activity_of(members: Collection[Member]) -> dict[int, Activity]:
    """What each of them labeled, by member id, for those who lead. One query that reads each answer once."""
    return _activity(standing_answers(), members)


def own_activity(member: Member) -> Activity:
    """The same for a page of their own: with gold and hidden repeats, which a count that stands still would betray."""
    return _activity(Annotation.objects.filter(superseded_at=None), [member])[member.pk]


def _activity(answers: QuerySet[Annotation], members: Collection[Member]) -> dict[int, Activity]:
    answers = answers.filter(annotator__in=[member.pk for member in members])
    rows = answers.order_by().values_list("annotator_id").annotate(n=Count("pk"), last=Max("labeled_at"))
    found = {member_id: Activity(n, last) for member_id, n, last in rows}
    return {member.pk: found.get(member.pk, Activity()) for member in members}


@dataclass(frozen=True)
class Standing:
    """How many people may label here, and how many of them are paused."""

    annotators: int
    paused: int


def standing_of(project: Project) -> Standing:
    """Members who can sign in and label. One query."""
    labeling = Q(user__isnull=False, kind=Member.Kind.HUMAN)
    paused = Q(paused_at__isnull=False)
    counts = Member.objects.filter(labeling, project=project, is_active=True, role=Member.Role.ANNOTATOR).aggregate(
        annotators=Count("pk"), paused=Count("pk", filter=paused)
    )
    return Standing(counts["annotators"], counts["paused"])
