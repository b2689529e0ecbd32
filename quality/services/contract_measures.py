"""What an analysis says of each slice contract: overlap and agreement in its lane, and how far both are behind.

An item belongs to the first contract, by number, whose slice it is in, as its seats do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from annotation.models import SliceContract
from annotation.selectors.contracts import contracts_of, labels_taken
from annotation.services.lanes import LANE_OF_ITEM
from quality.ratings_loader import LabelTable
from quality.ratings_loader.copying import copy_columns
from quality.services.agreement_row import main_distance
from quality.services.agreement_rows import agreement_rows

NO_QUESTION = "No question of the guideline has a list of values to agree on."
Facts = dict[str, Any]
_LANES = f"""
    SELECT item.id, ({LANE_OF_ITEM})::int4 FROM annotation_item item
    WHERE item.project_id = %s AND item.created_at <= %s
"""  # noqa: S608  (our own text)


@dataclass(frozen=True)
class Measure:
    """What is to be stored with a contract."""

    contract_id: int
    need: float
    facts: Facts


def measure_contracts(table: LabelTable) -> list[Measure]:
    """Every active contract of the project, measured by the labels of the table."""
    contracts = list(contracts_of(table.project.pk))
    if not contracts:
        return []
    item_ids, lanes = copy_columns(_LANES, [table.project.pk, table.as_of], ["i8", "i4"], ["i8", "i4"])
    taken = labels_taken(table.project)
    return [
        _measure(each, table.only_items(item_ids[lanes == each.number]), int((lanes == each.number).sum()), taken)
        for each in contracts
    ]


def _measure(contract: SliceContract, labels: LabelTable, n_items: int, taken: dict[int, int]) -> Measure:
    sizes = np.bincount(labels.item, minlength=len(labels.item_ids))
    shared = int((sizes >= 2).sum())
    overlap = _overlap(contract, int((sizes >= (contract.shared_labels or 2)).sum()), n_items)
    is_filling = _is_filling(contract, overlap, shared, n_items, taken.get(contract.number, 0))
    questions = {q.key: _agreement(labels, q.key) for q in labels.questions}
    facts: Facts = {
        "items": n_items, "items_shared": shared, "labels": labels.n_labels, "is_filling": is_filling,
        "questions": questions, "terms": [], **_least(questions),
    }  # fmt: skip
    terms = [overlap, _width(contract, questions, is_filling), _alpha(contract, questions, is_filling)]
    facts["terms"] = [term for term in terms if term is not None]
    return Measure(contract.pk, max((term["short"] for term in facts["terms"]), default=0.0), facts)


def _is_filling(contract: SliceContract, overlap: Facts | None, shared: int, n_items: int, taken: int) -> bool:
    """Whether labels that were promised are still missing: only then may figures that nobody can know yet ask for
    more of them."""
    if contract.target_labels is None and overlap is None:
        return shared < n_items
    is_short = contract.target_labels is not None and taken < contract.target_labels
    return is_short or (overlap is not None and overlap["short"] > 0)


def _overlap(contract: SliceContract, enough: int, n_items: int) -> Facts | None:
    """`enough` items have as many labels as the contract promises to a share of them."""
    if contract.overlap_share is None:
        return None
    reached = enough / n_items if n_items else None
    note = "" if n_items else "No item is in this slice yet."
    short = _behind(contract.overlap_share - reached, contract.overlap_share) if reached is not None else 0.0
    return _term("overlap_share", contract.overlap_share, reached, short, n_items, note)


def _agreement(labels: LabelTable, key: str) -> Facts:
    """Alpha of the question's own distance with its interval, or why there is none."""
    (row,) = agreement_rows(labels, key, "overall")
    alpha = row["krippendorff_alpha"].get(main_distance(labels.question(key)))
    interval = row["interval"]["krippendorff_alpha"]
    reason = row["undefined"].get("krippendorff_alpha") or (None if interval else row["note"] or "")
    return {
        "alpha": alpha,
        "interval": interval,
        "n": row["n_shared_items"],
        "labels": row["n_labels"],
        "undefined": reason,
    }


def _least(questions: Facts) -> Facts:
    """Alpha with its interval of the question that has the least."""
    known = [found for found in questions.values() if found["alpha"] is not None]
    found = min(known, key=lambda found: found["alpha"], default={"alpha": None, "interval": None})
    low, high = found["interval"] or (None, None)
    return {"alpha": found["alpha"], "low": low, "high": high}


def _width(contract: SliceContract, questions: Facts, is_filling: bool) -> Facts | None:
    """The question whose interval is widest."""
    widest = contract.widest_interval
    if widest is None:
        return None

    def judge(low: float, high: float) -> tuple[float, float]:
        return high - low, _behind(high - low - widest, high - low)

    return _worst("widest_interval", widest, questions, is_filling, judge)


def _alpha(contract: SliceContract, questions: Facts, is_filling: bool) -> Facts | None:
    """The question whose alpha is proven least: the lower end of its interval counts."""
    lowest = contract.lowest_alpha
    if lowest is None:
        return None
    scale = lowest if lowest > 0 else 1 + lowest
    return _worst("lowest_alpha", lowest, questions, is_filling, lambda low, _high: (low, _behind(lowest - low, scale)))


def _worst(
    name: str, wanted: float, questions: Facts, is_filling: bool,
    judge: Callable[[float, float], tuple[float, float]],
) -> Facts:  # fmt: skip
    """One figure for all questions: that of the worst, `judge` telling what is reached and how far it is behind.

    Without an interval nothing is shown to be met; it asks for labels all the same only while some are missing. A
    question that nobody has answered here (it may be optional) is not judged beside one that somebody has.
    """
    answered = {key: found for key, found in questions.items() if found["labels"]}
    terms = []
    for key, found in (answered or questions).items():
        reached, short = judge(*found["interval"]) if found["interval"] else (None, float(is_filling))
        terms.append(_term(name, wanted, reached, short, found["n"], found["undefined"] or "") | {"question": key})
    return max(terms, key=_how_bad, default=_term(name, wanted, None, 0.0, 0, NO_QUESTION))


def _how_bad(term: Facts) -> tuple[float, bool]:
    return term["short"], term["reached"] is None


def _behind(by: float, of: float) -> float:
    """How far behind, relative to what was asked for, 0 to 1."""
    return min(1.0, max(0.0, by / of)) if by > 0 and of > 0 else 0.0


def _term(name: str, wanted: float, reached: float | None, short: float, n: int, note: str) -> Facts:
    return {"name": name, "wanted": wanted, "reached": reached, "short": round(short, 6), "n": n, "note": note}


def store_measures(measures: list[Measure], measured_at: datetime) -> None:
    """The contracts that are still active get what was measured."""
    for measure in measures:
        SliceContract.objects.filter(pk=measure.contract_id, is_active=True).update(
            need=measure.need, need_facts=measure.facts, measured_at=measured_at
        )
