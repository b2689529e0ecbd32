from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.ids import number_id
from accounts.errors import NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.selectors.access import access_to
from guidelines.selectors.clarifications import clarification_counts
from operations.api.idempotency import idempotent
from operations.api.jobs import job_body
from operations.api.pages import check_parameters, next_url, page_cursor, page_limit, page_response
from quality.api.parameters import one_of, whole_number
from quality.api.serializers import ANALYSIS_KINDS, AnalysisInput, FindingChange, ScheduleInput, finding_body
from quality.models import Finding
from quality.ratings_loader.scope import LATEST
from quality.services.aggregation import METHODS
from quality.services.agreement import agreement_body, agreement_table
from quality.services.agreement_row import METRICS
from quality.services.analyses import request_analysis
from quality.services.anchoring import anchoring, anchoring_body
from quality.services.findings import change_finding
from quality.services.profiles import annotator_profile
from quality.services.resolutions import resolutions
from quality.services.schedules import schedule_facts, schedule_of, set_schedule

AGREEMENT_PARAMETERS = [
    OpenApiParameter("question", str, description="May be left out where there is one question."),
    OpenApiParameter(
        "by", str, default="overall",
        description="overall, slice:<key>, label, annotator, pair, cohort:<key>, guideline_version, week",
    ),
    OpenApiParameter(
        "round", str, default=LATEST,
        description="latest: each item's newest round; a round's key: that round alone; all: pooled",
    ),
    OpenApiParameter("metric", str, enum=METRICS, description="Only this figure."),
    OpenApiParameter("min_n", int, description="Fewest shared items of a row and of a pair (20 and 10)."),
    OpenApiParameter(
        "across_versions", bool, default=False,
        description="Compare labels of all versions as the newest calls them; what is not certain is left out.",
    ),
]  # fmt: skip


class AgreementView(ProjectView):
    capability = Capability.VIEW_QUALITY

    @extend_schema(parameters=AGREEMENT_PARAMETERS, responses=OpenApiTypes.OBJECT, summary="Agreement, a row a group")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["question", "by", "round", "metric", "min_n", "across_versions"])
        asked = request.query_params
        table = agreement_table(
            self.access.project, question=asked.get("question"), by=asked.get("by", "overall"),
            round_key=asked.get("round", LATEST), metric=asked.get("metric"),
            min_n=whole_number(request, "min_n", 1, 1_000_000),
            across_versions=one_of(request, "across_versions", ("true", "false")) == "true",
        )  # fmt: skip
        return Response(agreement_body(table))


class AnalysesView(ProjectView):
    capability = Capability.RUN_QUALITY

    @extend_schema(
        request=AnalysisInput, responses={202: OpenApiTypes.OBJECT}, summary="Start an analysis: agreement and findings"
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        fields = AnalysisInput(data=request.data)
        fields.is_valid(raise_exception=True)
        job = request_analysis(
            actor=self.access.user, project=self.access.project,
            kinds=fields.validated_data.get("kinds", ANALYSIS_KINDS), fdr=fields.validated_data.get("fdr", 0.05),
        )  # fmt: skip
        return Response(job_body(job), status=202)


class AnalysisScheduleView(ProjectView):
    capabilities: ClassVar = {"GET": Capability.VIEW_QUALITY, "PUT": Capability.RUN_QUALITY}

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="When the project is measured without being asked")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return Response(schedule_facts(schedule_of(self.access.project)))

    @extend_schema(request=ScheduleInput, responses=OpenApiTypes.OBJECT, summary="Measure by itself: when")
    def put(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        fields = ScheduleInput(data=request.data)
        fields.is_valid(raise_exception=True)
        schedule = set_schedule(actor=self.access.user, project=self.access.project, **fields.validated_data)
        return Response(schedule_facts(schedule))


class FindingsView(ProjectView):
    capability = Capability.VIEW_QUALITY

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", str, enum=ANALYSIS_KINDS[1:]),
            OpenApiParameter("state", str, enum=Finding.State.values),
        ],
        responses=OpenApiTypes.OBJECT, summary="Findings, with a sentence and what to read first",
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["kind", "state"])
        findings: QuerySet[Finding] = Finding.objects.filter(project=self.access.project)
        for name, allowed in (("kind", ANALYSIS_KINDS[1:]), ("state", tuple(Finding.State.values))):
            wanted = one_of(request, name, allowed)
            if wanted is not None:
                findings = findings.filter(**{name: wanted})
        return page_response(request, findings, finding_body)


class FindingView(APIView):
    capabilities = {"GET": Capability.VIEW_QUALITY, "PATCH": Capability.RUN_QUALITY}

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="One finding with its history")
    def get(self, request: Request, finding_id: str) -> Response:
        check_parameters(request, [])
        finding = _finding(request, finding_id, Capability.VIEW_QUALITY)
        events = finding.events.select_related("actor").order_by("pk")
        history = [
            {"state": e.state, "note": e.note, "at": e.at, "actor": e.actor.username if e.actor else None}
            for e in events
        ]
        return Response(finding_body(finding) | {"history": history} | _questions_about(finding))

    @extend_schema(request=FindingChange, responses=OpenApiTypes.OBJECT, summary="Decide on a finding")
    def patch(self, request: Request, finding_id: str) -> Response:
        finding = _finding(request, finding_id, Capability.RUN_QUALITY)
        fields = FindingChange(data=request.data)
        fields.is_valid(raise_exception=True)
        changed = change_finding(
            actor=cast(User, request.user), project=finding.project, finding_id=finding.pk, **fields.validated_data
        )
        return Response(finding_body(changed))


def _questions_about(finding: Finding) -> dict[str, Any]:
    """What people asked about the clause of the finding: evidence beside the figures, not one of them."""
    clause = finding.subject.get("clause")
    if clause is None:
        return {}
    counts = clarification_counts(finding.project.guideline_id).get(clause)
    return {"clause_questions": {"asked": counts.asked if counts else 0, "open": counts.open if counts else 0}}


def _finding(request: Request, finding_id: str, capability: Capability) -> Finding:
    finding = Finding.objects.select_related("project").filter(pk=number_id(finding_id)).first()
    if finding is None:
        raise NotFound
    access_to(cast(User, request.user), finding.project, capability)
    return finding


class ProfileView(ProjectView):
    capability = Capability.VIEW_QUALITY

    @extend_schema(
        responses=OpenApiTypes.OBJECT, summary="An annotator: confusion, severity, speed, gold accuracy, drift"
    )
    def get(self, request: Request, slug: str, annotator: str) -> Response:
        check_parameters(request, [])
        return Response(annotator_profile(self.access.project, annotator))


class AnchoringView(ProjectView):
    capability = Capability.VIEW_QUALITY

    @extend_schema(
        responses=OpenApiTypes.OBJECT, summary="Answers equal to the pre-label where it was shown, and where held back"
    )
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return Response(anchoring_body(anchoring(self.access.project)))


class ResolutionsView(ProjectView):
    capability = Capability.VIEW_ITEMS

    @extend_schema(
        parameters=[
            OpenApiParameter("method", str, enum=METHODS, default="majority"),
            OpenApiParameter("question", str, description="May be left out where there is one question."),
        ],
        responses=OpenApiTypes.OBJECT, summary="One label per item, and how it was reached",
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["method", "question"])
        found = resolutions(
            self.access.project, method=request.query_params.get("method", "majority"),
            question=request.query_params.get("question"),
        )  # fmt: skip
        limit, after = page_limit(request), page_cursor(request)
        rows: list[dict[str, Any]] = [row for row in found.rows if after is None or row["external_id"] > str(after)]
        following = next_url(request, rows[limit - 1]["external_id"]) if len(rows) > limit else None
        return Response({
            "question": found.question, "method": found.method, "as_of": found.as_of, "results": rows[:limit],
            "next": following,
        })  # fmt: skip
