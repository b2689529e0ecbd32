"""From the labels of an item to one, by the project's choice: majority or Dawid-Skene."""

from dataclasses import dataclass

import numpy as np

from quality.ratings_loader import LabelTable
from quality.stats.aggregation import dawid_skene, majority
from quality.stats.ratings import FloatArray, IntArray, Ratings

METHODS = ("majority", "dawid_skene")


@dataclass(frozen=True, eq=False)
class Aggregated:
    """Per item: the value's code (-1: no decision), its soft labels [n_items, n_values], labels, agreeing pairs.

    `soft` are vote shares for the majority and posteriors for Dawid-Skene (overconfident: rank with them). Rows of
    items without labels are zero. `agreement` is the share of agreeing pairs, nan with fewer than two labels.
    """

    method: str
    value: IntArray
    is_tie: IntArray
    soft: FloatArray
    n: IntArray
    agreement: FloatArray

    def how(self, item: int) -> str:
        return "tie" if self.is_tie[item] else self.method


def aggregate(ratings: Ratings, method: str) -> Aggregated:
    """The labels of every item put together. A tie is no decision, never the first value."""
    counts = ratings.item_value_counts()
    n = counts.sum(axis=1)
    pairs = n * (n - 1)
    agreeing = (counts * (counts - 1)).sum(axis=1)
    agreement = np.divide(agreeing, pairs, out=np.full(len(n), np.nan), where=pairs > 0)
    if method == "majority":
        votes = majority(ratings)
        soft = counts / np.maximum(n, 1)[:, None]
        return Aggregated(method, votes.value, votes.is_tie.astype(np.int32), soft, n, agreement)
    soft = dawid_skene(ratings).posterior.copy()
    soft[n == 0] = 0.0
    best = soft.max(axis=1, initial=0.0)
    is_tie = ((soft >= best[:, None] - 1e-9).sum(axis=1) > 1) & (n > 0)
    value = np.where((n == 0) | is_tie, -1, soft.argmax(axis=1) if soft.size else -1)
    return Aggregated(method, value.astype(np.int32), is_tie.astype(np.int32), soft, n, agreement)


def resolve_items(table: LabelTable, key: str, method: str) -> list[dict[str, object]]:
    """One row per labelled item, in the order of external ids: label, soft labels, how it was reached."""
    question, found = table.question(key), aggregate(table.ratings(key), method)
    rows: list[dict[str, object]] = []
    for item, external_id in enumerate(table.external_ids(range(len(table.item_ids)))):
        if not found.n[item]:
            continue
        value = int(found.value[item])
        soft = {k: round(float(p), 6) for k, p in zip(question.keys, found.soft[item], strict=True) if p > 0}
        rows.append({
            "external_id": external_id, "label": question.values[value] if value >= 0 else None, "posterior": soft,
            "how": found.how(item), "n_labels": int(found.n[item]),
            "agreement": None if np.isnan(found.agreement[item]) else float(found.agreement[item]),
        })  # fmt: skip
    return rows
