"""Speed and memory of the statistics against plain numpy references and packages, interleaved in one run.

    python -m benchmarks.stats --labels 300000 --annotators 200
    python -m benchmarks.stats --labels 10000000 --annotators 1000 --packages counts --json stats.json

Three labels an item. Every round runs each variant once, in an order that changes from round to round; medians, and
the median and range of the ratios within a round, are printed. Peak memory is that of a process of its own for each
variant, arrays included. `--packages`: `all` (scikit-learn on all pairs takes minutes beyond 300k labels), `counts`
(krippendorff from value counts) or `none`.
"""

import argparse
import json
import multiprocessing
import re
import resource
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

from quality.stats import distances
from quality.stats.aggregation import dawid_skene
from quality.stats.agreement import measure_agreement
from quality.stats.coefficients import krippendorff_alpha
from quality.stats.pairwise import cohen_kappas, count_pairs, mean_kappa
from quality.stats.ratings import Ratings
from quality.stats.tallies import tally

STEPS = 10


@dataclass(frozen=True)
class Labels:
    """Long-format labels, three an item, ordered by item."""

    item: np.ndarray
    annotator: np.ndarray
    value: np.ndarray
    n_items: int
    n_annotators: int
    n_values: int

    def ratings(self) -> Ratings:
        levels = np.arange(1, self.n_values + 1, dtype=float)
        return Ratings(self.item, self.annotator, self.value, self.n_items, self.n_annotators, self.n_values, levels)


def draw(n_labels: int, n_annotators: int, n_values: int, seed: int = 0) -> Labels:
    rng = np.random.default_rng(seed)
    n_items = n_labels // 3
    item = np.repeat(np.arange(n_items, dtype=np.int32), 3)
    # Three different people: the gaps between them, going round, are random and add up to less than a round.
    cuts = np.sort(rng.integers(1, n_annotators - 1, (n_items, 2), dtype=np.int32), axis=1) + np.array([0, 1])
    first = rng.integers(0, n_annotators, (n_items, 1), dtype=np.int32)
    annotator = (np.concatenate([first, first + cuts], axis=1) % n_annotators).astype(np.int32).ravel()
    truth = rng.integers(0, n_values, n_items, dtype=np.int32)
    is_right = rng.random(3 * n_items) < 0.75
    value = np.where(is_right, truth[item], rng.integers(0, n_values, 3 * n_items, dtype=np.int32))
    return Labels(item, annotator, value.astype(np.int32), n_items, n_annotators, n_values)


# ------------------------------------------------------------------ references


def reference_counts(labels: Labels) -> np.ndarray:
    cell = labels.item.astype(np.int64) * labels.n_values + labels.value
    return np.bincount(cell, minlength=labels.n_items * labels.n_values).reshape(-1, labels.n_values)


def reference_alpha(labels: Labels, metric: str) -> float:
    """Coincidences by a matrix product of the items x values counts."""
    counts = reference_counts(labels)
    sizes = counts.sum(axis=1)
    counts, sizes = counts[sizes >= 2], sizes[sizes >= 2]
    together = (counts / (sizes - 1)[:, None]).T @ counts
    together[np.diag_indices(labels.n_values)] -= (counts / (sizes - 1)[:, None]).sum(axis=0)
    n_k = together.sum(axis=1)
    place = np.arange(labels.n_values, dtype=float)
    if metric == "ordinal":
        place = np.cumsum(n_k) - n_k / 2
    delta = (place[:, None] - place) ** 2 if metric != "nominal" else 1 - np.eye(labels.n_values)
    n = n_k.sum()
    return 1 - (n - 1) * (together * delta).sum() / (np.outer(n_k, n_k) * delta).sum()


def reference_cohen(labels: Labels, min_n: int = 10) -> float:
    """Sparse join: the pairs of labels of an item, sorted by pair of people."""
    annotator, value = (column.reshape(-1, 3) for column in (labels.annotator, labels.value))
    a = np.concatenate([annotator[:, s] for s, t in ((0, 1), (0, 2), (1, 2))]).astype(np.int64)
    b = np.concatenate([annotator[:, t] for s, t in ((0, 1), (0, 2), (1, 2))])
    u = np.concatenate([value[:, s] for s, t in ((0, 1), (0, 2), (1, 2))])
    v = np.concatenate([value[:, t] for s, t in ((0, 1), (0, 2), (1, 2))])
    swap = a > b
    a, b, u, v = np.where(swap, b, a), np.where(swap, a, b), np.where(swap, v, u), np.where(swap, u, v)
    _, pair = np.unique(a * labels.n_annotators + b, return_inverse=True)
    n = np.bincount(pair)
    n_values = labels.n_values
    agreed = np.bincount(pair, weights=u == v)
    left = np.bincount(pair * n_values + u, minlength=len(n) * n_values).reshape(-1, n_values)
    right = np.bincount(pair * n_values + v, minlength=len(n) * n_values).reshape(-1, n_values)
    chance = (left * right).sum(axis=1) / n**2
    used = (n >= min_n) & (chance < 1)
    return float(((agreed / n - chance)[used] / (1 - chance)[used]).mean())


def reference_dawid_skene(labels: Labels) -> np.ndarray:
    """Vectorised EM: one weighted bincount over the labels per class for each step."""
    n_values, n_answers = labels.n_values, labels.n_annotators * labels.n_values
    answer = labels.annotator.astype(np.int64) * n_values + labels.value
    posterior = reference_counts(labels).astype(float)
    posterior /= posterior.sum(axis=1, keepdims=True)
    for _ in range(STEPS):
        by_class = [np.bincount(answer, weights=q[labels.item], minlength=n_answers) for q in posterior.T]
        counts = np.stack(by_class, axis=1).reshape(-1, n_values, n_values) + 0.01
        log_confusion = np.log(counts / counts.sum(axis=1, keepdims=True)).reshape(n_answers, n_values)
        by_class = [np.bincount(labels.item, weights=c[answer], minlength=labels.n_items) for c in log_confusion.T]
        score = np.stack(by_class, axis=1) + np.log(posterior.mean(axis=0))
        score -= score.max(axis=1, keepdims=True)
        posterior = np.exp(score)
        posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior


def package_alpha(labels: Labels, metric: str) -> float:
    counts = reference_counts(labels)
    domain = np.arange(labels.n_values, dtype=float)
    return krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=metric)


def package_cohen(labels: Labels, min_n: int = 10) -> float:
    """scikit-learn pair by pair, on the rows of each person in a dictionary."""
    rows = {j: labels.annotator == j for j in range(labels.n_annotators)}
    answers = {
        j: dict(zip(labels.item[own].tolist(), labels.value[own].tolist(), strict=True)) for j, own in rows.items()
    }
    kappas = []
    for a in range(labels.n_annotators):
        for b in range(a + 1, labels.n_annotators):
            shared = answers[a].keys() & answers[b].keys()
            if len(shared) >= min_n:
                left, right = [answers[a][i] for i in shared], [answers[b][i] for i in shared]
                kappas.append(cohen_kappa_score(left, right))
    return float(np.nanmean(kappas))


# ------------------------------------------------------------------ ours


METRICS = {"nominal": distances.nominal, "ordinal": distances.ordinal, "interval": distances.interval}


def our_alpha(labels: Labels, metric: str) -> float | None:
    ratings = labels.ratings()
    return krippendorff_alpha(tally(ratings), METRICS[metric], ratings.levels).value


def our_cohen(labels: Labels, min_n: int = 10) -> float | None:
    return mean_kappa(cohen_kappas(count_pairs(labels.ratings())), min_n).figure.value


def our_dawid_skene(labels: Labels) -> np.ndarray:
    return dawid_skene(labels.ratings(), max_rounds=STEPS, tolerance=0).posterior


def our_row(labels: Labels) -> float | None:
    return measure_agreement(labels.ratings(), ordinal=True).krippendorff_alpha["ordinal"].value


Variants = dict[str, Callable[[Labels], object]]


def subjects(packages: str) -> dict[str, Variants]:
    """What is measured: ours, the reference, and the package where there is one."""
    found: dict[str, Variants] = {}
    for metric in METRICS:
        found[f"alpha {metric}"] = {
            "ours": lambda labels, metric=metric: our_alpha(labels, metric),
            "reference": lambda labels, metric=metric: reference_alpha(labels, metric),
        }
        if packages != "none":
            found[f"alpha {metric}"]["krippendorff"] = lambda labels, metric=metric: package_alpha(labels, metric)
    found["Cohen, all pairs"] = {"ours": our_cohen, "reference": reference_cohen}
    if packages == "all":
        found["Cohen, all pairs"]["scikit-learn"] = package_cohen
    found["Dawid-Skene, 10 steps"] = {"ours": our_dawid_skene, "reference": reference_dawid_skene}
    found["whole agreement row"] = {"ours": our_row}
    return found


# ------------------------------------------------------------------ measuring


@dataclass
class Measured:
    subject: str
    variant: str
    seconds: float
    peak_mb: float
    ratio: float | None = None  # this variant / ours, median over rounds
    ratio_range: tuple[float, float] | None = None


def time_once(run: Callable[[Labels], object], labels: Labels) -> float:
    began = perf_counter()
    run(labels)
    return perf_counter() - began


def peak_of(subject: str, variant: str, sizes: tuple[int, int, int], packages: str) -> float:
    """Peak memory in MB of a fresh process that draws the labels and runs the variant once."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak, (subject, variant, sizes, packages))


def _peak(subject: str, variant: str, sizes: tuple[int, int, int], packages: str) -> float:
    labels = draw(*sizes)
    subjects(packages)[subject][variant](labels)
    return peak_memory()


def peak_memory() -> float:
    """Peak of this process in MB. On Linux VmHWM: ru_maxrss would count the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024  # type: ignore[index]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def check_equal(name: str, variants: Variants, labels: Labels) -> None:
    """Ours and the others must give the same before their times are worth comparing."""
    results = {variant: run(labels) for variant, run in variants.items()}
    for variant, result in results.items():
        if name.startswith("Dawid"):
            same = (np.argmax(result, axis=1) == np.argmax(results["ours"], axis=1)).mean() > 0.99  # type: ignore[call-overload]
        else:
            same = abs(result - results["ours"]) < 1e-6  # type: ignore[operator]
        if not same:
            raise SystemExit(f"{name}: {variant} gives another result than ours")


def measure(name: str, variants: Variants, labels: Labels, rounds: int, peaks: dict[str, float]) -> list[Measured]:
    seconds: dict[str, list[float]] = {variant: [] for variant in variants}
    order = list(variants)
    for _ in range(rounds):
        for variant in order:
            seconds[variant].append(time_once(variants[variant], labels))
        order = order[1:] + order[:1]
    rows = []
    for variant, times in seconds.items():
        row = Measured(name, variant, statistics.median(times), peaks[variant])
        if variant != "ours":
            ratios = [time / own for time, own in zip(times, seconds["ours"], strict=True)]
            row.ratio, row.ratio_range = statistics.median(ratios), (min(ratios), max(ratios))
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=300_000)
    parser.add_argument("--annotators", type=int, default=200)
    parser.add_argument("--values", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--packages", choices=("all", "counts", "none"), default="all")
    parser.add_argument("--only", nargs="+", help="subjects whose name starts with one of these")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sizes = (arguments.labels, arguments.annotators, arguments.values)
    labels = draw(*sizes)
    print(f"{len(labels.item)} labels, {labels.n_items} items, {sizes[1]} annotators, {sizes[2]} values\n")
    print(f"{'subject':24}{'variant':14}{'seconds':>10}{'peak MB':>9}{'/ ours':>9}  range")
    rows: list[Measured] = []
    for name, variants in subjects(arguments.packages).items():
        if arguments.only and not name.startswith(tuple(arguments.only)):
            continue
        peaks = {variant: peak_of(name, variant, sizes, arguments.packages) for variant in variants}
        check_equal(name, variants, labels)
        for row in measure(name, variants, labels, arguments.rounds, peaks):
            rows.append(row)
            ratio = "" if row.ratio is None or row.ratio_range is None else (
                f"{row.ratio:9.2f}  {row.ratio_range[0]:.2f} to {row.ratio_range[1]:.2f}"
            )  # fmt: skip
            print(f"{row.subject:24}{row.variant:14}{row.seconds:10.4f}{row.peak_mb:9.0f}{ratio}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"sizes": sizes, "rows": [asdict(row) for row in rows]}, indent=1))


if __name__ == "__main__":
    main()
