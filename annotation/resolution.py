"""When enough labels are enough: what an item's answers say of it, and what that means for its seats. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

DEFAULT_ACCURACY = 0.8  # of somebody of whom nothing is known yet


@dataclass(frozen=True)
class Vote:
    """One person's values, by question, and how often they are right (a share between 0 and 1)."""

    values: Mapping[str, str]
    accuracy: float = DEFAULT_ACCURACY


def posterior_of_best(votes: Sequence[tuple[str, float]], n_classes: int) -> float:
    """How probable the best value of one question is, given (value, accuracy) of each vote.

    All values equally probable before; somebody with accuracy a gives the right value with probability a and each of
    the others with (1 - a) / (K - 1), independently of the rest (the one-coin model, Dawid & Skene 1979 with a
    symmetric table). It is no calibrated probability: people err together on hard items. No votes: 1 / K.
    """
    k = max(n_classes, 2, len({value for value, _ in votes}))
    if not votes:
        return 1 / k
    scores: dict[str, float] = dict.fromkeys((value for value, _ in votes), 0.0)
    others = 0.0  # of each value that nobody gave
    for value, accuracy in votes:
        a = min(max(accuracy, 0.01), 0.99)
        right, wrong = math.log(a), math.log((1 - a) / (k - 1))
        for candidate in scores:
            scores[candidate] += right if candidate == value else wrong
        others += wrong
    unseen = k - len(scores)
    top = max([*scores.values(), others] if unseen else scores.values())
    total = sum(math.exp(score - top) for score in scores.values()) + unseen * math.exp(others - top)
    return 1 / total


def least_sure_question(votes: Sequence[Vote], classes: Mapping[str, int]) -> float:
    """The posterior of the best value for the question that is least sure; `classes`: values that each can take.

    A question that a person left open is no vote on it; one that everybody left open says nothing. Without any: 0.
    """
    found = [
        posterior_of_best([(vote.values[key], vote.accuracy) for vote in votes if key in vote.values], n)
        for key, n in classes.items()
        if any(key in vote.values for vote in votes)
    ]
    return min(found, default=0.0)


class Settlement(Enum):
    SURE = "sure"  # the open seats are not needed any more
    WAIT = "wait"  # others are still to answer
    ASK_ONE_MORE = "ask one more"
    TO_THE_LEAD = "to the lead"  # as many labels as are allowed, and still unsure


def settlement(posterior: float, *, stop_at: float, given: int, pending: int, most: int) -> Settlement:
    """What follows from `given` answers and `pending` seats (open, leased or parked) of at most `most`."""
    if posterior >= stop_at:
        return Settlement.SURE
    if pending:
        return Settlement.WAIT
    return Settlement.ASK_ONE_MORE if given < most else Settlement.TO_THE_LEAD
