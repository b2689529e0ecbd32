"""Questions about what a guideline does not say: asked, put together, taken back; how soon they are answered.

Everything that numbers or groups questions begins by locking the guideline's row, as publishing does. So numbers
have no gaps, a ruling sees the whole group, and a question is asked before a version is published or after it.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict, DomainError, FieldError, Forbidden, InvalidInput, NotFound
from accounts.models import User
from accounts.services.audit import record_event
from guidelines.models import Clarification, ClarificationNotice, Guideline, GuidelineVersion
from guidelines.selectors.access import current_version
from guidelines.similarity import most_alike
from operations.strict_json.reading import is_text

LONGEST_TEXT = 2_000
MOST_OPEN_PER_DAY = 20
COMPARED = 500  # open questions about a clause that a new one is compared with, the newest
OPEN = Clarification.State.OPEN


class TooManyQuestions(DomainError):
    code, status = "too_many_questions", 429
    sentence = (
        f"You have asked {MOST_OPEN_PER_DAY} questions within a day that are still open. "
        "Wait for an answer, or withdraw one."
    )


class NothingPublishedYet(Conflict):
    code = "nothing_published_yet"
    sentence = "The guideline has no published version yet that a question could be about."


class NotOpen(Conflict):
    code = "clarification_not_open"
    sentence = "This question is no longer open."


def lock_guideline(guideline: Guideline) -> None:
    """Hold the guideline's row until the transaction ends: one publishes, asks, groups or rules at a time."""
    Guideline.objects.select_for_update(no_key=True).get(pk=guideline.pk)


def ask_question(
    *, actor: User, guideline: Guideline, question: str, clause: str = "", version: GuidelineVersion | None = None
) -> Clarification:
    """A new open question, under the version that was shown or else the current one; it joins an open one like it.

    The same words about the same clause, sent again by the same person while they are open, are the same question.
    TooManyQuestions when too many of theirs of the last day are open.
    """
    words = checked_text("question", question)
    with transaction.atomic():
        lock_guideline(guideline)
        version = version or current_version(guideline)
        if version is None:
            raise NothingPublishedYet
        _check_clause(version, clause)
        mine = Clarification.objects.filter(asked_by=actor, state=OPEN)
        again = mine.filter(guideline=guideline, clause=clause, question=words).first()
        if again is not None:
            return again
        if mine.filter(asked_at__gt=timezone.now() - timedelta(days=1)).count() >= MOST_OPEN_PER_DAY:
            raise TooManyQuestions
        return Clarification.objects.create(
            guideline=guideline, number=_next_number(guideline), clause=clause, question=words, asked_by=actor,
            asked_at=timezone.now(), version=version, same_as_id=_first_like(guideline, clause, words),
        )  # fmt: skip


def checked_text(field: str, text: str) -> str:
    """A text without the space around it; InvalidInput if it is empty, too long or no text."""
    words = text.strip()
    if not words or len(words) > LONGEST_TEXT or not is_text(words):
        raise InvalidInput(errors=[FieldError(field, "length", f"A text of 1 to {LONGEST_TEXT} characters.")])
    return words


def _check_clause(version: GuidelineVersion, clause: str) -> None:
    if clause and clause not in {each["key"] for each in version.content["clauses"]}:
        detail = f"Version {version.number} has no such clause."
        raise InvalidInput(errors=[FieldError("clause", "unknown_clause", detail)])


def _next_number(guideline: Guideline) -> int:
    last = Clarification.objects.filter(guideline=guideline).order_by("-number").values_list("number", flat=True)
    return (last.first() or 0) + 1


def _first_like(guideline: Guideline, clause: str, words: str) -> int | None:
    asked = Clarification.objects.filter(guideline=guideline, clause=clause, state=OPEN).order_by("-id")
    recent = asked.values_list("id", "same_as_id", "question")[:COMPARED]
    return most_alike(words, [(same_as or pk, question) for pk, same_as, question in recent])


def clarification_of(guideline: Guideline, number: int) -> Clarification:
    """The question of that number; NotFound otherwise."""
    asked = Clarification.objects.select_related("asked_by", "version").filter(guideline=guideline, number=number)
    found = asked.first()
    if found is None:
        raise NotFound
    return found


def group_clarifications(*, actor: User, guideline: Guideline, number: int, others: Sequence[int]) -> Clarification:
    """Put other open questions, each with those it stands with, beside this one: they get one answer."""
    with transaction.atomic():
        lock_guideline(guideline)
        first = _open(guideline, number)
        joining = [_open(guideline, other) for other in others]
        groups = {each.group_id for each in joining} - {first.group_id}
        moved = Clarification.objects.filter(guideline=guideline, state=OPEN)
        for group in groups:
            moved.filter(pk=group).update(same_as=first.group_id)
            moved.filter(same_as=group).update(same_as=first.group_id)
        if groups:
            numbers = [each.number for each in joining]
            _record(actor, "question.grouped", first, {"with": numbers})
    return first


def ungroup_clarification(*, actor: User, guideline: Guideline, number: int) -> Clarification:
    """Let an open question stand alone; of the first of a group, the others then stand together without it."""
    with transaction.atomic():
        lock_guideline(guideline)
        asked = _open(guideline, number)
        if asked.same_as_id is None:
            _let_go_of_repeats(asked)
        else:
            asked.same_as = None
            asked.save(update_fields=["same_as"])
        _record(actor, "question.ungrouped", asked, {})
    return asked


def _let_go_of_repeats(first: Clarification) -> None:
    repeats = Clarification.objects.filter(same_as=first, state=OPEN).order_by("id")
    heir = repeats.first()
    if heir is not None:
        repeats.exclude(pk=heir.pk).update(same_as=heir)
        Clarification.objects.filter(pk=heir.pk).update(same_as=None)


def withdraw_clarification(*, actor: User, guideline: Guideline, number: int) -> Clarification:
    """Take one's own open question back. Done twice it changes nothing."""
    with transaction.atomic():
        lock_guideline(guideline)
        asked = clarification_of(guideline, number)
        if asked.asked_by_id != actor.pk:
            raise Forbidden
        if asked.state == Clarification.State.WITHDRAWN:
            return asked
        if asked.state != OPEN:
            raise NotOpen
        if asked.same_as_id is None:
            _let_go_of_repeats(asked)
        asked.state, asked.closed_at, asked.same_as = Clarification.State.WITHDRAWN, timezone.now(), None
        asked.save(update_fields=["state", "closed_at", "same_as"])
    return asked


def dismiss_notice(*, user: User, notice_id: int) -> None:
    """Put a notice of one's own away; NotFound for anybody else's. Done twice it changes nothing."""
    mine = ClarificationNotice.objects.filter(user=user, pk=notice_id)
    if not mine.exists():
        raise NotFound
    mine.filter(dismissed_at=None).update(dismissed_at=timezone.now())


def set_service_level(*, actor: User, guideline: Guideline, hours: int) -> Guideline:
    """How many hours an answer may take before a question is overdue."""
    if not 1 <= hours <= 720:
        raise InvalidInput(errors=[FieldError("hours", "range", "A whole number from 1 to 720.")])
    with transaction.atomic():
        lock_guideline(guideline)
        guideline.answer_within_hours = hours
        guideline.save(update_fields=["answer_within_hours"])
        record_event(
            actor=actor, action="guideline.service_level", scope=f"guideline:{guideline.slug}", target=guideline.slug,
            facts={"hours": hours},
        )  # fmt: skip
    return guideline


def _open(guideline: Guideline, number: int) -> Clarification:
    asked = clarification_of(guideline, number)
    if asked.state != OPEN:
        raise NotOpen
    return asked


def _record(actor: User, action: str, asked: Clarification, facts: dict[str, object]) -> None:
    record_event(
        actor=actor, action=action, scope=f"guideline:{asked.guideline.slug}", target=str(asked.number), facts=facts
    )  # fmt: skip
