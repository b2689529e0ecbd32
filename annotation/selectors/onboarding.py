"""The qualification of a project: its set, how somebody's attempt stands item by item, and how the people stand."""

import json
import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.errors import NotFound
from annotation.models import (
    Annotation,
    Assignment,
    GoldLabel,
    Item,
    Member,
    Project,
    Qualification,
    QualificationAttempt,
    QualificationGrant,
    QualificationItem,
)
from annotation.selectors.instructions import instructions_of
from guidelines.label_schema import Question
from guidelines.label_schema.comparing import same_answer

LONGEST_LIST = 50


@dataclass(frozen=True)
class SetItem:
    """An item of the set as one person stands to it in one attempt. `answer` is their first: it is the one judged."""

    item_id: int
    gold: dict[str, Any]
    rationale: str
    seat_id: int | None
    seat_state: str | None
    is_skipped: bool
    answer: dict[str, Any] | None
    questions: tuple[Question, ...]

    @property
    def is_over(self) -> bool:
        """Nothing more can change how it counts."""
        return self.answer is not None or self.is_skipped

    @property
    def right(self) -> dict[str, bool]:
        """Question by question, those that the gold answers; nothing where they did not answer."""
        return same_answer(self.questions, self.answer, self.gold) if self.answer is not None else {}

    @property
    def is_right(self) -> bool:
        return self.answer is not None and all(self.right.values())


_SET = """
    SELECT chosen.item_id, gold.answer, gold.rationale, seat.id, seat.state,
           EXISTS (SELECT 1 FROM annotation_skip skip
                   WHERE skip.task_id = task.id AND skip.annotator_id = %(annotator)s),
           first.answer, version.id, version.sha256
    FROM annotation_qualificationitem chosen
    JOIN annotation_goldlabel gold ON gold.item_id = chosen.item_id AND gold.superseded_at IS NULL
    LEFT JOIN annotation_task task
        ON task.item_id = chosen.item_id AND task.round_id = %(round)s AND task.major = %(major)s
    LEFT JOIN annotation_assignment seat ON seat.task_id = task.id AND seat.annotator_id = %(annotator)s
    LEFT JOIN LATERAL (
        SELECT answer, guideline_version_id FROM annotation_annotation
        WHERE assignment_id = seat.id ORDER BY revision, id LIMIT 1
    ) first ON true
    LEFT JOIN guidelines_guidelineversion version ON version.id = first.guideline_version_id
    WHERE chosen.project_id = %(project)s
    ORDER BY chosen.id
"""


def set_of_attempt(attempt: QualificationAttempt, project_id: int) -> list[SetItem]:
    """The items of the set that still have gold, as the attempt's person stands to each. One query."""
    values = {
        "annotator": attempt.annotator_id, "round": attempt.round_id, "major": attempt.major, "project": project_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SET, values)
        return [_set_item(row) for row in cursor.fetchall()]


def _set_item(row: tuple[Any, ...]) -> SetItem:
    item_id, gold, rationale, seat_id, seat_state, is_skipped, answer, version_id, sha256 = row
    questions = instructions_of(version_id, sha256).questions if version_id is not None else ()
    return SetItem(
        item_id, json.loads(gold), rationale, seat_id, seat_state, is_skipped,
        json.loads(answer) if answer is not None else None, questions,
    )  # fmt: skip


def set_with_gold(project_id: int) -> QuerySet[QualificationItem]:
    """What of the set can be asked."""
    gold = GoldLabel.objects.filter(item=OuterRef("item"), superseded_at=None)
    return QualificationItem.objects.filter(Exists(gold), project_id=project_id)


def needed(threshold: float, n_items: int) -> int:
    """How many of so many must be right. 0.8 of 10 are 8, whatever floating point makes of it."""
    return math.ceil(threshold * n_items - 1e-9)


@dataclass(frozen=True)
class Verdict:
    """How an attempt ended."""

    attempt_id: int
    number: int
    is_passed: bool
    n_items: int
    n_right: int
    n_needed: int
    attempts_left: int


def verdict_of(attempt: QualificationAttempt, rules: Qualification | None) -> Verdict:
    """The verdict of an attempt that has ended."""
    n_items, n_right = attempt.n_items or 0, attempt.n_right or 0
    return Verdict(
        attempt.pk, attempt.number, attempt.state == QualificationAttempt.State.PASSED, n_items, n_right,
        needed(attempt.threshold, n_items), attempts_left(rules, attempt.annotator_id, attempt.major) if rules else 0,
    )  # fmt: skip


def attempts_left(rules: Qualification, annotator_id: int, major: int) -> int:
    """How many attempts somebody has under a major version that have not ended, one that runs included. Two queries."""
    mine = {"annotator_id": annotator_id, "major": major}
    allowed = rules.attempts + QualificationGrant.objects.filter(**mine).count()
    ended = QualificationAttempt.objects.filter(**mine).exclude(state=QualificationAttempt.State.RUNNING)
    return max(0, allowed - ended.count())


def qualification_of(project: Project) -> Qualification | None:
    return Qualification.objects.filter(project=project).first()


def attempts_of(member: Member) -> QuerySet[QualificationAttempt]:
    """All attempts of somebody, newest first."""
    return QualificationAttempt.objects.filter(annotator=member).select_related("round").order_by("-pk")


def attempt_of(member: Member, attempt_id: int) -> QualificationAttempt:
    """One attempt of theirs; NotFound otherwise."""
    attempt = attempts_of(member).filter(pk=attempt_id).first()
    if attempt is None:
        raise NotFound
    return attempt


def items_of_set(project: Project) -> QuerySet[Item]:
    """The items of the set, in the order in which they were put into it."""
    chosen = QualificationItem.objects.filter(project=project)
    return Item.objects.filter(pk__in=chosen.values("item_id")).order_by("external_id")


def gold_to_choose(project: Project, search: str) -> list[GoldLabel]:
    """Current gold whose item's id contains the search, for picking items of the set. One query."""
    gold = GoldLabel.objects.filter(project=project, superseded_at=None).select_related("item")
    if search:
        gold = gold.filter(item__external_id__icontains=search)
    return list(gold.order_by("item__external_id")[:LONGEST_LIST])


def used_elsewhere(project: Project) -> int:
    """Items of the set that people also answered, or are asked, in ordinary work: they may know the answer."""
    chosen = QualificationItem.objects.filter(project=project).values("item_id")
    met = Annotation.objects.filter(item__in=chosen, superseded_at=None).exclude(round__kind="qualification")
    return met.values("item_id").distinct().count()


@dataclass(frozen=True)
class Standing:
    """Where somebody is: `passed`, `running`, `failed` (no attempt left), `again` (an attempt is left), `new`, or `old`
    (passed under an older major version where the project asks anew)."""

    state: str
    major: int | None = None
    number: int = 0
    n_done: int = 0
    n_items: int = 0
    n_right: int | None = None
    ended_at: datetime | None = None


def standings(rules: Qualification, members: Collection[Member], major: int | None) -> dict[int, Standing]:
    """How each of them stands with the qualification, by member id. Four queries, however many they are."""
    people = [member.pk for member in members]
    last: dict[int, QualificationAttempt] = {}
    for attempt in QualificationAttempt.objects.filter(annotator__in=people).order_by("pk"):
        last[attempt.annotator_id] = attempt
    size = set_with_gold(rules.project_id).count()
    done, used, granted = (
        _done(last),
        _per_person(QualificationAttempt, people),
        _per_person(QualificationGrant, people),
    )
    found = {}
    for member in members:
        left = rules.attempts + granted[member.pk, major] - used[member.pk, major]
        found[member.pk] = _standing(rules, member, last.get(member.pk), major, left, done[member.pk], size)
    return found


def _done(last: dict[int, QualificationAttempt]) -> Counter[int]:
    """Items answered in the running attempts, by person."""
    running = [attempt for attempt in last.values() if attempt.state == QualificationAttempt.State.RUNNING]
    rows = Assignment.objects.filter(
        annotator__in=[attempt.annotator_id for attempt in running], purpose=Assignment.Purpose.QUALIFICATION,
        state=Assignment.State.SUBMITTED,
    ).values_list("annotator_id", "round_id", "task__major").annotate(n=Count("pk"))  # fmt: skip
    places = {(attempt.annotator_id, attempt.round_id, attempt.major) for attempt in running}
    return Counter({who: n for who, round_id, major, n in rows if (who, round_id, major) in places})


def _per_person(
    model: type[QualificationAttempt] | type[QualificationGrant], people: list[int]
) -> Counter[tuple[int, int | None]]:
    rows = model.objects.filter(annotator__in=people).values_list("annotator_id", "major").annotate(n=Count("pk"))
    return Counter({(who, major): n for who, major, n in rows.order_by()})


def _standing(
    rules: Qualification, member: Member, last: QualificationAttempt | None, major: int | None, left: int, n_done: int,
    size: int,
) -> Standing:  # fmt: skip
    if last is not None and last.state == QualificationAttempt.State.RUNNING and last.major == major:
        return Standing("running", major, last.number, n_done, size)
    passed = member.qualified_major
    if passed is not None:
        is_old = rules.again_after_major and major is not None and passed < major
        return Standing("old" if is_old else "passed", passed)
    if last is None or last.major != major:
        return Standing("new")
    state = "again" if left > 0 else "failed"
    return Standing(state, major, last.number, 0, last.n_items or 0, last.n_right, last.ended_at)
