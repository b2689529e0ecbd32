from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ids import number_id
from accounts.api.serializers import StrictSerializer
from accounts.errors import NotFound
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response
from quality.models import RelabelCampaign
from quality.services.campaign_scope import check_scope, preview_campaign
from quality.services.campaigns import campaign_progress, close_campaign, start_campaign


class PreviewInput(StrictSerializer):
    scope = serializers.JSONField()
    labels_per_item = serializers.IntegerField(required=False, allow_null=True, default=None)


class CampaignInput(PreviewInput):
    reason = serializers.CharField(max_length=1000)
    key = serializers.RegexField(r"^[\w.:-]{1,90}$", required=False, default="")


class CloseInput(StrictSerializer):
    cut_short = serializers.BooleanField(required=False, default=False)


def campaign_body(campaign: RelabelCampaign) -> dict[str, Any]:
    return {
        "id": str(campaign.pk), "key": campaign.key, "state": campaign.state, "round": campaign.round.key,
        "finding": str(campaign.finding_id) if campaign.finding_id else None, "scope": campaign.scope,
        "reason": campaign.reason, "guideline_version": campaign.guideline_version.number,
        "n_items": campaign.n_items, "labels_per_item": campaign.labels_per_item,
        "progress": campaign_progress(campaign), "before": campaign.before, "report": campaign.report,
        "created_at": campaign.created_at, "closed_at": campaign.closed_at,
    }  # fmt: skip


class PreviewView(ProjectView):
    capability = Capability.RELABEL

    @extend_schema(request=PreviewInput, responses=OpenApiTypes.OBJECT, summary="What a campaign would ask for")
    def post(self, request: Request, slug: str) -> Response:
        fields = PreviewInput(data=request.data)
        fields.is_valid(raise_exception=True)
        wanted = fields.validated_data
        check_scope(wanted["scope"])
        return Response(preview_campaign(self.access.project, wanted["scope"], wanted["labels_per_item"]))


class CampaignsView(ProjectView):
    capabilities = {"GET": Capability.VIEW_QUALITY, "POST": Capability.RELABEL}

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="Re-label campaigns, the newest first")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return page_response(request, _campaigns(self.access.project.pk), campaign_body, key="-pk")

    @extend_schema(request=CampaignInput, responses={201: OpenApiTypes.OBJECT}, summary="Start a re-label campaign")
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        fields = CampaignInput(data=request.data)
        fields.is_valid(raise_exception=True)
        started = start_campaign(actor=self.access.user, project=self.access.project, **fields.validated_data)
        return Response(campaign_body(started.campaign), status=201 if started.is_new else 200)


class CampaignView(ProjectView):
    capability = Capability.VIEW_QUALITY

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="A campaign: progress, and its report once closed")
    def get(self, request: Request, slug: str, campaign_id: str) -> Response:
        check_parameters(request, [])
        return Response(campaign_body(_campaign(self.access.project.pk, campaign_id)))


class CloseView(ProjectView):
    capability = Capability.RELABEL

    @extend_schema(request=CloseInput, responses=OpenApiTypes.OBJECT, summary="Close a campaign and measure it")
    def post(self, request: Request, slug: str, campaign_id: str) -> Response:
        fields = CloseInput(data=request.data)
        fields.is_valid(raise_exception=True)
        campaign = _campaign(self.access.project.pk, campaign_id)
        closed = close_campaign(actor=self.access.user, campaign=campaign, **fields.validated_data)
        return Response(campaign_body(closed))


def _campaigns(project_id: int) -> Any:
    rows = RelabelCampaign.objects.filter(project_id=project_id)
    return rows.select_related("project", "round", "guideline_version", "finding")


def _campaign(project_id: int, campaign_id: str) -> RelabelCampaign:
    campaign: RelabelCampaign | None = _campaigns(project_id).filter(pk=number_id(campaign_id)).first()
    if campaign is None:
        raise NotFound
    return campaign
