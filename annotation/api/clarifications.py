"""Questions to a guideline over HTTP: asked with or without an item, grouped, ruled on, told. They live under
`/guidelines/` and in this app: the one that knows which item a question keeps parked."""

from collections import defaultdict
from typing import Any, ClassVar, cast

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
from annotation.models import TaskQuestion
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
    clarification_of,
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
    """For the OpenAPI document. `asked_by` and `items` are for those who edit the guideline."""

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
    items = serializers.ListField(child=serializers.JSONField(), required=False)


class ClarificationPageOutput(serializers.Serializer[Any]):
    results = ClarificationOutput(many=True)
    next = serializers.CharField(allow_null=True)


def clarification_body(asked: Clarification, guideline: Guideline) -> dict[str, Any]:
    """A question as who asked it sees it."""
    is_open = asked.state == Clarification.State.OPEN
    due_at = due(guideline, asked)
    return {
        "id": str(asked.number), "clause": asked.clause or None, "question": asked.question, "state": asked.state,
        "version": asked.version.number, "asked_at": asked.asked_at, "due_at": due_at if is_open else None,
        "is_overdue": is_open and due_at < _now(), "same_as": str(asked.same_as.number) if asked.same_as else None,
        "closed_at": asked.closed_at, "ruling": asked.ruling, "outcome": asked.outcome or None,
        "precedent": asked.precedent or None,
        "published_in": asked.published_in.number if asked.published_in else None,
    }  # fmt: skip
