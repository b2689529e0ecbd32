"""Drift: people whose agreement with the others falls at some time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quality.stats.aggregation import dawid_skene, leave_one_out
from quality.stats.figures import Reason
from quality.stats.finding import Finding, NotTested, Outcome, few_labels, per_annotator
from quality.stats.multiplicity import benjamini_hochberg
from quality.stats.ratings import BoolArray, FloatArray, IntArray, Ratings
from quality.stats.spam import agreement_weights

KIND = "drift"
MIN_LABELS = 60
EDGE = 15
LEAST_DROP = 0.10
LEAST_DROP_RATING = 0.07
PERIODS = 20
# Of the false discovery rate asked for: measured, it halves false alarms and costs 2 of 48 hits (docs/metrics.md).
SHARE_OF_FDR = 0.6
METHOD = "Agreement with the posterior of the others in order of time, supremum of the Brownian bridge"

NO_TIMES = Reason("no_times", "The labels carry no time, so no change over time can be tested.")


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """Per annotator: p, drop, its standard error, row numbers in order of time and the place of the
    change.
    """

    p: FloatArray
    drop: FloatArray
    se: FloatArray
    rows: Mapping[int, IntArray]
    place: IntArray


def detect_drift(ratings: Ratings, *, fdr: float = 0.05) -> Outcome:
    """Annotators whose agreement with the others' posterior falls from some time on (decline only).

    `x_r` = posterior of the others for the answer, less the mean of other people in the same twentieth of the
    labels; `p = exp(-2 max S^2)` for its cumulated sum in order of (time, row). Benjamini-Hochberg over
    people with 60 labels on shared items, drop at least .10 (ratings .07 of the range). Confirmed in a second
    fit in which the labels after an alarm no longer serve as peers. An alarm opens a window for gold checks,
    never a sanction.
    """
    shared = ratings.shared()
    if shared.time is None:
        return Outcome(not_tested=(NotTested(KIND, NO_TIMES),))
    sizes = shared.annotator_sizes()
    eligible = sizes >= MIN_LABELS
    not_tested = few_labels(KIND, sizes, MIN_LABELS)
    if eligible.sum() < 3 or (shared.value_counts() > 0).sum() < 2:
        return Outcome(not_tested=not_tested)
    fdr *= SHARE_OF_FDR
    least = LEAST_DROP if ratings.levels is None else LEAST_DROP_RATING
    nothing = np.zeros(shared.n_labels, dtype=np.bool_)
    first = _changes(shared, shared.time, eligible, nothing)
    alarmed = _alarms(first, eligible, fdr, least)[0]
    if not alarmed.any():
        return Outcome((), int(eligible.sum()), not_tested)
    doubtful = nothing.copy()
    for j in np.flatnonzero(alarmed):
        doubtful[first.rows[int(j)][first.place[j] :]] = True
    second = _changes(shared, shared.time, eligible, doubtful)
    confirmed, adjusted = _alarms(second, eligible, fdr, least)
    people = np.flatnonzero(confirmed & alarmed)
    findings = tuple(_finding(shared, shared.time, second, int(j), float(adjusted[j])) for j in people)
    return Outcome(findings, int(eligible.sum()), not_tested)


def _alarms(changes: _Change, eligible: BoolArray, fdr: float, least: float) -> tuple[BoolArray, FloatArray]:
    adjusted = np.ones(len(eligible))
    adjusted[eligible] = benjamini_hochberg(changes.p[eligible])
    return (adjusted <= fdr) & (changes.drop >= least), adjusted


def _changes(ratings: Ratings, time: FloatArray, eligible: BoolArray, doubtful: BoolArray) -> _Change:
    agreement = _agreement_with_others(ratings, doubtful)
    order = np.lexsort((np.arange(ratings.n_labels), time))
    period = np.empty(ratings.n_labels, dtype=np.int64)
    period[order] = np.arange(ratings.n_labels) * PERIODS // max(ratings.n_labels, 1)
    centred = agreement - _others_mean(agreement, period, ratings.annotator, ratings.n_annotators)
    J = ratings.n_annotators
    p, drop, se = np.ones(J), np.zeros(J), np.zeros(J)
    place = np.zeros(J, dtype=np.int64)
    by_person = order[np.argsort(ratings.annotator[order], kind="stable")]
    ends = np.cumsum(ratings.annotator_sizes())
    rows = {}
    for j in np.flatnonzero(eligible).tolist():
        rows[j] = by_person[ends[j] - ratings.annotator_sizes()[j] : ends[j]]
        p[j], drop[j], se[j], place[j] = _bridge(centred[rows[j]])
    return _Change(p, drop, se, rows, place)


def _bridge(x: FloatArray) -> tuple[float, float, float, int]:
    """p of a decline, drop of the mean at the change, its standard error, number of rows before it."""
    n, sd = len(x), float(x.std())
    if sd <= 0:
        return 1.0, 0.0, 0.0, n
    path = np.cumsum(x - x.mean())[:-1] / (sd * n**0.5)
    inner = path[EDGE - 1 : n - EDGE]
    change = int(inner.argmax()) + EDGE
    before, after = x[:change], x[change:]
    drop = float(before.mean() - after.mean())
    se = float((before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after)) ** 0.5)
    return float(np.exp(-2 * max(0.0, float(path.max())) ** 2)), drop, se, change


def _agreement_with_others(ratings: Ratings, doubtful: BoolArray) -> FloatArray:
    """Posterior of the others for each answer, credited by distance for ratings; doubtful rows are
    nobody's peers.
    """
    fitted = dawid_skene(ratings.where(~doubtful))
    posterior = leave_one_out(ratings, fitted)
    if doubtful.any():
        # The fit has not seen these rows, so nothing has to be taken out of the posterior of their items.
        posterior[doubtful] = fitted.posterior[ratings.item[doubtful]]
    weight = agreement_weights(ratings)
    agreed: FloatArray = (posterior * weight[ratings.value]).sum(axis=1)
    return agreed


def _others_mean(x: FloatArray, period: IntArray, annotator: IntArray, n_annotators: int) -> FloatArray:
    cell = period * n_annotators + annotator
    size = PERIODS * n_annotators
    own, own_n = per_annotator(x, cell, size), np.bincount(cell, minlength=size)
    total, n = per_annotator(x, period, PERIODS), np.bincount(period, minlength=PERIODS)
    others_n = n[period] - own_n[cell]
    mean: FloatArray = np.where(others_n > 0, (total[period] - own[cell]) / np.maximum(others_n, 1), x.mean())
    return mean


def _finding(ratings: Ratings, time: FloatArray, changes: _Change, j: int, adjusted: float) -> Finding:
    rows, change = changes.rows[j], int(changes.place[j])
    half = 1.96 * float(changes.se[j])
    drop = float(changes.drop[j])
    return Finding(
        kind=KIND,
        effect=-drop,
        low=-drop - half,
        high=-drop + half,
        unit="agreement",
        p_value=float(changes.p[j]),
        p_adjusted=adjusted,
        n=len(rows),
        method=METHOD,
        annotators=(j,),
        period=(float(time[rows[change]]), float(time[rows[-1]])),
        evidence=ratings.item[rows[change:]].astype(np.int64),
        details={"labels_before": float(change), "labels_after": float(len(rows) - change)},
    )
