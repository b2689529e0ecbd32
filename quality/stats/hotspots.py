"""Ambiguity hotspots: where two labels meet too often, because people read the guideline in two ways."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from quality.stats.consistency import Consistency, test_consistency
from quality.stats.finding import Finding, Outcome
from quality.stats.multiplicity import benjamini_hochberg
from quality.stats.ratings import BoolArray, Grouping, IntArray, Ratings
from quality.stats.regions import Regions, find_regions
from quality.stats.splits import Excess, Splits, excess, find_splits

KIND = "hotspots"
MAX_P_EXCESS = 0.001
LEAST_RATIO = 1.5
LEAST_EXCESS = 6.0
LEAST_RHO = 0.25
MIN_SPLIT_ROWS = 20
MIN_SIDE = 4
MIN_LEANING = 2
MAX_CANDIDATES = 25
MAX_FINDINGS = 10
SLICE_SHARE = 0.80
TERM_SHARE = 0.60
MAX_TERMS = 5
METHOD = "Splits against those expected from difficulty and leaning, gated by consistency of people within items"


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """One region and label pair that shows an excess: its items, those with both labels, and the test on
    them.
    """

    region: int
    pair: int
    items: IntArray
    split: IntArray
    test: Consistency


def detect_hotspots(
    ratings: Ratings,
    slices: Sequence[Grouping] = (),
    texts: Sequence[str] | None = None,
    *,
    rng: np.random.Generator,
    fdr: float = 0.05,
) -> Outcome:
    """Regions (slice values and words) where two labels split more items than expected, and people are
    consistent.

    Candidates: excess of splits over what difficulty and leaning of the region explain, ratio at least 1.5
    and 6 split items, without the most involved person too. Gate: the same person leans the same way again
    and again (`consistency`), with people on both sides. Benjamini-Hochberg over all cells with 20 labels on
    split items. The strongest is reported and its items leave before the next; words of one pair and slice
    are one finding. Ranked by expected wrong labels. `texts[i]` is the text of item i.
    """
    splits = find_splits(ratings)
    labelled = np.flatnonzero(splits.counts.sum(axis=1))
    if len(splits.pairs) == 0 or not len(labelled):
        return Outcome()
    search = _Search(ratings, splits, find_regions(slices, texts, labelled, ratings.n_items), rng, fdr)
    findings: list[Finding] = []
    while len(findings) < MAX_FINDINGS:
        found = search.strongest(slices)
        if found is None:
            break
        findings.append(found)
    merged = sorted(_merge(findings), key=lambda f: -(f.expected_wrong or 0.0))
    return Outcome(tuple(merged), search.tested)


class _Search:
    """The state of the search: which items are still in it, and the tests already made."""

    def __init__(
        self, ratings: Ratings, splits: Splits, regions: Regions, rng: np.random.Generator, fdr: float
    ) -> None:
        self.ratings = ratings.shared().sorted_by_item()
        self.splits, self.regions, self.rng, self.fdr = splits, regions, rng, fdr
        self.active = splits.counts.sum(axis=1) > 0
        self.cache: dict[tuple[int, int], _Cell] = {}
        self.tested = 0

    def strongest(self, slices: Sequence[Grouping]) -> Finding | None:
        """The cell with the largest z that passes every test; its items leave the search."""
        cells = excess(self.splits, self.regions.items, self.active)
        eligible = self._eligible()
        self.tested = self.tested or eligible
        candidates = self._candidates(cells)
        p = np.array([max(float(cells.p[c.region, c.pair]), c.test.p) for c in candidates])
        adjusted = benjamini_hochberg(np.concatenate([p, np.ones(max(0, eligible - len(p)))]))[: len(p)]
        for cell, p_value, q in zip(candidates, p, adjusted, strict=True):
            if q <= self.fdr and self._is_reading(cell, cells):
                found = self._finding(cell, cells, float(p_value), float(q), slices, candidates)
                self.active[cell.items] = False
                return found
        return None

    def _eligible(self) -> int:
        """How many cells have enough labels on split items to be tested."""
        counts, total = self.splits.counts, 0
        for a, b in self.splits.pairs:
            both = (counts[:, a] > 0) & (counts[:, b] > 0) & self.active
            rows = np.where(both, counts[:, a] + counts[:, b], 0)
            total += int(((self.regions.items @ rows) >= MIN_SPLIT_ROWS).sum())
        return total

    def _candidates(self, cells: Excess) -> list[_Cell]:
        """The strongest cells with an excess, strongest first."""
        ratio = cells.observed / np.maximum(cells.expected, 1e-9)
        passing = (cells.p <= MAX_P_EXCESS) & (ratio >= LEAST_RATIO)
        passing &= cells.observed - cells.expected >= LEAST_EXCESS
        places = np.argwhere(passing)
        order = np.argsort(-cells.z[passing], kind="stable")[:MAX_CANDIDATES]
        found = [self._cell(int(g), int(p)) for g, p in places[order]]
        return [cell for cell in found if cell.test.n_rows >= MIN_SPLIT_ROWS]

    def _cell(self, region: int, pair: int) -> _Cell:
        items = self.regions.members(region)
        items = items[self.active[items]]
        kept = self.cache.get((region, pair))
        if kept is not None and len(kept.items) == len(items):
            return kept
        a, b = self.splits.pairs[pair]
        counts = self.splits.counts[items]
        split = items[(counts[:, a] > 0) & (counts[:, b] > 0)]
        rows = self._rows(split, (int(a), int(b)))
        labels = self.ratings.where(rows)
        test = test_consistency(labels.item, labels.annotator, (labels.value == b).astype(float), self.rng)
        cell = _Cell(region, pair, items, split, test)
        self.cache[region, pair] = cell
        return cell

    def _rows(self, items: IntArray, values: tuple[int, int]) -> BoolArray:
        wanted = np.zeros(self.ratings.n_items, dtype=np.bool_)
        wanted[items] = True
        rows: BoolArray = wanted[self.ratings.item] & np.isin(self.ratings.value, values)
        return rows

    def _is_reading(self, cell: _Cell, cells: Excess) -> bool:
        """Whether it is two readings: consistent, with people on both sides, and not one person's doing."""
        n_people = len(np.unique(self.ratings.annotator[self._rows(cell.split, self._labels(cell))]))
        side = max(2, min(MIN_SIDE, n_people // 2))
        return (
            cell.test.rho >= LEAST_RHO
            and min(cell.test.leaning) >= MIN_LEANING
            and min(cell.test.sides) >= side
            and self._ratio_without_one(cell, cells) >= LEAST_RATIO
        )

    def _ratio_without_one(self, cell: _Cell, cells: Excess) -> float:
        """Observed to expected splits when the person with most labels on the split items is left out."""
        rows = self._rows(cell.split, self._labels(cell))
        busiest = int(np.bincount(self.ratings.annotator[rows]).argmax())
        ratio = float(cells.observed[cell.region, cell.pair] / cells.expected[cell.region, cell.pair])
        inside = np.zeros(self.ratings.n_items, dtype=np.bool_)
        inside[cell.items] = True
        here = self.ratings.only_items(inside)
        before, after = (_discordance(part, self._labels(cell)) for part in (here, here.without_annotators([busiest])))
        return ratio * after / before if before > 0 else 0.0

    def _labels(self, cell: _Cell) -> tuple[int, int]:
        a, b = self.splits.pairs[cell.pair]
        return int(a), int(b)

    def _finding(
        self,
        cell: _Cell,
        cells: Excess,
        p: float,
        adjusted: float,
        slices: Sequence[Grouping],
        candidates: Sequence[_Cell],
    ) -> Finding:
        observed = float(cells.observed[cell.region, cell.pair])
        expected = float(cells.expected[cell.region, cell.pair])
        a, b = self._labels(cell)
        half = 1.96 * (1 / observed + float(cells.dispersion[cell.pair])) ** 0.5
        minority = np.minimum(self.splits.counts[cell.items, a], self.splits.counts[cell.items, b])
        term = self.regions.terms[cell.region]
        return Finding(
            kind=KIND,
            effect=observed / expected,
            low=float(observed / expected * np.exp(-half)),
            high=float(observed / expected * np.exp(half)),
            unit="ratio",
            p_value=p,
            p_adjusted=adjusted,
            n=cell.test.n_rows,
            method=METHOD,
            values=(a, b),
            slice=self.regions.slices[cell.region] or _slice_of(cell.split, slices),
            terms=() if term is None else self._terms(cell, term, candidates),
            evidence=self._by_weight(cell.split, cell.pair),
            scope=self._scope(cell, (a, b)),
            expected_wrong=float(minority.sum()) * (1 - expected / observed),
            details={"rho": cell.test.rho, "observed": observed, "expected": expected},
        )

    def _by_weight(self, items: IntArray, pair: int) -> IntArray:
        weight = np.asarray(self.splits.weight[items, :][:, [pair]].todense()).ravel()
        return items[np.argsort(-weight, kind="stable")]

    def _scope(self, cell: _Cell, labels: tuple[int, int]) -> IntArray:
        """Items of the region that carry either label, split or not: few labels may happen to agree."""
        carries = self.splits.counts[cell.items][:, list(labels)].sum(axis=1) > 0
        carrying: IntArray = cell.items[carries]
        return carrying

    def _terms(self, cell: _Cell, term: str, candidates: Sequence[_Cell]) -> tuple[str, ...]:
        """The word, and other candidates whose split items mostly lie among its own."""
        terms = [term]
        for other in candidates:
            name = self.regions.terms[other.region]
            if name is None or name == term or other.pair != cell.pair:
                continue
            if np.isin(other.split, cell.split).mean() >= TERM_SHARE and len(terms) < MAX_TERMS:
                terms.append(name)
        return tuple(terms)


def _discordance(labels: Ratings, values: tuple[int, int]) -> float:
    """Share of the pairs of labels on an item that are the two values."""
    first, second = (np.bincount(labels.item[labels.value == value], minlength=labels.n_items) for value in values)
    sizes = labels.item_sizes()
    pairs = float((sizes * (sizes - 1) / 2).sum())
    return float((first * second).sum()) / pairs if pairs else 0.0


def _slice_of(split: IntArray, slices: Sequence[Grouping]) -> tuple[str, str] | None:
    """The slice value that holds at least 80 % of the split items of a word, the most telling one."""
    best: tuple[float, tuple[str, str]] | None = None
    for group in slices:
        codes = group.codes[split]
        if not (codes >= 0).any():
            continue
        counts = np.bincount(codes[codes >= 0], minlength=len(group.names))
        k = int(counts.argmax())
        inside = counts[k] / len(split)
        lift = inside / max(float((group.codes == k).mean()), 1e-9)
        if inside >= SLICE_SHARE and lift >= 1.2 and (best is None or lift > best[0]):
            best = (lift, (group.key, group.names[k]))
    return None if best is None else best[1]


def _merge(findings: Sequence[Finding]) -> list[Finding]:
    """Words of one label pair and slice are one finding, that of the stronger one with the others' words
    and items.
    """
    kept: dict[object, Finding] = {}
    for position, finding in enumerate(findings):
        key = (finding.values, finding.slice) if finding.terms else position
        first = kept.get(key)
        if first is None:
            kept[key] = finding
            continue
        kept[key] = replace(
            first,
            terms=(*first.terms, *finding.terms),
            evidence=np.concatenate([first.evidence, finding.evidence]),
            scope=np.concatenate([first.scope, finding.scope]),
            expected_wrong=(first.expected_wrong or 0.0) + (finding.expected_wrong or 0.0),
            n=first.n + finding.n,
        )
    return list(kept.values())
