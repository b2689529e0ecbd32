"""The queue over HTTP: claim, answer, keep, give back. Nothing in these answers tells of gold, overlap or peers."""

import uuid
from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import StrictSerializer
from accounts.errors import DomainError, FieldError, InvalidInput
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.models import Annotation, Member
from annotation.selectors.feedback import echo_of
from annotation.selectors.work import LeasedTask
from annotation.selectors.work_rights import member_with_annotation, member_with_lease
from annotation.services.queue import claim_ahead, claim_next, release_lease, renew_lease, save_draft, skip_task
from annotation.services.submission import (
    Submitted,
    amend_annotation,
    submit_and_claim,
    submit_annotation,
    undo_last_submission,
)
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters


class AnyValue(serializers.Field[Any, Any, Any, Any]):
    """JSON as it came: the label schema of the version on the lease judges it, not a serializer."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class AnswerInput(StrictSerializer):
    submission_id = serializers.UUIDField()
    answer = AnyValue()
    seconds_spent = serializers.FloatField(required=False, allow_null=True, min_value=0)
    confidence = serializers.FloatField(required=False, allow_null=True)
    comment = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    clauses = serializers.ListField(child=serializers.CharField(), required=False)


class DraftInput(StrictSerializer):
    answer = AnyValue()


class SkipInput(StrictSerializer):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


def assignment_body(task: LeasedTask) -> dict[str, Any]:
    body = {
        "id": str(task.lease.id), "epoch": task.lease.nth, "leased_until": task.lease.leased_until,
        "item": {"external_id": task.item.external_id, "payload": task.item.payload},
        "guideline_version": {"number": task.version.number, "sha256": task.version.sha256},
        "questions": task.questions,
    }  # fmt: skip
    if task.prelabel is not None:
        body["prelabel"] = {"answer": task.prelabel}
    return body if task.draft is None else body | {"draft": task.draft}


def refusal_body(refusal: DomainError) -> dict[str, Any]:
    """Why nothing can be handed out after an answer that is stored."""
    return {"code": refusal.code, "detail": refusal.detail} | refusal.extra


def answered_body(submitted: Submitted) -> dict[str, Any]:
    """An answer just given, with what the gold says of it where the project teaches that way."""
    annotation = submitted.annotation
    feedback = echo_of(annotation).feedback if submitted.may_echo else None
    if feedback is None:
        return annotation_body(annotation)
    told = {"answer": feedback.answer, "rationale": feedback.rationale, "is_right": feedback.is_right}
    return annotation_body(annotation) | {"feedback": told}


def annotation_body(annotation: Annotation) -> dict[str, Any]:
    return {
        "id": str(annotation.public_id), "submission_id": str(annotation.submission_id), "answer": annotation.answer,
        "revision": annotation.revision, "seconds_spent": annotation.seconds_spent,
        "confidence": annotation.confidence, "comment": annotation.comment, "clauses": annotation.clauses,
        "created_at": annotation.created_at,
    }  # fmt: skip


class ClaimView(ProjectView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(
        request=None,
        parameters=[OpenApiParameter("ahead", bool, description="the item after the one I hold, leased to me too")],
        summary="The next item, leased to me; 204 when there is nothing for me now",
    )
    def post(self, request: Request, slug: str) -> Response:
        claim = claim_ahead if _is_asked(request, "ahead") else claim_next
        task = claim(annotator=self.access.annotator)
        return Response(status=204) if task is None else Response(assignment_body(task))


class UndoView(ProjectView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(request=None, summary="Take my last answer back: its item is leased to me again, with it as draft")
    def post(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return Response(assignment_body(undo_last_submission(annotator=self.access.annotator)))


class AssignmentView(APIView):
    """An endpoint under `/assignments/{id}/`: the id is a lease of the caller's."""

    capability: ClassVar = Capability.LABEL

    def annotator(self, request: Request, assignment_id: str) -> Member:
        return member_with_lease(cast(User, request.user), assignment_id)


def fields_of(request: Request, shape: type[StrictSerializer]) -> dict[str, Any]:
    fields = shape(data=request.data)
    fields.is_valid(raise_exception=True)
    given: dict[str, Any] = fields.validated_data
    return given


def _answer_of(request: Request) -> dict[str, Any]:
    given = _plain_answer(request.data) or fields_of(request, AnswerInput)
    return given | {"source": Annotation.Source.API, "comment": given.get("comment", "")}


_ANSWER_KEYS = frozenset(AnswerInput().fields)


def _plain_answer(sent: Any) -> dict[str, Any] | None:
    """What `AnswerInput` would make of a body that plainly fits it; None for any other, which is left to it to judge.

    Nearly every body is of this kind, and the serializer takes longer than storing the answer.
    """
    if type(sent) is not dict or not sent.keys() <= _ANSWER_KEYS or sent.get("answer") is None:
        return None
    numbers = {name: sent[name] for name in ("seconds_spent", "confidence") if name in sent}
    if any(type(number) not in _NUMBERS for number in numbers.values()) or numbers.get("seconds_spent", 0) < 0:
        return None
    if type(sent.get("comment", "")) is not str or sent.get("clauses", []) != []:
        return None
    try:
        submission_id = uuid.UUID(sent.get("submission_id"))
    except (ValueError, TypeError, AttributeError):
        return None
    return sent | {name: float(number) for name, number in numbers.items()} | {"submission_id": submission_id}


_NUMBERS = {int, float}  # and never a bool, which is an int to Python


def _is_asked(request: Request, name: str) -> bool:
    """The one parameter that the call takes, true or false."""
    check_parameters(request, [name])
    asked = request.query_params.get(name, "false")
    if asked not in {"true", "false"}:
        raise InvalidInput(errors=[FieldError(name, "unknown_value", "true or false.")])
    return asked == "true"


class SubmitView(AssignmentView):
    @extend_schema(
        request=AnswerInput,
        parameters=[OpenApiParameter("claim_next", bool, description="answer with the next assignment, too")],
        summary="Answer an item; sent again under its submission_id it answers 200 with what was stored",
    )
    @idempotent
    def post(self, request: Request, assignment_id: str) -> Response:
        wants_next = _is_asked(request, "claim_next")
        annotator = self.annotator(request, assignment_id)
        sent = {"annotator": annotator, "lease_id": uuid.UUID(assignment_id), **_answer_of(request)}
        if not wants_next:
            submitted = submit_annotation(**sent)
            return Response(answered_body(submitted), status=200 if submitted.is_replay else 201)
        both = submit_and_claim(**sent)
        body = {
            "annotation": answered_body(both.submitted),
            "next": assignment_body(both.next) if both.next else None,
        } | ({"next_refusal": refusal_body(both.refusal)} if both.refusal else {})
        return Response(body, status=200 if both.submitted.is_replay else 201)


class RenewView(AssignmentView):
    @extend_schema(request=None, summary="Keep the item for its full time from now")
    def post(self, request: Request, assignment_id: str) -> Response:
        check_parameters(request, [])
        annotator = self.annotator(request, assignment_id)
        return Response(assignment_body(renew_lease(annotator=annotator, lease_id=uuid.UUID(assignment_id))))


class ReleaseView(AssignmentView):
    @extend_schema(request=None, summary="Give the item back; the draft is kept for me")
    def post(self, request: Request, assignment_id: str) -> Response:
        check_parameters(request, [])
        release_lease(annotator=self.annotator(request, assignment_id), lease_id=uuid.UUID(assignment_id))
        return Response(status=204)


class SkipView(AssignmentView):
    @extend_schema(request=SkipInput, summary="Pass on the item: it is not offered to me again")
    def post(self, request: Request, assignment_id: str) -> Response:
        check_parameters(request, [])
        annotator, given = self.annotator(request, assignment_id), fields_of(request, SkipInput)
        skip_task(annotator=annotator, lease_id=uuid.UUID(assignment_id), reason=given["reason"])
        return Response(status=204)


class DraftView(AssignmentView):
    @extend_schema(request=DraftInput, summary="Keep an unsent answer; 409 once the item is answered or skipped")
    def put(self, request: Request, assignment_id: str) -> Response:
        check_parameters(request, [])
        annotator, given = self.annotator(request, assignment_id), fields_of(request, DraftInput)
        save_draft(annotator=annotator, lease_id=uuid.UUID(assignment_id), answer=given["answer"])
        return Response(status=204)


class AmendView(APIView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(request=AnswerInput, summary="A new revision of my answer, while the project allows it")
    @idempotent
    def post(self, request: Request, annotation_id: str) -> Response:
        check_parameters(request, [])
        annotator = member_with_annotation(cast(User, request.user), annotation_id)
        annotation = amend_annotation(
            annotator=annotator, annotation_id=uuid.UUID(annotation_id), **_answer_of(request)
        )  # fmt: skip
        return Response(annotation_body(annotation), status=201)
