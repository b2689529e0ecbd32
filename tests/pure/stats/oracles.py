"""Reads the published tables of tests/oracles as Ratings."""

import csv
from pathlib import Path

import numpy as np

from quality.stats.ratings import Ratings

FOLDER = Path(__file__).parents[2] / "oracles"


def read_rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def read_ratings(name: str) -> Ratings:
    rows = read_rows(name)
    if name.endswith("_counts"):
        return from_counts(np.array([[int(cell) for cell in row.values()] for row in rows]))
    if name.endswith("_table"):
        return from_table(np.array([[int(cell) for cell in row.values()] for row in rows]))
    columns = ([row[key] for row in rows] for key in ("external_id", "annotator", "value"))
    (items, item), (annotators, annotator), (values, value) = (np.unique(c, return_inverse=True) for c in columns)
    is_numeric = all(name.lstrip("-").isdigit() for name in values)
    levels = values.astype(float) if is_numeric else None
    return Ratings(item, annotator, value, len(items), len(annotators), len(values), levels)


def from_counts(counts: np.ndarray) -> Ratings:
    """Labels of unknown people: each item's labels get the people 0, 1, 2, ... in turn."""
    item, value = (np.repeat(index, counts.ravel()) for index in map(np.ravel, np.indices(counts.shape)))
    sizes = counts.sum(axis=1)
    person = np.concatenate([np.arange(size) for size in sizes])
    return Ratings(item, person, value, len(counts), int(sizes.max()), counts.shape[1])


def from_table(table: np.ndarray) -> Ratings:
    """Labels of two people with this joint table."""
    first, second = (np.repeat(index, table.ravel()) for index in map(np.ravel, np.indices(table.shape)))
    n = len(first)
    item = np.repeat(np.arange(n), 2)
    values = np.stack([first, second], axis=1).ravel()
    return Ratings(item, np.tile([0, 1], n), values, n, 2, len(table), np.arange(len(table), dtype=float))
