"""A ruling on a question: told to who asked, and made a precedent in the draft, or at once in a minor version."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict, FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from guidelines.models import Clarification, ClarificationNotice, Guideline, GuidelineVersion
from guidelines.parts import Part, find_part, next_precedent_key, with_part
from guidelines.selectors.access import current_version
from guidelines.selectors.versions import used_precedent_keys
from guidelines.services.checks import checked_content
from guidelines.services.clarifications import (
    OPEN,
    NothingPublishedYet,
    NotOpen,
    checked_text,
    clarification_of,
    lock_guideline,
)
from guidelines.services.editing import lock_draft, replace_draft
from guidelines.services.parts import add_part
from guidelines.services.publishing import store_version

Outcome = Clarification.Outcome


class AlreadyRuled(Conflict):
    """Two leads answer the same question: one of them wins, the other is told what the answer was."""

    code = "already_ruled"
    sentence = "Somebody has answered this question already."


@dataclass(frozen=True)
class Ruled:
    """The questions that one ruling answers, the one that was named first; `is_new` unless it was sent again."""

    asked: Clarification
    group: tuple[Clarification, ...]
    version: GuidelineVersion | None
    is_new: bool = True


@dataclass(frozen=True)
class _Placed:
    precedent: str = ""
    version: GuidelineVersion | None = None


def rule_on_clarification(
    *, actor: User, guideline: Guideline, number: int, ruling: str, outcome: str, clause: str | None = None,
    question: str | None = None,
) -> Ruled:  # fmt: skip
    """Answer a question and every open one that stands with it.

    A precedent stands under `clause` (else the clause asked about) and says `question` (else the words asked). At
    once means: the current version with it as the next minor one, never the unfinished draft, which gets it too.
    AlreadyRuled if somebody answered first; the very same ruling sent again is no second one.
    """
    words = checked_text("ruling", ruling)
    if outcome not in Outcome.values:
        raise InvalidInput(errors=[FieldError("outcome", "unknown_value", f"One of: {', '.join(Outcome.values)}.")])
    with transaction.atomic():
        lock_guideline(guideline)
        asked = clarification_of(guideline, number)
        if asked.state != OPEN:
            return _again(asked, actor, words, outcome)
        placed = _Placed()
        if outcome != Outcome.ONLY_TOLD:
            part = _precedent(guideline, asked, words, clause, question)
            placed = _place(actor, guideline, part, outcome)
        group = _answer(asked, actor, words, outcome, placed)
        record_event(
            actor=actor, action="question.ruled", scope=f"guideline:{guideline.slug}", target=str(asked.number),
            facts={"outcome": outcome, "precedent": placed.precedent, "questions": [each.number for each in group]},
        )  # fmt: skip
    return Ruled(group[0], group, placed.version)


def _again(asked: Clarification, actor: User, words: str, outcome: str) -> Ruled:
    if asked.state == Clarification.State.WITHDRAWN:
        raise NotOpen
    if (asked.ruled_by_id, asked.ruling, asked.outcome) != (actor.pk, words, outcome):
        raise AlreadyRuled(
            extra={"ruling": asked.ruling, "ruled_by": asked.ruled_by.username if asked.ruled_by else None}
        )
    return Ruled(asked, (asked,), asked.published_in, is_new=False)


def _precedent(
    guideline: Guideline, asked: Clarification, words: str, clause: str | None, question: str | None
) -> Part:  # fmt: skip
    under = asked.clause if clause is None else clause
    if not under:
        detail = "A precedent stands under a clause: choose one, or only tell the answer."
        raise InvalidInput(errors=[FieldError("clause", "required", detail)])
    return {
        "key": next_precedent_key(used_precedent_keys(guideline)), "clause": under,
        "question": checked_text("question", question or asked.question), "ruling": words,
    }  # fmt: skip


def _place(actor: User, guideline: Guideline, part: Part, outcome: str) -> _Placed:
    if outcome == Outcome.DRAFT:
        draft = lock_draft(guideline, None)
        if find_part(draft.content, "clause", part["clause"]) is None:
            raise _no_clause("The draft", part)
        add_part(actor=actor, guideline=guideline, kind="precedent", part=part)
        return _Placed(part["key"])
    version = _publish_with(actor, guideline, part)
    draft = lock_draft(guideline, None)
    # A draft that has retired the clause does not get the precedent back: it would go with its clause anyhow.
    if find_part(draft.content, "clause", part["clause"]) is not None:
        replace_draft(draft, with_part(draft.content, "precedent", part), draft.change_note, actor)
    return _Placed(part["key"], version)


def _publish_with(actor: User, guideline: Guideline, part: Part) -> GuidelineVersion:
    last = current_version(guideline)
    if last is None:
        raise NothingPublishedYet
    if find_part(last.content, "clause", part["clause"]) is None:
        raise _no_clause(f"Version {last.number}", part)
    content = checked_content(with_part(last.content, "precedent", part))
    return store_version(
        actor=actor, guideline=guideline, last=last, content=content, level=GuidelineVersion.Level.MINOR,
        change_note=f"Precedent {part['key']} on {part['clause']}.",
    )  # fmt: skip


def _no_clause(where: str, part: Part) -> InvalidInput:
    detail = f"{where} has no clause {part['clause']}; choose another."
    return InvalidInput(errors=[FieldError("clause", "unknown_clause", detail)])


def _answer(
    asked: Clarification, actor: User, words: str, outcome: str, placed: _Placed
) -> tuple[Clarification, ...]:  # fmt: skip
    """Close the question and those that stand with it, and tell whoever asked one."""
    together = Clarification.objects.filter(guideline_id=asked.guideline_id, state=OPEN).select_related("asked_by")
    group = [each for each in together.order_by("id") if each.group_id == asked.group_id]
    now = timezone.now()
    for each in group:
        each.state, each.closed_at, each.ruling, each.ruled_by = Clarification.State.ANSWERED, now, words, actor
        each.outcome, each.precedent, each.published_in = outcome, placed.precedent, placed.version
        each.save(update_fields=["state", "closed_at", "ruling", "ruled_by", "outcome", "precedent", "published_in"])
    notices = {each.asked_by_id: each for each in reversed(group)}  # who asked twice is told once, of the first
    ClarificationNotice.objects.bulk_create(
        ClarificationNotice(clarification=each, user_id=user_id, reason="asked", told_at=now)
        for user_id, each in notices.items()
        if user_id != actor.pk
    )
    group.sort(key=lambda each: each.pk != asked.pk)
    return tuple(group)
