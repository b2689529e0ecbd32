"""Which slice contract an item falls under, and how many labels it is to get there. Pure.

A contract's number is the lane of its seats in the queue; lane 0 is that of all other items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from annotation.overlap import OverlapPolicy, seats_for, stratum_of

NO_LANE = 0


@dataclass(frozen=True)
class LaneContract:
    """What of an active contract decides about the seats of an item."""

    number: int
    slice: Mapping[str, str]
    overlap_share: float | None = None
    shared_labels: int | None = None
    skills: frozenset[str] = field(default=frozenset())
    cohort_key: str = ""
    least_cohorts: int = 0


def lane_of(contracts: Sequence[LaneContract], meta: Mapping[str, Any]) -> int:
    """The number of the first contract whose slice the item is in, or 0; `contracts` in order of their numbers."""
    contract = contract_of(contracts, meta)
    return contract.number if contract else NO_LANE


def contract_of(contracts: Sequence[LaneContract], meta: Mapping[str, Any]) -> LaneContract | None:
    return next((contract for contract in contracts if is_in_slice(contract.slice, meta)), None)


def is_in_slice(slice_: Mapping[str, str], meta: Mapping[str, Any]) -> bool:
    """True if each key of the slice has its value in the item's meta, a number or a boolean as it would be written."""
    return all(key in meta and as_written(meta[key]) == value for key, value in slice_.items())


def as_written(value: Any) -> str | None:
    """A value of meta as text, as PostgreSQL writes it (`->>`); None for what is no slice: null, lists, objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        written = format(Decimal(repr(value)), "f")
        return written.removeprefix("-") if value == 0 else written  # there is no minus nought in the database
    return None


def overlap_for(policy: OverlapPolicy, contracts: Sequence[LaneContract], meta: Mapping[str, Any]) -> OverlapPolicy:
    """The policy for an item of this meta: the project's (or the round's), with the share of the item's contract.

    A contract asks for more labels, never for fewer than everybody else's items get. The draw stays that of the
    policy, so a contract with a larger share keeps the items that are shared already.
    """
    contract = contract_of(contracts, meta)
    if contract is None or contract.shared_labels is None:
        return policy
    shared_labels = max(contract.shared_labels, policy.labels_per_item)
    adaptive = policy.adaptive
    if adaptive is not None:
        adaptive = replace(adaptive, max_labels=max(adaptive.max_labels, shared_labels))
    return replace(policy, share=contract.overlap_share or 0.0, shared_labels=shared_labels, adaptive=adaptive)


def seats_of_item(
    policy: OverlapPolicy, contracts: Sequence[LaneContract], *, item_key: str, meta: Mapping[str, Any], seed: str
) -> int:
    """How many seats this item gets; always the same for the same arguments."""
    its_policy = overlap_for(policy, contracts, meta)
    return seats_for(its_policy, item_key=item_key, stratum=stratum_of(its_policy, meta), seed=seed)
