"""From the labels of an item to one: majority vote and Dawid-Skene."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from quality.stats.ratings import MISSING, BoolArray, FloatArray, IntArray, Ratings

_BLOCK = 1 << 15
_TINY = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Majority:
    """The commonest value of each item; `MISSING` and `is_tie` where two values are equally common.

    Arrays [n_items]; `votes` for the winner (of a tie: for each of the tied), `n` labels in all. An item
    without labels has no value and is no tie.
    """

    value: IntArray
    is_tie: BoolArray
    votes: IntArray
    n: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class DawidSkene:
    """`posterior[i, k]` that the true value of item i is k, `confusion[j, k, v]` that annotator j answers v
    to it.

    Rows of the posterior are the prior for items without labels. The posterior is overconfident (3-6 points
    on simulated projects): rank with it, do not show it as a probability unless it was calibrated on gold.
    """

    posterior: FloatArray
    prior: FloatArray
    confusion: FloatArray
    log_likelihood: float
    rounds: int
    is_converged: bool


def majority(ratings: Ratings) -> Majority:
    """The majority of each item. A tie is no decision, never the first value."""
    counts = ratings.item_value_counts()
    votes = counts.max(axis=1, initial=0)
    n = counts.sum(axis=1)
    is_tie = ((counts == votes[:, None]).sum(axis=1) > 1) & (n > 0)
    value = np.where(is_tie | (n == 0), MISSING, np.argmax(counts, axis=1) if counts.size else MISSING)
    return Majority(value.astype(np.int32), is_tie, votes, n)


def dawid_skene(ratings: Ratings, *, weight: float = 2.0, max_rounds: int = 30, tolerance: float = 1e-6) -> DawidSkene:
    """Posterior of each item by EM (Dawid & Skene 1979), started from vote shares.

    Each annotator's confusion matrix is shrunk to the pooled one of the project as if they had given `weight`
    more labels of each true value as the pool gives them; 1 is added to each class of the prior. That keeps
    an annotator with 20 labels from inventing a confusion matrix. `weight=0` is the classical estimate with
    neither. Converged when the log-likelihood changes by less than `tolerance`, relative. O(labels x classes)
    per round.
    """
    if not ratings.n_values:
        return _nothing(ratings)
    problem = _Problem(ratings)
    posterior = problem.vote_shares()
    counts = problem.answers_by_truth(posterior)
    log_likelihood, is_converged, rounds = -np.inf, False, 0
    prior, confusion = problem.maximise(posterior.sum(axis=0), counts, weight)
    while rounds < max_rounds and not is_converged:
        rounds += 1
        previous = log_likelihood
        log_likelihood, counts, total = problem.expect(prior, confusion, posterior)
        is_converged = abs(log_likelihood - previous) <= tolerance * abs(log_likelihood)
        if not is_converged and rounds < max_rounds:
            prior, confusion = problem.maximise(total, counts, weight)
    posterior[problem.sizes == 0] = prior
    return DawidSkene(posterior, prior, confusion, log_likelihood, rounds, is_converged)


def leave_one_out(ratings: Ratings, fitted: DawidSkene) -> FloatArray:
    """Posterior of each label's item without that label, float [n_labels, n_values]: `q_i / confusion`,
    normalised.

    Uniform over the prior for an item with no other label. The confusion matrices are those of the full fit.
    """
    log_confusion = np.log(np.maximum(fitted.confusion, _TINY))
    own = log_confusion[ratings.annotator, :, ratings.value]
    log_posterior = np.log(np.maximum(fitted.posterior[ratings.item], _TINY)) - own
    log_posterior -= log_posterior.max(axis=1, keepdims=True)
    without: FloatArray = np.exp(log_posterior)
    without /= without.sum(axis=1, keepdims=True)
    without[ratings.item_sizes()[ratings.item] < 2] = fitted.prior
    return without


def _nothing(ratings: Ratings) -> DawidSkene:
    empty = np.zeros((ratings.n_items, 0))
    return DawidSkene(empty, np.zeros(0), np.zeros((ratings.n_annotators, 0, 0)), 0.0, 0, True)


class _Problem:
    """The labels as a sparse items x (annotator, answer) matrix, cut into blocks of items that fit the
    cache.
    """

    def __init__(self, ratings: Ratings) -> None:
        rows = ratings.sorted_by_item()
        self.n_values = ratings.n_values
        self.shape = (ratings.n_annotators, ratings.n_values, ratings.n_values)
        self.sizes = rows.item_sizes()
        self.column = rows.annotator * np.int32(ratings.n_values) + rows.value
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int32)

    def blocks(self) -> Iterator[tuple[slice, csr_array]]:
        n_items, width = len(self.sizes), self.shape[0] * self.n_values
        for begin in range(0, n_items, _BLOCK):
            end = min(begin + _BLOCK, n_items)
            first, last = self.starts[begin], self.starts[end]
            data = np.ones(last - first)
            pieces = (data, self.column[first:last], self.starts[begin : end + 1] - first)
            yield slice(begin, end), csr_array(pieces, shape=(end - begin, width))

    def vote_shares(self) -> FloatArray:
        """Share of each value among the item's labels, float [n_items, n_values]; 0 without labels."""
        shares = np.zeros((len(self.sizes), self.n_values))
        answers = np.tile(np.eye(self.n_values), (self.shape[0], 1))
        for rows, block in self.blocks():
            shares[rows] = block @ answers
        shares /= np.maximum(self.sizes, 1)[:, None]
        return shares

    def answers_by_truth(self, posterior: FloatArray) -> FloatArray:
        """Expected answers `C[j, v, k]` of annotator j, answer v, truth k."""
        counts = np.zeros((self.shape[0] * self.n_values, self.n_values))
        for rows, block in self.blocks():
            counts += block.T @ posterior[rows]
        return counts.reshape(self.shape)

    def maximise(self, total: FloatArray, counts: FloatArray, weight: float) -> tuple[FloatArray, FloatArray]:
        """Class prior [K] and confusion matrices [J, truth, answer] from expected counts."""
        smoothing = 1.0 if weight > 0 else 0.0
        prior = (total + smoothing) / (total.sum() + smoothing * self.n_values)
        answers = counts.transpose(0, 2, 1)
        pool = answers.sum(axis=0) + smoothing
        pool /= np.maximum(pool.sum(axis=1, keepdims=True), _TINY)
        confusion = answers + weight * pool
        row_sums = confusion.sum(axis=2, keepdims=True)
        return prior, np.divide(confusion, row_sums, out=np.zeros_like(confusion), where=row_sums > 0)

    def expect(
        self, prior: FloatArray, confusion: FloatArray, posterior: FloatArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Fills `posterior`; returns the log-likelihood and, of the new posterior, answers by truth and
        class totals.
        """
        table = np.log(np.maximum(confusion, _TINY)).transpose(0, 2, 1).reshape(-1, self.n_values)
        log_prior = np.log(np.maximum(prior, _TINY))
        counts = np.zeros_like(table)
        total = np.zeros(self.n_values)
        log_likelihood = 0.0
        for rows, block in self.blocks():
            scores = block @ table
            scores += log_prior
            # A matrix has few classes: column by column is several times faster than reducing each short row.
            top = scores[:, 0].copy()
            for k in range(1, self.n_values):
                np.maximum(top, scores[:, k], out=top)
            scores -= top[:, None]
            np.exp(scores, out=scores)
            norm = scores[:, 0].copy()
            for k in range(1, self.n_values):
                norm += scores[:, k]
            scores /= norm[:, None]
            scores[self.sizes[rows] == 0] = 0.0
            log_likelihood += float(np.sum(np.log(norm) + top, where=self.sizes[rows] > 0))
            posterior[rows] = scores
            total += scores.sum(axis=0)
            counts += block.T @ scores
        return log_likelihood, counts.reshape(self.shape), total
