"""Asked with a publish, read, proved item by item: what each step takes, and what the database never lets happen."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.errors import InvalidInput
from accounts.models import AuditEvent, User
from guidelines.content import parse_content
from guidelines.models import (
    Acknowledgement,
    AcknowledgementRequest,
    Guideline,
    GuidelineVersion,
    ProofAnswer,
    ProofItem,
)
from guidelines.proof_items import asked_questions, expected_answer
from guidelines.selectors.acknowledgements import acknowledgement_of, last_acknowledged, pending_request, proof_step
from guidelines.services.acknowledgements import (
    NotTheNewest,
    NotThisItem,
    PassedAlready,
    ReadFirst,
    answer_proof_item,
    mark_as_read,
    waive_acknowledgement,
)
from tests.factories.acknowledgements import (
    BILLING,
    CHANGED,
    REFUND,
    example,
    prove,
    publish_asking,
    publish_quietly,
)


@pytest.fixture
def asked(guideline: Guideline, lea: User) -> AcknowledgementRequest:
    return publish_asking(guideline, lea)


# --- publishing -----------------------------------------------------------------------------------------------


def test_a_request_keeps_its_items_as_they_were_published(guideline: Guideline, lea: User) -> None:
    version = publish_quietly(guideline, lea, level="major", asks={"items": ["E2", "E1"], "note": " Read C3. "})

    request = AcknowledgementRequest.objects.get(version=version)
    assert (request.guideline, request.asked_by, request.note, request.n_items) == (guideline, lea, "Read C3.", 2)
    first, second = request.items.all()
    assert (first.position, first.key, first.text, first.answer) == (1, "E2", "I want my money back.", REFUND)
    assert (second.position, second.clause, second.rationale) == (2, "C3", "Charged twice: C3.")
    assert second.payload is None
    event = AuditEvent.objects.get(action="acknowledgement.requested")
    assert (event.actor, event.target, event.facts) == (lea, "2.0", {"items": ["E2", "E1"]})


def test_a_publish_without_a_request_asks_nobody(guideline: Guideline, lea: User, ana: User) -> None:
    publish_quietly(guideline, lea)

    assert not AcknowledgementRequest.objects.exists()
    assert pending_request(ana, guideline.pk) is None


@pytest.mark.parametrize(
    ("asks", "path", "code"),
    [
        ({"items": ["E1", "E9"]}, "acknowledgement.items[1]", "unknown_example"),
        ({"items": ["E3"]}, "acknowledgement.items[0]", "nothing_to_prove"),
        ({"items": ["E1", "E1"]}, "acknowledgement.items[1]", "duplicate"),
        ({"items": [f"E{n}" for n in range(11)]}, "acknowledgement.items", "too_many"),
        ({"items": "E1"}, "acknowledgement.items", "not_a_list"),
        ({"items": [7]}, "acknowledgement.items[0]", "not_text"),
        ({"items": [], "note": 7}, "acknowledgement.note", "not_text"),
        ({"items": [], "note": "a\x00b"}, "acknowledgement.note", "control_character"),
        ({"item": ["E1"]}, "acknowledgement.item", "unknown_key"),
        (["E1"], "acknowledgement", "not_an_object"),
        (True, "acknowledgement", "not_an_object"),
    ],
)
def test_a_bad_request_names_field_and_rule_and_publishes_nothing(
    guideline: Guideline, lea: User, asks: Any, path: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        publish_quietly(guideline, lea, asks=asks)

    assert [(error.path, error.code) for error in refusal.value.errors][:1] == [(path, code)]
    assert guideline.versions.count() == 1
    assert not ProofItem.objects.exists()


def test_only_what_is_picked_or_a_number_is_asked_as_proof() -> None:
    why = {"key": "why", "type": "text", "title": "Why?", "required": False}
    answer = BILLING | {"urgency": 4, "why": "charged twice"}
    content = parse_content(
        CHANGED | {"questions": [*CHANGED["questions"], why], "examples": [example("E1", "x", answer=answer)]}
    )

    assert expected_answer(content.questions, content.examples[0]) == BILLING | {"urgency": 4}


def test_a_condition_on_a_question_that_is_not_asked_falls_away() -> None:
    detail = {
        "key": "detail", "type": "rating", "title": "How sure?", "required": False, "min": 1, "max": 3,
        "visible_if": {"question": "intent", "in": ["billing"]},
    }  # fmt: skip
    content = parse_content(CHANGED | {"questions": [*CHANGED["questions"], detail]})

    (alone,) = asked_questions(content.questions, {"detail": 3})
    _, beside = asked_questions(content.questions, BILLING | {"detail": 3})

    assert (alone.visible_if, alone.required) == (None, True)
    assert beside.visible_if is not None


# --- reading and proving --------------------------------------------------------------------------------------


def test_reading_comes_first_then_one_item_after_the_other(asked: AcknowledgementRequest, ana: User) -> None:
    with pytest.raises(ReadFirst):
        answer_proof_item(actor=ana, request=asked, position=1, answer=BILLING)
    own = mark_as_read(actor=ana, request=asked, since=None)
    assert (own.passed_at, own.attempts) == (None, 0)

    with pytest.raises(NotThisItem):
        answer_proof_item(actor=ana, request=asked, position=2, answer=REFUND)
    assert answer_proof_item(actor=ana, request=asked, position=1, answer=BILLING).is_right
    with pytest.raises(NotThisItem):
        answer_proof_item(actor=ana, request=asked, position=1, answer=BILLING)
    assert pending_request(ana, asked.guideline_id) == asked
    assert answer_proof_item(actor=ana, request=asked, position=2, answer=REFUND).is_right

    own.refresh_from_db()
    assert own.passed_at is not None
    assert own.attempts == 2
    assert pending_request(ana, asked.guideline_id) is None


def test_a_wrong_answer_is_kept_and_the_item_stays_open(asked: AcknowledgementRequest, ana: User) -> None:
    own = mark_as_read(actor=ana, request=asked, since=None)

    wrong = answer_proof_item(actor=ana, request=asked, position=1, answer=REFUND)

    step = proof_step(own)
    assert step is not None
    assert (step.item.position, step.mistake) == (1, wrong)
    answer_proof_item(actor=ana, request=asked, position=1, answer=BILLING)
    assert list(ProofAnswer.objects.values_list("answer", "is_right")) == [(REFUND, False), (BILLING, True)]
    own.refresh_from_db()
    assert (own.attempts, own.passed_at) == (2, None)


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({}, "answer.intent"),
        ({"intent": "no such"}, "answer.intent"),
        ({"urgency": 3}, "answer.urgency"),
        ([], "answer"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_not_counted(
    asked: AcknowledgementRequest, ana: User, answer: Any, path: str
) -> None:
    own = mark_as_read(actor=ana, request=asked, since=None)

    with pytest.raises(InvalidInput) as refusal:
        answer_proof_item(actor=ana, request=asked, position=1, answer=answer)

    assert refusal.value.errors[0].path == path
    own.refresh_from_db()
    assert own.attempts == 0
    assert not ProofAnswer.objects.exists()


def test_without_items_reading_is_enough_and_reading_twice_changes_nothing(
    guideline: Guideline, lea: User, ana: User
) -> None:
    asked = publish_asking(guideline, lea, [])
    first = mark_as_read(actor=ana, request=asked, since=None)
    again = mark_as_read(actor=ana, request=asked, since=asked.version)

    assert first.passed_at is not None
    assert (again.passed_at, again.since) == (first.passed_at, None)
    assert pending_request(ana, guideline.pk) is None


def test_who_reads_an_older_version_is_told_of_the_newer_one(
    guideline: Guideline, asked: AcknowledgementRequest, lea: User, ana: User
) -> None:
    mark_as_read(actor=ana, request=asked, since=None)
    newer = publish_asking(guideline, lea, ["E2"], word=" Once more.")

    for do in (
        lambda: mark_as_read(actor=ana, request=asked, since=None),
        lambda: answer_proof_item(actor=ana, request=asked, position=1, answer=BILLING),
    ):
        with pytest.raises(NotTheNewest):
            do()

    assert pending_request(ana, guideline.pk) == newer
    assert not ProofAnswer.objects.exists()


def test_only_the_newest_request_counts_and_a_quiet_version_after_it_changes_nothing(
    guideline: Guideline, asked: AcknowledgementRequest, lea: User, ana: User, ben: User
) -> None:
    prove(ana, asked)
    newer = publish_asking(guideline, lea, ["E2"], level="major", word=" More.")
    assert pending_request(ana, guideline.pk) == newer
    assert last_acknowledged(ana, newer) == asked.version
    assert last_acknowledged(ben, newer) is None

    prove(ana, newer)
    prove(ben, newer)  # who proved 2.0 need not prove 1.1
    publish_quietly(guideline, lea, word=" And more.")

    assert pending_request(ana, guideline.pk) is None
    assert pending_request(ben, guideline.pk) is None


def test_a_waiver_lets_one_person_pass_and_is_audited(
    asked: AcknowledgementRequest, lea: User, ana: User, ben: User
) -> None:
    waive_acknowledgement(actor=lea, request=asked, user=ana, reason=" Wrote it. ")
    waive_acknowledgement(actor=lea, request=asked, user=ana, reason="again")

    own = acknowledgement_of(ana, asked)
    assert own is not None
    assert (own.waived_by, own.waiver, own.passed_at) == (lea, "Wrote it.", None)
    assert pending_request(ana, asked.guideline_id) is None
    assert pending_request(ben, asked.guideline_id) == asked
    event = AuditEvent.objects.get(action="acknowledgement.waived")
    assert (event.actor, event.target, event.facts) == (lea, "1.1", {"user": ana.pk})


def test_who_has_passed_is_not_waived(asked: AcknowledgementRequest, lea: User, ana: User) -> None:
    prove(ana, asked)

    with pytest.raises(PassedAlready):
        waive_acknowledgement(actor=lea, request=asked, user=ana)

    assert not AuditEvent.objects.filter(action="acknowledgement.waived").exists()


@pytest.mark.parametrize("reason", ["x" * 2001, "a\x00b", 7])
def test_a_bad_reason_waives_nothing(asked: AcknowledgementRequest, lea: User, ana: User, reason: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        waive_acknowledgement(actor=lea, request=asked, user=ana, reason=reason)

    assert refusal.value.errors[0].path == "reason"
    assert pending_request(ana, asked.guideline_id) == asked


# --- what the database keeps ----------------------------------------------------------------------------------


def refused(do: Callable[[], Any]) -> None:
    with pytest.raises(DatabaseError):
        _committed(do)


def _committed(do: Callable[[], Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        do()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_published_request_and_its_items_are_frozen(asked: AcknowledgementRequest) -> None:
    items = ProofItem.objects.filter(request=asked)
    item = items[0]

    refused(lambda: AcknowledgementRequest.objects.update(note="other"))
    refused(lambda: items.update(answer=REFUND))
    refused(lambda: items.filter(pk=item.pk)._raw_delete("default"))
    refused(lambda: ProofItem.objects.create(request=asked, position=3, key="E9", text="x", answer=BILLING))

    assert items.count() == 2


@pytest.mark.parametrize(
    "fields",
    [{"position": 0}, {"position": 1}, {"key": "E1"}, {"payload": {"a": 1}}, {"text": ""}, {"answer": {}}],
)
def test_a_proof_item_that_makes_no_sense_is_refused(guideline: Guideline, lea: User, fields: dict[str, Any]) -> None:
    version = publish_quietly(guideline, lea)
    asked = AcknowledgementRequest.objects.create(
        version=version, guideline=guideline, n_items=9, asked_by=lea, asked_at=timezone.now()
    )
    good = {"request": asked, "position": 2, "key": "E2", "text": "x", "answer": BILLING}
    ProofItem.objects.create(**good | {"position": 1, "key": "E1"})

    refused(lambda: ProofItem.objects.create(**good | fields))

    ProofItem.objects.create(**good)


def test_a_request_belongs_to_the_guideline_of_its_version(guideline: Guideline, lea: User) -> None:
    version = publish_quietly(guideline, lea)
    other = Guideline.objects.create(slug="other", title="Other", created_by=lea)

    refused(
        lambda: AcknowledgementRequest.objects.create(
            version=version, guideline=other, n_items=0, asked_by=lea, asked_at=timezone.now()
        )
    )
    refused(
        lambda: AcknowledgementRequest.objects.create(
            version=version, guideline=guideline, n_items=11, asked_by=lea, asked_at=timezone.now()
        )
    )


def test_passed_is_only_who_answered_every_item_right_and_it_stays_so(
    asked: AcknowledgementRequest, ana: User, ben: User
) -> None:
    own = mark_as_read(actor=ana, request=asked, since=None)
    mine = Acknowledgement.objects.filter(pk=own.pk)
    answer_proof_item(actor=ana, request=asked, position=1, answer=BILLING)

    refused(lambda: mine.update(passed_at=timezone.now()))
    now = timezone.now()
    refused(lambda: Acknowledgement.objects.create(request=asked, user=ben, read_at=now, passed_at=now))
    answer_proof_item(actor=ana, request=asked, position=2, answer=REFUND)
    refused(lambda: mine.update(passed_at=None))
    refused(lambda: mine._raw_delete("default"))
    refused(lambda: Acknowledgement.objects.create(request=asked, user=ana))

    own.refresh_from_db()
    assert own.passed_at is not None


def test_a_waiver_names_who_gave_it(asked: AcknowledgementRequest, ana: User) -> None:
    with pytest.raises(IntegrityError, match="a_waiver_names_who_gave_it"), transaction.atomic():
        Acknowledgement.objects.create(request=asked, user=ana, waived_at=timezone.now())


def test_proof_answers_stay_and_are_to_open_items_of_what_was_read(
    guideline: Guideline, asked: AcknowledgementRequest, lea: User, ana: User
) -> None:
    own = mark_as_read(actor=ana, request=asked, since=None)
    answer_proof_item(actor=ana, request=asked, position=1, answer=REFUND)
    item = asked.items.all()[0]
    values = {"acknowledgement": own, "item": item, "answer": BILLING, "is_right": True, "given_at": timezone.now()}

    refused(lambda: ProofAnswer.objects.update(is_right=True))
    refused(lambda: ProofAnswer.objects.filter(acknowledgement=own)._raw_delete("default"))
    newer = publish_asking(guideline, lea, ["E1"], word=" More.")
    refused(lambda: ProofAnswer.objects.create(**values | {"item": newer.items.get()}))
    unread = Acknowledgement.objects.create(request=newer, user=ana)
    refused(lambda: ProofAnswer.objects.create(**values | {"acknowledgement": unread, "item": newer.items.get()}))
    ProofAnswer.objects.create(**values)
    refused(lambda: ProofAnswer.objects.create(**values))

    assert ProofAnswer.objects.filter(is_right=False).count() == 1


def test_versions_are_numbered_as_their_ids_ascend(guideline: Guideline, lea: User) -> None:
    """What lets a claim find the newest request by the id of its version."""
    for word in (" a", " b", " c"):
        publish_asking(guideline, lea, [], word=word)

    ids = list(GuidelineVersion.objects.filter(guideline=guideline).order_by("sequence").values_list("pk", flat=True))
    assert ids == sorted(ids)
