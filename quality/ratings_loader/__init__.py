"""The only door from rows to `quality.stats.Ratings`.

Decided here, once: humans only; occurrence 1; alive at `as_of`; which round and which guideline major count for an
item (scope.py); integer codes in a fixed order (items by external id, people by name, values as the schema has them).
"""

from quality.ratings_loader.questions import CodedQuestion, NoQuestions, load_questions
from quality.ratings_loader.scope import ALL_ROUNDS, LATEST, UnknownRound
from quality.ratings_loader.slices import cohort_groupings, slice_groupings
from quality.ratings_loader.table import LabelTable, count_labels, load_labels
from quality.ratings_loader.texts import item_texts

__all__ = [
    "ALL_ROUNDS",
    "LATEST",
    "CodedQuestion",
    "LabelTable",
    "NoQuestions",
    "UnknownRound",
    "cohort_groupings",
    "count_labels",
    "item_texts",
    "load_labels",
    "load_questions",
    "slice_groupings",
]
