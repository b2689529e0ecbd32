"""Questions to the guideline that arise on an item: asked with the item parked or not, answered, and told.

The lock of the guideline comes before all others (turns.py). An item that a question keeps parked is given back after
the ruling is stored, each in a transaction of its own, as the sweeps do: a ruling may answer many people at once, and
their rows must not be locked together. `return_answered_items` gives back what a crash has left.
"""

import uuid
from contextlib import suppress
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.errors import NotFound
from accounts.models import User
from annotation.models import DeskNote, Member, TaskQuestion
from annotation.selectors.instructions import instructions_of
from annotation.services.desk import close_note, park_task, take_back_parked
from annotation.services.leases import lock_seat
from annotation.services.refusals import NoteClosed
from annotation.services.turns import take_turn
from guidelines.models import Clarification, ClarificationNotice, Guideline, GuidelineVersion
from guidelines.selectors.access import current_version
from guidelines.services.clarifications import ask_question, lock_guideline, withdraw_clarification
from guidelines.services.rulings import Ruled, rule_on_clarification

CITED_WITHIN_DAYS = 28
LATEST_ANSWERS = 500  # of each person, looked at for citations of a clause


def ask_clarification(
    *, annotator: Member, lease_id: uuid.UUID, question: str, clause: str = "", answer: dict[str, Any] | None = None,
    parks: bool = True,
) -> Clarification:  # fmt: skip
    """Ask what the guideline does not say about the item of a lease, under the version that was shown.

    Parked, the item waits for the ruling with its draft (or `answer`) kept, and then comes back first. Sent again it
    is the question that was asked. LeaseExpired when it is to be parked and is no longer theirs.
    """
    guideline = annotator.project.guideline
    with transaction.atomic():
        lock_guideline(guideline)
        take_turn(annotator)
        seat = lock_seat(annotator, lease_id)
        earlier = TaskQuestion.objects.select_related("clarification").filter(lease=lease_id, note__isnull=False)
        if parks and (again := earlier.first()) is not None:
            return again.clarification
        version = GuidelineVersion.objects.get(pk=seat.version_id)
        asked = ask_question(
            actor=_person(annotator), guideline=guideline, question=question, clause=clause, version=version
        )  # fmt: skip
        note = None
        if parks:
            note = park_task(
                annotator=annotator, lease_id=lease_id, note=asked.question, clause=clause, answer=answer
            )  # fmt: skip
        _link(asked, annotator, lease_id, seat.item_id, seat.task_id, note)
    return asked


def _person(annotator: Member) -> User:
    if annotator.user is None:  # brought in with labels; holds no lease
        raise NotFound
    return annotator.user


def _link(
    asked: Clarification, annotator: Member, lease_id: uuid.UUID, item_id: int, task_id: int, note: DeskNote | None
) -> None:  # fmt: skip
    """Asked in the same words about another item it is the same question, and waits for both."""
    found, is_new = TaskQuestion.objects.get_or_create(
        clarification=asked, lease_id=lease_id,
        defaults={
            "project_id": annotator.project_id, "item_id": item_id, "task_id": task_id, "annotator": annotator,
            "note": note,
        },
    )  # fmt: skip
    if not is_new and note is not None:
        found.note = note
        found.save(update_fields=["note"])


def withdraw_question(*, actor: User, guideline: Guideline, number: int) -> Clarification:
    """Take one's own question back; what it kept parked comes back without an answer."""
    asked = withdraw_clarification(actor=actor, guideline=guideline, number=number)
    for link in _parked_by([asked.pk]):
        take_back_parked(annotator=link.annotator, note_id=_note_id(link))
    return asked


def answer_clarification(
    *, actor: User, guideline: Guideline, number: int, ruling: str, outcome: str, clause: str | None = None,
    question: str | None = None,
) -> tuple[Ruled, int]:  # fmt: skip
    """Rule on a question and those that stand with it (guidelines.services.rulings), tell everybody whom it concerns,
    and give what waited for it back, first of all to who asked. Also returns how many people were told."""
    with transaction.atomic():
        ruled = rule_on_clarification(
            actor=actor, guideline=guideline, number=number, ruling=ruling, outcome=outcome, clause=clause,
            question=question,
        )  # fmt: skip
        if ruled.is_new:
            _tell_others(ruled)
    give_back_answered([each.pk for each in ruled.group])
    return ruled, ClarificationNotice.objects.filter(clarification__in=[each.pk for each in ruled.group]).count()


def give_back_answered(clarification_ids: list[int]) -> int:
    """Close the notes of parked items whose question is answered, with the ruling as the reply. Safe to repeat."""
    return sum(_give_back(link) for link in _parked_by(clarification_ids))


def return_answered_items() -> int:
    """The same for every answered question: after a crash between the ruling and the last item. For the sweep."""
    left = TaskQuestion.objects.filter(clarification__state=Clarification.State.ANSWERED, note__closed_at=None)
    return give_back_answered(list(left.exclude(note=None).values_list("clarification_id", flat=True)))


def _parked_by(clarification_ids: list[int]) -> list[TaskQuestion]:
    links = TaskQuestion.objects.filter(clarification__in=clarification_ids, note__closed_at=None).exclude(note=None)
    return list(links.select_related("clarification__ruled_by", "annotator__user", "project").order_by("pk"))


def _note_id(link: TaskQuestion) -> int:
    note_id: int | None = link.note_id
    assert note_id is not None  # noqa: S101  (_parked_by reads only those)
    return note_id


def _give_back(link: TaskQuestion) -> bool:
    asked = link.clarification
    if asked.ruled_by is None:
        return False
    with suppress(NoteClosed):  # they took it back themself, or the lead replied about the item alone
        close_note(actor=asked.ruled_by, project=link.project, note_id=_note_id(link), reply=asked.ruling)
        return True
    return False


# Who has, or had, an item that one of these questions arose on.
_MET = """
    SELECT DISTINCT member.user_id FROM annotation_taskquestion link
    JOIN annotation_task task ON task.item_id = link.item_id AND task.project_id = link.project_id
    JOIN annotation_assignment seat ON seat.task_id = task.id AND seat.state IN ('leased', 'parked', 'submitted')
    JOIN annotation_member member ON member.id = seat.annotator_id
    JOIN accounts_user person ON person.id = member.user_id
    WHERE link.clarification_id = ANY(%(questions)s) AND member.is_active AND person.is_active
"""
# Whose recent answers named the clause, or an option that leans on it. Of each person the latest answers only, so
# that a ruling costs the same in a project of any size.
_CITED = """
    SELECT DISTINCT member.user_id FROM annotation_member member
    JOIN annotation_project project ON project.id = member.project_id
    JOIN accounts_user person ON person.id = member.user_id
    CROSS JOIN LATERAL (
        SELECT answer, clauses, created_at FROM annotation_annotation
        WHERE annotator_id = member.id AND superseded_at IS NULL ORDER BY id DESC LIMIT %(latest)s
    ) recent
    WHERE project.guideline_id = %(guideline)s AND member.kind = 'human' AND member.is_active AND person.is_active
      AND recent.created_at > clock_timestamp() - make_interval(days => %(days)s)
      AND (recent.clauses ? %(clause)s
           OR EXISTS (SELECT 1 FROM unnest(%(keys)s::text[], %(options)s::text[]) leaning (key, option)
                      WHERE recent.answer -> leaning.key ? leaning.option))
"""


def _tell_others(ruled: Ruled) -> None:
    """A notice for those who did not ask, and whom it concerns all the same."""
    asked = ruled.asked
    met = _user_ids(_MET, {"questions": [each.pk for each in ruled.group]})
    cited = _who_cited(asked) if asked.clause else set()
    told = {each.asked_by_id for each in ruled.group} | {asked.ruled_by_id}
    now = timezone.now()
    reasons = dict.fromkeys(cited, ClarificationNotice.Reason.CITED) | dict.fromkeys(
        met, ClarificationNotice.Reason.SIMILAR
    )
    ClarificationNotice.objects.bulk_create(
        ClarificationNotice(clarification=asked, user_id=user_id, reason=reason, told_at=now)
        for user_id, reason in sorted(reasons.items())
        if user_id not in told
    )


def _who_cited(asked: Clarification) -> set[int]:
    version = current_version(asked.guideline)
    questions = instructions_of(version.pk, version.sha256).questions if version else ()
    leaning = [
        (question.key, option.key)
        for question in questions
        for option in question.options
        if asked.clause in option.clauses
    ]
    return _user_ids(
        _CITED,
        {
            "guideline": asked.guideline_id, "clause": asked.clause, "days": CITED_WITHIN_DAYS,
            "latest": LATEST_ANSWERS, "keys": [key for key, _ in leaning], "options": [key for _, key in leaning],
        },
    )  # fmt: skip


def _user_ids(query: str, values: dict[str, Any]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return {user_id for (user_id,) in cursor.fetchall() if user_id is not None}
