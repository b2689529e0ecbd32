"""Answers held against what else is known of their item: the person's first answer, the pre-label. For leads only."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from annotation.models import Project
from annotation.selectors.gold import Share, newest_questions
from guidelines.label_schema import same_answer

# Equal rows are counted, here as in gold.py: most people say the same few things.
# The first answer in each repeat, and what this person's ordinary answer to the item was at that moment.
_REPEATS = """
    SELECT again.answer::text, earlier.answer::text, count(*) FROM (
        SELECT DISTINCT ON (a.item_id, a.round_id) a.* FROM annotation_annotation a
        JOIN annotation_round round ON round.id = a.round_id
        WHERE a.annotator_id = %(member)s AND a.project_id = %(project)s AND a.occurrence = 2
          AND round.kind IN ('repeat', 'imported') AND a.created_at <= coalesce(%(as_of)s, a.created_at)
        ORDER BY a.item_id, a.round_id, a.id
    ) again
    CROSS JOIN LATERAL (
        SELECT b.answer FROM annotation_annotation b JOIN annotation_round round ON round.id = b.round_id
        WHERE b.item_id = again.item_id AND b.annotator_id = again.annotator_id AND b.occurrence = 1
          AND round.kind IN ('imported', 'initial', 'relabel')
          AND b.created_at <= again.created_at
          AND (b.superseded_at IS NULL OR b.superseded_at > again.created_at)
        ORDER BY (b.round_id = again.round_id) DESC, b.id DESC LIMIT 1
    ) earlier
    GROUP BY 1, 2
"""
# The first answer of each person to each item under a lease with a pre-label, shown or held back as chance had it.
_PRELABELS = """
    SELECT prelabel_shown, answer::text, prediction::text, count(*) FROM (
        SELECT DISTINCT ON (a.annotator_id, a.item_id, a.round_id)
               lease.prelabel_shown, a.answer, predicted.answer AS prediction
        FROM annotation_lease lease
        JOIN annotation_prediction predicted ON predicted.id = lease.prelabel_id
        JOIN annotation_annotation a ON a.lease_id = lease.id
        JOIN annotation_round round ON round.id = a.round_id
        WHERE lease.project_id = %(project)s AND lease.prelabel_shown IS NOT NULL AND a.annotator_kind = 'human'
          AND round.kind IN ('initial', 'relabel')
        ORDER BY a.annotator_id, a.item_id, a.round_id, a.id
    ) first GROUP BY 1, 2, 3
"""


@dataclass
class Repeats:
    """Hidden repeats of one person, and those answered as the first time, by question."""

    n_items: int = 0
    questions: dict[str, Share] = field(default_factory=dict)


def repeats_of(project: Project, member_id: int, *, as_of: datetime | None = None) -> Repeats:
    """How the second answers of a person compare with their first. One query, and one for the questions.

    Of the questions that they answered the first time; one left open the second time is not the same.
    """
    questions, found = newest_questions(project, as_of), Repeats()
    values = {"project": project.pk, "member": member_id, "as_of": as_of}
    for again, first, n in _rows(_REPEATS, values):
        found.n_items += n
        for key, is_same in same_answer(questions, again, first).items():
            found.questions.setdefault(key, Share()).add(n, is_right=is_same)
    return found


def prelabels_followed(project: Project) -> dict[str, tuple[Share, Share]]:
    """Answers equal to the pre-label where it was shown, and where it was held back, by question. Two queries."""
    questions = newest_questions(project, None)
    found: dict[str, tuple[Share, Share]] = {}
    for was_shown, answer, prediction, n in _rows(_PRELABELS, {"project": project.pk}):
        for key, is_same in same_answer(questions, answer, prediction).items():
            shares = found.setdefault(key, (Share(), Share()))
            shares[0 if was_shown else 1].add(n, is_right=is_same)
    return found


def _rows(sql: str, values: dict[str, Any]) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for row in cursor:
            yield tuple(json.loads(value) if isinstance(value, str) else value for value in row)
