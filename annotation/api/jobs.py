"""Long work as its caller sees it. It stands here because a project decides who may."""

from typing import ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import Capability
from annotation.selectors.jobs import job_for
from operations.api.jobs import job_body
from operations.api.pages import check_parameters
from operations.services.jobs import cancel_job


class JobView(APIView):
    capability: ClassVar = Capability.SIGNED_IN

    @extend_schema(summary="How far a job is, and what came of it")
    def get(self, request: Request, job_id: str) -> Response:
        check_parameters(request, [])
        return Response(job_body(job_for(cast(User, request.user), job_id)))


class JobCancelView(APIView):
    capability: ClassVar = Capability.RUN_QUALITY

    @extend_schema(request=None, summary="Ask a job to stop; one that has ended stays as it is")
    def post(self, request: Request, job_id: str) -> Response:
        check_parameters(request, [])
        user = cast(User, request.user)
        return Response(job_body(cancel_job(actor=user, job=job_for(user, job_id))))
