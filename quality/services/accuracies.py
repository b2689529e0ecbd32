"""How likely each person is to say what is right, as the labels of all tell it. Adaptive overlap weighs votes by it."""

from collections.abc import Iterable, Mapping

import numpy as np
from django.db import connection

from annotation.models import Project
from guidelines.label_schema import ChoiceQuestion, PreferenceQuestion, RatingQuestion
from quality.ratings_loader import LabelTable
from quality.stats.aggregation import dawid_skene
from quality.stats.ratings import FloatArray, Ratings

LEAST_LABELS = 20
LOWEST, HIGHEST = 0.05, 0.99  # nobody is taken for always right or always wrong
_CLOSED = (ChoiceQuestion, PreferenceQuestion, RatingQuestion)


def accuracies_of(table: LabelTable) -> dict[int, float]:
    """By member id, the mean over the questions with a closed list of values; people with fewer than 20 labels to a
    question have none for it, and those without any are left out."""
    found: dict[int, list[float]] = {}
    for question in table.questions:
        if isinstance(question.question, _CLOSED):
            ratings = table.ratings(question.key)
            for annotator, chance in zip(*_known(ratings), strict=True):
                found.setdefault(int(table.member_ids[annotator]), []).append(float(chance))
    return {pk: float(np.clip(np.mean(chances), LOWEST, HIGHEST)) for pk, chances in sorted(found.items())}


def _known(ratings: Ratings) -> tuple[Iterable[int], FloatArray]:
    enough = np.flatnonzero(ratings.annotator_sizes() >= LEAST_LABELS)
    return enough.tolist(), chances_of_right(ratings)[enough]


def chances_of_right(ratings: Ratings) -> FloatArray:
    """Chance of each annotator to answer as is true: the diagonal of their Dawid-Skene confusion, by how common each
    true value is. The matrices are shrunk to the pool's already, as if by two more labels of each value."""
    fitted = dawid_skene(ratings)
    chances: FloatArray = np.einsum("jkk,k->j", fitted.confusion, fitted.prior)
    return chances


def store_accuracies(project: Project, accuracies: Mapping[int, float]) -> None:
    """Bring Member.accuracy in line; whoever is not named has none. Rows in order, and only those that change."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [list(accuracies), list(accuracies.values()), project.pk])


_CHANGED = """
    WITH told AS (SELECT * FROM unnest(%s::bigint[], %s::float8[]) AS told (id, accuracy)),
    changed AS (
        SELECT member.id, told.accuracy FROM annotation_member member LEFT JOIN told ON told.id = member.id
        WHERE member.project_id = %s AND member.kind = 'human' AND member.accuracy IS DISTINCT FROM told.accuracy
        ORDER BY member.id FOR NO KEY UPDATE OF member
    )
    UPDATE annotation_member member SET accuracy = changed.accuracy FROM changed WHERE member.id = changed.id
"""
