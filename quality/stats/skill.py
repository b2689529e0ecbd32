"""What a person's error rate alone does to their use of the labels."""

import numpy as np

from quality.stats.aggregation import dawid_skene, leave_one_out
from quality.stats.finding import per_annotator
from quality.stats.ratings import FloatArray, Ratings


def shift_of_skill(ratings: Ratings) -> FloatArray:
    """Change of each label's share among a person's answers because they err more or less often than usual.

    `(e_j - e) * sum_k q_j(k) (P(c | wrong, k) - [c = k])`: e_j the person's error rate under the posterior of
    the others, e the mean over labels, q_j the mean posterior on j's items, P the errors of everybody
    (Dawid-Skene). Float [n_values, n_annotators]. Somebody who errs often gives rare labels more often than
    others do: that is skill.
    """
    fitted = dawid_skene(ratings)
    posterior = leave_one_out(ratings, fitted)
    J, a = ratings.n_annotators, ratings.annotator
    n = np.maximum(ratings.annotator_sizes(), 1)
    error = 1 - per_annotator(posterior[np.arange(ratings.n_labels), ratings.value], a, J) / n
    answers = np.zeros((ratings.n_values, ratings.n_values))
    for value in range(ratings.n_values):
        answers[:, value] = posterior[ratings.value == value].sum(axis=0)
    np.fill_diagonal(answers, 0.0)
    wrong = answers / np.maximum(answers.sum(axis=1, keepdims=True), 1e-9)
    truth = np.stack([per_annotator(q, a, J) for q in posterior.T]) / n
    usual = float(error[a].mean()) if ratings.n_labels else 0.0
    expected: FloatArray = (error - usual) * (wrong.T @ truth - truth)
    return expected
