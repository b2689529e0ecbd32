from collections.abc import Mapping
from typing import Any, cast

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import Capability
from guidelines.api.base import GuidelineView
from guidelines.api.etags import etag, needed_revision
from guidelines.api.serializers import GuidelineDraftOutput, draft_body
from guidelines.files.reading import LARGEST_FILE_BYTES
from guidelines.selectors.files import draft_file, version_file
from guidelines.selectors.versions import draft_of, version_by_number
from guidelines.services.files import replace_draft_by_file
from operations.api.pages import check_parameters

YAML = "application/yaml"
FILE = {(200, YAML): OpenApiTypes.STR}


class YamlParser(BaseParser):
    """Hands the bytes on; guidelines/files reads them. One byte too many is enough to refuse."""

    media_type = YAML

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return stream.read(LARGEST_FILE_BYTES + 1)


class DraftFileView(GuidelineView):
    capabilities = {"GET": Capability.READ_GUIDELINE, "PUT": Capability.EDIT_GUIDELINE}
    edits = frozenset({"GET", "HEAD", "PUT"})
    parser_classes = (YamlParser,)

    @extend_schema(responses=FILE, summary="The draft as one YAML file; its revision is the ETag")
    def get(self, request: Request, slug: str) -> HttpResponse:
        check_parameters(request, [])
        draft = draft_of(self.guideline)
        text = draft_file(self.guideline, draft).text
        return HttpResponse(text, content_type=f"{YAML}; charset=utf-8", headers={"ETag": etag(draft)})

    @extend_schema(
        request={YAML: OpenApiTypes.STR},
        responses=GuidelineDraftOutput,
        parameters=[OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The draft's ETag.")],
        summary="Replace the draft that has this ETag by a file",
    )
    def put(self, request: Request, slug: str) -> Response:
        revision = needed_revision(request)
        data = cast(object, request.data)  # what YamlParser gave; of an empty body DRF makes an empty mapping
        draft = replace_draft_by_file(
            actor=cast(User, request.user), guideline=self.guideline, revision=revision,
            data=data if isinstance(data, bytes) else b"",
        )  # fmt: skip
        return Response(draft_body(draft), headers={"ETag": etag(draft)})


class VersionFileView(GuidelineView):
    capability = Capability.READ_GUIDELINE

    @extend_schema(responses=FILE, summary="One version as the same kind of file")
    def get(self, request: Request, slug: str, number: str) -> HttpResponse:
        check_parameters(request, [])
        version = version_by_number(self.guideline, number)
        text = version_file(self.guideline, version).text
        return HttpResponse(text, content_type=f"{YAML}; charset=utf-8", headers={"ETag": f'"{version.sha256}"'})
