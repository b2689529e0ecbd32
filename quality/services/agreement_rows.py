"""Agreement tables: a row for each group of labels of one question."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import stdtrit

from quality.ratings_loader import CodedQuestion, LabelTable
from quality.services.agreement_groups import grouped, pair_ratings, star_ratings
from quality.services.agreement_row import Row, agreement_row
from quality.stats.agreement import Agreement, measure_agreement
from quality.stats.figures import Figure, Reason, too_few_items, undefined_figure
from quality.stats.ratings import FloatArray, Ratings

MIN_ITEMS, MIN_PAIR_ITEMS = 20, 10
PAIRS_OF_ONE_PERSON = Reason(
    "pairs_of_one_person", "Pairs of one person on an item are not independent; percent agreement has the interval."
)


def agreement_rows(table: LabelTable, key: str, by: str, *, min_n: int | None = None) -> list[Row]:
    """The rows of one question by one grouping, in the order of the groups.

    `min_n`: fewest shared items of a row and of a pair; by default 20 and 10. A row below it says so under
    `undefined`; a pair below it is no row.
    """
    question = table.question(key)
    if by == "pair":
        return _pair_rows(table, question, MIN_PAIR_ITEMS if min_n is None else min_n)
    if by == "annotator":
        return _annotator_rows(table, question, min_n)
    rows = []
    for group, ratings in grouped(table, key, by):
        values = ("(other)", group["label"]) if by == "label" else question.keys
        found = _measure(ratings, question.is_ordinal and by != "label", min_n)
        rows.append(agreement_row(found, question, group, values))
    return rows


def _measure(ratings: Ratings, ordinal: bool, min_n: int | None) -> Agreement:
    items, pair_items = (MIN_ITEMS, MIN_PAIR_ITEMS) if min_n is None else (min_n, min_n)
    return measure_agreement(ratings, ordinal=ordinal, min_items=items, min_pair_items=pair_items)


def _pair_rows(table: LabelTable, question: CodedQuestion, min_n: int) -> list[Row]:
    pairs, left_out = pair_ratings(table.ratings(question.key), min_n)
    rows = []
    for a, b, ratings in pairs:
        found = measure_agreement(ratings, ordinal=question.is_ordinal, min_items=min_n, min_pair_items=min_n)
        group: dict[str, Any] = {"annotators": [table.names[a], table.names[b]]}
        rows.append(agreement_row(found, question, group, question.keys))
    if left_out and rows:
        rows[-1]["note"] = f"{left_out} more pairs with fewer shared items are not shown."
    return rows


def _annotator_rows(table: LabelTable, question: CodedQuestion, min_n: int | None) -> list[Row]:
    """Each person against the others: percent agreement by item, the rest over their pairs of labels."""
    ratings = table.ratings(question.key)
    needed = MIN_ITEMS if min_n is None else min_n
    shares = _agreement_with_others(ratings)
    rows = []
    for a, star in star_ratings(ratings):
        found = _measure(star, question.is_ordinal, 1 if min_n is None else min_n)
        rows.append(
            agreement_row(
                _of_one_person(found, ratings, shares[ratings.annotator == a], a, needed),
                question, {"annotator": table.names[a]}, question.keys,
            )
        )  # fmt: skip
    return rows


def _agreement_with_others(ratings: Ratings) -> FloatArray:
    """For each label: the share of the others' labels on its item that are equal; nan where there is no other."""
    same = ratings.item_value_counts()[ratings.item, ratings.value] - 1
    others = ratings.item_sizes()[ratings.item] - 1
    shares: FloatArray = np.divide(same, others, out=np.full(ratings.n_labels, np.nan), where=others > 0)
    return shares


def _of_one_person(found: Agreement, ratings: Ratings, shares: FloatArray, a: int, needed: int) -> Agreement:
    """The figures of a's pairs with a's own counts; an interval only where the item is the unit."""
    shared = shares[~np.isnan(shares)]
    n = len(shared)
    own = ratings.annotator == a
    counts = np.bincount(ratings.value[own], minlength=ratings.n_values)
    few = too_few_items(n, needed) if n < needed else None

    def settled(figure: Figure) -> Figure:
        if few is not None:
            return undefined_figure(few, n, len(shares))
        return replace(figure, low=None, high=None, no_interval=figure.no_interval or PAIRS_OF_ONE_PERSON)

    return replace(
        found, n_items=len(shares), n_shared_items=n, n_labels=len(shares), n_pools=1,
        notes=tuple(note for note in found.notes if note.code not in {"separate_pools", "too_little_variety"}),
        percent_agreement=undefined_figure(few, n, len(shares)) if few is not None else _mean_figure(shared),
        percent_agreement_pooled=settled(found.percent_agreement_pooled), cohen_kappa=settled(found.cohen_kappa),
        cohen_kappa_weighted=found.cohen_kappa_weighted and settled(found.cohen_kappa_weighted),
        fleiss_kappa=settled(found.fleiss_kappa), conger_kappa=settled(found.conger_kappa),
        krippendorff_alpha={name: settled(figure) for name, figure in found.krippendorff_alpha.items()},
        gwet_ac1=settled(found.gwet_ac1), gwet_ac2=found.gwet_ac2 and settled(found.gwet_ac2),
        prevalence=tuple((counts / max(counts.sum(), 1)).tolist()),
    )  # fmt: skip


def _mean_figure(shares: FloatArray) -> Figure:
    """Mean over items with its t interval."""
    n, mean = len(shares), float(shares.mean())
    if n < MIN_ITEMS:
        return Figure(mean, None, None, n, n, no_interval=too_few_items(n, MIN_ITEMS))
    half = float(stdtrit(n - 1, 0.975)) * float(shares.std(ddof=1)) / n**0.5
    return Figure(mean, max(0.0, mean - half), min(1.0, mean + half), n, n)
