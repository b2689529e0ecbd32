"""Who holds what now, and the queue by hand: keep an item for somebody, let it go, take it out of somebody's hands."""

import uuid
from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ids import number_id
from accounts.api.serializers import StrictSerializer
from accounts.errors import FieldError, InvalidInput, NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.selectors.in_hand import STATES, InHandFilter, annotator_named, seats_in_hand
from annotation.services.by_hand import assign_item, release_lease_by_hand, unassign
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters, page_response


class AssignInput(StrictSerializer):
    external_id = serializers.CharField(max_length=200, trim_whitespace=False)
    annotator = serializers.CharField(max_length=150, trim_whitespace=False)
    round = serializers.CharField(max_length=40, required=False)


def seat_body(seat: Any) -> dict[str, Any]:
    """A seat from `seats_in_hand`. `lease` is what can be released; a reservation has none."""
    is_held = seat.standing == "held"
    return {
        "id": str(seat.pk), "state": seat.standing, "annotator": seat.person, "external_id": seat.external_id,
        "round": seat.round_key, "purpose": seat.purpose, "is_ahead": seat.is_ahead,
        "lease": str(seat.lease_id) if is_held else None, "reason": seat.reason if is_held else None,
        "granted_at": seat.granted_at if is_held else None, "leased_until": seat.leased_until,
    }  # fmt: skip


class AssignmentsView(ProjectView):
    capabilities: ClassVar = {"GET": Capability.VIEW_QUALITY, "POST": Capability.MANAGE_PROJECT}

    @extend_schema(
        summary="What people hold, what is kept for them, what they parked",
        parameters=[
            OpenApiParameter("annotator", description="the name of a person"), OpenApiParameter("state", enum=STATES),
        ],
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["annotator", "state"])
        state = request.query_params.get("state")
        if state is not None and state not in STATES:
            raise InvalidInput(errors=[FieldError("state", "unknown_value", f"One of: {', '.join(STATES)}.")])
        wanted = InHandFilter(annotator=request.query_params.get("annotator"), state=state)
        return page_response(request, seats_in_hand(self.access.project, wanted), seat_body)

    @extend_schema(request=AssignInput, summary="Keep an open seat of an item for a person: it is the next they get")
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        fields = AssignInput(data=request.data)
        fields.is_valid(raise_exception=True)
        given, project = fields.validated_data, self.access.project
        annotator = annotator_named(project, given["annotator"])
        seat = assign_item(
            actor=cast(User, request.user), project=project, external_id=given["external_id"], annotator=annotator,
            round=given.get("round"),
        )  # fmt: skip
        return Response(seat_body(seats_in_hand(project).get(pk=seat.pk)), status=201)


class ReservationView(ProjectView):
    capability: ClassVar = Capability.MANAGE_PROJECT

    @extend_schema(summary="Let everybody have a seat again that is kept for somebody")
    def delete(self, request: Request, slug: str, seat_id: str) -> Response:
        check_parameters(request, [])
        unassign(actor=cast(User, request.user), project=self.access.project, seat_id=number_id(seat_id))
        return Response(status=204)


class ReleaseByHandView(ProjectView):
    capability: ClassVar = Capability.MANAGE_PROJECT

    @extend_schema(request=None, summary="Put what somebody holds back into the queue, its draft kept for them")
    def post(self, request: Request, slug: str, lease_id: str) -> Response:
        check_parameters(request, [])
        try:
            wanted = uuid.UUID(lease_id)
        except ValueError as error:
            raise NotFound from error
        was_held = release_lease_by_hand(
            actor=cast(User, request.user), project=self.access.project, lease_id=wanted
        )  # fmt: skip
        return Response({"was_held": was_held})
