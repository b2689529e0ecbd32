"""A share of answers as API and pages say it: with its interval and n, or why there is none."""

from typing import Any

from quality.stats.figures import MIN_TRIALS, too_few_trials
from quality.stats.intervals import newcombe, wilson

Row = dict[str, Any]


def share_of(count: int, n: int, *, counted: str, share: str) -> Row:
    """`{"n", counted: count, share: count / n, "interval": Wilson's, "undefined"}`; no figure below 20 answers."""
    row: Row = {"n": n, counted: count, share: None, "interval": None, "undefined": None}
    interval = wilson(count, n)
    if n < MIN_TRIALS or interval is None:
        return row | {"undefined": too_few_trials(n).sentence}
    return row | {share: count / n, "interval": list(interval)}


def difference_of(first: Row, second: Row, *, counted: str) -> Row:
    """First share minus second, with Newcombe's interval; none where one of the two is undefined."""
    undefined = first["undefined"] or second["undefined"]
    interval = newcombe((first[counted], second[counted]), (first["n"], second["n"]))
    if undefined or interval is None:
        return {"difference": None, "interval": None, "undefined": undefined}
    difference = first[counted] / first["n"] - second[counted] / second["n"]
    return {"difference": difference, "interval": list(interval), "undefined": None}
