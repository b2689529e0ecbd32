"""Detection tables on simulated projects: hit / planted, false, for each scenario and kind of finding.

    python -m benchmarks.simulate --seeds 20
    python -m benchmarks.simulate --seeds 100 --scenarios clean clean_rating --json out.json

A hit is something planted and found. A finding is false if nothing planted explains it: a biased person found biased
for another label is explained, and so is the drift or spam of somebody planted as either. Seeds start at --first.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.simulated_projects import SCENARIOS, Planted, Project, make_project
from quality.stats.bias import detect_bias, measure_additive, measure_by_item
from quality.stats.finding import Finding
from quality.stats.findings import KINDS, find_problems


@dataclass
class Score:
    """Counts of one kind in one project; `clear_*` for the planted ones that the goals are about."""

    planted: int = 0
    hits: int = 0
    false: int = 0
    clear_planted: int = 0
    clear_hits: int = 0


@dataclass
class Result:
    scenario: str
    seed: int
    seconds: float
    labels: int
    scores: dict[str, Score] = field(default_factory=dict)
    false: list[str] = field(default_factory=list)


def run_project(job: tuple[str, int]) -> Result:
    scenario, seed = job
    project = make_project(scenario, seed)
    began = perf_counter()
    report = find_problems(
        project.ratings,
        rng=np.random.default_rng(seed),
        slices=project.slices,
        cohorts=project.cohorts,
        texts=project.texts,
    )
    result = Result(scenario, seed, perf_counter() - began, project.ratings.n_labels)
    for kind in KINDS:
        found = [finding for finding in report.findings if finding.kind == kind]
        result.scores[kind] = score(kind, found, project)
        result.false += [describe(f) for f in found if not is_explained(f, project.planted)]
    return result


def score(kind: str, found: Sequence[Finding], project: Project) -> Score:
    planted = planted_of_kind(kind, project.planted)
    hit = [any(is_hit(finding, key, project.planted) for finding in found) for key in planted]
    clear = [is_clear(kind, key, project) for key in planted]
    return Score(
        planted=len(planted),
        hits=sum(hit),
        false=sum(not is_explained(finding, project.planted) for finding in found),
        clear_planted=sum(clear),
        clear_hits=sum(h and c for h, c in zip(hit, clear, strict=True)),
    )


def planted_of_kind(kind: str, planted: Planted) -> list:
    return {
        "spam": list(planted.spam),
        "drift": list(planted.drift),
        "bias": list(planted.bias),
        "cohort_bias": planted.cohorts,
        "hotspots": list(range(len(planted.hotspots))),
        "collusion": planted.collusion,
    }[kind]


def is_hit(finding: Finding, key: object, planted: Planted) -> bool:
    if finding.kind == "cohort_bias":
        return (finding.cohort, finding.slice) == key
    if finding.kind == "collusion":
        return finding.annotators == key
    if finding.kind == "hotspots":
        a, b, items, _ = planted.hotspots[key]  # type: ignore[call-overload]
        return finding.values == (a, b) and bool(np.isin(finding.evidence, items).mean() >= 0.5)
    return finding.annotators == (key,)


def is_clear(kind: str, key: object, project: Project) -> bool:
    """The planted ones for which QUALITY states a recall of .9 or .95."""
    planted, sizes = project.planted, project.ratings.shared().annotator_sizes()
    if kind == "bias":
        label, shift = planted.bias[key]  # type: ignore[index]
        return bool(sizes[key] >= (75 if label is None else 150) and abs(shift) >= (0.4 if label is None else 0.15))
    if kind == "spam":
        return bool(sizes[key] >= 60)
    if kind == "drift":
        return bool(planted.drift[key][1] >= 0.25 and sizes[key] >= 250)  # type: ignore[index]
    if kind == "hotspots":
        return len(planted.hotspots[key][2]) >= 60  # type: ignore[call-overload]
    return True


def is_explained(finding: Finding, planted: Planted) -> bool:
    """Whether something planted accounts for the finding."""
    if finding.kind == "cohort_bias":
        return any(finding.slice == part or finding.slice is None for _, part in planted.cohorts)
    if finding.kind == "hotspots":
        return any(is_hit(finding, k, planted) for k in range(len(planted.hotspots)))
    people = {**planted.bias, **planted.spam, **planted.drift}
    if finding.kind == "collusion":  # two people with one bias agree too much as well
        return finding.annotators in planted.collusion or all(j in people for j in finding.annotators)
    return finding.annotators[0] in people


def describe(finding: Finding) -> str:
    subject = finding.cohort or finding.values or finding.annotators[:2]
    return f"{finding.kind} {subject} {finding.slice or ''} {finding.terms or ''} {finding.effect:+.2f}"


def table(results: Sequence[Result]) -> str:
    """Markdown: hits / planted, false for each scenario (rows) and kind (columns)."""
    names = [name for name in SCENARIOS if any(r.scenario == name for r in results)]
    lines = ["| scenario | " + " | ".join(KINDS) + " | s a project |", "|---" * (len(KINDS) + 2) + "|"]
    for name in names:
        own = [r for r in results if r.scenario == name]
        cells = [cell([r.scores[kind] for r in own]) for kind in KINDS]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {np.mean([r.seconds for r in own]):.2f} |")
    cells = [cell([r.scores[kind] for r in results]) for kind in KINDS]
    lines.append("| **sum** | " + " | ".join(cells) + f" | {np.mean([r.seconds for r in results]):.2f} |")
    lines.append("| **precision / recall** | " + " | ".join(rates(results, kind) for kind in KINDS) + " | |")
    lines.append("| **clear ones** | " + " | ".join(clear(results, kind) for kind in KINDS) + " | |")
    return "\n".join(lines)


def cell(scores: Iterable[Score]) -> str:
    scores = list(scores)
    planted, hits, false = (sum(getattr(s, name) for s in scores) for name in ("planted", "hits", "false"))
    if not planted and not false:
        return "–"
    return f"{hits}/{planted}, {false}" if planted else f"{false} false"


def rates(results: Sequence[Result], kind: str) -> str:
    scores = [r.scores[kind] for r in results]
    planted, hits, false = (sum(getattr(s, name) for s in scores) for name in ("planted", "hits", "false"))
    return f"{hits / (hits + false):.2f} / {hits / planted:.2f}" if planted and hits else "–"


def clear(results: Sequence[Result], kind: str) -> str:
    scores = [r.scores[kind] for r in results]
    return f"{sum(s.clear_hits for s in scores)}/{sum(s.clear_planted for s in scores)}"


def clean_table(results: Sequence[Result]) -> str:
    """Projects with any finding of a kind, where nothing was planted."""
    clean = {name: [r for r in results if r.scenario == name] for name in SCENARIOS}
    clean = {
        name: own for name, own in clean.items() if own and not any(s.planted for r in own for s in r.scores.values())
    }
    lines = ["| nothing planted | projects | " + " | ".join(KINDS) + " |", "|---" * (len(KINDS) + 2) + "|"]
    for name, own in clean.items():
        counts = [str(sum(r.scores[kind].false > 0 for r in own)) for kind in KINDS]
        lines.append(f"| {name} | {len(own)} | " + " | ".join(counts) + " |")
    return "\n".join(lines) if clean else ""


def compare_bias(job: tuple[str, int]) -> dict[str, object]:
    """Hits, planted and false people of both bias methods on one project, spammers left out."""
    scenario, seed = job
    project = make_project(scenario, seed)
    planted = project.planted
    kept = project.ratings.without_annotators(sorted(planted.spam))
    row: dict[str, object] = {"scenario": scenario, "planted": len(planted.bias)}
    for name, measure in (("by item", measure_by_item), ("additive", measure_additive)):
        found = {f.annotators[0] for f in detect_bias(kept, measure=measure).findings}
        row[name] = (len(found & set(planted.bias)), len(found - set(planted.bias) - set(planted.drift)))
    return row


def bias_table(rows: Sequence[dict]) -> str:
    lines = ["| scenario | planted | by item: hits, false | additive: hits, false |", "|---|---|---|---|"]
    names = [name for name in SCENARIOS if any(r["scenario"] == name for r in rows)]
    for name in [*names, "**sum**"]:
        own = [r for r in rows if name in (r["scenario"], "**sum**")]
        cells = [f"{sum(r[m][0] for r in own)}, {sum(r[m][1] for r in own)}" for m in ("by item", "additive")]
        lines.append(f"| {name} | {sum(r['planted'] for r in own)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), choices=SCENARIOS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--compare-bias", action="store_true", help="compare the two bias methods instead")
    parser.add_argument("--json", type=Path, help="also write the results of each project here")
    arguments = parser.parse_args()
    jobs = [(name, arguments.first + k) for name in arguments.scenarios for k in range(arguments.seeds)]
    with ProcessPoolExecutor(arguments.processes) as pool:
        mapped = partial(pool.map, chunksize=2)
        if arguments.compare_bias:
            print(bias_table(list(mapped(compare_bias, jobs))))
            return
        results = list(mapped(run_project, jobs))
    print(table(results), clean_table(results), sep="\n\n")
    false = [f"{r.scenario} seed {r.seed}: {text}" for r in results for text in r.false]
    print("\nFalse findings:", *(false or ["none"]), sep="\n  ")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(r) for r in results], indent=1))


if __name__ == "__main__":
    main()
