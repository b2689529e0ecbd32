"""Cohort bias: people of one cohort who use a label differently from the others, in one slice or
everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from quality.stats.comparison import label_residuals, level_residuals
from quality.stats.figures import Reason
from quality.stats.finding import Finding, NotTested, Outcome, per_annotator
from quality.stats.multiplicity import benjamini_hochberg
from quality.stats.ratings import BoolArray, FloatArray, Grouping, IntArray, Ratings

KIND = "cohort_bias"
MIN_PEOPLE = 4
MIN_LABELS_SIDE = 5
MIN_LABELS = 10
LEAST_SHARE = 0.06
LEAST_OF_RANGE = 0.0375
HALF_WEIGHT = 30
FIRST_PERMUTATIONS, PLAINLY_NOTHING = 200, 20  # so many of the first that reach t: p is about .1 or more
PERMUTATIONS = 3000
MAX_PERMUTATIONS = 30000
MAX_FINDINGS = 4
MOST_DEVIATING = 3
METHOD = "Annotators as units: shift against peers inside the slice minus outside, permuted over people"

NOT_ENOUGH_PEOPLE = Reason(
    "not_enough_people", f"Not enough people: {MIN_PEOPLE} on each side with labels inside and outside are needed."
)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One cohort value, and one slice value or none; as indices, -1 for no slice."""

    cohort: int
    member: int
    slice: int
    part: int


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Per eligible person: cohort membership, weight, and inside-minus-outside shift for each target."""

    people: IntArray
    is_member: BoolArray
    weight: FloatArray
    x: FloatArray
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class _Test:
    cell: Cell
    target: int
    contrast: Contrast
    difference: float
    se: float
    df: float
    p: float


def detect_cohort_bias(
    ratings: Ratings,
    cohorts: Sequence[Grouping],
    slices: Sequence[Grouping],
    *,
    rng: np.random.Generator,
    fdr: float = 0.05,
) -> Outcome:
    """Cohorts whose members use a label more or less than the rest on the same items, overall or in a slice.

    The person is the unit: their shift against peers inside the slice minus outside, so own habits drop out.
    Weighted Welch t, largest over the labels; p by permuting membership over people; Benjamini-Hochberg over
    all cohort x slice cells. The strongest is reported, its rows leave, and the rest is tested again. A
    finding must survive the loss of each of its three most deviating people. Of two-valued attributes one
    value is tested.
    """
    remaining = ratings.shared()
    cells = _cells(cohorts, slices)
    findings: list[Finding] = []
    tested = 0
    not_tested: tuple[NotTested, ...] = ()
    for round_number in range(MAX_FINDINGS + 1):
        tests, untestable = _test_all(remaining, cohorts, slices, cells, rng, fdr)
        if round_number == 0:
            tested = len(tests)
            not_tested = tuple(_not_tested(cell, cohorts, slices) for cell in untestable)
        adjusted = benjamini_hochberg(np.array([test.p for test in tests]))
        least = _least(ratings)
        hits = [
            (test, float(q))
            for test, q in zip(tests, adjusted, strict=True)
            if q <= fdr and abs(test.difference) >= least and _survives(test, least)
        ]
        if not hits or len(findings) == MAX_FINDINGS:
            break
        strongest, q = min(hits, key=lambda hit: (hit[0].p, -abs(hit[0].difference / hit[0].se)))
        findings.append(_finding(remaining, strongest, q, cohorts, slices))
        remaining = remaining.where(~cell_rows(remaining, strongest.cell, cohorts, slices)).shared()
        cells = [cell for cell in cells if cell is not strongest.cell]
    return Outcome(tuple(findings), tested, not_tested)


def cell_rows(ratings: Ratings, cell: Cell, cohorts: Sequence[Grouping], slices: Sequence[Grouping]) -> BoolArray:
    """Mask of the labels that members of the cohort gave in the slice."""
    rows: BoolArray = cohorts[cell.cohort].codes[ratings.annotator] == cell.member
    return rows if cell.slice < 0 else rows & (slices[cell.slice].codes[ratings.item] == cell.part)


def finding_rows(
    ratings: Ratings, finding: Finding, cohorts: Sequence[Grouping], slices: Sequence[Grouping]
) -> BoolArray:
    """Mask of the labels a cohort finding is about."""
    rows = np.ones(ratings.n_labels, dtype=np.bool_)
    for named, groups, unit in (
        (finding.cohort, cohorts, ratings.annotator),
        (finding.slice, slices, ratings.item),
    ):
        if named is not None:
            group = next(group for group in groups if group.key == named[0])
            rows &= group.codes[unit] == group.names.index(named[1])
    return rows


def _cells(cohorts: Sequence[Grouping], slices: Sequence[Grouping]) -> list[Cell]:
    parts = [(-1, -1), *((s, part) for s, group in enumerate(slices) for part in range(len(group.names)))]
    cells = []
    for c, cohort in enumerate(cohorts):
        values = np.unique(cohort.codes[cohort.codes >= 0])
        members = values[: {0: 0, 1: 0, 2: 1}.get(len(values), len(values))].tolist()
        cells += [Cell(c, member, s, part) for member in members for s, part in parts]
    return cells


def _test_all(
    ratings: Ratings,
    cohorts: Sequence[Grouping],
    slices: Sequence[Grouping],
    cells: Sequence[Cell],
    rng: np.random.Generator,
    fdr: float,
) -> tuple[list[_Test], list[Cell]]:
    sums = _Sums(ratings)
    tests, untestable = [], []
    for cell in cells:
        contrast = _contrast(sums, cell, cohorts, slices)
        if contrast is None:
            untestable.append(cell)
        else:
            tests.append(_test(cell, contrast, rng, len(cells), fdr))
    return tests, untestable


class _Sums:
    """Residual sums over annotators, for each target: inside any part of a slice they are one more
    bincount.
    """

    def __init__(self, ratings: Ratings) -> None:
        everybody = np.ones(ratings.n_annotators, dtype=np.bool_)
        values = np.flatnonzero(ratings.value_counts())
        if ratings.levels is not None:
            residuals = [level_residuals(ratings, everybody)]
        else:
            residuals = [label_residuals(ratings, int(v), everybody) for v in values]
        self.n_annotators = ratings.n_annotators
        self.targets = [-1] if ratings.levels is not None else values.tolist()
        rows = residuals[0].rows if residuals else np.zeros(0, dtype=np.int64)
        self.annotator, self.item = ratings.annotator[rows], ratings.item[rows]
        self.d = [r.d for r in residuals]
        self.total = self.inside(np.ones(len(rows), dtype=np.bool_))
        self._kept: dict[tuple[int, int], tuple[FloatArray, FloatArray]] = {}

    def inside(self, rows: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Labels [J] and residual sums [J, targets] of the rows in the mask."""
        annotator = self.annotator[rows]
        n = np.bincount(annotator, minlength=self.n_annotators).astype(np.float64)
        sums = [per_annotator(d[rows], annotator, self.n_annotators) for d in self.d]
        return n, np.stack(sums, axis=1) if sums else np.zeros((self.n_annotators, 0))

    def part(self, group: Grouping, key: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
        """The same for one slice value, computed once."""
        if key not in self._kept:
            self._kept[key] = self.inside(group.codes[self.item] == key[1])
        return self._kept[key]


def _contrast(sums: _Sums, cell: Cell, cohorts: Sequence[Grouping], slices: Sequence[Grouping]) -> Contrast | None:
    n_all, total = sums.total
    codes = cohorts[cell.cohort].codes
    if cell.slice < 0:
        n_in, enough = n_all, n_all >= MIN_LABELS
        x = total / np.maximum(n_all, 1)[:, None]
    else:
        n_in, inside = sums.part(slices[cell.slice], (cell.slice, cell.part))
        n_out = n_all - n_in
        enough = (n_in >= MIN_LABELS_SIDE) & (n_out >= MIN_LABELS_SIDE)
        x = inside / np.maximum(n_in, 1)[:, None] - (total - inside) / np.maximum(n_out, 1)[:, None]
    people = np.flatnonzero(enough & (codes >= 0))
    is_member = codes[people] == cell.member
    if min(is_member.sum(), (~is_member).sum()) < MIN_PEOPLE or not sums.targets:
        return None
    weight = n_in[people] / (n_in[people] + HALF_WEIGHT)
    varies = x[people].std(axis=0) > 1e-12
    if not varies.any():
        return None
    return Contrast(people, is_member, weight, np.where(varies, x[people], 0.0), int(n_in[people[is_member]].sum()))


def _welch(contrast: Contrast, members: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Difference of weighted means, its standard error and degrees of freedom, for each row of 0/1
    memberships.
    """
    x, w = contrast.x, contrast.weight[:, None]
    columns = np.concatenate([np.ones_like(w), w, w**2, w * x, w**2 * x, w**2 * x**2], axis=1)
    sums = members @ columns
    parts = [_weighted_mean(side, x.shape[1]) for side in (sums, columns.sum(axis=0) - sums)]
    (mean_1, var_1, n_1), (mean_2, var_2, n_2) = parts
    variance = np.maximum(var_1 + var_2, 1e-18)
    df = variance**2 / np.maximum(var_1**2 / (n_1 - 1) + var_2**2 / (n_2 - 1), 1e-36)
    return mean_1 - mean_2, np.sqrt(variance), df


def _weighted_mean(sums: FloatArray, n_targets: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted mean, its variance and the number of people, from the sums of the columns of `_welch`."""
    size, w, w2 = sums[:, :1], sums[:, 1:2], sums[:, 2:3]
    wx, w2x, w2x2 = (sums[:, 3 + k * n_targets : 3 + (k + 1) * n_targets] for k in range(3))
    mean = wx / w
    squares = np.maximum(w2x2 - 2 * mean * w2x + mean**2 * w2, 0.0)
    return mean, squares / w**2 * size / (size - 1), size


def _test(cell: Cell, contrast: Contrast, rng: np.random.Generator, n_tests: int, fdr: float) -> _Test:
    difference, se, df = _welch(contrast, contrast.is_member[None, :].astype(np.float64))
    t = np.abs(difference / se)[0]
    target = int(t.argmax())
    exceed, drawn = _permuted(contrast, t[target], FIRST_PERMUTATIONS, rng)
    if exceed < PLAINLY_NOTHING:  # the others can be no finding, and most are (Besag & Clifford 1991)
        more, further = _permuted(contrast, t[target], PERMUTATIONS - FIRST_PERMUTATIONS, rng)
        exceed, drawn = exceed + more, drawn + further
    if exceed < 10 and n_tests / PERMUTATIONS > fdr / 4:
        more, further = _permuted(contrast, t[target], MAX_PERMUTATIONS, rng)
        exceed, drawn = exceed + more, drawn + further
    p = (1 + exceed) / (1 + drawn)
    return _Test(cell, target, contrast, float(difference[0, target]), float(se[0, target]), float(df[0, target]), p)


def _permuted(contrast: Contrast, t: float, draws: int, rng: np.random.Generator) -> tuple[int, int]:
    """How many of `draws` random memberships of the same size reach t."""
    n_people, n_members = len(contrast.people), int(contrast.is_member.sum())
    exceed = 0
    step = max(1, 2_000_000 // n_people)
    for begin in range(0, draws, step):
        size = min(step, draws - begin)
        keys = rng.random((size, n_people))
        border = np.partition(keys, n_members - 1, axis=1)[:, n_members - 1 : n_members]
        difference, se, _ = _welch(contrast, (keys <= border).astype(np.float64))
        exceed += int((np.abs(difference / se).max(axis=1) >= t - 1e-12).sum())
    return exceed, draws


def _survives(test: _Test, least: float) -> bool:
    """Whether the finding stands without each of the people who carry most of it."""
    c, x = test.contrast, test.contrast.x[:, test.target]
    centre = float(np.average(x, weights=c.weight))
    pull = c.weight * (x - centre) * np.where(c.is_member, 1.0, -1.0) * np.sign(test.difference)
    for lost in np.argsort(-pull)[:MOST_DEVIATING]:
        kept = np.arange(len(x)) != lost
        rest = Contrast(c.people[kept], c.is_member[kept], c.weight[kept], c.x[kept], c.n)
        if min(rest.is_member.sum(), (~rest.is_member).sum()) < 2:
            return False
        difference, se, df = (
            float(part[0, test.target]) for part in _welch(rest, rest.is_member[None, :].astype(np.float64))
        )
        if abs(difference) < least or 2 * stdtr(df, -abs(difference) / se) > 0.05:
            return False
    return True


def _least(ratings: Ratings) -> float:
    if ratings.levels is None:
        return LEAST_SHARE
    return LEAST_OF_RANGE * float(ratings.levels[-1] - ratings.levels[0])


def _finding(
    ratings: Ratings, test: _Test, adjusted: float, cohorts: Sequence[Grouping], slices: Sequence[Grouping]
) -> Finding:
    cell, contrast = test.cell, test.contrast
    target = _targets(ratings)[test.target]
    half = float(stdtrit(test.df, 0.975)) * test.se
    rows = cell_rows(ratings, cell, cohorts, slices)
    members = contrast.people[contrast.is_member]
    return Finding(
        kind=KIND,
        effect=test.difference,
        low=test.difference - half,
        high=test.difference + half,
        unit="points" if target is None else "share",
        p_value=test.p,
        p_adjusted=adjusted,
        n=contrast.n,
        method=METHOD,
        value=target,
        annotators=tuple(members.tolist()),
        cohort=(cohorts[cell.cohort].key, cohorts[cell.cohort].names[cell.member]),
        slice=_slice_name(cell, slices),
        pattern="more" if test.difference > 0 else "less",
        evidence=_evidence(ratings, rows, target, test.difference),
        details={"members": float(len(members)), "others": float(len(contrast.people) - len(members))},
    )


def _targets(ratings: Ratings) -> list[int | None]:
    if ratings.levels is not None:
        return [None]
    return [int(v) for v in np.flatnonzero(ratings.value_counts())]


def _evidence(ratings: Ratings, rows: BoolArray, target: int | None, difference: float) -> IntArray:
    everybody = np.ones(ratings.n_annotators, dtype=np.bool_)
    residuals = level_residuals(ratings, everybody) if target is None else label_residuals(ratings, target, everybody)
    departs = np.where(rows[residuals.rows], residuals.d * np.sign(difference), 0.0)
    order = np.argsort(-departs, kind="stable")
    items = ratings.item[residuals.rows[order[departs[order] > 1e-9]]]
    _, first = np.unique(items, return_index=True)
    found: IntArray = items[np.sort(first)].astype(np.int64)
    return found


def _slice_name(cell: Cell, slices: Sequence[Grouping]) -> tuple[str, str] | None:
    return None if cell.slice < 0 else (slices[cell.slice].key, slices[cell.slice].names[cell.part])


def _not_tested(cell: Cell, cohorts: Sequence[Grouping], slices: Sequence[Grouping]) -> NotTested:
    named = (cohorts[cell.cohort].key, cohorts[cell.cohort].names[cell.member])
    return NotTested(KIND, NOT_ENOUGH_PEOPLE, cohort=named, slice=_slice_name(cell, slices))
