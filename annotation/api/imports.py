"""What was brought in, and which lines were refused."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import NotFound
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.models import ImportBatch, ImportIssue
from annotation.services.importing import batch_body, error_body
from operations.api.pages import check_parameters, page_response


class ImportsView(ProjectView):
    capability: ClassVar = Capability.IMPORT

    @extend_schema(summary="Imports into the project, newest first")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        batches = ImportBatch.objects.filter(project=self.access.project).select_related("created_by")
        return page_response(request, batches, batch_body, key="-pk")


class ImportErrorsView(ProjectView):
    capability: ClassVar = Capability.IMPORT

    @extend_schema(summary="Every refused or conflicting line of an import")
    def get(self, request: Request, slug: str, batch_id: int) -> Response:
        check_parameters(request, [])
        batch = ImportBatch.objects.filter(project=self.access.project, pk=batch_id).first()
        if batch is None:
            raise NotFound
        return page_response(request, ImportIssue.objects.filter(batch=batch), error_body)
