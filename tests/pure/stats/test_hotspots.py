import numpy as np
import pytest

from quality.stats.consistency import test_consistency as consistency_of
from quality.stats.hotspots import detect_hotspots
from quality.stats.ratings import Grouping, Ratings
from quality.stats.regions import find_regions
from quality.stats.splits import excess, find_splits
from quality.stats.words import tokens, word_items

from .oracles import from_counts
from .planted import project, read_two_ways

CLUSTER = np.arange(100)
READING = np.arange(12) % 2
LANGUAGE = Grouping("language", np.arange(1500) // 300, ("de", "en", "fr", "nl", "es"))


def texts(word: str = "fee", items: np.ndarray = CLUSTER, n_items: int = 1500) -> list[str]:
    """Common words in every text, the word in the items."""
    rng = np.random.default_rng(5)
    own = [" ".join(f"common{k}".replace("0", "zero") for k in rng.integers(1, 40, 8)) for _ in range(n_items)]
    common = ["the letter " + "".join(chr(97 + k) * 3 + " " for k in rng.integers(0, 26, 6)) + text for text in own]
    return [f"{text} {word}" if i in set(items.tolist()) else text for i, text in enumerate(common)]


def ambiguous(seed: int = 1) -> Ratings:
    return read_two_ways(project(seed), CLUSTER, (1, 2), READING)


def find(labels: Ratings, slices: list[Grouping], words: list[str] | None) -> list:
    return list(detect_hotspots(labels, slices, words, rng=np.random.default_rng(0)).findings)


def test_the_word_people_read_in_two_ways_is_the_one_finding() -> None:
    (finding,) = find(ambiguous(), [], texts())

    assert (finding.values, finding.terms, finding.unit) == ((1, 2), ("fee",), "ratio")
    assert set(finding.evidence.tolist()) <= set(CLUSTER.tolist())
    assert set(finding.scope.tolist()) == set(CLUSTER.tolist())
    assert finding.effect > 3
    assert finding.low > 1.5
    assert finding.details["rho"] > 0.5
    assert 20 < finding.expected_wrong < 80


def test_an_ambiguous_slice_is_found_by_its_name() -> None:
    items = np.arange(300, 600)
    labels = read_two_ways(project(2), items, (0, 3), READING)

    (finding,) = find(labels, [LANGUAGE], None)

    assert (finding.values, finding.slice, finding.terms) == ((0, 3), ("language", "en"), ())


def test_a_word_inside_a_slice_is_named_with_its_slice_and_the_slice_is_not_a_second_finding() -> None:
    (finding,) = find(ambiguous(), [LANGUAGE], texts())

    assert (finding.terms, finding.slice) == (("fee",), ("language", "de"))


def test_coin_tosses_between_two_labels_are_noise_not_two_readings() -> None:
    labels = read_two_ways(project(3), CLUSTER, (1, 2), READING, follow=0.5)

    assert find(labels, [LANGUAGE], texts()) == []


def test_one_person_of_another_opinion_is_no_hotspot() -> None:
    reading = np.zeros(12, dtype=int)
    reading[4] = 1
    labels = read_two_ways(project(4), CLUSTER, (1, 2), reading, follow=1.0)

    assert find(labels, [LANGUAGE], texts()) == []


def test_a_hard_slice_is_no_hotspot() -> None:
    labels = project(5)
    rng = np.random.default_rng(0)
    hard = (LANGUAGE.codes[labels.item] == 1) & (rng.random(labels.n_labels) < 0.4)
    noisy = Ratings(
        labels.item, labels.annotator, np.where(hard, rng.integers(0, 4, labels.n_labels), labels.value), 1500, 12, 4
    )

    assert find(noisy, [LANGUAGE], texts()) == []


def test_clean_projects_are_silent() -> None:
    assert [find(project(seed), [LANGUAGE], texts()) for seed in range(6)] == [[]] * 6


def test_a_team_of_four_can_show_two_readings() -> None:
    labels = read_two_ways(
        project(6, n_annotators=4, per_item=3, n_items=200), np.arange(40), (0, 1), np.array([0, 0, 1, 1])
    )

    (finding,) = find(labels, [], texts(items=np.arange(40), n_items=200))

    assert (finding.values, finding.terms) == ((0, 1), ("fee",))


def test_two_classes_are_told_apart_by_consistency() -> None:
    labels = read_two_ways(project(7, n_values=2), CLUSTER, (0, 1), READING)
    noise = read_two_ways(project(7, n_values=2), CLUSTER, (0, 1), READING, follow=0.5)

    assert [f.terms for f in find(labels, [], texts())] == [("fee",)]
    assert find(noise, [], texts()) == []


def test_same_generator_same_findings() -> None:
    one, two = find(ambiguous(), [LANGUAGE], texts()), find(ambiguous(), [LANGUAGE], texts())

    assert [(f.p_value, f.effect) for f in one] == [(f.p_value, f.effect) for f in two]


@pytest.mark.parametrize("labels", [Ratings([], [], [], 0, 0, 0), Ratings([0, 0], [0, 1], [1, 1], 1, 2, 2)])
def test_empty_and_one_class_data(labels: Ratings) -> None:
    outcome = detect_hotspots(labels, [], None, rng=np.random.default_rng(0))

    assert (outcome.findings, outcome.tested) == ((), 0)


def test_an_item_spreads_its_weight_over_its_label_pairs() -> None:
    splits = find_splits(from_counts(np.array([[2, 1, 0], [1, 1, 1], [3, 0, 0], [1, 0, 0]])))

    weight = splits.weight.todense()

    assert splits.pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert np.asarray(weight) == pytest.approx(np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0, 0, 0], [0, 0, 0]]))


def test_regions_that_are_a_random_half_have_about_what_is_expected() -> None:
    labels = project(11, n_items=6000)
    half = Grouping("half", np.random.default_rng(1).integers(0, 2, 6000), ("a", "b"))
    regions = find_regions([half], None, np.arange(6000), 6000)

    cells = excess(find_splits(labels), regions.items, np.ones(6000, dtype=bool))

    assert (cells.observed / cells.expected).mean() == pytest.approx(0.96, abs=0.06)


def test_consistency_is_one_where_everybody_holds_one_reading() -> None:
    # 30 items with one label of either side, by two of six people, three of each reading.
    pairs = [(a, b) for a in (0, 1, 2) for b in (3, 4, 5)] * 4
    item = np.repeat(np.arange(36), 2)
    annotator = np.array(pairs).ravel()

    result = consistency_of(item, annotator, np.tile([0.0, 1.0], 36), np.random.default_rng(0))

    assert result.rho == pytest.approx(1.0)
    assert result.p < 1e-6
    assert result.leaning == (3, 3)
    assert result.sides == (3, 3)
    assert result.n_rows == 72


def test_consistency_p_of_coin_tosses_is_small_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(3)
    p = []
    for _ in range(200):
        annotator = np.argsort(rng.random((40, 6)), axis=1)[:, :2].ravel()
        side = np.tile([0.0, 1.0], 40)
        p.append(consistency_of(np.repeat(np.arange(40), 2), annotator, side, rng).p)

    assert np.mean(np.array(p) <= 0.05) <= 0.05
    assert np.mean(np.array(p) <= 0.5) <= 0.5


def test_words_of_any_script() -> None:
    assert tokens("The fee, a FEE! Ünïted it's 3rd x2") == {"the", "fee", "ünïted"}
    assert tokens("Größe комиссия رسوم") == {"grösse", "комиссия", "رسوم"}
    assert tokens("手数料abc") == {"手数", "数料", "abc"}
    assert tokens("") == set()


def test_words_too_rare_or_too_common_are_no_regions() -> None:
    words, items = word_items(
        ["rare every"] * 2 + ["some every"] * 3 + ["every"] * 5, np.arange(10), min_items=3, max_share=0.5
    )

    assert words == ("some",)
    assert items.todense().tolist() == [[0, 0, 1, 1, 1, 0, 0, 0, 0, 0]]
