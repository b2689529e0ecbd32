"""Acknowledgement over HTTP: one's own, under the project one labels in; everybody's, for the editors of a guideline.

Here and not beside the guideline's other endpoints, because who must acknowledge follows from who is in which project.
"""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import StrictSerializer
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.api.queue import AnyValue
from annotation.selectors.acknowledgements import (
    NOT_YET,
    PASSED,
    READING,
    WAIVED,
    PersonState,
    acknowledgement_states,
    known_version,
    person_state,
)
from guidelines.api.base import GuidelineView
from guidelines.api.difference_body import difference_body
from guidelines.label_schema import parse_questions, questions_to_json
from guidelines.models import AcknowledgementRequest, ProofItem
from guidelines.proof_items import asked_questions
from guidelines.selectors.acknowledgements import (
    Step,
    acknowledgement_of,
    difference_to_read,
    pending_request,
    proof_step,
    request_of_version,
)
from guidelines.services.acknowledgements import (
    NotTheNewest,
    answer_proof_item,
    mark_as_read,
    waive_acknowledgement,
)
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters


class WaiverInput(StrictSerializer):
    username = serializers.CharField(max_length=150)
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ReadInput(StrictSerializer):
    version = serializers.CharField(max_length=20)


class ProofInput(StrictSerializer):
    version = serializers.CharField(max_length=20)
    position = serializers.IntegerField(min_value=1)
    answer = AnyValue()


def person_body(person: PersonState) -> dict[str, Any]:
    own = person.acknowledgement
    return {
        "username": person.user.username, "state": person.state, "right": person.n_right, "wrong": person.n_wrong,
        "since": own.since.number if own and own.since else None,
        "read_at": own.read_at if own else None, "passed_at": own.passed_at if own else None,
        "waived_by": own.waived_by.username if own and own.waived_by else None,
        "waiver": own.waiver if own else "",
    }  # fmt: skip


def request_body(request: AcknowledgementRequest) -> dict[str, Any]:
    return {
        "version": request.version.number, "note": request.note, "asked_by": request.asked_by.username,
        "asked_at": request.asked_at, "items": [_lead_item(item) for item in request.items.all()],
    }  # fmt: skip


def _lead_item(item: ProofItem) -> dict[str, Any]:
    return {"key": item.key, "clause": item.clause or None, "answer": item.answer, "rationale": item.rationale}


class AcknowledgementView(GuidelineView):
    capability: ClassVar = Capability.EDIT_GUIDELINE
    edits = frozenset({"GET", "HEAD"})

    @extend_schema(summary="Who has read and proved this version; 404 for one that asks for nothing")
    def get(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        asked = request_of_version(self.guideline, number)
        people = acknowledgement_states(asked)
        counts = {state: sum(one.state == state for one in people) for state in (NOT_YET, READING, PASSED, WAIVED)}
        return Response(request_body(asked) | {"counts": counts, "people": [person_body(one) for one in people]})


class WaiversView(GuidelineView):
    capability: ClassVar = Capability.EDIT_GUIDELINE
    edits = frozenset({"POST"})

    @extend_schema(request=WaiverInput, summary="Let one person label on without proof")
    def post(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        fields = WaiverInput(data=request.data)
        fields.is_valid(raise_exception=True)
        asked = request_of_version(self.guideline, number)
        person = person_state(asked, fields.validated_data["username"])
        waive_acknowledgement(
            actor=cast(User, request.user), request=asked, user=person.user, reason=fields.validated_data["reason"]
        )
        return Response(person_body(person_state(asked, person.user.username)))


class MyAcknowledgementView(ProjectView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(summary="What I must read and prove before my next item; `version` is null when there is nothing")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return Response(my_body(self.access.annotator.user, self.access.project.guideline_id))


class MyReadView(ProjectView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(request=ReadInput, summary="I have read what this version changes")
    def post(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        fields = ReadInput(data=request.data)
        fields.is_valid(raise_exception=True)
        asked = _asked(self, fields.validated_data["version"])
        user = cast(User, request.user)
        if asked is not None:
            mark_as_read(actor=user, request=asked, since=known_version(user, asked))
        return Response(my_body(user, self.access.project.guideline_id))


class MyProofView(ProjectView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(request=ProofInput, summary="My answer to the proof item that is open")
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        fields = ProofInput(data=request.data)
        fields.is_valid(raise_exception=True)
        given, user = fields.validated_data, cast(User, request.user)
        asked = _asked(self, given["version"])
        if asked is None:
            return Response(my_body(user, self.access.project.guideline_id))
        stored = answer_proof_item(actor=user, request=asked, position=given["position"], answer=given["answer"])
        return Response({"is_right": stored.is_right} | my_body(user, self.access.project.guideline_id), status=201)


def _asked(view: ProjectView, number: str) -> AcknowledgementRequest | None:
    """What the caller must still acknowledge; NotTheNewest when they speak of another version."""
    access = view.access
    access.annotator  # noqa: B018  (an owner who is no member labels nothing here)
    asked = pending_request(access.user, access.project.guideline_id)
    if asked is not None and asked.version.number != number:
        raise NotTheNewest(extra={"version": asked.version.number})
    return asked


def my_body(user: User | None, guideline_id: int) -> dict[str, Any]:
    asked = pending_request(user, guideline_id) if user else None
    if user is None or asked is None:
        return {"version": None}
    own, version = acknowledgement_of(user, asked), asked.version
    is_read = own is not None and own.read_at is not None
    since = own.since if own is not None and is_read else known_version(user, asked)
    step = proof_step(own) if own is not None and is_read else None
    return {
        "version": version.number, "sha256": version.sha256, "change_note": version.change_note, "note": asked.note,
        "is_read": is_read, "n_items": asked.n_items, "since": since.number if since else None,
        "difference": difference_body(difference_to_read(asked, since)) if since else None,
        "item": _open_item(asked, step) if step else None,
    }  # fmt: skip


def _open_item(asked: AcknowledgementRequest, step: Step) -> dict[str, Any]:
    """The item without its answer; its clause and why once it was answered otherwise."""
    item = step.item
    questions = asked_questions(parse_questions(asked.version.content["questions"]), item.answer)
    body: dict[str, Any] = {
        "position": item.position, "payload": item.payload if item.payload is not None else {"text": item.text},
        "questions": questions_to_json(questions),
    }  # fmt: skip
    if step.mistake is None:
        return body
    return body | {
        "mistake": {"answer": step.mistake.answer, "clause": item.clause or None, "rationale": item.rationale}
    }
