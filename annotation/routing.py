"""How the queue decides what somebody gets next, apart from the rows it finds. Pure: no database, no clock, no dice.

The order is fixed: what they hold, what is reserved for them, what is urgent, the slices whose contracts are furthest
behind, then everything else in order. docs/routing.md tells it to a lead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# Positions are kept for each way of looking (QueuePosition.lane): a slice contract's lane by its number, or these.
EVERYTHING = 0  # the project has no contracts: one search in one order
URGENT = -1  # ahead of the order, whatever the slice
REST = -2  # after the contracts that are behind: all lanes that are open to the person


class Reason(StrEnum):
    """Why somebody got an item. Stored with the lease, shown to leads, never to annotators."""

    QUEUE = "queue"  # the next item in order, and its first label
    OVERLAP = "overlap"  # others label it too
    PAIR = "pair"  # two people who are to share more items
    ADAPTIVE = "adaptive"  # one label more, because the others did not settle it
    SLICE = "slice"  # its slice is behind its contract
    PRIORITY = "priority"  # sent with a priority above the ordinary
    RELABEL = "relabel"  # a re-label campaign
    GOLD = "gold"
    REPEAT = "repeat"
    QUALIFICATION = "qualification"
    ASSIGNED = "assigned"  # by hand
    RETURNED = "returned"  # parked by this person, and back
    UNDO = "undo"


@dataclass(frozen=True)
class Found:
    """An open seat that a search has found and locked, with what its reason rests on."""

    seat_id: int
    task_id: int
    item_id: int
    rank: int
    late: int | None
    lane: int
    slot: int
    purpose: str | None
    way: str  # reserved, late, onward or pair
    round_kind: str
    priority: int
    feed_reason: str
    was_parked: bool


@dataclass(frozen=True)
class Contract:
    """A slice contract as a claim sees it, and the seats of its lane that are held or answered now."""

    number: int
    slice: dict[str, Any]
    target: int | None
    taken: int
    quality_need: float = 0.0
    skills: frozenset[str] = frozenset()
    cohort_key: str = ""

    @property
    def need(self) -> float:
        """How far the slice is behind, from 0 (served) to 1 (nothing yet): in number of labels or in quality."""
        missing = max(0.0, 1 - self.taken / self.target) if self.target else 0.0
        return max(missing, self.quality_need)


@dataclass(frozen=True)
class Step:
    """One search: in one lane, or in several at once; `below_rank`: only what comes before that rank."""

    position: int
    lanes: tuple[int, ...] | None  # None: no lanes are told apart
    below_rank: int | None = None
    contract: Contract | None = None
    cohorts: tuple[str, ...] = field(default=())  # the person's value for each lane, in the order of `lanes`


def steps(contracts: Sequence[Contract], *, skills: frozenset[str], cohorts: dict[str, str]) -> list[Step]:
    """The searches of a claim, in their order, for a person with these skills and cohort values.

    Without contracts there is one. With them: what is urgent in any lane that is open to the person; then each lane
    that is behind, the worst served first (equal: the lower number); then all their lanes together, in the order of
    the queue.
    """
    if not contracts:
        return [Step(EVERYTHING, None)]
    mine = [contract for contract in contracts if contract.skills <= skills]
    lanes = (0, *(contract.number for contract in mine))
    values = ("", *(cohorts.get(contract.cohort_key, "") for contract in mine))
    behind = sorted((c for c in mine if c.need > 0), key=lambda c: (-c.need, c.number))
    urgent = Step(URGENT, lanes, below_rank=0, cohorts=values)
    worst_first = [Step(c.number, (c.number,), None, c, (cohorts.get(c.cohort_key, ""),)) for c in behind]
    return [urgent, *worst_first, Step(REST, lanes, cohorts=values)]


def due(rate: float, *, served: int, given: int, draw: float) -> bool:
    """Whether a special item (gold, a repeat) is due, `draw` being uniform in [0, 1).

    `served` items were handed out today, `given` of them special. The chance is the rate, raised by what is missing
    and lowered by what is too much (`rate * served - given` items), each missing item adding the rate once. So every
    day of every person comes out near the rate, and no single item can be foretold: over n items the count stays
    within a few of `rate * n` (tests/pure/test_routing.py has the bound).
    """
    if rate <= 0:
        return False
    missing = rate * served - given
    return draw < rate * (1 + missing)


def may_give_way(found: Found) -> bool:
    """A control item may take this one's turn: it is neither urgent nor meant for this person by name."""
    return found.way != "reserved" and found.priority <= 0


def reason_of(found: Found, contract: Contract | None) -> tuple[Reason, dict[str, Any] | None]:
    """Why this seat is handed out, and the facts that the reason rests on."""
    if found.way == "reserved":
        return (Reason.RETURNED if found.was_parked else Reason.ASSIGNED), None
    if found.round_kind != "initial":
        return Reason(found.round_kind), None
    if found.rank < 0:
        sent_for = {"feed_reason": found.feed_reason} if found.feed_reason else {}
        return Reason.PRIORITY, {"priority": found.priority, **sent_for}
    if found.purpose == "adaptive":
        return Reason.ADAPTIVE, {"label": found.slot}
    if found.way == "pair":
        return Reason.PAIR, None
    if contract is not None:
        target = {"target": contract.target} if contract.target else {}
        need = round(contract.need, 3)
        return Reason.SLICE, {"slice": contract.slice, "taken": contract.taken, "need": need, **target}
    return (Reason.OVERLAP, {"label": found.slot}) if found.slot > 1 else (Reason.QUEUE, None)
