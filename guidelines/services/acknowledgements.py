"""Acknowledgement with proof: asked with a publish, read, proved item by item, or waived by the lead.

Times are the database's, as those of the leases are with which they are compared.
"""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import Conflict, FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from guidelines.content import GuidelineContent
from guidelines.label_schema import AnswerError, parse_questions, same_answer, validate_answer
from guidelines.models import Acknowledgement, AcknowledgementRequest, GuidelineVersion, ProofAnswer, ProofItem
from guidelines.proof_items import ProofError, WantedItem, asked_questions, parse_acknowledgement
from guidelines.selectors.acknowledgements import newest_request, open_item
from operations.strict_json.reading import is_text

LONGEST_WAIVER = 2_000


class NotTheNewest(Conflict):
    code = "not_the_newest_version"
    sentence = "A newer version has been published meanwhile; read what it changes."


class ReadFirst(Conflict):
    code = "read_first"
    sentence = "Read what changed first."


class NotThisItem(Conflict):
    code = "not_this_item"
    sentence = "The items are answered one after the other; this one is not open now."


class PassedAlready(Conflict):
    code = "passed_already"
    sentence = "This person has passed already."


def request_acknowledgement(
    *, actor: User, version: GuidelineVersion, content: GuidelineContent, wanted: Any
) -> AcknowledgementRequest:
    """Ask that everybody reads and proves `version`, which says `content`, before they label on.

    Call it in the transaction that publishes the version. InvalidInput with paths below `acknowledgement`.
    """
    try:
        wished = parse_acknowledgement(wanted, content)
    except ProofError as error:
        raise InvalidInput(errors=[FieldError(path, code, text) for path, code, text in error.errors]) from error
    request = AcknowledgementRequest.objects.create(
        version=version, guideline_id=version.guideline_id, note=wished.note, n_items=len(wished.items),
        asked_by=actor, asked_at=version.published_at,
    )  # fmt: skip
    ProofItem.objects.bulk_create(_item(request, number, item) for number, item in enumerate(wished.items, start=1))
    record_event(
        actor=actor, action="acknowledgement.requested", scope=f"guideline:{version.guideline.slug}",
        target=version.number, facts={"items": [item.example.key for item in wished.items]},
    )  # fmt: skip
    return request


def _item(request: AcknowledgementRequest, position: int, item: WantedItem) -> ProofItem:
    example = item.example
    return ProofItem(
        request=request, position=position, key=example.key, clause=example.clause or "", text=example.text or "",
        payload=example.payload, answer=item.expected, rationale=example.rationale,
    )  # fmt: skip


def mark_as_read(*, actor: User, request: AcknowledgementRequest, since: GuidelineVersion | None) -> Acknowledgement:
    """Note that the actor has read the difference from `since` (None: everything). Without proof items that is all.

    NotTheNewest when another version has been published meanwhile that asks. Done twice it changes nothing.
    """
    with transaction.atomic():
        _check_newest(request)
        acknowledgement = _locked(request, actor)
        if acknowledgement.read_at is None:
            acknowledgement.read_at, acknowledgement.since = Now(), since
            acknowledgement.passed_at = None if request.n_items else Now()
            acknowledgement.save()
            acknowledgement.refresh_from_db(fields=["read_at", "passed_at"])
    return acknowledgement


def answer_proof_item(*, actor: User, request: AcknowledgementRequest, position: int, answer: Any) -> ProofAnswer:
    """Store one answer to the proof item that is open; the last right one passes.

    An answer that does not fit the questions is InvalidInput and is not stored; one to another item than the open one
    NotThisItem: nobody skips ahead.
    """
    with transaction.atomic():
        _check_newest(request)
        acknowledgement = _locked(request, actor)
        if acknowledgement.read_at is None:
            raise ReadFirst
        item = open_item(acknowledgement)
        if item is None or item.position != position:
            raise NotThisItem
        given, is_right = _judged(request.version, item, answer)
        stored = ProofAnswer.objects.create(
            acknowledgement=acknowledgement, item=item, answer=given, is_right=is_right, given_at=Now()
        )
        acknowledgement.attempts += 1
        if is_right and open_item(acknowledgement) is None:
            acknowledgement.passed_at = Now()
        acknowledgement.save()
    return stored


def _judged(version: GuidelineVersion, item: ProofItem, answer: Any) -> tuple[dict[str, Any], bool]:
    questions = asked_questions(parse_questions(version.content["questions"]), item.answer)
    try:
        given = validate_answer(questions, answer)
    except AnswerError as error:
        errors = [FieldError(f"answer.{path}" if path else "answer", code, text) for path, code, text in error.errors]
        raise InvalidInput("The answer does not fit the questions; see the errors.", errors=errors) from error
    return given, all(same_answer(questions, given, item.answer).values())


def waive_acknowledgement(
    *, actor: User, request: AcknowledgementRequest, user: User, reason: str = ""
) -> Acknowledgement:
    """Let one person label on without proof. Audited; what they have answered so far stays. Twice changes nothing."""
    words = _checked_reason(reason)
    with transaction.atomic():
        acknowledgement = _locked(request, user)
        if acknowledgement.passed_at is not None:
            raise PassedAlready
        if acknowledgement.waived_at is None:
            acknowledgement.waived_at, acknowledgement.waived_by = Now(), actor
            acknowledgement.waiver = words
            acknowledgement.save()
            acknowledgement.refresh_from_db(fields=["waived_at"])
            version = request.version
            record_event(
                actor=actor, action="acknowledgement.waived", scope=f"guideline:{version.guideline.slug}",
                target=version.number, facts={"user": user.pk},
            )  # fmt: skip
    return acknowledgement


def _checked_reason(reason: Any) -> str:
    if not isinstance(reason, str) or not is_text(reason):
        raise InvalidInput(errors=[FieldError("reason", "not_text", "A text is needed here.")])
    if len(reason) > LONGEST_WAIVER:
        raise InvalidInput(errors=[FieldError("reason", "too_long", f"At most {LONGEST_WAIVER} characters.")])
    return reason.strip()


def _check_newest(request: AcknowledgementRequest) -> None:
    newest = newest_request(request.guideline_id)
    if newest is None or newest.pk != request.pk:
        raise NotTheNewest


def _locked(request: AcknowledgementRequest, user: User) -> Acknowledgement:
    """Their row, made if there is none, and locked: two tabs of one person, or they and the lead, stand in line."""
    Acknowledgement.objects.bulk_create([Acknowledgement(request=request, user=user)], ignore_conflicts=True)
    rows = Acknowledgement.objects.select_for_update(no_key=True, of=("self",))
    return rows.get(request=request, user=user)
