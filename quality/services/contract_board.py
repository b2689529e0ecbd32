"""Slice contracts against what is there: each term, what it wants, what is reached."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Sum

from annotation.models import LaneCount, Project, SliceContract
from annotation.selectors.contracts import contracts_of
from annotation.services.lanes import LANE_OF_ITEM


@dataclass(frozen=True)
class Term:
    """One promise: `labels`, `overlap`, `alpha` (the lower end of its interval) or `width`; what is not known is not
    met, and `note` says why."""

    name: str
    wanted: float
    reached: float | None
    is_met: bool
    n: int
    note: str = ""


@dataclass(frozen=True)
class ContractState:
    """A contract with the figures of its slice; `interval` is that of alpha."""

    contract: SliceContract
    taken: int
    items: int | None
    items_shared: int | None
    alpha: float | None
    interval: tuple[float, float] | None
    terms: list[Term]


NOT_MEASURED = "measured by the next analysis"


def contract_states(project: Project) -> list[ContractState]:
    """Every contract in force with its state, by number."""
    contracts = list(contracts_of(project.pk))
    if not contracts:
        return []
    counts = LaneCount.objects.filter(project=project, lane__gt=0).values_list("lane").annotate(n=Sum("taken"))
    taken: dict[int, int] = dict(counts)
    items = _items_by_lane(project.pk)
    return [
        _state(contract, taken.get(contract.number, 0), *items.get(contract.number, (0, 0))) for contract in contracts
    ]


def _state(contract: SliceContract, taken: int, items: int, shared: int) -> ContractState:
    facts: dict[str, Any] = contract.need_facts
    alpha, low, high = (facts.get(name) for name in ("alpha", "low", "high"))
    interval = (float(low), float(high)) if low is not None and high is not None else None
    terms = [
        _term("labels", contract.target_labels, taken, items),
        _term("overlap", contract.overlap_share, shared / items if items else None, items),
        _term("alpha", contract.lowest_alpha, low, shared),
        _term("width", contract.widest_interval, interval[1] - interval[0] if interval else None, shared),
    ]
    return ContractState(contract, taken, items, shared, alpha, interval, [term for term in terms if term is not None])


def _term(name: str, wanted: float | None, reached: float | None, n: int) -> Term | None:
    if wanted is None:
        return None
    if reached is None:
        return Term(name, wanted, None, is_met=False, n=n, note=NOT_MEASURED)
    return Term(name, wanted, reached, reached <= wanted if name == "width" else reached >= wanted, n)


def _items_by_lane(project_id: int) -> dict[int, tuple[int, int]]:
    """Items of each lane, and those of them that have labels of two people or more."""
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, {"project": project_id})
        return {lane: (items, shared) for lane, items, shared in cursor.fetchall()}


_ITEMS = f"""
    WITH shared AS MATERIALIZED (
        SELECT answer.item_id FROM annotation_annotation answer
        JOIN annotation_round round ON round.id = answer.round_id
        WHERE answer.project_id = %(project)s AND answer.superseded_at IS NULL AND answer.annotator_kind = 'human'
          AND round.kind IN ('initial', 'relabel', 'imported')
        GROUP BY answer.item_id HAVING count(DISTINCT answer.annotator_id) > 1
    )
    SELECT {LANE_OF_ITEM} AS lane, count(*), count(shared.item_id)
    FROM annotation_item item LEFT JOIN shared ON shared.item_id = item.id
    WHERE item.project_id = %(project)s GROUP BY 1
"""  # noqa: S608  (our own text)
