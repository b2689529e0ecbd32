"""Every figure printed for a published table, to its last printed digit."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from quality.stats import distances
from quality.stats.aggregation import dawid_skene
from quality.stats.agreement import conger_kappa, measure_agreement
from quality.stats.coefficients import fleiss_kappa, gwet_ac, krippendorff_alpha, percent_agreement
from quality.stats.figures import Figure
from quality.stats.pairwise import cohen_kappas, count_pairs, mean_kappa
from quality.stats.ratings import Ratings
from quality.stats.tallies import tally

from .oracles import read_ratings, read_rows


def cohen(ratings: Ratings, weights: distances.Weights = distances.identity_weights) -> Figure:
    return mean_kappa(cohen_kappas(count_pairs(ratings), weights), min_n=1).figure


FIGURES: dict[str, Callable[[Ratings], Figure]] = {
    "percent_agreement": lambda r: percent_agreement(tally(r)),
    "cohen_kappa": cohen,
    "cohen_kappa_linear": lambda r: cohen(r, distances.linear_weights),
    "fleiss_kappa": lambda r: fleiss_kappa(tally(r)),
    "conger_kappa": conger_kappa,
    "gwet_ac1": lambda r: gwet_ac(tally(r)),
    "alpha_nominal": lambda r: krippendorff_alpha(tally(r)),
    "alpha_ordinal": lambda r: krippendorff_alpha(tally(r), distances.ordinal),
    "alpha_interval": lambda r: krippendorff_alpha(tally(r), distances.interval, r.levels),
    "alpha_ratio": lambda r: krippendorff_alpha(tally(r), distances.ratio, r.levels),
}


@pytest.mark.parametrize(
    ("table", "quantity", "published"),
    [(row["table"], row["quantity"], row["published"]) for row in read_rows("published")],
)
def test_figure_has_its_published_value(table: str, quantity: str, published: str) -> None:
    half_a_digit = 0.5 * 10.0 ** -len(published.split(".")[1])

    figure = FIGURES[quantity](read_ratings(table))

    assert figure.value == pytest.approx(float(published), abs=half_a_digit * 1.000001)


def test_skewed_table_of_feinstein_and_cicchetti_gets_the_paradox_note_and_the_balanced_one_does_not() -> None:
    skewed = measure_agreement(read_ratings("feinstein_cicchetti1990_skewed"))
    balanced = measure_agreement(read_ratings("feinstein_cicchetti1990_balanced"))

    assert [note.code for note in skewed.notes] == ["kappa_paradox"]
    assert "85%" in skewed.notes[0].sentence
    assert balanced.notes == ()
    assert skewed.gwet_ac1.value == pytest.approx(0.808)
    assert skewed.prevalence_index == pytest.approx(0.75)
    assert skewed.bias_index == pytest.approx(0.05)


def test_cohen_with_the_weights_of_cohen_1968() -> None:
    published = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6
    ratings = read_ratings("cohen_200")
    names = sorted({row["value"] for row in read_rows("cohen_200")})
    order = [["personality disorder", "neurosis", "psychosis"].index(name) for name in names]

    figure = cohen(ratings, lambda levels: 1 - published[np.ix_(order, order)])

    assert figure.value == pytest.approx(0.348, abs=0.0005)


def test_dawid_skene_without_shrinkage_gives_the_prevalence_of_1979() -> None:
    # All three assessments of observer 1 are used, as in the paper. Printed: .40 .42 .11 .07; the other digits are
    # those of an independent EM on the same table.
    ratings = read_ratings("dawid_skene1979")

    fitted = dawid_skene(ratings, weight=0, max_rounds=200, tolerance=1e-12)

    assert fitted.is_converged
    assert fitted.prior == pytest.approx([0.3999689976, 0.4215763205, 0.1117880152, 0.06666666667], abs=1e-8)
    assert fitted.log_likelihood == pytest.approx(-190.7309966, abs=1e-6)
    assert np.bincount(fitted.posterior.argmax(axis=1)).tolist() == [18, 19, 5, 3]
    assert math.isclose(fitted.posterior.sum(), 45)
