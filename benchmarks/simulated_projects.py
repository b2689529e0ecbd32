"""Projects with planted problems, and clean ones: what the detectors are measured on.

People have a skill, items a difficulty; a wrong answer is drawn from a confusion of the labels shared by all, half of
the time replaced by the item's own tempting label, so that honest people are wrong together. On top of that the
scenario plants its problems. Slices and cohorts carry no effect unless planted, texts are words of a common pool.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from quality.stats.ratings import Grouping, Ratings

DAY = 86400.0
DAYS = 60


@dataclass
class Planted:
    """What was planted. Effects are those realised in the labels."""

    bias: dict[int, tuple[int | None, float]] = field(default_factory=dict)  # annotator -> (label, realised shift)
    spam: dict[int, str] = field(default_factory=dict)
    hotspots: list[tuple[int, int, np.ndarray, str]] = field(default_factory=list)  # labels, items, word
    cohorts: list[tuple[tuple[str, str], tuple[str, str]]] = field(default_factory=list)  # cohort, slice
    drift: dict[int, tuple[float, float]] = field(default_factory=dict)  # annotator -> (time, drop)
    collusion: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Project:
    ratings: Ratings
    truth: np.ndarray
    slices: list[Grouping]
    cohorts: list[Grouping]
    texts: list[str]
    planted: Planted


@dataclass
class Draft:
    """A project in the making: the rows as arrays that the plants change in place."""

    rng: np.random.Generator
    n_items: int
    n_annotators: int
    n_values: int
    is_rating: bool
    truth: np.ndarray
    difficulty: np.ndarray
    item: np.ndarray
    annotator: np.ndarray
    value: np.ndarray
    time: np.ndarray
    slices: list[Grouping]
    cohorts: list[Grouping]
    texts: list[list[str]]
    planted: Planted = field(default_factory=Planted)


def make_project(scenario: str, seed: int) -> Project:
    """A project of the scenario; the same seed gives the same project."""
    rng = np.random.default_rng([SCENARIOS.index(scenario), seed])
    is_rating = scenario in ("clean_rating", "severity")
    n_values = 5 if is_rating else 2 if scenario == "clean_two_labels" else int(rng.integers(4, 7))
    draft = draw_draft(rng, n_values, is_rating, hard_slice=scenario in ("hard_slice", "mixed"))
    for plant in PLANTS.get(scenario, ()):
        plant(draft)
    return finish(draft)


def draw_draft(rng: np.random.Generator, n_values: int, is_rating: bool, hard_slice: bool) -> Draft:
    n_items = int(rng.integers(1500, 5000))
    n_annotators = int(rng.integers(20, 80))
    shares = rng.dirichlet(np.full(n_values, 4.0))
    truth = rng.choice(n_values, size=n_items, p=shares)
    slices = [
        draw_grouping(rng, "language", ("de", "en", "fr", "nl"), n_items),
        draw_grouping(rng, "source", ("mail", "chat"), n_items),
    ]
    cohorts = [
        draw_grouping(rng, "region", ("north", "south", "west"), n_annotators),
        draw_grouping(rng, "trained", ("yes", "no"), n_annotators),
    ]
    difficulty = rng.lognormal(0.0, 0.6, n_items)
    if hard_slice:
        difficulty[slices[0].codes == 2] *= 2.5
    item, annotator = draw_seats(rng, n_items, n_annotators)
    value = draw_answers(rng, truth, difficulty, item, annotator, n_annotators, n_values, is_rating)
    time = np.sort(rng.random(len(item))) * DAYS * DAY
    texts = [[f"word{k}" for k in rng.zipf(1.35, 12) % 900] for _ in range(n_items)]
    return Draft(
        rng, n_items, n_annotators, n_values, is_rating, truth, difficulty, item, annotator, value, time,
        slices, cohorts, texts,
    )  # fmt: skip


def draw_grouping(rng: np.random.Generator, key: str, names: tuple[str, ...], size: int) -> Grouping:
    return Grouping(key, rng.choice(len(names), size=size, p=rng.dirichlet(np.full(len(names), 8.0))), names)


def draw_seats(rng: np.random.Generator, n_items: int, n_annotators: int) -> tuple[np.ndarray, np.ndarray]:
    """1 to 4 labels an item by different people; some people do far more than others. Rows in the order of work."""
    sizes = rng.choice([1, 2, 3, 4], size=n_items, p=[0.1, 0.25, 0.45, 0.2])
    busy = rng.lognormal(0.0, 0.5, n_annotators)
    keys = rng.exponential(1.0, (n_items, n_annotators)) / busy
    chosen = np.argsort(keys, axis=1)[:, :4]
    item = np.repeat(np.arange(n_items), sizes)
    seat = np.concatenate([np.arange(size) for size in sizes])
    order = rng.permutation(len(item))
    return item[order], chosen[item, seat][order]


def draw_answers(rng, truth, difficulty, item, annotator, n_annotators, n_values, is_rating):  # type: ignore[no-untyped-def]
    error = np.clip(rng.beta(4, 28, n_annotators)[annotator] * difficulty[item], 0.005, 0.75)
    is_wrong = rng.random(len(item)) < error
    if is_rating:
        step = rng.choice([-2, -1, 1, 2], size=len(item), p=[0.08, 0.42, 0.42, 0.08])
        severity = rng.normal(0.0, 0.06, n_annotators)[annotator]
        noisy = truth[item] + np.where(is_wrong, step, 0) + severity
        return round_at_random(rng, noisy, n_values)
    confusion = rng.dirichlet(np.full(n_values, 1.2), size=n_values)
    np.fill_diagonal(confusion, 0.0)
    confusion /= confusion.sum(axis=1, keepdims=True)
    cumulated = confusion.cumsum(axis=1)
    draw = (rng.random(len(item))[:, None] > cumulated[truth[item]]).sum(axis=1)
    tempting = (rng.random(len(truth))[:, None] > cumulated[truth]).sum(axis=1)
    wrong = np.where(rng.random(len(item)) < 0.5, tempting[item], draw)
    return np.where(is_wrong, np.minimum(wrong, n_values - 1), truth[item])


def round_at_random(rng: np.random.Generator, level: np.ndarray, n_values: int) -> np.ndarray:
    """Down or up with the probability that keeps the mean."""
    low = np.floor(level)
    up = rng.random(len(level)) < level - low
    return np.clip(low + up, 0, n_values - 1).astype(int)


def finish(draft: Draft) -> Project:
    levels = np.arange(1, draft.n_values + 1, dtype=float) if draft.is_rating else None
    ratings = Ratings(
        draft.item, draft.annotator, draft.value, draft.n_items, draft.n_annotators, draft.n_values, levels,
        draft.time,
    )  # fmt: skip
    texts = [" ".join(words) for words in draft.texts]
    return Project(ratings, draft.truth, draft.slices, draft.cohorts, texts, draft.planted)


# ------------------------------------------------------------------ plants


def pick_people(draft: Draft, low: int, high: int, min_labels: int = 60) -> np.ndarray:
    """Some people with enough labels who have nothing planted yet."""
    taken = {*draft.planted.bias, *draft.planted.spam, *draft.planted.drift}
    taken |= {person for pair in draft.planted.collusion for person in pair}
    sizes = np.bincount(draft.annotator, minlength=draft.n_annotators)
    free = [j for j in range(draft.n_annotators) if sizes[j] >= min_labels and j not in taken]
    count = min(int(draft.rng.integers(low, high + 1)), len(free))
    return draft.rng.choice(free, size=count, replace=False)


def plant_bias(draft: Draft, weak: bool = False) -> None:
    """People who over-use a label: some of their other answers become it."""
    for j in pick_people(draft, 2, 5):
        rows = np.flatnonzero(draft.annotator == j)
        label = int(draft.rng.integers(draft.n_values))
        others = rows[draft.value[rows] != label]
        share = draft.rng.uniform(0.05, 0.12) if weak else draft.rng.uniform(0.12, 0.35)
        switched = others[draft.rng.random(len(others)) < share * len(rows) / max(len(others), 1)]
        draft.value[switched] = label
        draft.planted.bias[int(j)] = (label, len(switched) / len(rows))


def plant_weak_bias(draft: Draft) -> None:
    plant_bias(draft, weak=True)


def plant_severity(draft: Draft) -> None:
    """People who rate lower or higher throughout."""
    for j in pick_people(draft, 2, 5):
        rows = np.flatnonzero(draft.annotator == j)
        before = draft.value[rows].mean()
        points = draft.rng.choice([-1, 1]) * draft.rng.uniform(0.4, 1.0)
        draft.value[rows] = round_at_random(draft.rng, draft.value[rows] + points, draft.n_values)
        draft.planted.bias[int(j)] = (None, draft.value[rows].mean() - before)


def plant_spam(draft: Draft) -> None:
    """People who answer at random, by the label shares, or nearly always the same."""
    shares = np.bincount(draft.value, minlength=draft.n_values) / len(draft.value)
    for j in pick_people(draft, 2, 5):
        rows = np.flatnonzero(draft.annotator == j)
        sort = draft.rng.choice(["uniform", "shares", "constant"])
        if sort == "constant":
            label = int(draft.rng.integers(draft.n_values))
            keep = draft.rng.random(len(rows)) < draft.rng.uniform(0.0, 0.08)
            draft.value[rows] = np.where(keep, draft.value[rows], label)
        else:
            p = None if sort == "uniform" else shares
            draft.value[rows] = draft.rng.choice(draft.n_values, size=len(rows), p=p)
        draft.planted.spam[int(j)] = "constant" if sort == "constant" else "random"


def plant_hotspots(draft: Draft) -> None:
    """Two clusters of items, named by a word, that people read as one of two labels, each in their own way."""
    pairs = [(a, b) for a in range(draft.n_values) for b in range(a + 1, draft.n_values)]
    for k, pair in enumerate(draft.rng.permutation(len(pairs))[:2]):
        a, b = pairs[pair]
        candidates = np.flatnonzero(np.isin(draft.truth, (a, b)))
        size = min(int(draft.n_items * draft.rng.uniform(0.02, 0.045)), len(candidates))
        items = draft.rng.choice(candidates, size=size, replace=False)
        word = f"marker{'ab'[k]}"
        for i in items:
            draft.texts[i].append(word)
        for i in draft.rng.choice(draft.n_items, size=size // 10):
            draft.texts[i].append(word)
        reading = draft.rng.integers(0, 2, draft.n_annotators)
        in_cluster = np.isin(draft.item, items)
        rows = np.flatnonzero(in_cluster & np.isin(draft.value, (a, b)))
        follows = draft.rng.random(len(rows)) < 0.85
        own = np.where(reading[draft.annotator[rows]] == 0, a, b)
        draft.value[rows] = np.where(follows, own, draft.value[rows])
        draft.planted.hotspots.append((a, b, items, word))


def plant_cohort(draft: Draft) -> None:
    """One cohort over-uses one label in one slice."""
    cohort, groups = draft.cohorts[0], draft.slices[0]
    member = int(np.argmax(np.bincount(cohort.codes))) if draft.rng.random() < 0.5 else 1
    if (cohort.codes == member).sum() < 6:
        member = int(np.argmax(np.bincount(cohort.codes)))
    part = int(draft.rng.integers(len(groups.names)))
    label = int(draft.rng.integers(draft.n_values))
    rows = (cohort.codes[draft.annotator] == member) & (groups.codes[draft.item] == part)
    others = np.flatnonzero(rows & (draft.value != label))
    share = draft.rng.uniform(0.15, 0.30)
    draft.value[others[draft.rng.random(len(others)) < share * rows.sum() / len(others)]] = label
    draft.planted.cohorts.append(((cohort.key, cohort.names[member]), (groups.key, groups.names[part])))


def plant_drift(draft: Draft) -> None:
    """People who become careless at some time."""
    for j in pick_people(draft, 2, 4, min_labels=120):
        rows = np.flatnonzero(draft.annotator == j)
        start = draft.rng.uniform(0.35, 0.65) * DAYS * DAY
        late = rows[draft.time[rows] > start]
        before = (draft.value[late] == draft.truth[draft.item[late]]).mean()
        careless = late[draft.rng.random(len(late)) < draft.rng.uniform(0.25, 0.5)]
        draft.value[careless] = draft.rng.integers(0, draft.n_values, len(careless))
        after = (draft.value[late] == draft.truth[draft.item[late]]).mean()
        draft.planted.drift[int(j)] = (start, float(before - after))


def plant_collusion(draft: Draft) -> None:
    """Pairs who meet on many items, and one copies the other."""
    people = pick_people(draft, 4, 4, min_labels=80)
    for a, b in people.reshape(-1, 2):
        item_a = draft.item[draft.annotator == a]
        rows_b = np.flatnonzero(draft.annotator == b)
        apart = rows_b[~np.isin(draft.item[rows_b], item_a)]
        free = np.setdiff1d(item_a, draft.item[rows_b])
        n = min(len(apart), len(free), 120)
        moved = draft.rng.choice(apart, size=n, replace=False)
        draft.item[moved] = draft.rng.choice(free, size=n, replace=False)
        answers = np.full(draft.n_items, -1)
        answers[draft.item[draft.annotator == a]] = draft.value[draft.annotator == a]
        rows_b = rows_b[answers[draft.item[rows_b]] >= 0]
        # b's own answers on the moved items are those of the items b left: give honest ones before copying
        honest = draft.rng.random(len(rows_b)) < 0.85
        draft.value[rows_b] = np.where(
            honest, draft.truth[draft.item[rows_b]], draft.rng.integers(0, draft.n_values, len(rows_b))
        )
        copied = rows_b[draft.rng.random(len(rows_b)) < draft.rng.uniform(0.6, 0.95)]
        draft.value[copied] = answers[draft.item[copied]]
        draft.planted.collusion.append((int(min(a, b)), int(max(a, b))))


def plant_leanings(draft: Draft) -> None:
    """Everybody leans a little, nobody enough to be named (up to .02)."""
    for j in range(draft.n_annotators):
        rows = np.flatnonzero(draft.annotator == j)
        label = int(draft.rng.integers(draft.n_values))
        switched = rows[draft.rng.random(len(rows)) < draft.rng.uniform(0.0, 0.02)]
        draft.value[switched] = label


def plant_lopsided_bias(draft: Draft) -> None:
    """A busy biased person who works mostly in one slice, which then looks ambiguous."""
    groups = draft.slices[0]
    j = int(pick_people(draft, 1, 1)[0])
    rows = np.flatnonzero((groups.codes[draft.item] == 1) & (draft.rng.random(len(draft.item)) < 0.15))
    present = set(draft.item[draft.annotator == j].tolist())
    rows = np.array([r for r in rows if draft.item[r] not in present and not present.add(draft.item[r])], dtype=int)
    draft.annotator[rows] = j
    rows = np.flatnonzero(draft.annotator == j)
    label = int(draft.rng.integers(draft.n_values))
    others = rows[draft.value[rows] != label]
    switched = others[draft.rng.random(len(others)) < 0.35]
    draft.value[switched] = label
    draft.planted.bias[j] = (label, len(switched) / len(rows))


Plant = Callable[[Draft], None]
PLANTS: dict[str, tuple[Plant, ...]] = {
    "small_leanings": (plant_leanings,),
    "bias": (plant_bias,),
    "bias_weak": (plant_weak_bias,),
    "severity": (plant_severity,),
    "spam": (plant_spam,),
    "hotspots": (plant_hotspots,),
    "cohort": (plant_cohort,),
    "drift": (plant_drift,),
    "collusion": (plant_collusion,),
    "confounded": (plant_lopsided_bias,),
    "mixed": (plant_hotspots, plant_cohort, plant_bias, plant_drift, plant_spam),
}
SCENARIOS = (
    "clean", "clean_rating", "clean_two_labels", "hard_slice", "small_leanings", "bias", "bias_weak", "severity",
    "spam", "hotspots", "cohort", "drift", "collusion", "confounded", "mixed",
)  # fmt: skip
