"""Which items to label again first."""

from collections.abc import Sequence

import numpy as np

from quality.stats.aggregation import dawid_skene
from quality.stats.finding import Finding
from quality.stats.ratings import FloatArray, Ratings


def relabel_scores(ratings: Ratings, hotspots: Sequence[Finding] = ()) -> FloatArray:
    """How likely the majority of each item is wrong, for ranking only, float [n_items]; 0 for items without
    labels.

    `1 - q(majority)` from Dawid-Skene (ties: the likelier of the tied); for an item in the scope of a hotspot
    whose majority is one of its labels at least the hotspot's share of minority labels, even where the few
    labels agree.
    """
    counts = ratings.item_value_counts()
    if not counts.size:
        return np.zeros(ratings.n_items)
    posterior = dawid_skene(ratings).posterior
    is_top = (counts == counts.max(axis=1, keepdims=True)) & (counts > 0)
    scores: FloatArray = 1.0 - np.where(is_top, posterior, 0.0).max(axis=1)
    for finding in hotspots:
        if finding.values is None or not len(finding.evidence):
            continue
        a, b = finding.values
        split = counts[finding.evidence]
        minority = np.minimum(split[:, a], split[:, b]).sum() / max(int(split[:, [a, b]].sum()), 1)
        held = finding.scope[is_top[finding.scope][:, [a, b]].any(axis=1)]
        scores[held] = np.maximum(scores[held], minority * len(split) / max(len(finding.scope), 1))
    scores[counts.sum(axis=1) == 0] = 0.0
    return scores
