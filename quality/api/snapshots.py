from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import StrictSerializer
from accounts.errors import NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.selectors.access import access_to
from operations.api.idempotency import idempotent
from operations.api.jobs import job_body
from operations.api.pages import check_parameters, next_url, page_limit
from quality.api.file_response import file_response
from quality.api.parameters import place_cursor
from quality.models import DatasetSnapshot
from quality.selectors.snapshots import page_of_rows
from quality.services.snapshot_checks import verify_snapshot
from quality.services.snapshot_diff import FilesMissing, diff_page
from quality.services.snapshot_files import CONTENT_TYPES, ROWS, file_path
from quality.services.snapshots import request_snapshot


class SnapshotInput(StrictSerializer):
    name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    as_of = serializers.DateTimeField(required=False, allow_null=True, default=None)
    formats = serializers.JSONField(required=False)
    aggregation = serializers.JSONField(required=False)
    policy = serializers.JSONField(required=False)
    waiver = serializers.JSONField(required=False, allow_null=True)
    labels_as_of = serializers.CharField(max_length=20, required=False, allow_null=True)


def snapshot_body(snapshot: DatasetSnapshot) -> dict[str, Any]:
    return {
        "id": str(snapshot.pk), "name": snapshot.name, "project": snapshot.project.slug, "as_of": snapshot.as_of,
        "sha256": snapshot.sha256, "manifest": snapshot.manifest, "audit": snapshot.manifest["audit"],
        "created_at": snapshot.created_at, "created_by": snapshot.created_by.username if snapshot.created_by else None,
    }  # fmt: skip


class SnapshotsView(ProjectView):
    capability = Capability.EXPORT

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Snapshots, the newest first")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        limit, (begin,) = page_limit(request), place_cursor(request, 1)
        rows = DatasetSnapshot.objects.filter(project=self.access.project).select_related("project", "created_by")
        found = list(rows.order_by("-created_at", "-pk")[begin : begin + limit + 1])
        following = next_url(request, begin + limit) if len(found) > limit else None
        return Response({"results": [snapshot_body(row) for row in found[:limit]], "next": following})

    @extend_schema(
        request=SnapshotInput, responses={202: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT},
        description=(
            "`policy`: any of `min_alpha`, `min_alpha_low` (the lower bound of its 95 % interval), both over "
            "everything and, unless `per_slice` is false, in every slice; `max_open_hotspots`; `max_open_findings`; "
            "`questions` "
            "(those meant; default all). Alpha is ordinal for ratings, else nominal; one that is undefined does not "
            "meet a bound. `labels_as_of`: a version's number; each row then says its labels also as that version "
            "calls them (`mapped`). `waiver` with a `reason` lets a snapshot below the policy pass and stands in its "
            "manifest."
        ),
        summary="Take a snapshot: a job, or 409 policy_not_met with every rule that fails",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        fields = SnapshotInput(data=request.data)
        fields.is_valid(raise_exception=True)
        wanted = dict(fields.validated_data)
        job = request_snapshot(
            actor=self.access.user, project=self.access.project, name=wanted.pop("name"), as_of=wanted.pop("as_of"),
            recipe=wanted,
        )  # fmt: skip
        return Response(job_body(job), status=202)


class SnapshotView(APIView):
    capability = Capability.EXPORT

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="A snapshot: manifest, hash, audit")
    def get(self, request: Request, snapshot_id: UUID) -> Response:
        check_parameters(request, [])
        return Response(snapshot_body(_snapshot(request, snapshot_id)))


class SnapshotFileView(APIView):
    capability = Capability.EXPORT

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, summary="The bytes of a file; Range works"
    )
    def get(self, request: Request, snapshot_id: UUID, name: str) -> HttpResponseBase:
        snapshot = _snapshot(request, snapshot_id)
        file = next((file for file in snapshot.manifest["files"] if file["name"] == name), None)
        if file is None:
            raise NotFound
        return file_response(
            request, file_path(snapshot.sha256, file["name"]), sha256=file["sha256"],
            content_type=CONTENT_TYPES[Path(file["name"]).suffix], filename=f"{snapshot.project.slug}-{file['name']}",
        )  # fmt: skip


class SnapshotRowsView(APIView):
    capability = Capability.EXPORT

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="The rows of a snapshot in their order")
    def get(self, request: Request, snapshot_id: UUID) -> Response:
        check_parameters(request, [])
        snapshot = _snapshot(request, snapshot_id)
        limit, (offset,) = page_limit(request), place_cursor(request, 1)
        try:
            with file_path(snapshot.sha256, ROWS).open("rb") as file:
                rows, after = page_of_rows(file, offset, limit)
        except OSError as error:
            raise FilesMissing from error
        return Response({"results": rows, "next": next_url(request, after) if after is not None else None})


class SnapshotVerifyView(APIView):
    capability = Capability.EXPORT

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT, summary="Recompute the hashes and compare")
    def post(self, request: Request, snapshot_id: UUID) -> Response:
        return Response(verify_snapshot(_snapshot(request, snapshot_id)))


class SnapshotDiffView(APIView):
    capability = Capability.EXPORT

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Every label that changed from one to the other, and why")
    def get(self, request: Request, snapshot_id: UUID, other_id: UUID) -> Response:
        check_parameters(request, [])
        old, new = _snapshot(request, snapshot_id), _snapshot(request, other_id)
        before, after = place_cursor(request, 2)
        changes, place = diff_page(old, new, (before, after), page_limit(request))
        return Response({"results": changes, "next": next_url(request, list(place)) if place else None})


def _snapshot(request: Request, snapshot_id: UUID) -> DatasetSnapshot:
    snapshot = DatasetSnapshot.objects.select_related("project__guideline", "created_by").filter(pk=snapshot_id).first()
    if snapshot is None:
        raise NotFound
    access_to(cast(User, request.user), snapshot.project, Capability.EXPORT)
    return snapshot
