"""Proof before real work: a set of gold items that a newcomer answers first, in attempts that are scored.

An attempt is a pass of one person over the set, under one major version. Its answers lie in the round
`qualification-n` of everybody's n-th attempt, in seats of the person's own; they enter no figure of the labels.
"""

import hashlib
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from annotation.models import (
    Assignment,
    Member,
    Qualification,
    QualificationAttempt,
    Round,
)
from annotation.selectors.onboarding import (
    SetItem,
    Verdict,
    attempts_left,
    needed,
    set_of_attempt,
    set_with_gold,
    verdict_of,
)
from annotation.services import clock
from annotation.services.refusals import QualificationFailed
from annotation.services.turns import take_turn

_RUNNING = QualificationAttempt.State.RUNNING


@dataclass(frozen=True)
class PersonalItem:
    """What to hand out: an item, in the round of the attempt. `seat_id`: their seat of it, given back unanswered."""

    item_id: int
    round_id: int
    major: int
    seat_id: int | None


@dataclass(frozen=True)
class Waiting:
    """All that is left of the attempt is in their hands; there is nothing further to hand out."""


def needs_qualification(
    *, is_required: bool, again_after_major: bool, qualified_major: int | None, current_major: int
) -> bool:
    """Whether somebody must qualify before real work. `is_required` is False where there is no qualification."""
    if not is_required:
        return False
    return qualified_major is None or (again_after_major and qualified_major < current_major)


def next_qualification_item(annotator: Member, major: int) -> PersonalItem | Waiting | Verdict | None:
    """The next step of somebody who must qualify, inside the claim's transaction, which holds their member row.

    An item to hand out, or Waiting. A Verdict: all was answered and the attempt has just been scored; commit it, and
    claim again. None: there is nothing to qualify with (no item of the set has gold any more), so work goes on. Raises
    QualificationFailed when no attempt is left; nothing has been changed then.
    """
    rules = Qualification.objects.get(project_id=annotator.project_id)
    attempt = _running(annotator, major) or _begin(annotator, major, rules)
    items = set_of_attempt(attempt, annotator.project_id) if attempt else []
    if attempt is None or not items:
        return None
    if all(item.is_over for item in items):
        return _end(annotator, attempt, items, rules)
    free = [item for item in items if not item.is_over and item.seat_state in {None, Assignment.State.WITHDRAWN}]
    if not free:
        return Waiting()
    chosen = min(free, key=lambda item: _place(attempt, item))
    return PersonalItem(chosen.item_id, attempt.round_id, attempt.major, chosen.seat_id)


def _place(attempt: QualificationAttempt, item: SetItem) -> str:
    """An order of the set that is each person's own, so that neighbours cannot go through it side by side."""
    return hashlib.sha256(f"{attempt.annotator_id}/{attempt.number}/{item.item_id}".encode()).hexdigest()


def _running(annotator: Member, major: int) -> QualificationAttempt | None:
    """The attempt that runs. One that a new major version has overtaken ends without a score and costs nothing."""
    attempt = QualificationAttempt.objects.filter(annotator=annotator, state=_RUNNING).first()
    if attempt is not None and attempt.major != major:
        attempt.delete()
        return None
    return attempt


def _begin(annotator: Member, major: int, rules: Qualification) -> QualificationAttempt | None:
    """A new attempt, while there are items to answer and attempts left."""
    if not set_with_gold(annotator.project_id).exists():
        return None
    if not attempts_left(rules, annotator.pk, major):
        raise QualificationFailed
    earlier = QualificationAttempt.objects.filter(annotator=annotator, major=major).aggregate(last=Max("number"))
    number = (earlier["last"] or 0) + 1
    return QualificationAttempt.objects.create(
        annotator=annotator, round_id=_round(annotator.project_id, number), major=major, number=number,
        threshold=rules.threshold, started_at=Now(),
    )  # fmt: skip


def _round(project_id: int, number: int) -> int:
    """The round of everybody's n-th attempt, made when the first of them begins it."""
    key = f"qualification-{number}"
    Round.objects.bulk_create(
        [Round(project_id=project_id, key=key, kind=Round.Kind.QUALIFICATION)], ignore_conflicts=True
    )
    return Round.objects.values_list("pk", flat=True).get(project_id=project_id, key=key)


def _end(
    annotator: Member, attempt: QualificationAttempt, items: list[SetItem], rules: Qualification | None
) -> Verdict:  # fmt: skip
    """Score it. What was skipped is not right; who passes is asked nothing more until a new meaning asks anew."""
    n_right = sum(item.is_right for item in items)
    is_passed = n_right >= needed(attempt.threshold, len(items))
    attempt.state = QualificationAttempt.State.PASSED if is_passed else QualificationAttempt.State.FAILED
    attempt.n_items, attempt.n_right, attempt.ended_at = len(items), n_right, Now()
    attempt.save(update_fields=["state", "n_items", "n_right", "ended_at"])
    if is_passed:
        Member.objects.filter(pk=annotator.pk).update(qualified_major=attempt.major)
    clock.forget(annotator)
    return verdict_of(attempt, rules)


def verdict_to_show(annotator: Member) -> Verdict | None:
    """The last verdict that this person has not been told, after scoring an attempt that is complete. Usually one
    query. Raises for who may not work."""
    to_see = Q(state=_RUNNING) | Q(shown_at=None)
    states = list(QualificationAttempt.objects.filter(to_see, annotator=annotator).values_list("state", flat=True))
    if _RUNNING in states:
        _end_if_complete(annotator)
    unseen = QualificationAttempt.objects.filter(annotator=annotator, shown_at=None).exclude(state=_RUNNING)
    last = unseen.order_by("-pk").first() if states else None
    if last is None:
        return None
    return verdict_of(last, Qualification.objects.filter(project_id=annotator.project_id).first())


def _end_if_complete(annotator: Member) -> None:
    with transaction.atomic():
        take_turn(annotator)
        attempt = QualificationAttempt.objects.filter(annotator=annotator, state=_RUNNING).first()
        items = set_of_attempt(attempt, annotator.project_id) if attempt else []
        if attempt is not None and items and all(item.is_over for item in items):
            _end(annotator, attempt, items, Qualification.objects.filter(project_id=annotator.project_id).first())


def verdict_was_shown(annotator: Member, attempt_id: int) -> None:
    """This person has read how the attempt, and those before it, ended."""
    mine = QualificationAttempt.objects.filter(annotator=annotator, pk__lte=attempt_id, shown_at=None)
    mine.exclude(state=_RUNNING).update(shown_at=Now())
