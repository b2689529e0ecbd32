import numpy as np
import pytest

from quality.stats.bias import detect_bias, measure_additive, still_there
from quality.stats.comparison import label_residuals, shift
from quality.stats.ratings import Ratings

from .planted import answer_instead, project, read_two_ways


def test_the_person_who_over_uses_a_label_is_found_with_its_direction() -> None:
    labels = project(1)
    biased = answer_instead(labels, (labels.annotator == 5) & (labels.value == 2), 3, 0.6)

    outcome = detect_bias(biased)

    assert {(f.annotators, f.value, f.pattern) for f in outcome.findings} == {
        ((5,), 3, "over_use"),
        ((5,), 2, "under_use"),
    }
    over = next(f for f in outcome.findings if f.value == 3)
    assert over.values == (3, 2)
    assert over.effect == pytest.approx(0.15, abs=0.04)
    assert over.low < over.effect < over.high  # type: ignore[operator]
    assert over.p_adjusted <= 0.05
    assert over.n == (labels.annotator == 5).sum()
    under = next(f for f in outcome.findings if f.value == 2)
    assert under.values == (3, 2)
    assert outcome.tested == 12 * 4


def test_evidence_are_the_items_on_which_the_person_stands_alone() -> None:
    labels = project(1)
    biased = answer_instead(labels, (labels.annotator == 5) & (labels.value == 2), 3, 0.6)

    finding = next(f for f in detect_bias(biased).findings if f.value == 3)

    for i in finding.evidence[:20]:
        here = biased.item == i
        assert biased.value[here & (biased.annotator == 5)].tolist() == [3]
        assert not (biased.value[here & (biased.annotator != 5)] == 3).any()
    assert len(set(finding.evidence.tolist())) == len(finding.evidence)


def test_a_severe_rater_is_found_and_nobody_else() -> None:
    labels = project(2, n_values=5, is_rating=True)
    severe = Ratings(
        labels.item, labels.annotator, np.maximum(labels.value - (labels.annotator == 3), 0), 1500, 12, 5, labels.levels
    )

    outcome = detect_bias(severe)

    (finding,) = outcome.findings
    assert (finding.annotators, finding.value, finding.pattern, finding.unit) == ((3,), None, "lower_ratings", "points")
    assert finding.effect == pytest.approx(-0.8, abs=0.08)
    assert outcome.tested == 12


def test_clean_projects_are_silent() -> None:
    found = [detect_bias(project(seed)).findings for seed in range(10)]
    found += [detect_bias(project(seed, n_values=5, is_rating=True)).findings for seed in range(10)]

    assert sum(map(len, found)) == 0


def test_nobody_is_judged_against_the_biased() -> None:
    # One person does a third of the work of a team of five; against them everybody seems to under-use the label.
    labels = project(3, n_annotators=5, per_item=2, n_items=2000)
    biased = answer_instead(labels, labels.annotator == 0, 1, 0.5)

    outcome = detect_bias(biased)

    assert {f.annotators for f in outcome.findings} == {(0,)}


def test_two_people_can_differ_but_not_say_who_is_off() -> None:
    labels = project(4, n_annotators=2, per_item=2)
    biased = answer_instead(labels, labels.annotator == 0, 1, 0.5)

    outcome = detect_bias(biased)

    assert outcome.findings == ()
    assert outcome.tested == 0
    assert {(entry.annotator, entry.reason.code) for entry in outcome.not_tested} == {
        (0, "two_people"),
        (1, "two_people"),
    }


def test_people_with_few_labels_are_reported_as_not_tested() -> None:
    labels = project(5)
    few = labels.where((labels.annotator != 7) | (np.cumsum(labels.annotator == 7) <= 29))

    outcome = detect_bias(few.where(few.item_sizes()[few.item] == 3))

    assert 7 in {entry.annotator for entry in outcome.not_tested}
    assert all("30 are needed" in entry.reason.sentence for entry in outcome.not_tested)


def test_of_two_labels_one_is_tested() -> None:
    labels = project(6, n_values=2)
    biased = answer_instead(labels, labels.annotator == 4, 1, 0.5)

    outcome = detect_bias(biased)

    assert outcome.tested == 12
    assert [(f.annotators, f.value, f.pattern) for f in outcome.findings] == [((4,), 0, "under_use")]


@pytest.mark.parametrize("n_labels", [0, 40])
def test_empty_and_one_class_data_have_no_tests(n_labels: int) -> None:
    labels = Ratings(np.arange(n_labels) // 4, np.arange(n_labels) % 4, np.zeros(n_labels), 10, 4, 3)

    outcome = detect_bias(labels)

    assert (outcome.findings, outcome.tested) == ((), 0)


def test_where_people_differ_widely_the_guideline_is_blamed_first() -> None:
    labels = project(7, n_annotators=16, n_items=3000)
    for j in range(16):
        labels = answer_instead(labels, labels.annotator == j, 0, 0.03 * j, seed=j)

    outcome = detect_bias(labels)

    assert [note.code for note in outcome.notes] == ["people_differ_widely"]
    assert len({f.annotators for f in outcome.findings}) <= 2


def test_a_careless_person_is_not_called_biased() -> None:
    # Label 0 holds 70 %: somebody who is wrong in 3 of 10 uses it less than others, by lack of skill.
    rng = np.random.default_rng(8)
    labels = project(8, n_annotators=10, n_items=3000)
    truth = rng.choice(4, size=3000, p=[0.7, 0.1, 0.1, 0.1])
    wrong = (truth[labels.item] + rng.integers(1, 4, labels.n_labels)) % 4
    error = np.where(labels.annotator == 2, 0.3, 0.1)
    value = np.where(rng.random(labels.n_labels) < error, wrong, truth[labels.item])
    careless = Ratings(labels.item, labels.annotator, value, 3000, 10, 4)

    shift_of_label_0 = shift(careless, label_residuals(careless, 0, np.ones(10, dtype=bool))).mean[2]
    assert shift_of_label_0 < -0.08
    assert detect_bias(careless).findings == ()


def test_codes_of_people_make_no_difference() -> None:
    labels = project(9)
    biased = answer_instead(labels, labels.annotator == 5, 3, 0.3)
    renamed = Ratings(
        labels.item, 11 - labels.annotator, biased.value, labels.n_items, labels.n_annotators, labels.n_values
    )

    one, two = detect_bias(biased), detect_bias(renamed)

    assert {(f.annotators[0], f.value) for f in one.findings} == {(11 - f.annotators[0], f.value) for f in two.findings}
    assert sorted(f.effect for f in one.findings) == pytest.approx(sorted(f.effect for f in two.findings))


def test_additive_model_finds_the_same_person() -> None:
    labels = project(1)
    biased = answer_instead(labels, labels.annotator == 5, 3, 0.3)

    outcome = detect_bias(biased, measure=measure_additive)

    assert {f.annotators for f in outcome.findings} == {(5,)}


def test_a_reading_of_an_ambiguous_clause_does_not_stand_without_its_items() -> None:
    items = np.arange(400)
    reading = np.zeros(12, dtype=int)
    reading[0] = 1
    labels = read_two_ways(project(10), items, (1, 2), reading, follow=1.0)
    findings = detect_bias(labels).findings

    assert {f.annotators for f in findings} == {(0,)}
    assert still_there(labels, findings) == [True] * len(findings)
    assert still_there(labels.without_items(items), findings) == [False] * len(findings)
