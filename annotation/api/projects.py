"""Projects: mine, one with its progress, making and changing them."""

from typing import Any, ClassVar, cast

from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import StrictSerializer, user_body
from accounts.errors import FieldError, InvalidInput, NotFound
from accounts.models import ApiToken, User
from accounts.permissions import Capability, Role, Scope
from annotation.api.base import ProjectView
from annotation.models import Member, Project, Routing
from annotation.selectors.access import ProjectAccess
from annotation.selectors.progress import Progress, my_totals, progress
from annotation.selectors.projects import projects_of
from annotation.services.projects import change_project, create_project
from annotation.services.routing_settings import routing_facts
from guidelines.models import Guideline
from guidelines.selectors.access import guideline_for
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response


class ProjectSettings(StrictSerializer):
    title = serializers.CharField(max_length=200)
    fields_ = serializers.ListField(child=serializers.JSONField(), required=False)
    slices = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    overlap = serializers.JSONField(required=False)
    lease_seconds = serializers.IntegerField(required=False)
    gold_rate = serializers.FloatField(required=False)
    allows_amend = serializers.BooleanField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a name that the serializer class keeps for itself."""
        return {("fields" if name == "fields_" else name): field for name, field in super().get_fields().items()}


class ProjectInput(ProjectSettings):
    slug = serializers.CharField()
    guideline = serializers.CharField(max_length=60)


class RoutingInput(StrictSerializer):
    gold_mode = serializers.ChoiceField(choices=Routing.GoldMode.choices, required=False)
    repeat_rate = serializers.FloatField(required=False)
    gold_floor = serializers.FloatField(required=False, allow_null=True)
    gold_floor_least = serializers.IntegerField(required=False)
    max_per_day = serializers.IntegerField(required=False, allow_null=True)
    max_share = serializers.FloatField(required=False, allow_null=True)
    time_zone = serializers.CharField(required=False, max_length=50)
    prelabel_model = serializers.CharField(required=False, allow_null=True, max_length=150)
    prelabel_share = serializers.FloatField(required=False)


class ProjectChange(ProjectSettings):
    status = serializers.ChoiceField(choices=Project.Status.choices, required=False)
    routing = RoutingInput(required=False)


def _settings_body(project: Project) -> dict[str, Any]:
    return {
        "slices": project.slices, "overlap": project.overlap, "gold_rate": project.gold_rate,
    }  # fmt: skip


def _common_body(project: Project, role: str) -> dict[str, Any]:
    return {
        "slug": project.slug, "title": project.title, "guideline": project.guideline.slug, "status": project.status,
        "role": role, "fields": project.fields, "lease_seconds": project.lease_seconds,
        "allows_amend": project.allows_amend, "created_at": project.created_at,
    }  # fmt: skip


def project_body(access: ProjectAccess) -> dict[str, Any]:
    """For annotators: their own progress and no more, so that nothing of overlap, gold or peers shows."""
    body = _common_body(access.project, access.role)
    if not access.allows(Capability.VIEW_ITEMS):
        return body | {"progress": my_totals(access.annotator)}
    body |= _settings_body(access.project) | {"progress": _progress_body(progress(access.project))}
    return body | {"routing": _routing_body(access.project)} if access.allows(Capability.VIEW_QUALITY) else body


def _routing_body(project: Project) -> dict[str, Any]:
    return routing_facts(Routing.objects.select_related("prelabel_model").get(project=project))


def _progress_body(counts: Progress) -> dict[str, Any]:
    return {
        "items": counts.items, "labels": counts.labels, "wanted": counts.wanted, "tasks": counts.tasks,
        "done": counts.done,
        "rounds": [
            {
                "key": each.key, "kind": each.kind, "state": each.state, "major": each.major, "tasks": each.tasks,
                "done": each.done, "needs_lead": each.needs_lead, "wanted": each.wanted, "labels": each.labels,
                "leased": each.leased,
            }
            for each in counts.rounds
        ],
    }  # fmt: skip


class ProjectsView(APIView):
    capabilities: ClassVar = {"GET": Capability.SIGNED_IN, "POST": Capability.START_PROJECT}

    @extend_schema(summary="The projects I am in, or all of them for an owner")
    def get(self, request: Request) -> Response:
        check_parameters(request, [])
        user = cast(User, request.user)
        return page_response(request, _with_role(projects_of(user), user), lambda row: _listed(row, user))

    @extend_schema(request=ProjectInput, summary="Make a project under a guideline that I may edit")
    @idempotent
    def post(self, request: Request) -> Response:
        fields = ProjectInput(data=request.data)
        fields.is_valid(raise_exception=True)
        wanted, user = dict(fields.validated_data), cast(User, request.user)
        guideline = _guideline(user, wanted.pop("guideline"))
        project = create_project(actor=user, guideline=guideline, **wanted)
        member = Member.objects.get(project=project, user=user)
        role = Role.OWNER if user.is_owner else Role(member.role)
        return Response(project_body(ProjectAccess(project, user, member, role)), status=201)


def _with_role(projects: QuerySet[Project], user: User) -> QuerySet[Any]:
    mine = Member.objects.filter(project=OuterRef("pk"), user=user, is_active=True)
    return projects.select_related("guideline").annotate(my_role=Subquery(mine.values("role")))


def _listed(project: Any, user: User) -> dict[str, Any]:
    return _common_body(project, Role.OWNER if user.is_owner else Role(project.my_role))


def _guideline(user: User, slug: str) -> Guideline:
    try:
        return guideline_for(user, slug, edit=True)
    except NotFound as error:
        detail = "There is no guideline of this slug that you may edit."
        raise InvalidInput(errors=[FieldError("guideline", "unknown", detail)]) from error


class ProjectDetailView(ProjectView):
    capabilities: ClassVar = {"GET": Capability.VIEW_PROJECT, "PATCH": Capability.MANAGE_PROJECT}

    @extend_schema(summary="A project and how far it is; an annotator sees their own part only")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return Response(project_body(self.access))

    @extend_schema(request=ProjectChange, summary="Change settings; pause, close or resume")
    def patch(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        fields = ProjectChange(data=request.data, partial=True)
        fields.is_valid(raise_exception=True)
        changes, actor = dict(fields.validated_data), cast(User, request.user)
        project = change_project(actor=actor, project=self.access.project, **changes)
        access = ProjectAccess(project, self.access.user, self.access.member, self.access.role)
        return Response(project_body(access))


class MeView(APIView):
    capability: ClassVar = Capability.SIGNED_IN

    @extend_schema(summary="Who I am here, where I am a member, and what this token may do")
    def get(self, request: Request) -> Response:
        check_parameters(request, [])
        user = cast(User, request.user)
        mine = Member.objects.filter(user=user, is_active=True).select_related("project").order_by("project__slug")
        scopes = request.auth.scopes if isinstance(request.auth, ApiToken) else [scope.value for scope in Scope]
        return Response(
            {
                "user": user_body(user),
                "memberships": [_membership_body(member) for member in mine],
                "scopes": sorted(scopes),
            }
        )  # fmt: skip


def _membership_body(member: Member) -> dict[str, Any]:
    return {"project": member.project.slug, "role": member.role, "paused": member.paused_at is not None}
