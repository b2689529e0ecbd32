from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.ids import number_id
from accounts.api.serializers import StrictSerializer
from accounts.errors import NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.models import Project
from annotation.selectors.access import access_to
from guidelines.api.base import GuidelineView
from guidelines.api.etags import needed_revision
from guidelines.api.serializers import PublishInput, version_body
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response
from quality.api.campaigns import campaign_body
from quality.models import ImpactJudgement, ImpactSample
from quality.selectors.impact_projects import impact_project
from quality.selectors.impact_samples import is_of_this_draft, samples_of
from quality.services.impact import impact_body, impact_of
from quality.services.impact_publishing import publish_and_relabel
from quality.services.impact_samples import DEFAULT_SIZE, draw_sample, estimate_of, judge_item
from quality.services.label_trial import trial_body, try_draft

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The draft's ETag, of what was looked at."
)


class TrialInput(StrictSerializer):
    project = serializers.CharField(max_length=60)
    label_migrations = serializers.ListField(child=serializers.JSONField(), default=list)


class ImpactInput(StrictSerializer):
    project = serializers.CharField(max_length=60)
    reasons = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, allow_null=True, default=None, max_length=10_000
    )
    labels_per_item = serializers.IntegerField(required=False, allow_null=True, default=None)


class SampleInput(StrictSerializer):
    project = serializers.CharField(max_length=60)
    reasons = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, allow_null=True, default=None, max_length=10_000
    )
    size = serializers.IntegerField(required=False, default=DEFAULT_SIZE)
    seed = serializers.IntegerField(required=False, allow_null=True, default=None)


class VerdictInput(StrictSerializer):
    verdict = serializers.CharField(max_length=20)


class PublishAndRelabelInput(PublishInput):
    project = serializers.CharField(max_length=60)
    reason = serializers.CharField(max_length=1000)
    reasons = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, allow_null=True, default=None, max_length=10_000
    )
    labels_per_item = serializers.IntegerField(required=False, allow_null=True, default=None)


# What a draft would do to the labels of one of its projects. Nothing is changed by asking.
class DraftView(GuidelineView):
    capability = Capability.EDIT_GUIDELINE
    edits = frozenset({"GET", "HEAD", "POST"})

    def project(self, request: Request, slug: str) -> Project:
        return impact_project(cast(User, request.user), self.guideline, slug)


class TryView(DraftView):
    @extend_schema(
        request=TrialInput, responses=OpenApiTypes.OBJECT,
        summary="Try the draft on stored labels: what stands, is mapped, becomes ambiguous, is lost",
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        wanted = _checked(TrialInput, request)
        trial = try_draft(self.project(request, wanted["project"]), wanted["label_migrations"])
        return Response(trial_body(trial))


class ImpactView(DraftView):
    @extend_schema(
        request=ImpactInput, responses=OpenApiTypes.OBJECT, summary="Which labels the draft may make invalid, and why"
    )
    def post(self, request: Request, slug: str) -> Response:
        wanted = _checked(ImpactInput, request)
        project = self.project(request, wanted.pop("project"))
        return Response(impact_body(impact_of(project, **wanted)))


class SamplesView(DraftView):
    @extend_schema(
        responses=OpenApiTypes.OBJECT, parameters=[OpenApiParameter("project", str, required=True)],
        summary="Samples drawn from impact sets, the newest first",
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["project"])
        project = self.project(request, request.query_params.get("project", ""))
        rows = samples_of(project).select_related("base_version__guideline", "project")
        return page_response(request, rows, sample_body, key="-pk")

    @extend_schema(
        request=SampleInput, responses={201: OpenApiTypes.OBJECT}, summary="Draw items of the impact set to read"
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        wanted = _checked(SampleInput, request)
        project = self.project(request, wanted.pop("project"))
        sample = draw_sample(actor=cast(User, request.user), project=project, **wanted)
        return Response(sample_body(sample) | {"items": _items(sample)}, status=201)


class SampleView(APIView):
    capability = Capability.RELABEL

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="A sample: its items, verdicts and the estimate")
    def get(self, request: Request, sample_id: str) -> Response:
        check_parameters(request, [])
        sample = _sample(request, sample_id)
        return Response(sample_body(sample) | {"items": _items(sample)})


class JudgementView(APIView):
    capability = Capability.RELABEL

    @extend_schema(
        request=VerdictInput, responses=OpenApiTypes.OBJECT, summary="Judge one item: stays, changes or unsure"
    )
    def put(self, request: Request, sample_id: str, position: int) -> Response:
        verdict = _checked(VerdictInput, request)["verdict"]
        sample = _sample(request, sample_id)
        judge_item(actor=cast(User, request.user), sample=sample, position=position, verdict=verdict)
        return Response(sample_body(sample))


class PublishAndRelabelView(DraftView):
    @extend_schema(
        request=PublishAndRelabelInput, responses={201: OpenApiTypes.OBJECT}, parameters=[IF_MATCH],
        summary="Publish the draft as it was seen and ask the labels it may have changed again: both or neither",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        revision = needed_revision(request)
        wanted = _checked(PublishAndRelabelInput, request)
        project = self.project(request, wanted.pop("project"))
        done = publish_and_relabel(actor=cast(User, request.user), project=project, revision=revision, **wanted)
        return Response({"version": version_body(done.version), "campaign": campaign_body(done.campaign)}, status=201)


def _checked(shape: type[StrictSerializer], request: Request) -> dict[str, Any]:
    fields = shape(data=request.data)
    fields.is_valid(raise_exception=True)
    return dict(fields.validated_data)


def _sample(request: Request, raw: str) -> ImpactSample:
    """The sample, if the caller may start a re-labeling in its project; else it is not there."""
    rows = ImpactSample.objects.select_related("project__guideline", "base_version__guideline", "created_by")
    sample = rows.filter(pk=number_id(raw)).first()
    if sample is None:
        raise NotFound
    access_to(cast(User, request.user), sample.project, Capability.RELABEL)
    return sample


def sample_body(sample: ImpactSample) -> dict[str, Any]:
    found = estimate_of(sample)
    share = found.share
    return {
        "id": str(sample.pk), "project": sample.project.slug, "from": sample.base_version.number,
        "draft_revision": sample.draft_revision, "is_current": is_of_this_draft(sample), "reasons": sample.reasons,
        "seed": sample.seed, "set": {"items": sample.n_items, "labels": sample.n_labels},
        "drawn": found.n_drawn, "stays": found.stays, "changes": found.changes, "unsure": found.unsure,
        "share_that_changes": None if share is None else share.share,
        "interval": None if share is None else [share.low, share.high],
        "if_all_unsure_change": found.if_all_unsure_change,
        "hours_to_redo_the_set": found.hours_of_set, "hours_well_spent": found.of(found.hours_of_set),
        "items_that_change": found.items_that_change, "labels_that_change": found.labels_that_change,
        "created_by": sample.created_by.username, "created_at": sample.created_at,
    }  # fmt: skip


def _items(sample: ImpactSample) -> list[dict[str, Any]]:
    rows = ImpactJudgement.objects.filter(sample=sample).select_related("item").order_by("position")
    return [
        {
            "position": row.position, "external_id": row.item.external_id, "reason": row.reason,
            "verdict": row.verdict or None,
        }
        for row in rows
    ]  # fmt: skip
