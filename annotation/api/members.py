"""The people of a project, for those who lead it."""

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
from annotation.models import Member
from annotation.services.members import add_member, remove_member, update_member
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response


class MemberDetails(StrictSerializer):
    role = serializers.ChoiceField(choices=Member.Role.choices)
    cohorts = serializers.DictField(required=False)
    skills = serializers.ListField(required=False)


class MemberInput(MemberDetails):
    username = serializers.CharField(required=False, max_length=150)
    email = serializers.EmailField(required=False)


class MemberChange(MemberDetails):
    paused = serializers.BooleanField(required=False)
    pause_reason = serializers.CharField(required=False, allow_blank=True)


def member_body(member: Member) -> dict[str, Any]:
    user = member.user
    return {
        "id": str(member.pk), "name": member.name, "username": user.username if user else None,
        "email": user.email if user else None, "kind": member.kind, "role": member.role, "cohorts": member.cohorts,
        "skills": member.skills, "is_active": member.is_active, "paused": member.paused_at is not None,
        "paused_at": member.paused_at, "pause_reason": member.pause_reason,
        "pause_evidence": member.pause_evidence, "created_at": member.created_at,
    }  # fmt: skip


class MembersView(ProjectView):
    capabilities: ClassVar = {"GET": Capability.VIEW_QUALITY, "POST": Capability.MANAGE_MEMBERS}

    @extend_schema(summary="Everybody in the project, also who was brought in by name and cannot sign in")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        members = Member.objects.filter(project=self.access.project).select_related("user")
        return page_response(request, members, member_body)

    @extend_schema(request=MemberInput, summary="Add an active user by username or email")
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        fields = MemberInput(data=request.data)
        fields.is_valid(raise_exception=True)
        member = add_member(actor=cast(User, request.user), project=self.access.project, **fields.validated_data)
        return Response(member_body(member), status=201)


class MemberView(ProjectView):
    capability: ClassVar = Capability.MANAGE_MEMBERS

    @extend_schema(request=MemberChange, summary="Change a role, cohorts or skills; pause or resume")
    def patch(self, request: Request, slug: str, member_id: str) -> Response:
        check_parameters(request, [])
        fields = MemberChange(data=request.data, partial=True)
        fields.is_valid(raise_exception=True)
        member = update_member(
            actor=cast(User, request.user), member=self._member(member_id), **fields.validated_data
        )  # fmt: skip
        return Response(member_body(member))

    @extend_schema(summary="End a membership; their labels stay")
    def delete(self, request: Request, slug: str, member_id: str) -> Response:
        check_parameters(request, [])
        remove_member(actor=cast(User, request.user), member=self._member(member_id))
        return Response(status=204)

    def _member(self, member_id: str) -> Member:
        member = Member.objects.filter(project=self.access.project, pk=number_id(member_id)).first()
        if member is None:
            raise NotFound
        return member
