import re

import pytest

from frontend.plots import IntervalRow, LinePoint, heat_table, interval_rows, line_plot, progress_bar
from frontend.plots.scales import Scale, scale_over


def test_scale_places_values_and_holds_them_inside() -> None:
    scale = Scale(0, 2)

    assert [scale.at(v) for v in (0, 0.5, 2, 3, -1)] == ["0.00%", "25.00%", "100.00%", "100.00%", "0.00%"]


@pytest.mark.parametrize(
    ("lower", "upper", "labels"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-1, 1, ["\u22121.0", "\u22120.5", "0.0", "0.5", "1.0"]),
        (0.37, 0.62, ["0.40", "0.45", "0.50", "0.55", "0.60"]),
        (0, 40, ["0", "10", "20", "30", "40"]),
    ],
)
def test_ticks_are_round_numbers(lower: float, upper: float, labels: list[str]) -> None:
    assert [tick.label for tick in Scale(lower, upper).ticks()] == labels


@pytest.mark.parametrize("values", [[], [None], [float("nan")], [0.4, 0.4], [0.0, 0.0]])
def test_scale_over_few_or_equal_values_still_has_a_width(values: list[float | None]) -> None:
    scale = scale_over(values)

    assert scale.upper > scale.lower


def test_interval_row_puts_dot_and_line_on_the_common_scale() -> None:
    plot = interval_rows([IntervalRow("de", 0.5, 0.25, 0.75, 40)], lower=0, upper=1, reference=0.67)

    drawn = plot.rows[0]
    assert (drawn.dot, drawn.start, drawn.end) == ("50.00%", "25.00%", "75.00%")
    assert plot.reference == "67.00%"


def test_undefined_row_keeps_its_place_and_is_not_drawn() -> None:
    plot = interval_rows([IntervalRow("fr", None, n=3, reason="3 shared items"), IntervalRow("de", 0.5)])

    assert [(d.row.label, d.dot) for d in plot.rows] == [("fr", ""), ("de", plot.rows[1].dot)]
    assert plot.rows[0].figure.reason == "3 shared items"
    assert plot.rows[1].start == ""


def test_percent_plot_has_percent_ticks_at_the_places_of_the_shares() -> None:
    plot = interval_rows([IntervalRow("de", 0.5)], lower=0, upper=1, as_percent=True)

    assert [(t.at, t.label) for t in plot.ticks][1] == ("20.00%", "20\u202f%")


def test_heat_follows_the_share_of_the_row_and_leaves_the_diagonal_cold() -> None:
    heat = heat_table(["a", "b"], ["a", "b"], [[90, 10], [40, 60]])

    assert [[cell.level for cell in row.cells] for row in heat.rows] == [[0, 2], [5, 0]]
    assert heat.rows[0].cells[1].title.replace("\u202f", " ") == "a \u2192 b: 10 of 100 (10 %)"


def test_heat_of_empty_rows_is_cold() -> None:
    heat = heat_table(["a", "b"], ["a", "b"], [[0, 0], [0, 0]])

    assert {cell.level for row in heat.rows for cell in row.cells} == {0}
    assert {cell.share for row in heat.rows for cell in row.cells} == {None}


def test_heat_links_only_cells_that_have_items() -> None:
    heat = heat_table(["a", "b"], ["a", "b"], [[1, 0], [0, 1]], hrefs=[["/aa", "/ab"], ["/ba", "/bb"]])

    assert [[cell.href for cell in row.cells] for row in heat.rows] == [["/aa", ""], ["", "/bb"]]


def test_line_breaks_where_a_value_is_undefined() -> None:
    points = [LinePoint(str(i), v, v and v - 0.1, v and v + 0.1) for i, v in enumerate([0.4, 0.6, None, 0.5])]

    plot = line_plot(points, lower=0, upper=1)

    assert plot.line == "M0.00 60.00 L33.33 40.00 M100.00 50.00"
    assert plot.band.strip() == "M0.00 50.00 L33.33 30.00 L33.33 50.00 L0.00 70.00 Z"


def test_marks_of_a_line_stand_where_their_point_is() -> None:
    plot = line_plot([LinePoint("a", 0.1), LinePoint("b", 0.2, mark="v7"), LinePoint("c", 0.3)])

    assert [(m.at, m.label) for m in plot.marks] == [("50.00%", "v7")]


def test_long_line_labels_only_some_points_but_first_and_last() -> None:
    plot = line_plot([LinePoint(str(i), 0.5) for i in range(40)])

    labels = [label.label for label in plot.x_labels]
    assert len(labels) == 6
    assert (labels[0], labels[-1]) == ("0", "39")


def test_line_of_no_points_and_of_one_point_can_be_drawn() -> None:
    assert line_plot([]).line == ""
    assert re.fullmatch(r"M0\.00 [\d.]+", line_plot([LinePoint("a", 0.5)]).line)


def test_progress_shows_done_and_in_hand_but_never_more_than_the_total() -> None:
    bar = progress_bar(150, 200, pending=90)

    assert (bar.done_width, bar.pending_start, bar.pending_width) == ("75.00%", "75.00%", "25.00%")
    assert bar.text == "150 of 200"


def test_progress_of_nothing_is_an_empty_bar() -> None:
    assert progress_bar(0, 0).done_width == "0.00%"
