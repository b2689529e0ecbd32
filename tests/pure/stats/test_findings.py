from dataclasses import replace

import numpy as np
import pytest

from quality.stats.aggregation import majority
from quality.stats.findings import KINDS, find_problems
from quality.stats.ratings import Grouping, Ratings
from quality.stats.relabel import relabel_scores

from .oracles import from_counts
from .planted import answer_instead, project, read_two_ways
from .test_hotspots import texts

LANGUAGE = Grouping("language", np.arange(1500) % 3, ("de", "en", "fr"))
REGION = Grouping("region", np.arange(12) % 2, ("north", "south"))


def troubled() -> Ratings:
    """Annotator 11 answers at random, 9 over-uses label 3, and people read the first 100 items in two ways."""
    labels = read_two_ways(project(1), np.arange(100), (1, 2), np.arange(12) % 2)
    labels = answer_instead(labels, labels.annotator == 9, 3, 0.3)
    random = np.random.default_rng(0).integers(0, 4, labels.n_labels)
    return replace(labels, value=np.where(labels.annotator == 11, random, labels.value))


def report_of(labels: Ratings, **options: object):  # type: ignore[no-untyped-def]
    settings = {"slices": [LANGUAGE], "cohorts": [REGION], "texts": texts(), **options}
    return find_problems(labels, rng=np.random.default_rng(4), **settings)  # type: ignore[arg-type]


def test_each_problem_is_found_once_and_nothing_else() -> None:
    report = report_of(troubled())

    found = {(f.kind, f.annotators if f.kind != "hotspots" else f.terms) for f in report.findings}
    assert found == {("spam", (11,)), ("bias", (9,)), ("hotspots", ("fee",))}
    assert set(report.tested) == set(KINDS)
    assert [f.kind for f in report.findings] == sorted((f.kind for f in report.findings), key=KINDS.index)


def test_same_generator_same_report() -> None:
    one, two = report_of(troubled()), report_of(troubled())

    assert [(f.kind, f.effect, f.p_value) for f in one.findings] == [
        (f.kind, f.effect, f.p_value) for f in two.findings
    ]
    assert one.relabel_order.tolist() == two.relabel_order.tolist()


def test_only_kinds_asked_for_are_reported_and_they_are_the_same() -> None:
    everything, hotspots = report_of(troubled()), report_of(troubled(), kinds=["hotspots"])

    assert set(hotspots.tested) == {"hotspots"}
    assert [(f.p_value, f.terms) for f in hotspots.findings] == [
        (f.p_value, f.terms) for f in everything.findings if f.kind == "hotspots"
    ]


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown kinds: gossip"):
        report_of(troubled(), kinds=["bias", "gossip"])


def test_clean_projects_have_hardly_any_finding() -> None:
    kinds = [finding.kind for seed in range(6) for finding in report_of(project(seed)).findings]

    # Drift and collusion may each fire in one project of twenty; the others have more than one guard.
    assert len(kinds) <= 2
    assert set(kinds) <= {"drift", "collusion"}


@pytest.mark.parametrize(
    "labels",
    [Ratings([], [], [], 0, 0, 0), Ratings([0, 0], [0, 1], [1, 1], 1, 2, 2), Ratings([0, 1], [0, 1], [0, 1], 2, 2, 2)],
)
def test_tiny_data_has_a_report_without_findings(labels: Ratings) -> None:
    report = find_problems(labels, rng=np.random.default_rng(0))

    assert report.findings == ()
    assert len(report.relabel_score) == labels.n_items
    assert sorted(report.relabel_order.tolist()) == list(range(labels.n_items))


def test_relabel_order_puts_wrong_majorities_first() -> None:
    labels = project(2, accuracy=0.75)
    truth = np.random.default_rng(2).integers(0, 4, 1500)
    votes = majority(labels)
    wrong = votes.value != truth

    order = np.argsort(-relabel_scores(labels), kind="stable")

    assert wrong[order[:150]].mean() > 0.6
    assert wrong[order[750:]].mean() < 0.15


def test_scores_of_items_without_labels_are_zero_and_ties_are_doubtful() -> None:
    scores = relabel_scores(from_counts(np.array([[3, 0], [0, 3]] * 20 + [[2, 2], [0, 0]])))

    assert scores[-1] == 0
    assert scores[-2] == scores.max()


def test_unanimous_items_of_a_hotspot_get_at_least_its_minority_share() -> None:
    report = report_of(troubled())
    hotspot = next(f for f in report.findings if f.kind == "hotspots")
    unsplit = np.setdiff1d(hotspot.scope, hotspot.evidence)

    outside = np.setdiff1d(np.arange(1500), hotspot.scope)

    assert np.median(report.relabel_score[unsplit]) > 5 * np.median(report.relabel_score[outside])
