"""Questions to a guideline: those that wait, in groups and with their age; how many a clause has; what one is told."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.prepared import Prepared
from guidelines.models import Clarification, Guideline
from guidelines.selectors.access import may_edit


@dataclass(frozen=True)
class ClauseCounts:
    """How many questions one clause has had ("": about no clause), and how many of them wait for an answer."""

    asked: int
    open: int


@dataclass(frozen=True)
class Group:
    """Open questions that get one answer, the first one first."""

    questions: tuple[Clarification, ...]
    due_at: datetime
    age: timedelta
    is_overdue: bool

    @property
    def first(self) -> Clarification:
        return self.questions[0]

    @property
    def others(self) -> tuple[Clarification, ...]:
        return self.questions[1:]

    @property
    def askers(self) -> list[str]:
        return list(dict.fromkeys(str(each.asked_by) for each in self.questions))


def clarification_counts(guideline_id: int) -> dict[str, ClauseCounts]:
    """By clause key, withdrawn questions left out. One query."""
    counted = Clarification.objects.filter(guideline=guideline_id).exclude(state=Clarification.State.WITHDRAWN)
    rows = counted.values_list("clause").annotate(asked=Count("id"), open=Count("id", filter=Q(state="open")))
    return {clause: ClauseCounts(asked, n_open) for clause, asked, n_open in rows.order_by("clause")}


def open_groups(guideline: Guideline) -> list[Group]:
    """What waits for an answer, the longest first. One query."""
    waiting = Clarification.objects.filter(guideline=guideline, state=Clarification.State.OPEN)
    groups: dict[int, list[Clarification]] = defaultdict(list)
    for asked in waiting.select_related("asked_by", "version").order_by("id"):
        groups[asked.group_id].append(asked)
    return [_group(guideline, questions) for questions in groups.values()]


def _group(guideline: Guideline, questions: Iterable[Clarification]) -> Group:
    """In the order they were asked, so the first has waited longest: its time is the group's."""
    listed, now = tuple(questions), timezone.now()
    due_at = due(guideline, listed[0])
    return Group(listed, due_at, now - listed[0].asked_at, now > due_at)


def due(guideline: Guideline, asked: Clarification) -> datetime:
    """When the answer is promised."""
    return asked.asked_at + timedelta(hours=guideline.answer_within_hours)


def clarifications_for(user: User, guideline: Guideline) -> QuerySet[Clarification]:
    """Of those who edit the guideline all questions; anybody else sees their own: others are judged apart."""
    asked = Clarification.objects.filter(guideline=guideline)
    if not may_edit(user, guideline):
        asked = asked.filter(asked_by=user)
    return asked.select_related("asked_by", "ruled_by", "version", "published_in", "same_as", "guideline")


@dataclass(frozen=True)
class Told:
    """One answer to read: `reason` is why this person is told."""

    id: int
    reason: str
    guideline_slug: str
    number: int
    clause: str
    question: str
    ruling: str
    precedent: str
    version: str


# Asked with every item of the workbench, so it is one statement that has its plan already.
_UNREAD = Prepared(
    "concord_unread_answers",
    """
    SELECT notice.id, notice.reason, guideline.slug, asked.number, asked.clause, asked.question, asked.ruling,
           asked.precedent, coalesce(version.major || '.' || version.minor, '')
    FROM guidelines_clarificationnotice notice
    JOIN guidelines_clarification asked ON asked.id = notice.clarification_id
    JOIN guidelines_guideline guideline ON guideline.id = asked.guideline_id
    LEFT JOIN guidelines_guidelineversion version ON version.id = asked.published_in_id
    WHERE notice.user_id = %(user)s AND notice.dismissed_at IS NULL
      AND (%(guideline)s::bigint IS NULL OR asked.guideline_id = %(guideline)s)
    ORDER BY notice.id LIMIT 5
    """,
    {"user": "bigint", "guideline": "bigint"},
)


def unread_answers(user_id: int, guideline_id: int | None = None) -> list[Told]:
    """Answers that this person has not put away yet, the oldest five; of one guideline or of all. One query."""
    with connection.cursor() as cursor:
        _UNREAD.run(cursor, {"user": user_id, "guideline": guideline_id})
        return [Told(*row) for row in cursor.fetchall()]
