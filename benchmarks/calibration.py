"""How far intervals and posteriors can be believed: coverage of the jackknife of alpha, confidence of Dawid-Skene.

python -m benchmarks.calibration --draws 400
"""

import argparse
from collections.abc import Iterator

import numpy as np

from benchmarks.simulated_projects import make_project
from quality.stats import figures
from quality.stats.aggregation import dawid_skene, majority
from quality.stats.coefficients import krippendorff_alpha
from quality.stats.ratings import Ratings
from quality.stats.tallies import tally

CASES = (((0.5, 0.3, 0.2), 3), ((0.9, 0.1), 2), ((0.97, 0.03), 3))
SCENARIOS = ("clean", "clean_two_labels", "hard_slice", "bias", "spam", "hotspots", "mixed", "clean_rating")


def draw(rng: np.random.Generator, shares: tuple[float, ...], per_item: int, n_items: int) -> Ratings:
    """People who are right with probability .85, else answer by the label shares."""
    truth = rng.choice(len(shares), size=n_items, p=shares)
    item = np.repeat(np.arange(n_items), per_item)
    guess = rng.choice(len(shares), size=len(item), p=shares)
    value = np.where(rng.random(len(item)) < 0.85, truth[item], guess)
    return Ratings(item, np.tile(np.arange(per_item), n_items), value, n_items, per_item, len(shares))


def coverage(draws: int) -> Iterator[str]:
    """Share of intervals that hold alpha: all of them (rule switched off), and those shown under the rule."""
    yield "| shares, labels an item | items | alpha | coverage of all | of those shown | shown | none possible |"
    yield "|---|---|---|---|---|---|---|"
    for shares, per_item in CASES:
        truth = krippendorff_alpha(tally(draw(np.random.default_rng(0), shares, per_item, 400_000))).value
        for n_items in (20, 50, 200, 1000):
            rng = np.random.default_rng([n_items, per_item])
            found = [intervals(tally(draw(rng, shares, per_item, n_items))) for _ in range(draws)]
            anyhow = [every for every, _ in found if every is not None]
            shown = [interval for _, interval in found if interval is not None]
            cells = [f"{inside(anyhow, truth):.3f}", f"{inside(shown, truth):.3f}" if shown else "–"]
            yield (
                f"| {'/'.join(f'{s:g}' for s in shares)}, {per_item} | {n_items} | {truth:.2f} | {cells[0]} "
                f"| {cells[1]} | {len(shown) / draws:.2f} | {draws - len(anyhow)} |"
            )


Interval = tuple[float, float]


def intervals(counts) -> tuple[Interval | None, Interval | None]:  # type: ignore[no-untyped-def]
    """The interval without the rule of enough variety, and the one that is shown."""
    shown = krippendorff_alpha(counts)
    kept = figures.MIN_INTERVAL_ITEMS, figures.MIN_MINORITY_ITEMS
    figures.MIN_INTERVAL_ITEMS, figures.MIN_MINORITY_ITEMS = 2, 0
    every = krippendorff_alpha(counts)
    figures.MIN_INTERVAL_ITEMS, figures.MIN_MINORITY_ITEMS = kept
    pair = [None if f.low is None or f.high is None else (f.low, f.high) for f in (every, shown)]
    return pair[0], pair[1]


def inside(found: list[Interval], truth: float | None) -> float:
    return float(np.mean([low <= truth <= high for low, high in found])) if found and truth is not None else 0.0


def confidence(seeds: int) -> Iterator[str]:
    """Accuracy of majority and Dawid-Skene on items with two labels, and what the posterior claims."""
    yield "| scenario | majority (ties half) | Dawid-Skene | mean claimed confidence |"
    yield "|---|---|---|---|"
    for scenario in SCENARIOS:
        rows = []
        for seed in range(seeds):
            project = make_project(scenario, seed)
            shared = project.ratings.item_sizes() >= 2
            votes, fitted = majority(project.ratings), dawid_skene(project.ratings)
            by_vote = np.where(votes.is_tie, 0.5, votes.value == project.truth)[shared].mean()
            best = fitted.posterior.argmax(axis=1)
            rows.append((by_vote, (best == project.truth)[shared].mean(), fitted.posterior.max(axis=1)[shared].mean()))
        yield f"| {scenario} | " + " | ".join(f"{x:.3f}" for x in np.mean(rows, axis=0)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    for line in (*coverage(arguments.draws), "", *confidence(arguments.seeds)):
        print(line)


if __name__ == "__main__":
    main()
