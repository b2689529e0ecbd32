"""Slice contracts against what is there: each term, what it wants, what is reached."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotation.models import Project, SliceContract
from annotation.selectors.contracts import contracts_of, labels_taken
from annotation.services.lanes import LANE_OF_ITEM


@dataclass(frozen=True)
class Term:
    """One promise: `is_met` is None where it cannot be told yet, and `note` says why.

    Of alpha the lower end of its interval counts: that much is shown. `widest_interval` and `lowest_alpha` are of the
    question that is worst, named in the note.
    """

    name: str
    wanted: float
    reached: float | None
    is_met: bool | None
    n: int | None = None
    note: str = ""


@dataclass(frozen=True)
class ContractState:
    """A contract with the figures of its slice: alpha with its interval is that of the question that has the least."""

    contract: SliceContract
    taken: int
    items: int
    items_shared: int
    alpha: float | None
    interval: tuple[float, float] | None
    terms: list[Term]


NOT_MEASURED = "measured by the next analysis"


def contract_states(project: Project) -> list[ContractState]:
    """Every contract in force with its state, by number."""
    contracts = list(contracts_of(project.pk))
    if not contracts:
        return []
    taken, items = labels_taken(project), _items_by_lane(project.pk)
    return [
        _state(contract, taken.get(contract.number, 0), *items.get(contract.number, (0, 0, 0)))
        for contract in contracts
    ]


def _state(contract: SliceContract, taken: int, items: int, shared: int, enough: int) -> ContractState:
    facts: dict[str, Any] = contract.need_facts
    low, high = facts.get("low"), facts.get("high")
    terms = []
    if contract.target_labels is not None:
        terms.append(Term("target_labels", contract.target_labels, taken, taken >= contract.target_labels, items))
    if contract.overlap_share is not None:
        share = enough / items if items else None
        is_met = None if share is None else share >= contract.overlap_share
        terms.append(Term("overlap_share", contract.overlap_share, share, is_met, items))
    if contract.lowest_alpha is not None:
        terms.append(_measured("lowest_alpha", contract.lowest_alpha, facts, at_least=True))
    if contract.widest_interval is not None:
        terms.append(_measured("widest_interval", contract.widest_interval, facts, at_least=False))
    interval = None if low is None or high is None else (float(low), float(high))
    return ContractState(contract, taken, items, shared, facts.get("alpha"), interval, terms)


def _measured(name: str, wanted: float, facts: dict[str, Any], *, at_least: bool) -> Term:
    """What the last analysis found; held against what the contract asks for now."""
    found = next((term for term in facts.get("terms", []) if term["name"] == name), None)
    if found is None:
        return Term(name, wanted, None, None, None, NOT_MEASURED)
    reached, note = found["reached"], found["note"] or found.get("question", "")
    if reached is None:
        return Term(name, wanted, None, None, found["n"], note)
    return Term(name, wanted, reached, reached >= wanted if at_least else reached <= wanted, found["n"], note)


def _items_by_lane(project_id: int) -> dict[int, tuple[int, int, int]]:
    """Items of each lane; those with labels of two people or more; those with as many as the contract shares."""
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, {"project": project_id})
        return {lane: (items, shared, enough) for lane, items, shared, enough in cursor.fetchall()}


_ITEMS = f"""
    WITH labeled AS MATERIALIZED (
        SELECT answer.item_id, count(DISTINCT answer.annotator_id) AS people FROM annotation_annotation answer
        JOIN annotation_round round ON round.id = answer.round_id
        WHERE answer.project_id = %(project)s AND answer.superseded_at IS NULL AND answer.annotator_kind = 'human'
          AND round.kind IN ('initial', 'relabel', 'imported')
        GROUP BY answer.item_id
    ), placed AS (
        SELECT {LANE_OF_ITEM} AS lane, labeled.people
        FROM annotation_item item LEFT JOIN labeled ON labeled.item_id = item.id WHERE item.project_id = %(project)s
    )
    SELECT placed.lane, count(*), count(*) FILTER (WHERE people >= 2),
           count(*) FILTER (WHERE people >= coalesce(contract.shared_labels, 2))
    FROM placed LEFT JOIN annotation_slicecontract contract
        ON contract.project_id = %(project)s AND contract.number = placed.lane
    GROUP BY placed.lane
"""  # noqa: S608  (our own text)
