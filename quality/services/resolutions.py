"""What each item is taken to be, now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.errors import Conflict, FieldError, InvalidInput
from annotation.models import Project
from quality.ratings_loader import count_labels, load_labels
from quality.services.aggregation import METHODS, resolve_items
from quality.services.agreement import database_now

MOST_LABELS = 200_000


class TooManyLabels(Conflict):
    code = "too_many_labels"
    sentence = f"With more than {MOST_LABELS} labels this is not computed within a request; make a snapshot."


@dataclass(frozen=True)
class Resolutions:
    question: str
    method: str
    as_of: datetime
    rows: list[dict[str, Any]]


def resolutions(project: Project, *, method: str, question: str | None = None) -> Resolutions:
    """One label per item of the labels that count now. InvalidInput for a method or question that there is not."""
    if method not in METHODS:
        raise InvalidInput(errors=[FieldError("method", "unknown", f"Allowed: {', '.join(METHODS)}.")])
    if count_labels(project, up_to=MOST_LABELS + 1) > MOST_LABELS:
        raise TooManyLabels
    as_of = database_now()
    table = load_labels(project, as_of=as_of)
    keys = [q.key for q in table.questions]
    if question is None and len(keys) == 1:
        question = keys[0]
    if question not in keys:
        raise InvalidInput(errors=[FieldError("question", "unknown", f"Name one of: {', '.join(keys)}.")])
    return Resolutions(question, method, as_of, resolve_items(table, question, method))
