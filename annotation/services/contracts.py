"""Slice contracts: promised, changed and ended while work runs. The queue follows in the same transaction."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.errors import Conflict, FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.contract_terms import ContractTerms, TermsError, is_taken_by, parse_terms
from annotation.models import Project, SliceContract
from annotation.overlap import parse_overlap
from annotation.selectors.contracts import contract_of, contracts_of, terms_of
from annotation.services.clock import reorder
from annotation.services.overlap_changes import SeatsChanged
from annotation.services.relaning import follow_policy

MOST_CONTRACTS = 50  # a claim may look into each lane


class ContractEnded(Conflict):
    code = "contract_ended"
    sentence = "This contract has ended; make a new one."


class TooManyContracts(Conflict):
    code = "too_many_contracts"
    sentence = f"A project has at most {MOST_CONTRACTS} contracts at a time."


def add_contract(*, actor: User, project: Project, terms: dict[str, Any]) -> SliceContract:
    """A new contract under the next number, even one that is like a contract that has ended.

    Items fall under the first contract, by number, whose slice they are in. Raises InvalidInput with every term that
    is wrong or that the project's overlap cannot keep.
    """
    with transaction.atomic():
        project = _locked(project)
        wanted = _checked(project, terms)
        if contracts_of(project.pk).count() >= MOST_CONTRACTS:
            raise TooManyContracts
        last = SliceContract.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
        contract = SliceContract.objects.create(project=project, number=last + 1, **wanted.as_json())
        _record(actor, "contract.added", contract, follow_policy(project))
    return contract


def change_contract(*, actor: User, project: Project, number: int, **changes: Any) -> SliceContract:
    """The contract with the terms in `changes`; the others stay. What is measured stays until the next analysis."""
    with transaction.atomic():
        project = _locked(project)
        contract = _in_force(project, number)
        before = terms_of(contract)
        wanted = _checked(project, before.as_json() | changes, contract)
        for name, value in wanted.as_json().items():
            setattr(contract, name, value)
        contract.save(update_fields=list(wanted.as_json()))
        seats = follow_policy(project) if wanted.moves_seats_of(before) else SeatsChanged(0, 0)
        reorder(project.pk)  # others may take its items, or it comes earlier or later
        _record(actor, "contract.changed", contract, seats)
    return contract


def end_contract(*, actor: User, project: Project, number: int) -> None:
    """Its items fall under the next contract whose slice they are in, or none. Ended twice, it changes nothing."""
    with transaction.atomic():
        project = _locked(project)
        contract = contract_of(project, number)
        if not contract.is_active:
            return
        contract.is_active = False
        contract.save(update_fields=["is_active"])
        _record(actor, "contract.ended", contract, follow_policy(project))


def _locked(project: Project) -> Project:
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _in_force(project: Project, number: int) -> SliceContract:
    contract = contract_of(project, number)
    if not contract.is_active:
        raise ContractEnded
    return contract


def _checked(project: Project, raw: dict[str, Any], changed: SliceContract | None = None) -> ContractTerms:
    try:
        terms = parse_terms(raw, slices=project.slices, policy=parse_overlap(project.overlap))
    except TermsError as error:
        raise InvalidInput(errors=[FieldError(*problem) for problem in error.errors]) from error
    _check_reach(project, terms, changed)
    return terms


def _check_reach(project: Project, terms: ContractTerms, changed: SliceContract | None) -> None:
    """Each contract must get items: none before it takes all of its, and it takes all of none after it."""
    for other in contracts_of(project.pk):
        if changed is not None and other.pk == changed.pk:
            continue
        theirs, is_before = terms_of(other), changed is None or other.number < changed.number
        narrow, wide = (terms, theirs) if is_before else (theirs, terms)
        if is_taken_by(narrow, wide):
            detail = f"contract {other.number} is for {_in_words(theirs)}"
            detail += ", which comes first and takes every item of it" if is_before else ", and would get no item"
            raise InvalidInput(errors=[FieldError("slice", "slice_taken", detail)])


def _in_words(terms: ContractTerms) -> str:
    return ", ".join(f"{key} = {value}" for key, value in terms.slice.items())


def _record(actor: User, action: str, contract: SliceContract, seats: SeatsChanged) -> None:
    slug = contract.project.slug
    facts = {
        "contract": contract.number, "terms": terms_of(contract).as_json(),
        "seats_added": seats.added, "seats_withdrawn": seats.withdrawn,
    }  # fmt: skip
    record_event(actor=actor, action=action, scope=f"project:{slug}", target=str(contract.number), facts=facts)
