"""The questions of a project as codes: which values count, in which order, under which versions they were offered."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.errors import DomainError
from annotation.models import Project
from annotation.selectors.labels import IS_LABEL
from guidelines.label_schema import (
    ChoicesQuestion,
    PreferenceQuestion,
    Question,
    RatingQuestion,
    nominal_values,
    parse_questions,
)
from guidelines.models import GuidelineVersion

_SETS = f"""
    SELECT DISTINCT a.answer->>%s AS found FROM annotation_annotation a
    WHERE a.project_id = %s AND a.created_at <= %s AND a.answer->>%s IS NOT NULL AND {IS_LABEL} ORDER BY 1
"""  # noqa: S608  (our own text)
CODED_TYPES = ("choice", "choices", "rating", "preference")


class NoQuestions(DomainError):
    code, status = "no_questions", 409
    sentence = "The guideline has no published version yet, so there is no question to measure."


@dataclass(frozen=True)
class CodedQuestion:
    """A question and its values: `stored[k]` is how value k stands in an answer (as text), `keys[k]` its name."""

    question: Question
    stored: tuple[str, ...]
    keys: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def key(self) -> str:
        return self.question.key

    @property
    def is_ordinal(self) -> bool:
        return isinstance(self.question, RatingQuestion)

    @property
    def labels(self) -> tuple[str, ...]:
        """What people call each value."""
        names = {option.key: option.label for option in self.question.options}
        return tuple(names.get(key, key) for key in self.keys)

    def sql(self) -> str:
        """The expression that codes this question in a row `a` of annotations: 1.. its value, 0 not answered,
        -1 an answer outside the values. Two parameters: `sql_params`."""
        inner = "a.answer->%s->>'choice'" if isinstance(self.question, PreferenceQuestion) else "a.answer->>%s"
        return (
            f"(CASE WHEN a.answer->>%s IS NULL THEN 0 ELSE coalesce(array_position(%s::text[], {inner}), -1) END)::int4"
        )

    def sql_params(self) -> list[Any]:
        return [self.key, list(self.stored), self.key]


def load_questions(project: Project, as_of: datetime) -> tuple[CodedQuestion, ...]:
    """The countable questions of the newest version published by `as_of`.

    Values that only an older version offered follow those of the newest, so that no answer is lost. Sets (`choices`)
    are compared as wholes; their values are those that occur.
    """
    versions = list(
        GuidelineVersion.objects.filter(guideline_id=project.guideline_id, published_at__lte=as_of)
        .order_by("-sequence")
        .values_list("content", flat=True)
    )
    if not versions:
        raise NoQuestions
    parsed = [parse_questions(content["questions"]) for content in versions]
    return tuple(
        _coded(project, as_of, question, [older for version in parsed[1:] for older in version])
        for question in parsed[0]
        if question.type in CODED_TYPES
    )


def _coded(project: Project, as_of: datetime, question: Question, older: list[Question]) -> CodedQuestion:
    if isinstance(question, ChoicesQuestion):
        sets = _sets_in_use(project, as_of, question.key)
        return CodedQuestion(
            question, sets, tuple("|".join(json.loads(text)) for text in sets), tuple(json.loads(text) for text in sets)
        )
    values = list(nominal_values(question))
    for other in older:
        if other.key == question.key and other.type == question.type:
            values += [value for value in nominal_values(other) if value not in values]
    if isinstance(question, RatingQuestion):
        values.sort(key=lambda value: float(str(value)))
    texts = tuple(str(value) for value in values)
    return CodedQuestion(question, texts, texts, tuple(values))


def _sets_in_use(project: Project, as_of: datetime, key: str) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_SETS, [key, project.pk, as_of, key])
        return tuple(sorted(row[0] for row in cursor.fetchall()))
