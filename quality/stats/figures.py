"""What a figure is: a number with its interval, or the reason why there is none."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from quality.stats.ratings import FloatArray, IntArray

MIN_INTERVAL_ITEMS = 20
MIN_MINORITY_ITEMS = 10


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is missing: a code for programs, a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Note:
    """What the reader of a figure has to know: a code for programs, a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval, both `None` where undefined or not known, never nan.

    `undefined` says why there is no value, `no_interval` why there is a value but no interval.
    """

    value: float | None
    low: float | None
    high: float | None
    n_items: int
    n_labels: int
    undefined: Reason | None = None
    no_interval: Reason | None = None


NO_SHARED_ITEMS = Reason("no_shared_items", "No item has labels of two people yet.")
ONE_VALUE = Reason("one_value", "Only one label is in use, so agreement by chance is certain.")
NO_PAIRS = Reason("no_pairs", "No two people share enough items.")
ALL_PAIRS_UNDEFINED = Reason("all_pairs_undefined", "In every pair both people gave one and the same label throughout.")
NOT_TWO_ANNOTATORS = Reason("not_two_annotators", "Fewer than two people have labelled.")
NEEDS_LEVELS = Reason("needs_levels", "The values have no numeric levels.")
MIXED_SIGNS = Reason("mixed_signs", "Ratio distances need levels of one sign.")
TOO_LITTLE_VARIETY = Reason(
    "too_little_variety",
    f"Too little variety to say: an interval needs {MIN_INTERVAL_ITEMS} items with two labels, "
    f"and {MIN_MINORITY_ITEMS} items that carry another label than the commonest.",
)
MIN_TRIALS = 20


def too_few_trials(n: int) -> Reason:
    return Reason("too_few", f"Not enough data: {n} of the {MIN_TRIALS} answers it takes.")


NOT_OFFERED = Reason("not_offered", "No interval is computed for this figure.")


def undefined_figure(reason: Reason, n_items: int = 0, n_labels: int = 0) -> Figure:
    """A figure without a value, with its reason."""
    return Figure(None, None, None, n_items, n_labels, undefined=reason, no_interval=reason)


def too_few_items(n_items: int, needed: int) -> Reason:
    """The reason for a row with fewer shared items than asked for."""
    return Reason("too_few_items", f"Only {n_items} items have labels of two people; {needed} are needed.")


def jackknife_interval(
    value: float, left_out: FloatArray, multiplicity: IntArray, bounds: tuple[float, float] = (-np.inf, 1.0)
) -> tuple[float, float] | None:
    """95 % interval from the values with one unit left out, each standing for `multiplicity` equal units.

    Variance `(n - 1)/n * sum (theta_(-i) - mean)^2`, Student's t with n - 1 degrees of freedom (Efron &
    Tibshirani 1993, ch. 11). `None` if a left-out value is undefined or there are fewer than two units.
    """
    n = int(multiplicity.sum())
    if n < 2 or not np.all(np.isfinite(left_out)):
        return None
    mean = float(multiplicity @ left_out) / n
    variance = (n - 1) / n * float(multiplicity @ (left_out - mean) ** 2)
    half = float(stdtrit(n - 1, 0.975)) * variance**0.5
    return max(bounds[0], float(value) - half), min(bounds[1], float(value) + half)
