"""Numbers to the geometry of small SVG plots. Pure: no request, no model; templates in components/ only draw.

Positions are strings such as "43.5%": percentages let a plot follow the width of its column without scaling
its text, and strings keep a locale's decimal comma out of SVG attributes. Nothing needs a style attribute.
"""

from frontend.plots.bars import BarPlot, bar_plot
from frontend.plots.heat import HeatTable, heat_table
from frontend.plots.intervals import IntervalRow, IntervalRowsPlot, interval_rows
from frontend.plots.lines import LinePlot, LinePoint, line_plot
from frontend.plots.progress import Progress, progress_bar

__all__ = [
    "BarPlot",
    "HeatTable",
    "IntervalRow",
    "IntervalRowsPlot",
    "LinePlot",
    "LinePoint",
    "Progress",
    "bar_plot",
    "heat_table",
    "interval_rows",
    "line_plot",
    "progress_bar",
]
