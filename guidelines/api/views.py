from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import FieldError, Forbidden, InvalidInput
from accounts.models import User
from accounts.permissions import Capability
from guidelines.api.base import GuidelineView
from guidelines.api.difference_body import difference_body
from guidelines.api.etags import etag, matched_revision, needed_revision
from guidelines.api.serializers import (
    DifferenceOutput,
    GuidelineDraftInput,
    GuidelineDraftOutput,
    GuidelineInput,
    GuidelineOutput,
    GuidelinePageOutput,
    PublishInput,
    VersionOutput,
    VersionPageOutput,
    draft_body,
    guideline_body,
    version_body,
)
from guidelines.selectors.access import may_edit
from guidelines.selectors.differences import DRAFT, difference
from guidelines.selectors.versions import draft_of, guidelines_of, version_by_number, versions_of
from guidelines.services.editing import create_guideline, save_draft
from guidelines.services.publishing import publish_version
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response

IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description='The draft\'s ETag, like `"7"`.')


class GuidelinesView(APIView):
    capabilities = {"GET": Capability.SIGNED_IN, "POST": Capability.START_PROJECT}

    @extend_schema(responses=GuidelinePageOutput, summary="Guidelines that I may read")
    def get(self, request: Request) -> Response:
        check_parameters(request, [])
        return page_response(request, guidelines_of(cast(User, request.user)), guideline_body)

    @extend_schema(
        request=GuidelineInput, responses={201: GuidelineOutput}, summary="Make a guideline with an empty draft"
    )
    @idempotent
    def post(self, request: Request) -> Response:
        fields = GuidelineInput(data=request.data)
        fields.is_valid(raise_exception=True)
        guideline = create_guideline(actor=cast(User, request.user), **fields.validated_data)
        return Response(guideline_body(guideline), status=201)


class DraftView(GuidelineView):
    capabilities = {"GET": Capability.READ_GUIDELINE, "PUT": Capability.EDIT_GUIDELINE}
    edits = frozenset({"GET", "HEAD", "PUT"})  # a draft is its editors' business until it is published

    @extend_schema(responses=GuidelineDraftOutput, summary="The draft; its revision is the ETag")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        draft = draft_of(self.guideline)
        return Response(draft_body(draft), headers={"ETag": etag(draft)})

    @extend_schema(
        request=GuidelineDraftInput,
        responses=GuidelineDraftOutput,
        parameters=[IF_MATCH],
        summary="Replace the draft that has this ETag",
    )
    def put(self, request: Request, slug: str) -> Response:
        revision = needed_revision(request)
        fields = GuidelineDraftInput(data=request.data)
        fields.is_valid(raise_exception=True)
        content = dict(fields.validated_data)
        note = content.pop("change_note")
        draft = save_draft(
            actor=cast(User, request.user), guideline=self.guideline, content=content, change_note=note,
            revision=revision,
        )  # fmt: skip
        return Response(draft_body(draft), headers={"ETag": etag(draft)})


class PublishView(GuidelineView):
    capability = Capability.EDIT_GUIDELINE
    edits = frozenset({"POST"})

    @extend_schema(
        request=PublishInput,
        responses={201: VersionOutput},
        parameters=[IF_MATCH],
        summary="Publish the draft as the next version; with If-Match only as it was seen",
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        fields = PublishInput(data=request.data)
        fields.is_valid(raise_exception=True)
        wanted: dict[str, Any] = dict(fields.validated_data)
        version = publish_version(
            actor=cast(User, request.user), guideline=self.guideline, revision=matched_revision(request), **wanted
        )
        return Response(version_body(version), status=201)


class VersionsView(GuidelineView):
    capability = Capability.READ_GUIDELINE

    @extend_schema(responses=VersionPageOutput, summary="Published versions with their content, oldest first")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return page_response(request, versions_of(self.guideline), version_body, key="sequence")


class VersionView(GuidelineView):
    capability = Capability.READ_GUIDELINE

    @extend_schema(responses=VersionOutput, summary="One version, by a number like 2.1")
    def get(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        version = version_by_number(self.guideline, number)
        return Response(version_body(version), headers={"ETag": f'"{version.sha256}"'})


class DiffView(GuidelineView):
    capability = Capability.READ_GUIDELINE

    @extend_schema(
        responses=DifferenceOutput,
        parameters=[OpenApiParameter("from", str, required=True), OpenApiParameter("to", str, required=True)],
        summary="What `to` says otherwise than `from`; either may be `draft` for those who may edit",
    )
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["from", "to"])
        names = [request.query_params.get(name, "") for name in ("from", "to")]
        missing = [field for field, name in zip(("from", "to"), names, strict=True) if not name]
        if missing:
            detail = "A version's number like 2.1, or draft."
            raise InvalidInput(errors=[FieldError(field, "required", detail) for field in missing])
        if DRAFT in names and not may_edit(cast(User, request.user), self.guideline):
            raise Forbidden
        return Response(difference_body(difference(self.guideline, *names)))
