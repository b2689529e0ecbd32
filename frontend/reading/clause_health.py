"""Clause health in words: what each figure says to a lead, the rows of the table, plots, and the same as CSV."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.models import Project
from frontend.plots import IntervalRow, IntervalRowsPlot, LinePlot, LinePoint, interval_rows, line_plot
from frontend.reading.agreement import TENTATIVE, read_metric
from frontend.reading.findings import sentence_of
from frontend.wording import Figure, figure, percent, whole
from quality.models import Finding
from quality.services.clause_health import ClauseHealth, ConfusedPair, HealthTable, History, VersionPoint

SORTS: dict[str, Callable[[ClauseHealth], Any]] = {
    "need": lambda row: row.need,
    "cited": lambda row: row.cited["cited"],
    "questions": lambda row: row.questions,
    "differ": lambda row: -1.0 if row.differ["share"] is None else row.differ["share"],
    "findings": lambda row: len(row.findings),
}


@dataclass(frozen=True)
class ShownPair:
    """Two labels taken for one another; `href` leads to their items where one project is chosen."""

    question: str
    labels: tuple[str, str]
    n_items: int
    href: str


@dataclass(frozen=True)
class ShownFinding:
    finding: Finding
    sentence: str


@dataclass(frozen=True)
class ShownClause:
    """One clause with its figures and a sentence for each."""

    health: ClauseHealth
    cited: Figure
    cited_words: str
    differ: Figure
    differ_words: str
    questions_words: str
    findings_words: str

    @property
    def key(self) -> str:
        return self.health.clause.key


def shown_clause(health: ClauseHealth) -> ShownClause:
    return ShownClause(
        health, _share(health.cited), cited_words(health), _share(health.differ), differ_words(health),
        questions_words(health.questions), findings_words(len(health.findings)),
    )  # fmt: skip


def shown_rows(table: HealthTable, sort: str) -> list[ShownClause]:
    """The rows by one column, the largest first; `text`: as they are read."""
    rows = list(table.rows)
    if sort == "text":
        places = {clause["key"]: place for place, clause in enumerate(table.version.content["clauses"])}
        rows.sort(key=lambda row: places[row.clause.key])
    else:
        rows.sort(key=SORTS[sort], reverse=True)
    return [shown_clause(row) for row in rows]


def _share(row: Mapping[str, Any]) -> Figure:
    low, high = row["interval"] or (None, None)
    return figure(row["share"], low, high, row["n"], reason=row["undefined"] or "", as_percent=True)


def cited_words(health: ClauseHealth) -> str:
    cited, n = health.cited["cited"], health.cited["n"]
    if not n:
        return _("No label names a clause as its reason yet.")
    if health.cited["share"] is None:
        return _("Named as the reason for %(cited)s of %(n)s labels that name a clause: too few to give a share.") % {
            "cited": whole(cited), "n": whole(n),
        }  # fmt: skip
    return _("Named as the reason for %(cited)s of the %(n)s labels that name any clause.") % {
        "cited": whole(cited), "n": whole(n),
    }  # fmt: skip


def differ_words(health: ClauseHealth) -> str:
    row = health.differ
    if row["share"] is None:
        return str(row["undefined"])
    low, high = row["interval"]
    words = _(
        "On %(share)s of the %(n)s items that carry one of its labels, people differ; between %(low)s and %(high)s if "
        "more such items were labeled."
    ) % {"share": percent(row["share"]), "n": whole(row["n"]), "low": percent(low), "high": percent(high)}
    if not health.pairs:
        return words
    pair = health.pairs[0]
    most = ngettext(
        "Most often between “%(a)s” and “%(b)s”: %(n)s item.", "Most often between “%(a)s” and “%(b)s”: %(n)s items.",
        pair.n_items,
    ) % {"a": pair.labels[0], "b": pair.labels[1], "n": whole(pair.n_items)}  # fmt: skip
    return f"{words} {most}"


def questions_words(n: int) -> str:
    if not n:
        return _("No questions yet.")
    return ngettext("%(n)s question was asked about it.", "%(n)s questions were asked about it.", n) % {"n": whole(n)}


def findings_words(n: int) -> str:
    if not n:
        return _("No open finding names it.")
    return ngettext("%(n)s open finding names it.", "%(n)s open findings name it.", n) % {"n": whole(n)}


def shown_pairs(pairs: Sequence[ConfusedPair], projects: Sequence[Project]) -> list[ShownPair]:
    return [
        ShownPair(pair.question.title, pair.labels, pair.n_items, _items_of(pair, projects)) for pair in pairs
    ]  # fmt: skip


def _items_of(pair: ConfusedPair, projects: Sequence[Project]) -> str:
    """The items behind a pair: of one project, and of labels that stand alone."""
    if len(projects) != 1 or pair.question.type != "choice":
        return ""
    asked = {"question": pair.question.key, "a": pair.values[0], "b": pair.values[1]}
    return f"{reverse('agreement-items', args=[projects[0].slug])}?{urlencode(asked)}"


def shown_findings(findings: Sequence[Finding]) -> list[ShownFinding]:
    return [ShownFinding(finding, sentence_of(finding)) for finding in findings]


# --- plots -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DifferPlot:
    title: str
    plot: IntervalRowsPlot


def differ_plot(rows: Sequence[ShownClause], href: Callable[[str], str]) -> DifferPlot | None:
    """The clauses on one scale, those on which people differ most first; None where nothing is known."""
    known = [row for row in rows if row.health.differ["share"] is not None]
    if not known:
        return None
    known.sort(key=lambda row: -row.health.differ["share"])
    drawn = [_differ_row(row, href(row.key)) for row in known]
    return DifferPlot(_differ_title(known), interval_rows(drawn, lower=0, as_percent=True))


def _differ_row(row: ShownClause, href: str) -> IntervalRow:
    differ = row.health.differ
    low, high = differ["interval"]
    return IntervalRow(f"{row.key} {row.health.clause.title}", differ["share"], low, high, differ["n"], "", href)


def _differ_title(known: Sequence[ShownClause]) -> str:
    most, least = known[0], known[-1]
    words = {"most": most.key, "share": percent(most.health.differ["share"]), "least": least.key}
    if len(known) == 1:
        return _("People differ on %(share)s of the items that %(most)s decides") % words
    if most.health.differ["interval"][0] > least.health.differ["interval"][1]:
        return _("People differ most where %(most)s decides (%(share)s of its items)") % words
    return _("No clear difference between the clauses: all intervals overlap")


@dataclass(frozen=True)
class HistoryPlot:
    """Agreement of one question under each version; `line` from two measured versions on."""

    title: str
    line: LinePlot | None
    rows: IntervalRowsPlot


def history_plots(histories: Sequence[History]) -> list[HistoryPlot]:
    many = len({history.project.pk for history in histories}) > 1
    return [_history_plot(history, many) for history in histories]


def _history_plot(history: History, names_project: bool) -> HistoryPlot:
    readings = [_reading(point, history.distance) for point in history.points]
    both = list(zip(history.points, readings, strict=True))
    line: dict[str, Any] = {
        "reference": TENTATIVE,
        "reference_label": _(
            "The dashed line is at 0.667: below it, common practice draws no conclusions (Krippendorff)"
        ),
    }  # fmt: skip
    rows = [IntervalRow(p.version.number, *reading, note=change_words(p)) for p, reading in both]
    drawn = None
    if sum(reading[0] is not None for reading in readings) > 1:
        points = [LinePoint(p.version.number, *reading, mark=change_words(p)) for p, reading in both]
        drawn = line_plot(points, upper=1, **line)
    return HistoryPlot(_history_title(history, readings, names_project), drawn, interval_rows(rows, upper=1, **line))


def _reading(point: VersionPoint, distance: str) -> tuple[float | None, float | None, float | None, int | None, str]:
    if point.row is None:
        return None, None, None, 0, point.reason
    read = read_metric(point.row, "krippendorff_alpha", distance)
    return read.value, read.low, read.high, read.n, read.reason


def change_words(point: VersionPoint) -> str:
    """What the version did to the clause, in a word."""
    return {"new": _("new"), "changed": _("changed"), "removed": _("removed")}.get(point.clause, "")


def _history_title(history: History, readings: Sequence[tuple[Any, ...]], names_project: bool) -> str:
    where = f"{history.question.title} · {history.project.title}" if names_project else history.question.title
    known = [
        (point.version.number, reading) for point, reading in zip(history.points, readings, strict=True)
        if reading[0] is not None
    ]  # fmt: skip
    if not known:
        return _("%(question)s: agreement cannot be measured under any version yet") % {"question": where}
    if len(known) == 1:
        return _("%(question)s: agreement is known under version %(number)s only") % {
            "question": where, "number": known[0][0],
        }  # fmt: skip
    (before, old), (after, new) = known[-2], known[-1]
    words = {"question": where, "before": before, "after": after}
    if None in (*old[1:3], *new[1:3]) or (new[1] <= old[2] and old[1] <= new[2]):
        return _("%(question)s: no clear change from version %(before)s to %(after)s") % words
    if new[0] > old[0]:
        return _("%(question)s: agreement is higher under version %(after)s than under %(before)s") % words
    return _("%(question)s: agreement is lower under version %(after)s than under %(before)s") % words


# --- CSV ---------------------------------------------------------------------------------------------------------

CSV_HEADER = [
    "clause", "title", "cited", "naming_labels", "cited_share", "cited_low", "cited_high", "cited_undefined",
    "questions", "differ", "items", "differ_share", "differ_low", "differ_high", "differ_undefined", "open_findings",
    "most_confused", "most_confused_items",
]  # fmt: skip


def health_csv(rows: Sequence[ClauseHealth]) -> Iterator[list[object]]:
    for row in rows:
        pair = row.pairs[0] if row.pairs else None
        yield [
            row.clause.key, row.clause.title, *_share_cells(row.cited, "cited"), row.questions,
            *_share_cells(row.differ, "differ"), len(row.findings), " / ".join(pair.labels) if pair else None,
            pair.n_items if pair else None,
        ]  # fmt: skip


def _share_cells(row: Mapping[str, Any], counted: str) -> list[object]:
    low, high = row["interval"] or (None, None)
    return [row[counted], row["n"], row["share"], low, high, row["undefined"]]
