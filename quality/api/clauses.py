from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Conflict, FieldError, Forbidden, InvalidInput
from accounts.models import User
from accounts.permissions import Capability
from annotation.models import Project
from guidelines.api.base import GuidelineView
from operations.api.pages import check_parameters
from quality.selectors.clause_health import judged_projects
from quality.sentences import finding_summary
from quality.services.clause_health import (
    ClauseHealth,
    History,
    VersionPoint,
    clause_health,
    clause_history,
    health_table,
)

PROJECT = OpenApiParameter("project", str, description="Only of this project; without it all that you may judge.")


class NotPublished(Conflict):
    code = "guideline_not_published"
    sentence = "The guideline has no published version yet, so no clause has a health."


class ClausesView(GuidelineView):
    capability = Capability.VIEW_QUALITY

    @extend_schema(
        parameters=[PROJECT], responses=OpenApiTypes.OBJECT,
        summary="Clauses of the current version with their health, those in most need first",
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> Response:
        table = health_table(self.guideline, _projects(request, self))
        if table is None:
            raise NotPublished
        return Response({
            "guideline_version": table.version.number, "projects": [project.slug for project in table.projects],
            "labels": table.labels, "labels_naming_a_clause": table.naming,
            "needs_analysis": [project.slug for project in table.unmeasured],
            "results": [clause_body(row) for row in table.rows], "next": None,
        })  # fmt: skip


class ClauseHealthView(GuidelineView):
    capability = Capability.VIEW_QUALITY

    @extend_schema(
        parameters=[PROJECT], responses=OpenApiTypes.OBJECT,
        summary="One clause: citations, questions, disagreement, findings, agreement under each version",
    )  # fmt: skip
    def get(self, request: Request, slug: str, key: str) -> Response:
        projects = _projects(request, self)
        health = clause_health(self.guideline, projects, key)
        histories = clause_history(self.guideline, projects, health)
        return Response(clause_body(health) | {"history": [_history_body(history) for history in histories]})


def _projects(request: Request, view: GuidelineView) -> list[Project]:
    check_parameters(request, ["project"])
    projects = judged_projects(cast(User, request.user), view.guideline)
    if not projects:
        raise Forbidden
    slug = request.query_params.get("project")
    chosen = [project for project in projects if slug in (None, project.slug)]
    if not chosen:
        names = ", ".join(project.slug for project in projects)
        raise InvalidInput(errors=[FieldError("project", "unknown", f"Allowed: {names}.")])
    return chosen


def clause_body(health: ClauseHealth) -> dict[str, Any]:
    return {
        "key": health.clause.key, "title": health.clause.title, "current": health.is_current,
        "options": [{"question": question.key, "option": option.key} for question, option in health.options],
        "citations": health.cited, "questions_asked": health.questions, "disagreement": health.differ,
        "confused": [
            {"question": pair.question.key, "labels": list(pair.values), "n_items": pair.n_items}
            for pair in health.pairs
        ],
        "findings": [
            {
                "id": str(finding.pk), "kind": finding.kind, "project": finding.project.slug,
                "summary": finding_summary(
                    finding.kind, finding.subject, finding.facts, finding.effect, finding.low, finding.high
                ),
            }
            for finding in health.findings
        ],
    }  # fmt: skip


def _history_body(history: History) -> dict[str, Any]:
    return {
        "project": history.project.slug, "question": history.question.key, "alpha": history.distance,
        "versions": [_point_body(point, history.distance) for point in history.points],
    }  # fmt: skip


def _point_body(point: VersionPoint, distance: str) -> dict[str, Any]:
    body = {
        "guideline_version": point.version.number, "published_at": point.version.published_at,
        "clause": point.clause or "same", "krippendorff_alpha": None, "interval": None, "percent_agreement": None,
        "n_shared_items": 0, "undefined": point.reason,
    }  # fmt: skip
    if point.row is None:
        return body
    return body | {
        "krippendorff_alpha": point.row["krippendorff_alpha"].get(distance),
        "interval": point.row["interval"]["krippendorff_alpha"],
        "percent_agreement": point.row["percent_agreement"], "n_shared_items": point.row["n_shared_items"],
        "undefined": point.row["undefined"].get("krippendorff_alpha"),
    }  # fmt: skip
