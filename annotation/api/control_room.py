"""What a lead steers by, and the rounds: pause, resume, close."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import StrictSerializer
from accounts.errors import NotFound
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.models import Round
from annotation.selectors.control_room import ControlRoom, PersonAtWork, Times, control_room
from annotation.selectors.in_hand import round_of
from annotation.selectors.savings import Savings, adaptive_savings
from annotation.selectors.slices import SliceKey, slice_progress
from annotation.services.round_control import STATES, set_round_state
from operations.api.pages import check_parameters, page_response


class ControlRoomView(ProjectView):
    capability: ClassVar = Capability.VIEW_QUALITY

    @extend_schema(summary="Progress by slice, round and person, throughput, time per item, backlog and forecast")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        room = control_room(self.access.project)
        return Response(
            _body(room)
            | {
                "slices": [_slice_body(key) for key in slice_progress(self.access.project)],
                "adaptive": _savings_body(adaptive_savings(self.access.project)),
            }
        )


def _body(room: ControlRoom) -> dict[str, Any]:
    backlog, forecast = room.backlog, room.forecast
    return {
        "as_of": room.as_of, "time_zone": room.time_zone,
        "rounds": [asdict(each) for each in room.rounds],
        "people": [_person_body(each) for each in room.people],
        "throughput": {
            "hours": [{"since": since, "answers": n} for since, n in room.pace.hours],
            "days": [{"date": day, "answers": n} for day, n in room.pace.days],
        },
        "seconds_per_item": _times_body(room.times),
        "backlog": {
            "tasks": backlog.tasks, "labels": backlog.labels, "urgent": backlog.urgent,
            "needs_lead": backlog.needs_lead, "oldest_seconds": _seconds(backlog.oldest),
            "median_seconds": _seconds(backlog.median),
        },
        "forecast": asdict(forecast) | {"reason": forecast.reason or None},
    }  # fmt: skip


def _person_body(person: PersonAtWork) -> dict[str, Any]:
    return {
        "name": person.member.name, "role": person.member.role, "is_active": person.member.is_active,
        "paused": person.member.paused_at is not None, "today": person.today, "week": person.week,
        "total": person.total, "seconds_per_item": _times_body(person.times), "skipped_in_week": person.skipped,
        "expired_in_week": person.expired, "held": person.held, "parked": person.parked,
        "last_active": person.last_active,
    }  # fmt: skip


def _times_body(times: Times) -> dict[str, Any]:
    return {"median": times.median, "p90": times.p90, "n": times.n, "n_without_time": times.n_without}


def _savings_body(savings: Savings) -> dict[str, Any]:
    return asdict(savings) | {"saved": savings.saved}


def _slice_body(key: SliceKey) -> dict[str, Any]:
    return {"key": key.key, "values": [asdict(value) for value in key.values], "more_values": key.more_values}


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else round(age.total_seconds(), 1)


class RoundChange(StrictSerializer):
    state = serializers.ChoiceField(choices=STATES)


def round_body(round_: Round) -> dict[str, Any]:
    return {
        "key": round_.key, "kind": round_.kind, "state": round_.state, "major": round_.major,
        "overlap": round_.overlap, "n_items": round_.n_items, "created_at": round_.created_at,
    }  # fmt: skip


class RoundsView(ProjectView):
    capability: ClassVar = Capability.VIEW_QUALITY

    @extend_schema(summary="The passes over the items, oldest first")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        return page_response(request, Round.objects.filter(project=self.access.project), round_body)


class RoundView(ProjectView):
    capabilities: ClassVar = {"GET": Capability.VIEW_QUALITY, "PATCH": Capability.MANAGE_PROJECT}

    @extend_schema(summary="One pass over the items")
    def get(self, request: Request, slug: str, key: str) -> Response:
        check_parameters(request, [])
        return Response(round_body(self._round(key)))

    @extend_schema(request=RoundChange, summary="Pause, resume or close a round; a campaign closes its own")
    def patch(self, request: Request, slug: str, key: str) -> Response:
        check_parameters(request, [])
        fields = RoundChange(data=request.data)
        fields.is_valid(raise_exception=True)
        round_ = set_round_state(
            actor=cast(User, request.user), round=self._round(key), state=fields.validated_data["state"]
        )  # fmt: skip
        return Response(round_body(round_))

    def _round(self, key: str) -> Round:
        found = round_of(self.access.project, key)
        if found is None:
            raise NotFound
        return found
