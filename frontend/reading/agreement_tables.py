"""Agreement as tables: all figures of every row, the matrix of pairs, confusions; the same rows go into the CSV."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.utils.translation import gettext as _

from frontend.plots import HeatTable, heat_table
from frontend.plots.heat import HEAT_LEVELS
from frontend.reading.agreement import METRIC_NAMES, Reading, group_name, metrics_of, read_metric
from frontend.wording import Figure, decimal, percent, whole
from quality.ratings_loader import CodedQuestion
from quality.services.agreement import AgreementTable
from quality.services.agreement_row import main_distance
from quality.services.confusions import Confusions


@dataclass(frozen=True)
class FigureTable:
    """Every metric of every row as text."""

    columns: list[str]
    rows: list[tuple[str, list[Figure]]]


def figure_table(table: AgreementTable, question: CodedQuestion) -> FigureTable:
    metrics, distance = metrics_of(question), main_distance(question)
    rows = [
        (group_name(table.by, row["group"], question), [read_metric(row, name, distance).words for name in metrics])
        for row in table.rows
    ]
    return FigureTable([str(METRIC_NAMES[name]) for name in metrics], rows)


def figure_csv(table: AgreementTable, question: CodedQuestion) -> tuple[list[str], Iterator[list[object]]]:
    """Header and rows: group, counts, and value, low, high and reason of each metric."""
    metrics, distance = metrics_of(question), main_distance(question)
    header = [table.by, "n_items", "n_shared_items", "n_annotators", "n_labels"]
    for name in metrics:
        header += [name, f"{name}_low", f"{name}_high", f"{name}_undefined"]
    return header, (_csv_row(table.by, row, question, metrics, distance) for row in table.rows)


def _csv_row(by: str, row: dict[str, Any], question: CodedQuestion, metrics: list[str], distance: str) -> list[object]:
    cells: list[object] = [group_name(by, row["group"], question)]
    cells += [row[name] for name in ("n_items", "n_shared_items", "n_annotators", "n_labels")]
    for name in metrics:
        read = read_metric(row, name, distance)
        cells += [read.value, read.low, read.high, read.reason or None]
    return cells


@dataclass(frozen=True)
class PairCell:
    """Two people: `level` 0-5 grows as they agree less; `title` says figure, interval and n."""

    text: str
    title: str
    level: int
    is_self: bool = False


@dataclass(frozen=True)
class PairMatrix:
    title: str
    names: list[str]
    rows: list[tuple[str, list[PairCell]]]


def pair_matrix(table: AgreementTable, question: CodedQuestion, metric: str) -> PairMatrix | None:
    """The rows of pairs as a square; None where no two people share enough items."""
    read = {tuple(row["group"]["annotators"]): read_metric(row, metric, main_distance(question)) for row in table.rows}
    if not read:
        return None
    names = sorted({name for pair in read for name in pair})
    values = [r.value for r in read.values() if r.value is not None]
    bounds = (min(values), max(values)) if values else (0.0, 1.0)

    def cell(a: str, b: str) -> PairCell:
        if a == b:
            return PairCell("", a, 0, is_self=True)
        found = read.get((a, b)) or read.get((b, a))
        return _pair_cell(a, b, found, bounds, metric)

    rows = [(a, [cell(a, b) for b in names]) for a in names]
    return PairMatrix(_pair_title(read, metric), names, rows)


def _pair_cell(a: str, b: str, r: Reading | None, bounds: tuple[float, float], metric: str) -> PairCell:
    if r is None:
        return PairCell("·", _("%(a)s and %(b)s share too few items") % {"a": a, "b": b}, 0)
    if r.value is None:
        return PairCell("–", f"{a} · {b}: {r.reason}", 0)
    text = percent(r.value) if metric == "percent_agreement" else decimal(r.value)
    span = max(bounds[1] - bounds[0], 1e-9)
    level = ceil(HEAT_LEVELS * (bounds[1] - r.value) / span - 1e-9)
    return PairCell(text, f"{a} · {b}: {r.words.text}", level)


def _pair_title(read: dict[Any, Reading], metric: str) -> str:
    known = sorted((r.value, pair) for pair, r in read.items() if r.value is not None)
    if not known:
        return _("No pair can be measured yet")
    value, pair = known[0]
    shown = percent(value) if metric == "percent_agreement" else decimal(value)
    return _("%(a)s and %(b)s agree least of all pairs (%(value)s)") % {"a": pair[0], "b": pair[1], "value": shown}


@dataclass(frozen=True)
class ConfusionPlot:
    title: str
    heat: HeatTable
    note: str


def confusion_plot(found: Confusions, href: Callable[[str, str], str]) -> ConfusionPlot | None:
    """The confusions as a heat table whose cells open their items; None without a shared item."""
    question = found.question
    used = [k for k, row in enumerate(found.counts) if any(row)]
    if not used:
        return None
    counts = [[round(found.counts[a][b]) for b in used] for a in used]
    labels = [question.labels[k] for k in used]
    hrefs = [["" if a == b else href(question.stored[a], question.stored[b]) for b in used] for a in used]
    heat = heat_table(
        labels, labels, counts, hrefs=hrefs, row_title=_("When one says"), column_title=_("others say"),
    )  # fmt: skip
    note = _(
        "n = %(n)s labels on items that somebody else labeled too. Row by row: of the labels on these items, what the "
        "others said. The coloured cells are the confusions; each opens its items."
    ) % {"n": whole(round(found.total))}  # fmt: skip
    return ConfusionPlot(_confusion_title(found, used), heat, note)


def _confusion_title(found: Confusions, used: Sequence[int]) -> str:
    pairs = [(found.counts[a][b], a, b) for a in used for b in used if a < b]
    n, a, b = max(pairs, default=(0.0, 0, 0))
    if n < 0.5:
        return _("No label is taken for another")
    labels = found.question.labels
    share = n / max(sum(pair[0] for pair in pairs), 1e-9)
    return _("“%(a)s” and “%(b)s” are confused most: %(share)s of all disagreement") % {
        "a": labels[a], "b": labels[b], "share": percent(share),
    }  # fmt: skip
