"""Qualification over HTTP: what a project asks before real work, and how people did."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ids import number_id
from accounts.api.serializers import StrictSerializer
from accounts.errors import NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.api.queue import fields_of
from annotation.models import Member, Qualification, QualificationAttempt
from annotation.selectors.onboarding import attempts_of, items_of_set, qualification_of, standings, used_elsewhere
from annotation.selectors.people import person_of
from annotation.services.qualification_settings import (
    MOST_ATTEMPTS,
    MOST_ITEMS,
    grant_attempt,
    remove_qualification,
    set_qualification,
)
from annotation.services.rounds import current_major
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters


class QualificationInput(StrictSerializer):
    is_required = serializers.BooleanField(required=False, default=True)
    threshold = serializers.FloatField(required=False, default=0.8)
    attempts = serializers.IntegerField(required=False, default=2, help_text=f"1 to {MOST_ATTEMPTS}")
    shows_feedback = serializers.BooleanField(required=False, default=True)
    again_after_major = serializers.BooleanField(required=False, default=False)
    items = serializers.ListField(
        child=serializers.CharField(max_length=200), help_text=f"1 to {MOST_ITEMS} external ids of items with gold"
    )


def _body(rules: Qualification) -> dict[str, Any]:
    project = rules.project
    return {
        "is_required": rules.is_required, "threshold": rules.threshold, "attempts": rules.attempts,
        "shows_feedback": rules.shows_feedback, "again_after_major": rules.again_after_major,
        "items": list(items_of_set(project).values_list("external_id", flat=True)),
        "items_also_labeled": used_elsewhere(project),
    }  # fmt: skip


def attempt_body(attempt: QualificationAttempt) -> dict[str, Any]:
    return {
        "id": str(attempt.pk), "number": attempt.number, "major": attempt.major, "state": attempt.state,
        "items": attempt.n_items, "right": attempt.n_right, "threshold": attempt.threshold,
        "started_at": attempt.started_at, "ended_at": attempt.ended_at,
    }  # fmt: skip


def _standing_body(member: Member, rules: Qualification | None) -> dict[str, Any]:
    """Where somebody stands, and all their attempts, newest first."""
    body: dict[str, Any] = {
        "qualified_major": member.qualified_major, "attempts": [attempt_body(each) for each in attempts_of(member)],
    }  # fmt: skip
    if rules is None:
        return body | {"standing": None}
    standing = standings(rules, [member], current_major(member.project.guideline_id))[member.pk]
    return body | {"standing": {"state": standing.state, "done": standing.n_done, "items": standing.n_items}}


class QualificationView(ProjectView):
    capabilities: ClassVar = {
        "GET": Capability.VIEW_QUALITY, "PUT": Capability.MANAGE_PROJECT, "DELETE": Capability.MANAGE_PROJECT,
    }  # fmt: skip

    @extend_schema(summary="What is asked before real work; 404 where nothing is")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        rules = qualification_of(self.access.project)
        if rules is None:
            raise NotFound
        return Response(_body(rules))

    @extend_schema(request=QualificationInput, summary="Ask people to pass over a set of gold items first")
    def put(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        given = fields_of(request, QualificationInput)
        return Response(_body(set_qualification(cast(User, request.user), self.access.project, **given)))

    @extend_schema(summary="Ask nobody any more; who has passed stays on record")
    def delete(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        remove_qualification(cast(User, request.user), self.access.project)
        return Response(status=204)


class MyQualificationView(ProjectView):
    capability: ClassVar = Capability.LABEL

    @extend_schema(summary="Where I stand with the qualification, and my attempts")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return Response(_standing_body(self.access.annotator, qualification_of(self.access.project)))


class MemberQualificationView(ProjectView):
    capability: ClassVar = Capability.VIEW_QUALITY

    @extend_schema(summary="Where somebody stands with the qualification, and their attempts")
    def get(self, request: Request, slug: str, member_id: str) -> Response:
        check_parameters(request, [])
        member = person_of(self.access.project, number_id(member_id))
        return Response(_standing_body(member, qualification_of(self.access.project)))


class AttemptsView(ProjectView):
    capability: ClassVar = Capability.MANAGE_MEMBERS

    @extend_schema(request=None, summary="Give somebody who has used all attempts one more")
    @idempotent
    def post(self, request: Request, slug: str, member_id: str) -> Response:
        check_parameters(request, [])
        member = person_of(self.access.project, number_id(member_id))
        grant = grant_attempt(cast(User, request.user), member)
        return Response({"major": grant.major, "granted_at": grant.granted_at}, status=201)
