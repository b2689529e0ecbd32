"""Our figures against published sets with reference figures, to 6 digits; exit status 1 on a difference.

    python -m benchmarks.reference_sets FOLDER

FOLDER holds `convabuse`, `multipico` (labels.csv.gz, items.jsonl.gz, annotators.csv, reference.json) and `textbook`
(verified_values.csv and its tables). Then the detectors run on both sets: what must be found, and what must not.
"""

import argparse
import csv
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from quality.stats import distances
from quality.stats.aggregation import dawid_skene, majority
from quality.stats.agreement import conger_kappa, measure_agreement
from quality.stats.coefficients import fleiss_kappa, gwet_ac, krippendorff_alpha, percent_agreement
from quality.stats.findings import find_problems
from quality.stats.pairwise import cohen_kappas, count_pairs, mean_kappa
from quality.stats.ratings import Grouping, Ratings
from quality.stats.tallies import tally

DIGITS = 5e-7


@dataclass
class Row:
    """One comparison. `tolerance` is half a unit of the last digit given."""

    source: str
    figure: str
    expected: float
    ours: float | None
    tolerance: float = DIGITS

    @property
    def is_equal(self) -> bool:
        return self.ours is not None and abs(self.ours - self.expected) <= self.tolerance * 1.000001


@dataclass
class Dataset:
    name: str
    ratings: Ratings
    slices: list[Grouping]
    cohorts: list[Grouping]
    texts: list[str]
    people: list[str]
    reference: dict


def read_csv(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def encode(names: list[str], order: list[str] | None = None) -> tuple[np.ndarray, list[str]]:
    known = order or sorted(set(names))
    place = {name: k for k, name in enumerate(known)}
    return np.array([place[name] for name in names], dtype=np.int32), known


def grouping(key: str, values: list[str]) -> Grouping:
    names = sorted({value for value in values if value})
    place = {name: k for k, name in enumerate(names)}
    return Grouping(key, np.array([place.get(value, -1) for value in values]), tuple(names))


def load(folder: Path) -> Dataset:
    """A set as ratings; only the first label of a person on an item."""
    task = json.loads((folder / "task.json").read_text())
    reference = json.loads((folder / "reference.json").read_text())
    with gzip.open(folder / "items.jsonl.gz", "rt") as file:
        items = [json.loads(line) for line in file]
    rows = [row for row in read_csv(folder / "labels.csv.gz") if row.get("occurrence", "1") == "1"]
    person_rows = read_csv(folder / "annotators.csv")
    item, _ = encode([row["external_id"] for row in rows], [entry["external_id"] for entry in items])
    annotator, people = encode([row["annotator"] for row in rows], [row["annotator"] for row in person_rows])
    order = task.get("order")
    value, values = encode([row["value"] for row in rows], order)
    levels = np.array([float(v) for v in order]) if order else None
    ratings = Ratings(item, annotator, value, len(items), len(people), len(values), levels)
    named = [key for key in task["slice_columns"] if key != "user_words"]
    slices = [grouping(key, [str(entry["meta"].get(key, "")) for entry in items]) for key in named]
    cohorts = [grouping(key, [row[key] for row in person_rows]) for key in task["cohort_columns"]]
    texts = [" ".join(str(text) for text in entry["payload"].values()) for entry in items]
    return Dataset(folder.name, ratings, slices, cohorts, texts, people, reference)


def compare_overall(data: Dataset) -> Iterator[Row]:
    overall, pairwise = data.reference["overall"], data.reference["pairwise_cohen"]
    is_ordinal = data.ratings.levels is not None
    ours = measure_agreement(data.ratings, ordinal=is_ordinal)
    counts = tally(data.ratings)
    figures = {
        "krippendorff_alpha_nominal": ours.krippendorff_alpha["nominal"].value,
        "percent_agreement_mean_over_items": ours.percent_agreement.value,
        "percent_agreement_pooled_pairs": ours.percent_agreement_pooled.value,
        "gwet_ac1": ours.gwet_ac1.value,
        "fleiss_kappa_irrCAC": ours.fleiss_kappa.value,
        "conger_kappa": ours.conger_kappa.value,
    }
    if is_ordinal and ours.gwet_ac2 is not None:
        levels = data.ratings.levels
        figures |= {
            "krippendorff_alpha_ordinal": ours.krippendorff_alpha["ordinal"].value,
            "krippendorff_alpha_interval": ours.krippendorff_alpha["interval"].value,
            "gwet_ac2_ordinal_weights": ours.gwet_ac2.value,
            "gwet_ac2_quadratic_weights": gwet_ac(counts, distances.quadratic_weights, levels).value,
            "fleiss_kappa_quadratic_weights": fleiss_kappa(counts, distances.quadratic_weights, levels).value,
        }
    for name, value in figures.items():
        known = overall[name]
        yield Row(data.name, name, known["value"] if isinstance(known, dict) else known, value)
    for name, value in (("n_items", ours.n_items), ("n_annotators", ours.n_annotators), ("n_labels", ours.n_labels)):
        yield Row(data.name, name, overall[name], value, 0)
    yield Row(data.name, "majority_ties", data.reference["aggregation"]["majority_ties"],
              int(majority(data.ratings).is_tie.sum()), 0)  # fmt: skip
    yield from compare_pairwise(data, pairwise)


def compare_pairwise(data: Dataset, pairwise: dict) -> Iterator[Row]:
    cells = count_pairs(data.ratings)
    kappas = cohen_kappas(cells)
    quadratic = cohen_kappas(cells, distances.quadratic_weights, data.ratings.levels)
    for min_n in (5, 10, 20):
        known, mean = pairwise[f"min_common_{min_n}"], mean_kappa(kappas, min_n)
        source = f"{data.name}, pairs of {min_n}+"
        yield Row(source, "mean kappa", known["mean_kappa_unweighted_over_pairs"], mean.figure.value)
        yield Row(source, "pairs", known["pairs"], mean.pairs, 0)
        yield Row(source, "pairs undefined", known["pairs_kappa_undefined"], mean.pairs_undefined, 0)
        agreed = float(kappas.agreement[kappas.n >= min_n].mean())
        yield Row(source, "mean percent agreement", known["mean_percent_agreement_over_pairs"], agreed)
        if "mean_quadratic_weighted_kappa_over_pairs" in known:
            weighted = mean_kappa(quadratic, min_n).figure.value
            yield Row(source, "mean quadratic kappa", known["mean_quadratic_weighted_kappa_over_pairs"], weighted)


def compare_slices(data: Dataset) -> Iterator[Row]:
    for group in data.slices:
        for name, known in data.reference["slices"].get(group.key, {}).items():
            part = data.ratings.only_items(group.codes == group.names.index(name))
            ours = measure_agreement(part, ordinal=part.levels is not None)
            figures = {
                "n_items": ours.n_items,
                "n_annotators": ours.n_annotators,
                "n_labels": ours.n_labels,
                "krippendorff_alpha_nominal": ours.krippendorff_alpha["nominal"].value,
                "percent_agreement_mean_over_items": ours.percent_agreement.value,
                "percent_agreement_pooled_pairs": ours.percent_agreement_pooled.value,
            }
            if part.levels is not None:
                figures["krippendorff_alpha_ordinal"] = ours.krippendorff_alpha["ordinal"].value
                figures["krippendorff_alpha_interval"] = ours.krippendorff_alpha["interval"].value
            for figure, value in figures.items():
                yield Row(f"{data.name}, {group.key}={name}", figure, known[figure], value)


# ------------------------------------------------------------------ textbook tables


def cohen(ratings: Ratings, weights: distances.Weights = distances.identity_weights) -> float | None:
    return mean_kappa(cohen_kappas(count_pairs(ratings), weights), min_n=1).figure.value


def alpha(distance: distances.Distance) -> Callable[[Ratings], float | None]:
    return lambda ratings: krippendorff_alpha(tally(ratings), distance, ratings.levels).value


TEXTBOOK: dict[str, Callable[[Ratings], float | None]] = {
    "alpha_nominal": alpha(distances.nominal),
    "alpha_ordinal": alpha(distances.ordinal),
    "alpha_interval": alpha(distances.interval),
    "alpha_ratio": alpha(distances.ratio),
    "kappa": cohen,
    "Cohen's kappa": cohen,
    "linear weighted kappa": lambda r: cohen(r, distances.linear_weights),
    "Fleiss kappa": lambda r: fleiss_kappa(tally(r)).value,
    "Fleiss' kappa": lambda r: fleiss_kappa(tally(r)).value,
    "Fleiss' kappa (missing ratings allowed)": lambda r: fleiss_kappa(tally(r)).value,
    "Scott's pi / Fleiss' kappa": lambda r: fleiss_kappa(tally(r)).value,
    "percent agreement": lambda r: percent_agreement(tally(r)).value,
    "Gwet AC1": lambda r: gwet_ac(tally(r)).value,
    "Gwet AC1 (no published value used)": lambda r: gwet_ac(tally(r)).value,
    "Krippendorff's alpha": alpha(distances.nominal),
    "Krippendorff's alpha (other library)": alpha(distances.nominal),
    "Krippendorff alpha nominal (no published value used)": alpha(distances.nominal),
    "Conger's kappa": lambda r: conger_kappa(r).value,
    **{
        f"prevalence of class {k + 1}": lambda r, k=k: float(
            dawid_skene(r, weight=0, max_rounds=200, tolerance=1e-12).prior[k]
        )
        for k in range(4)
    },
}


def read_table(path: Path) -> Ratings:
    rows = read_csv(path)
    if path.stem.endswith(("_counts", "_table")):
        cells = [[int(cell) for key, cell in row.items() if key] for row in rows]
        counts = np.array(cells)
        first, second = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
        if path.stem.endswith("_table"):
            n = len(first)
            values = np.stack([first, second], axis=1).ravel()
            return Ratings(np.repeat(np.arange(n), 2), np.tile([0, 1], n), values, n, 2, len(counts))
        person = np.concatenate([np.arange(size) for size in counts.sum(axis=1)])
        return Ratings(first, person, second, len(counts), int(person.max()) + 1, counts.shape[1])
    item, items = encode([row["external_id"] for row in rows])
    annotator, people = encode([row["annotator"] for row in rows])
    value, values = encode([row["value"] for row in rows])
    is_numeric = all(name.lstrip("-").isdigit() for name in values)
    levels = np.array([float(name) for name in values]) if is_numeric else None
    return Ratings(item, annotator, value, len(items), len(people), len(values), levels)


def compare_textbook(folder: Path) -> Iterator[Row]:
    for known in read_csv(folder / "verified_values.csv"):
        measure = TEXTBOOK.get(known["quantity"])
        if measure is None:
            continue
        ours, source = measure(read_table(folder / known["table"])), known["table"]
        yield Row(source, known["quantity"], float(known["computed"]), ours)
        if known["published"]:
            yield Row(
                source, f"{known['quantity']}, published", float(known["published"]), ours, float(known["tolerance"])
            )


# ------------------------------------------------------------------ detectors


def check_findings(data: Dataset, keys: list[str]) -> Iterator[tuple[str, bool]]:
    """Statements about the findings, and whether they hold. Cohort keys as far as the set must be silent there."""
    began = perf_counter()
    report = find_problems(
        data.ratings,
        rng=np.random.default_rng(1),
        slices=data.slices,
        cohorts=[group for group in data.cohorts if group.key in keys],
        texts=data.texts,
    )
    print(f"\n{data.name}: findings in {perf_counter() - began:.1f} s, tests {dict(report.tested)}")
    for f in report.findings:
        people = [data.people[j] for j in f.annotators[:3]]
        where = [str(part) for part in (f.cohort, f.values, f.slice, f.terms, f.pattern) if part]
        print(f"  {f.kind} {people} {' '.join(where)} {f.effect:+.3f} p_adj {f.p_adjusted:.1e} n {f.n}")
    biased = {data.people[f.annotators[0]] for f in report.findings if f.kind == "bias"}
    if data.name == "convabuse":
        yield "Annotator5 is among the bias findings", "Annotator5" in biased
        yield "nobody else is", biased <= {"Annotator5"}
    else:
        yield (
            f"no finding for the cohorts {', '.join(keys)}",
            report.tested["cohort_bias"] > 0 and not any(f.kind == "cohort_bias" for f in report.findings),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="print equal rows of slices too")
    arguments = parser.parse_args()
    sets = [load(arguments.folder / name) for name in ("convabuse", "multipico")]
    rows = list(compare_textbook(arguments.folder / "textbook"))
    for data in sets:
        rows += [*compare_overall(data), *compare_slices(data)]
    for row in rows:
        if arguments.all or not row.is_equal or "=" not in row.source:
            ours = "undefined" if row.ours is None else f"{row.ours:.6f}"
            verdict = "ok" if row.is_equal else "DIFFERS"
            print(f"{row.source:44} {row.figure:46} {row.expected:14.6f} {ours:>14} {verdict}")
    different = [row for row in rows if not row.is_equal]
    print(f"\n{len(rows) - len(different)} of {len(rows)} figures equal to 6 digits (or the digits published)")
    checks = [*check_findings(sets[0], ["role"]), *check_findings(sets[1], ["gender", "age_band", "student_status"])]
    for statement, holds in checks:
        print(f"  {'ok' if holds else 'FAILS'}: {statement}")
    sys.exit(bool(different) or not all(holds for _, holds in checks))


if __name__ == "__main__":
    main()
