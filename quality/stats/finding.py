"""What a detector reports: findings, what it tested, and what it could not test."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from quality.stats.figures import Note, Reason
from quality.stats.ratings import FloatArray, IntArray

NO_ITEMS: IntArray = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One tested statement: who or which labels, how big, how sure, and on which items.

    Subjects are codes of the ratings; only the fields of its kind are set. `effect` is in `unit`: `share`
    (change of a label's share, 0..1), `points` (of the rating scale), `kappa`, `agreement` (share of agreeing
    labels) or `ratio` (observed to expected splits). `evidence` are item codes, the most telling first;
    `scope` the items worth labelling again, where that is more than the evidence. `details` holds further
    numbers of the method.
    """

    kind: str
    effect: float
    low: float | None
    high: float | None
    unit: str
    p_value: float
    p_adjusted: float
    n: int
    method: str
    annotators: tuple[int, ...] = ()
    value: int | None = None
    values: tuple[int, int] | None = None
    cohort: tuple[str, str] | None = None
    slice: tuple[str, str] | None = None
    terms: tuple[str, ...] = ()
    pattern: str | None = None
    period: tuple[float, float] | None = None
    evidence: IntArray = field(default_factory=lambda: NO_ITEMS)
    scope: IntArray = field(default_factory=lambda: NO_ITEMS)
    expected_wrong: float | None = None
    details: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotTested:
    """Something a detector left out: never "fine", but "not enough data" with its reason."""

    kind: str
    reason: Reason
    annotator: int | None = None
    cohort: tuple[str, str] | None = None
    slice: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one detector found, how many tests it made, what it left out and what the reader has to know."""

    findings: tuple[Finding, ...] = ()
    tested: int = 0
    not_tested: tuple[NotTested, ...] = ()
    notes: tuple[Note, ...] = ()


def few_labels(kind: str, sizes: IntArray, needed: int) -> tuple[NotTested, ...]:
    """An entry for each annotator with some labels on shared items, yet fewer than needed."""
    few = np.flatnonzero((sizes > 0) & (sizes < needed))
    return tuple(NotTested(kind, _not_enough(int(sizes[j]), needed), annotator=int(j)) for j in few)


def _not_enough(n: int, needed: int) -> Reason:
    return Reason("not_enough_data", f"Not enough data: {n} labels on items shared with others; {needed} are needed.")


def per_annotator(rows: FloatArray | IntArray, annotator: IntArray, n_annotators: int) -> FloatArray:
    """Sums of a column of rows over the annotators, float [n_annotators]."""
    return np.bincount(annotator, weights=rows, minlength=n_annotators).astype(np.float64)
