"""The people of a project with what they did there."""

from dataclasses import dataclass

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.errors import NotFound
from annotation.models import Annotation, Member, Project


def people_of(project: Project) -> QuerySet[Member]:
    """Everybody who is or was a member, with `n_labels` (answers that count now) and `last_label_at`. One query."""
    answers = Annotation.objects.filter(annotator=OuterRef("pk"), superseded_at=None).order_by().values("annotator")
    return (
        Member.objects.filter(project=project)
        .select_related("user")
        .annotate(
            n_labels=Coalesce(Subquery(answers.annotate(n=Count("pk")).values("n")), 0),
            last_label_at=Subquery(answers.annotate(last=Max("labeled_at")).values("last")),
        )
    )


def person_of(project: Project, member_id: int) -> Member:
    """The member of that id, with their figures; NotFound for one of another project."""
    member = people_of(project).filter(pk=member_id).first()
    if member is None:
        raise NotFound
    return member


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
