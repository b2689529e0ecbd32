"""Questions to a guideline over HTTP: asked with or without an item, grouped, ruled on, told. They live under
`/guidelines/` and in this app: the one that knows which item a question keeps parked."""

from typing import Any, ClassVar, cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ids import number_id
from accounts.api.serializers import StrictSerializer
from accounts.errors import FieldError, InvalidInput, NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.queue import fields_of
from annotation.selectors.clarifications import with_items
from annotation.selectors.work_rights import member_with_lease
from annotation.services.clarifications import answer_clarification, ask_clarification, withdraw_question
from guidelines.api.base import GuidelineView
from guidelines.models import Clarification, Guideline
from guidelines.selectors.access import may_edit
from guidelines.selectors.clarifications import (
    Told,
    clarification_counts,
    clarifications_for,
    due,
    unread_answers,
)
from guidelines.services.clarifications import (
    ask_question,
    dismiss_notice,
    group_clarifications,
    set_service_level,
    ungroup_clarification,
)
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response

STATES = tuple(Clarification.State.values)


class AskInput(StrictSerializer):
    question = serializers.CharField(max_length=2000)
    clause = serializers.CharField(required=False, default="", allow_blank=True, allow_null=True, max_length=32)
    assignment = serializers.UUIDField(required=False, help_text="the item it arose on")
    park = serializers.BooleanField(required=False, help_text="default: true with an assignment")


class RuleInput(StrictSerializer):
    ruling = serializers.CharField(max_length=2000)
    outcome = serializers.ChoiceField(choices=Clarification.Outcome.choices)
    clause = serializers.CharField(required=False, max_length=32, help_text="default: the clause asked about")
    question = serializers.CharField(required=False, max_length=2000, help_text="the precedent's; default: as asked")


class GroupInput(StrictSerializer):
    others = serializers.ListField(child=serializers.CharField(max_length=10), min_length=1, max_length=200)


class ServiceLevelInput(StrictSerializer):
    hours = serializers.IntegerField(min_value=1, max_value=720)


class ClarificationOutput(serializers.Serializer[Any]):
    """For the OpenAPI document. `asked_by`, `ruled_by` and `items` are for those who edit the guideline."""

    id = serializers.CharField()
    clause = serializers.CharField(allow_null=True)
    question = serializers.CharField()
    state = serializers.ChoiceField(choices=Clarification.State.choices)
    version = serializers.CharField()
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    is_overdue = serializers.BooleanField()
    same_as = serializers.CharField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    ruling = serializers.CharField()
    outcome = serializers.CharField(allow_null=True)
    precedent = serializers.CharField(allow_null=True)
    published_in = serializers.CharField(allow_null=True)
    asked_by = serializers.CharField(required=False)
    ruled_by = serializers.CharField(required=False, allow_null=True)
    items = serializers.ListField(child=serializers.JSONField(), required=False)


class ClarificationPageOutput(serializers.Serializer[Any]):
    results = ClarificationOutput(many=True)
    next = serializers.CharField(allow_null=True)


def clarification_body(asked: Clarification, guideline: Guideline) -> dict[str, Any]:
    """A question as who asked it sees it."""
    is_open = asked.state == Clarification.State.OPEN
    due_at = due(guideline, asked) if is_open else None
    return {
        "id": str(asked.number), "clause": asked.clause or None, "question": asked.question, "state": asked.state,
        "version": asked.version.number, "asked_at": asked.asked_at, "due_at": due_at,
        "is_overdue": due_at is not None and due_at < timezone.now(),
        "same_as": str(asked.same_as.number) if asked.same_as else None, "closed_at": asked.closed_at,
        "ruling": asked.ruling, "outcome": asked.outcome or None, "precedent": asked.precedent or None,
        "published_in": asked.published_in.number if asked.published_in else None,
    }  # fmt: skip


def lead_body(asked: Any, guideline: Guideline) -> dict[str, Any]:
    """The same with who asked and on which items: `asked` is a row of `with_items`."""
    items = [
        {"project": link.project.slug, "external_id": link.item.external_id, "is_parked": link.note_id is not None}
        for link in asked.shown_items
    ]
    by = {"asked_by": asked.asked_by.username, "ruled_by": asked.ruled_by.username if asked.ruled_by else None}
    return clarification_body(asked, guideline) | by | {"items": items}


def told_body(told: Told) -> dict[str, Any]:
    return {
        "id": str(told.id), "reason": told.reason, "question_id": str(told.number), "clause": told.clause or None,
        "question": told.question, "ruling": told.ruling, "precedent": told.precedent or None,
        "published_in": told.version or None,
    }  # fmt: skip


class ClarificationsView(GuidelineView):
    capabilities: ClassVar = {"GET": Capability.READ_GUIDELINE, "POST": Capability.LABEL}

    @extend_schema(
        responses=ClarificationPageOutput,
        parameters=[
            OpenApiParameter("state", str, enum=list(STATES)),
            OpenApiParameter("clause", str, description="a clause's key"),
        ],
        summary="Questions to the guideline: all for who edits it, else my own; oldest first",
    )
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["state", "clause"])
        user = cast(User, request.user)
        asked = clarifications_for(user, self.guideline)
        if "state" in request.query_params:
            asked = asked.filter(state=_state(request))
        if "clause" in request.query_params:
            asked = asked.filter(clause=request.query_params["clause"])
        body = clarification_body
        if may_edit(user, self.guideline):
            asked, body = with_items(asked, user), lead_body
        return page_response(request, asked, lambda row: body(row, self.guideline), key="number")

    @extend_schema(
        request=AskInput, responses={201: ClarificationOutput},
        summary="Ask what the guideline does not say; with an assignment the item is parked until the answer",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        given = fields_of(request, AskInput)
        asked = self._ask(request, given)
        whole = clarifications_for(asked.asked_by, self.guideline).get(pk=asked.pk)
        return Response(clarification_body(whole, self.guideline), status=201)

    def _ask(self, request: Request, given: dict[str, Any]) -> Clarification:
        user, clause = cast(User, request.user), given["clause"] or ""
        if "assignment" not in given:
            if given.get("park"):
                raise InvalidInput(errors=[FieldError("park", "nothing_to_park", "Only with an assignment.")])
            return ask_question(actor=user, guideline=self.guideline, question=given["question"], clause=clause)
        annotator = member_with_lease(user, str(given["assignment"]))
        if annotator.project.guideline_id != self.guideline.pk:
            raise NotFound
        return ask_clarification(
            annotator=annotator, lease_id=given["assignment"], question=given["question"], clause=clause,
            parks=given.get("park", True),
        )  # fmt: skip


def _state(request: Request) -> str:
    state = request.query_params["state"]
    if state not in STATES:
        raise InvalidInput(errors=[FieldError("state", "unknown_value", f"One of: {', '.join(STATES)}.")])
    return state


class RuleView(GuidelineView):
    capability: ClassVar = Capability.EDIT_GUIDELINE
    edits = frozenset({"POST"})

    @extend_schema(
        request=RuleInput,
        summary="Answer a question and those grouped with it: told, into the draft, or at once as a minor version",
    )
    @idempotent
    def post(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        given = fields_of(request, RuleInput)
        ruled, n_told = answer_clarification(
            actor=cast(User, request.user), guideline=self.guideline, number=number_id(number), **given
        )  # fmt: skip
        asked = clarifications_for(cast(User, request.user), self.guideline).get(pk=ruled.asked.pk)
        answered = [str(each.number) for each in ruled.group]
        return Response(clarification_body(asked, self.guideline) | {"answered": answered, "told": n_told})


class GroupView(GuidelineView):
    capability: ClassVar = Capability.EDIT_GUIDELINE
    edits = frozenset({"POST"})

    @extend_schema(request=GroupInput, summary="Let other open questions have the same answer as this one")
    def post(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        others = [number_id(other) for other in fields_of(request, GroupInput)["others"]]
        group_clarifications(
            actor=cast(User, request.user), guideline=self.guideline, number=number_id(number), others=others
        )  # fmt: skip
        return _shown(request, self.guideline, number_id(number))


class UngroupView(GuidelineView):
    capability: ClassVar = Capability.EDIT_GUIDELINE
    edits = frozenset({"POST"})

    @extend_schema(request=None, summary="Let an open question stand alone")
    def post(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        ungroup_clarification(actor=cast(User, request.user), guideline=self.guideline, number=number_id(number))
        return _shown(request, self.guideline, number_id(number))


class WithdrawView(GuidelineView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(request=None, summary="Take my own open question back; a parked item comes back to me")
    def post(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        withdraw_question(actor=cast(User, request.user), guideline=self.guideline, number=number_id(number))
        return _shown(request, self.guideline, number_id(number))


def _shown(request: Request, guideline: Guideline, number: int) -> Response:
    asked = clarifications_for(cast(User, request.user), guideline).filter(number=number).first()
    if asked is None:
        raise NotFound
    return Response(clarification_body(asked, guideline))


class CountsView(GuidelineView):
    capability: ClassVar = Capability.EDIT_GUIDELINE
    edits = frozenset({"GET", "HEAD"})

    @extend_schema(summary="How many questions each clause has had, and how many of them wait")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        counts = clarification_counts(self.guideline.pk)
        rows = [{"clause": key or None, "asked": each.asked, "open": each.open} for key, each in counts.items()]
        return Response({"results": rows, "answer_within_hours": self.guideline.answer_within_hours})


class ServiceLevelView(GuidelineView):
    capability: ClassVar = Capability.EDIT_GUIDELINE
    edits = frozenset({"PUT"})

    @extend_schema(request=ServiceLevelInput, summary="How many hours an answer may take before it is overdue")
    def put(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        hours = fields_of(request, ServiceLevelInput)["hours"]
        set_service_level(actor=cast(User, request.user), guideline=self.guideline, hours=hours)
        return Response({"answer_within_hours": hours})


class AnswersView(GuidelineView):
    capability: ClassVar = Capability.READ_GUIDELINE

    @extend_schema(summary="Answers that I was told of and have not put away, the oldest five")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        unread = unread_answers(cast(User, request.user).pk, self.guideline.pk)
        return Response({"results": [told_body(told) for told in unread], "next": None})


class DismissView(GuidelineView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(request=None, responses={204: None}, summary="Put an answer away that I have read")
    def post(self, request: Request, slug: str, notice_id: str) -> Response:
        check_parameters(request, [])
        dismiss_notice(user=cast(User, request.user), notice_id=number_id(notice_id))
        return Response(status=204)
