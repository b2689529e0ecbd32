"""Gold, and how people's answers compare with it. For leads, and for the annotator only where the project shows it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from annotation.models import Annotation, Assignment, GoldLabel, Item, Project, Qualification, Routing
from annotation.selectors.instructions import instructions_of
from guidelines.label_schema import Question, same_answer
from guidelines.models import GuidelineVersion


def gold_of(item: Item) -> QuerySet[GoldLabel]:
    """The item's gold answers, superseded ones too, oldest first."""
    return GoldLabel.objects.filter(item=item).select_related("created_by").order_by("created_at", "id")


@dataclass(frozen=True)
class Feedback:
    """What the gold says and whether the answer said the same, question by question."""

    answer: dict[str, Any]
    rationale: str
    is_right: dict[str, bool]

    @property
    def all_right(self) -> bool:
        return all(self.is_right.values())


def gold_feedback(annotation: Annotation) -> Feedback | None:
    """What its author is shown once it is stored; None wherever the project shows nothing.

    Gold is shown where it teaches (Routing.gold_mode), a qualification where it gives feedback.
    """
    seat = annotation.assignment
    if seat is None or seat.purpose is None:
        return None
    return judged_answer(annotation) if _is_shown(annotation.project_id, seat.purpose) else None


def _is_shown(project_id: int, purpose: str) -> bool:
    if purpose == Assignment.Purpose.GOLD:
        return Routing.objects.filter(project_id=project_id, gold_mode=Routing.GoldMode.TEACHING).exists()
    is_qualification = purpose == Assignment.Purpose.QUALIFICATION
    return is_qualification and Qualification.objects.filter(project_id=project_id, shows_feedback=True).exists()


def judged_answer(annotation: Annotation) -> Feedback | None:
    """The first answer given in a seat of gold or qualification, held against the item's gold.

    The first one, whichever revision is asked about: who has seen what is right does not become right by amending.
    None for other seats, and where the item has no gold any more.
    """
    seat = annotation.assignment
    if seat is None or seat.purpose not in {Assignment.Purpose.GOLD, Assignment.Purpose.QUALIFICATION}:
        return None
    gold = GoldLabel.objects.filter(item_id=annotation.item_id, superseded_at=None).first()
    given = Annotation.objects.filter(assignment=seat, annotator_id=annotation.annotator_id)
    first = given.select_related("guideline_version").order_by("revision").first()
    if gold is None or first is None or first.guideline_version is None:
        return None
    questions = instructions_of(first.guideline_version.pk, first.guideline_version.sha256).questions
    return Feedback(gold.answer, gold.rationale, same_answer(questions, first.answer, gold.answer))


@dataclass
class Share:
    n: int = 0
    right: int = 0

    def add(self, n: int, *, is_right: bool) -> None:
        self.n += n
        self.right += n * is_right


@dataclass
class GoldScore(Share):
    """Answers to items with gold, and those of them that are right in every question that the gold answers."""

    questions: dict[str, Share] = field(default_factory=dict)


# The first answer of each person to each item with gold in each round; equal ones are counted, so that only what
# differs is compared. Hidden repeats are second answers, and qualification has a score of its own.
_FIRST = """
    SELECT DISTINCT ON (a.annotator_id, a.item_id, a.round_id) a.annotator_id, a.item_id, a.answer, gold.answer AS gold
    FROM annotation_goldlabel gold
    JOIN annotation_annotation a ON a.item_id = gold.item_id
    JOIN annotation_round round ON round.id = a.round_id
    WHERE gold.project_id = %(project)s AND a.annotator_kind = 'human' AND a.occurrence = 1
      AND round.kind IN ('gold', 'imported', 'initial', 'relabel')
      AND gold.created_at <= coalesce(%(as_of)s, gold.created_at) AND a.created_at <= coalesce(%(as_of)s, a.created_at)
      AND (gold.superseded_at IS NULL OR gold.superseded_at > %(as_of)s)
      AND a.annotator_id = coalesce(%(member)s, a.annotator_id)
    ORDER BY a.annotator_id, a.item_id, a.round_id, a.id
"""
_COUNTED = f"""
    SELECT annotator_id, answer::text, gold::text, count(*) FROM ({_FIRST}) first GROUP BY 1, 2, 3
"""  # noqa: S608  (our own text)


def gold_scores(
    project: Project, *, member_id: int | None = None, as_of: datetime | None = None
) -> dict[int, GoldScore]:  # fmt: skip
    """How people did on items with gold, by member id: everybody with such an answer, or one. One query.

    The first answer counts, in whatever round it was given (gold, ordinary or imported), as the gold is now or was at
    `as_of`. A question that the gold answers and the person left open is wrong.
    """
    questions = newest_questions(project, as_of)
    scores: dict[int, GoldScore] = {}
    for annotator_id, answer, gold, n in _rows(_COUNTED, project, member_id, as_of):
        judged = same_answer(questions, answer, gold)
        if judged:
            _add(scores.setdefault(annotator_id, GoldScore()), judged, n)
    return scores


def _add(score: GoldScore, judged: dict[str, bool], n: int) -> None:
    score.add(n, is_right=all(judged.values()))
    for key, is_right in judged.items():
        score.questions.setdefault(key, Share()).add(n, is_right=is_right)


def _rows(
    sql: str, project: Project, member_id: int | None, as_of: datetime | None
) -> Iterator[tuple[int, dict[str, Any], dict[str, Any], int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"project": project.pk, "member": member_id, "as_of": as_of})
        for annotator_id, answer, gold, number in cursor:
            yield annotator_id, json.loads(answer), json.loads(gold), number


def newest_questions(project: Project, as_of: datetime | None) -> tuple[Question, ...]:
    """Those of the newest published version, now or at an instant; none before the first. One query."""
    versions = GuidelineVersion.objects.filter(guideline_id=project.guideline_id)
    if as_of is not None:
        versions = versions.filter(published_at__lte=as_of)
    newest = versions.order_by("-sequence").values_list("pk", "sha256").first()
    return instructions_of(*newest).questions if newest else ()
