"""Slice contracts over HTTP: what a slice is promised, and how far it is."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import StrictSerializer
from accounts.errors import NotFound
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.models import SliceContract
from annotation.selectors.contracts import contract_of, terms_of
from annotation.services.contracts import add_contract, change_contract, end_contract
from operations.api.idempotency import idempotent
from operations.api.pages import check_parameters
from quality.services.contract_board import ContractState, Term, contract_states


class ContractChange(StrictSerializer):
    """The terms; what they may be, the service says, with the path of each that may not."""

    slice = serializers.JSONField(required=False)
    target_labels = serializers.JSONField(required=False, allow_null=True)
    overlap_share = serializers.JSONField(required=False, allow_null=True)
    shared_labels = serializers.JSONField(required=False, allow_null=True)
    widest_interval = serializers.JSONField(required=False, allow_null=True)
    lowest_alpha = serializers.JSONField(required=False, allow_null=True)
    skills = serializers.JSONField(required=False, allow_null=True)
    cohort_key = serializers.JSONField(required=False, allow_null=True)
    least_cohorts = serializers.JSONField(required=False, allow_null=True)


class ContractInput(ContractChange):
    slice = serializers.JSONField()


def contract_body(contract: SliceContract, state: ContractState | None) -> dict[str, Any]:
    """An ended contract has no state: its items are other contracts' now."""
    return {
        "number": contract.number, "is_active": contract.is_active, **terms_of(contract).as_json(),
        "created_at": contract.created_at, "state": _state_body(contract, state) if state else None,
    }  # fmt: skip


def _state_body(contract: SliceContract, state: ContractState) -> dict[str, Any]:
    return {
        "taken": state.taken, "items": state.items, "items_shared": state.items_shared, "alpha": state.alpha,
        "interval": list(state.interval) if state.interval else None, "need": contract.need,
        "measured_at": contract.measured_at, "terms": [_term_body(term) for term in state.terms],
    }  # fmt: skip


def _term_body(term: Term) -> dict[str, Any]:
    return {name: getattr(term, name) for name in ("name", "wanted", "reached", "is_met", "n", "note")}


class _ContractBase(ProjectView):
    def _body(self, contract: SliceContract) -> dict[str, Any]:
        states = {state.contract.number: state for state in contract_states(self.access.project)}
        return contract_body(contract, states.get(contract.number))


class ContractsView(_ContractBase):
    capabilities: ClassVar = {"GET": Capability.VIEW_QUALITY, "POST": Capability.MANAGE_PROJECT}

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="The contracts in force, each with its state")
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, [])
        states = contract_states(self.access.project)
        return Response({"results": [contract_body(state.contract, state) for state in states]})

    @extend_schema(request=ContractInput, responses={201: OpenApiTypes.OBJECT}, summary="Promise a slice something")
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        fields = ContractInput(data=request.data)
        fields.is_valid(raise_exception=True)
        contract = add_contract(
            actor=self.access.user, project=self.access.project, terms=dict(fields.validated_data)
        )  # fmt: skip
        return Response(self._body(contract), status=201)


class ContractView(_ContractBase):
    capabilities: ClassVar = {
        "GET": Capability.VIEW_QUALITY, "PATCH": Capability.MANAGE_PROJECT, "DELETE": Capability.MANAGE_PROJECT,
    }  # fmt: skip

    @extend_schema(responses=OpenApiTypes.OBJECT, summary="A contract and its state; an ended one keeps its terms")
    def get(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        return Response(self._body(contract_of(self.access.project, _number(number))))

    @extend_schema(request=ContractChange, responses=OpenApiTypes.OBJECT, summary="Change some of the terms")
    def patch(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        fields = ContractChange(data=request.data)
        fields.is_valid(raise_exception=True)
        contract = change_contract(
            actor=self.access.user, project=self.access.project, number=_number(number), **fields.validated_data
        )  # fmt: skip
        return Response(self._body(contract))

    @extend_schema(responses={204: None}, summary="End a contract; its number is not used again")
    def delete(self, request: Request, slug: str, number: str) -> Response:
        check_parameters(request, [])
        end_contract(actor=self.access.user, project=self.access.project, number=_number(number))
        return Response(status=204)


def _number(text: str) -> int:
    """Numbers go up to 32767; anything else is no contract's."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 32767):
        raise NotFound
    return int(text)
