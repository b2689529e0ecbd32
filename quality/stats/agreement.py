"""Agreement of one group of labels: every figure of a row, and what its reader has to know."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from quality.stats import coefficients, distances, figures
from quality.stats.coefficients import fleiss_kappa, gwet_ac, krippendorff_alpha
from quality.stats.distances import Weights
from quality.stats.figures import Figure, Note, Reason, undefined_figure
from quality.stats.pairwise import MeanKappa, cohen_kappas, count_pairs, mean_kappa
from quality.stats.ratings import Ratings
from quality.stats.tallies import Tally, tally

MIN_ITEMS = 20
MIN_PAIR_ITEMS = 10

# Kappa paradox (Feinstein & Cicchetti 1990): people mostly agree, one label dominates, alpha is low.
PARADOX_AGREEMENT = 0.80
PARADOX_PREVALENCE = 0.80
PARADOX_GAP = 0.25


@dataclass(frozen=True, slots=True)
class Agreement:
    """The figures of one group. `prevalence` is the share of each value among all labels.

    `cohen_kappa` is the mean over pairs with enough shared items; `pairs_undefined` of those `pairs` have no
    kappa, `pairs_too_few` more share too few items. `prevalence_index` and `bias_index` (Byrt et al. 1993)
    exist for two values, the latter for two people. Weighted figures exist for ordered values only.
    """

    n_items: int
    n_shared_items: int
    n_annotators: int
    n_labels: int
    n_pools: int
    percent_agreement: Figure
    percent_agreement_pooled: Figure
    cohen_kappa: Figure
    cohen_kappa_weighted: Figure | None
    pairs: int
    pairs_undefined: int
    pairs_too_few: int
    fleiss_kappa: Figure
    conger_kappa: Figure
    krippendorff_alpha: Mapping[str, Figure]
    gwet_ac1: Figure
    gwet_ac2: Figure | None
    prevalence: tuple[float, ...]
    prevalence_index: float | None
    bias_index: float | None
    notes: tuple[Note, ...]


def measure_agreement(
    ratings: Ratings,
    *,
    ordinal: bool = False,
    min_items: int = MIN_ITEMS,
    min_pair_items: int = MIN_PAIR_ITEMS,
) -> Agreement:
    """All agreement figures of a group of labels, with notes. O(labels + pairs of labels on an item).

    `ordinal`: the values are in their order; adds ordinal alpha, weighted kappa (quadratic) and AC2 (ordinal
    weights), and interval alpha if the ratings have levels. With fewer than `min_items` items with two labels
    every figure is undefined with the code `too_few_items`. Cohen's kappa takes pairs with at least
    `min_pair_items` shared items.
    """
    counts = tally(ratings)
    kappas = _pair_figures(ratings, ordinal, min_pair_items)
    active = ratings.annotator_sizes() > 0
    shares = counts.value_counts / max(ratings.n_labels, 1)
    result = Agreement(
        n_items=counts.n_items,
        n_shared_items=counts.paired.n_items,
        n_annotators=int(active.sum()),
        n_labels=ratings.n_labels,
        n_pools=count_pools(ratings),
        percent_agreement=coefficients.percent_agreement(counts),
        percent_agreement_pooled=coefficients.pooled_percent_agreement(counts),
        cohen_kappa=kappas[0].figure,
        cohen_kappa_weighted=kappas[1].figure if ordinal else None,
        pairs=kappas[0].pairs,
        pairs_undefined=kappas[0].pairs_undefined,
        pairs_too_few=kappas[0].pairs_too_few,
        fleiss_kappa=fleiss_kappa(counts),
        conger_kappa=conger_kappa(ratings, counts),
        krippendorff_alpha=_alphas(ratings, counts, ordinal),
        gwet_ac1=gwet_ac(counts),
        gwet_ac2=gwet_ac(counts, distances.ordinal_weights, ratings.levels) if ordinal else None,
        prevalence=tuple(shares.tolist()),
        prevalence_index=_prevalence_index(counts),
        bias_index=_bias_index(ratings),
        notes=(),
    )
    if counts.paired.n_items < min_items:
        result = _without_figures(result, figures.too_few_items(counts.paired.n_items, min_items))
    return replace(result, notes=_notes(result))


def conger_kappa(
    ratings: Ratings, counts: Tally | None = None, weights: Weights = distances.identity_weights
) -> Figure:
    """Conger's kappa for several people and unequal numbers of labels (Conger 1980; Gwet 2014).

    Chance agreement from each person's own shares of the values: `sum w_kl (p_k p_l - s2_kl / J)`, `p` their
    mean over the J people, `s2` their covariance. For two people who label the same items it is Cohen's
    kappa.
    """
    counts = tally(ratings) if counts is None else counts
    pairs = counts.paired
    if not pairs.n_items:
        return undefined_figure(figures.NO_SHARED_ITEMS)
    used = counts.value_counts > 0
    table = ratings.annotator_value_counts()[:, used]
    table = table[table.sum(axis=1) > 0]
    if used.sum() < 2:
        return undefined_figure(figures.ONE_VALUE, pairs.n_items, pairs.n_labels)
    if len(table) < 2:
        return undefined_figure(figures.NOT_TWO_ANNOTATORS, pairs.n_items, pairs.n_labels)
    weight = weights((np.arange(len(used), dtype=float) if ratings.levels is None else ratings.levels)[used])
    shares = table / table.sum(axis=1, keepdims=True)
    mean = shares.mean(axis=0)
    covariance = (shares - mean).T @ (shares - mean) / (len(shares) - 1)
    chance = float((weight * (np.outer(mean, mean) - covariance / len(shares))).sum())
    observed = float(pairs.items @ coefficients.pair_agreement(pairs.keep(used), weight)) / pairs.n_items
    if 1 - chance < 1e-12:
        return undefined_figure(figures.ONE_VALUE, pairs.n_items, pairs.n_labels)
    value = (observed - chance) / (1 - chance)
    return Figure(value, None, None, pairs.n_items, pairs.n_labels, no_interval=figures.NOT_OFFERED)


def count_pools(ratings: Ratings) -> int:
    """Number of separate groups of two people or more who are joined by shared items."""
    pools = ratings.components()
    return int((np.bincount(pools[pools >= 0]) >= 2).sum()) if (pools >= 0).any() else 0


def _pair_figures(ratings: Ratings, ordinal: bool, min_n: int) -> tuple[MeanKappa, MeanKappa]:
    cells = count_pairs(ratings)
    plain = mean_kappa(cohen_kappas(cells), min_n)
    if not ordinal:
        return plain, plain
    return plain, mean_kappa(cohen_kappas(cells, distances.quadratic_weights, ratings.levels), min_n)


def _alphas(ratings: Ratings, counts: Tally, ordinal: bool) -> dict[str, Figure]:
    alphas = {"nominal": krippendorff_alpha(counts)}
    if ordinal:
        alphas["ordinal"] = krippendorff_alpha(counts, distances.ordinal)
        if ratings.levels is not None:
            alphas["interval"] = krippendorff_alpha(counts, distances.interval, ratings.levels)
    return alphas


def _prevalence_index(counts: Tally) -> float | None:
    """`|share of one value - share of the other|` for two values."""
    values = counts.value_counts
    if len(values) != 2 or not values.sum():
        return None
    return float(abs(values[0] - values[1]) / values.sum())


def _bias_index(ratings: Ratings) -> float | None:
    """`|share of a value for one person - for the other|` on shared items, for two people and two values."""
    people = np.flatnonzero(ratings.annotator_sizes())
    if ratings.n_values != 2 or len(people) != 2:
        return None
    table = ratings.shared().annotator_value_counts()[people]
    sizes = table.sum(axis=1)
    return float(abs(table[0, 0] / sizes[0] - table[1, 0] / sizes[1])) if sizes.all() else None


def _without_figures(result: Agreement, reason: Reason) -> Agreement:
    def blank(figure: Figure) -> Figure:
        return undefined_figure(reason, figure.n_items, figure.n_labels)

    return replace(
        result,
        percent_agreement=blank(result.percent_agreement),
        percent_agreement_pooled=blank(result.percent_agreement_pooled),
        cohen_kappa=blank(result.cohen_kappa),
        cohen_kappa_weighted=result.cohen_kappa_weighted and blank(result.cohen_kappa_weighted),
        fleiss_kappa=blank(result.fleiss_kappa),
        conger_kappa=blank(result.conger_kappa),
        krippendorff_alpha={name: blank(figure) for name, figure in result.krippendorff_alpha.items()},
        gwet_ac1=blank(result.gwet_ac1),
        gwet_ac2=result.gwet_ac2 and blank(result.gwet_ac2),
        prevalence_index=None,
        bias_index=None,
    )


def _notes(result: Agreement) -> tuple[Note, ...]:
    found = (_paradox_note(result), _pools_note(result), _pairs_note(result), _variety_note(result))
    return tuple(note for note in found if note is not None)


def _paradox_note(result: Agreement) -> Note | None:
    agreed, alpha = result.percent_agreement.value, result.krippendorff_alpha["nominal"].value
    commonest = max(result.prevalence, default=0.0)
    if agreed is None or alpha is None or commonest < PARADOX_PREVALENCE:
        return None
    if agreed < PARADOX_AGREEMENT or agreed - alpha < PARADOX_GAP:
        return None
    return Note(
        "kappa_paradox",
        f"People agree on {agreed:.0%} of the pairs, yet alpha is only {alpha:.2f}: one label makes up "
        f"{commonest:.0%} of all, so most agreement is expected by chance. Look at AC1 and at the rare "
        "labels before calling this poor.",
    )


def _pools_note(result: Agreement) -> Note | None:
    if result.n_pools < 2:
        return None
    return Note(
        "separate_pools",
        f"This figure pools {result.n_pools} groups of people who never share an item with each other; "
        "read the figure of each group instead.",
    )


def _pairs_note(result: Agreement) -> Note | None:
    if not result.pairs_undefined:
        return None
    return Note(
        "pairs_undefined",
        f"In {result.pairs_undefined} of {result.pairs} pairs both people gave one and the same label "
        "throughout; Cohen's kappa is undefined there and the pairs are left out of its mean.",
    )


def _variety_note(result: Agreement) -> Note | None:
    alpha = result.krippendorff_alpha["nominal"]
    if alpha.value is None or alpha.no_interval is None:
        return None
    return Note(alpha.no_interval.code, alpha.no_interval.sentence)
