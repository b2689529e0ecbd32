"""Answers that come in bulk: which questions they are read with, and whether they fit the items they are about."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Protocol, TypeVar

from django.db.backends.utils import CursorWrapper

from accounts.errors import Conflict
from annotation.formats.rows import Refused, RowError
from annotation.models import Item, Project
from annotation.selectors.instructions import instructions_of
from guidelines.label_schema import AnswerError, Question, SpanQuestion, parse_questions, validate_answer
from guidelines.models import GuidelineDraft, GuidelineVersion

_ROWS_PER_LOOK = 500
_UNKNOWN_ITEMS = """
    INSERT INTO import_issues
    SELECT line, 'unknown_item', 'external_id: the project has no item ' || left(external_id, 200) FROM import_rows
    WHERE NOT EXISTS (
        SELECT 1 FROM annotation_item AS item
        WHERE item.project_id = %(project)s AND item.external_id = import_rows.external_id
    )
"""


class NoQuestions(Conflict):
    code = "no_questions"
    sentence = (
        "The guideline of this project asks no questions yet, so no answer can be read; write its questions first."
    )


class AnswerRow(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def external_id(self) -> str: ...
    @property
    def answer(self) -> dict[str, Any]: ...


class Schemas:
    """The label schemas of one project's guideline: the newest, and each published one by its number."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.newest = self._newest()
        self.version = lru_cache(maxsize=64)(self._version)

    def _newest(self) -> tuple[Question, ...]:
        """The newest published version's questions; before the first publish the draft's."""
        version = GuidelineVersion.objects.filter(guideline_id=self.project.guideline_id).order_by("-sequence").first()
        if version is not None:
            questions = instructions_of(version.pk, version.sha256).questions
        else:
            draft = GuidelineDraft.objects.filter(guideline_id=self.project.guideline_id).first()
            questions = parse_questions(draft.content.get("questions", [])) if draft else ()
        if not questions:
            raise NoQuestions
        return questions

    def _version(self, number: str) -> tuple[int, tuple[Question, ...]] | None:
        """The id and questions of a published version by its number (2.1), None if there is none."""
        major, minor = (int(part) for part in number.split("."))
        version = GuidelineVersion.objects.filter(
            guideline_id=self.project.guideline_id, major=major, minor=minor
        ).first()
        return (version.pk, instructions_of(version.pk, version.sha256).questions) if version else None

    def questions_of(self, number: str | None) -> tuple[Question, ...] | None:
        if number is None:
            return self.newest
        found = self.version(number)
        return found[1] if found else None

    def version_id(self, number: str | None) -> int | None:
        found = self.version(number) if number is not None else None
        return found[0] if found else None


Row = TypeVar("Row", bound=AnswerRow)


def refuse_misplaced(
    project: Project, rows: Iterable[Row | Refused], questions_of: Callable[[Row], tuple[Question, ...]]
) -> Iterator[Row | Refused]:
    """The rows, where marks that leave the text of their item are refused. An unknown item is judged later.

    Items are looked up some hundred at a time, and only for answers that hold spans.
    """
    remaining = iter(rows)
    while batch := list(islice(remaining, _ROWS_PER_LOOK)):
        marked = {row.external_id for row in batch if not isinstance(row, Refused) and _has_spans(row, questions_of)}
        payloads = _payloads(project, marked)
        for row in batch:
            if isinstance(row, Refused) or row.external_id not in payloads:
                yield row
            else:
                yield _checked(row, questions_of(row), payloads[row.external_id])


def _has_spans(row: Row, questions_of: Callable[[Row], tuple[Question, ...]]) -> bool:
    return any(isinstance(question, SpanQuestion) and question.key in row.answer for question in questions_of(row))


def _payloads(project: Project, names: set[str]) -> dict[str, dict[str, Any]]:
    if not names:
        return {}
    items = Item.objects.filter(project=project, external_id__in=names)
    return dict(items.values_list("external_id", "payload"))


def _checked(row: Row, questions: tuple[Question, ...], payload: dict[str, Any]) -> Row | Refused:
    try:
        validate_answer(questions, row.answer, partial=True, payload=payload)
    except AnswerError as error:
        errors = (RowError(row.line, code, f"answer.{path}: {detail}") for path, code, detail in error.errors)
        return Refused(row.line, tuple(errors))
    return row


def reject_unknown_items(cursor: CursorWrapper, project: Project) -> None:
    """Refuse the lines of import_rows whose `external_id` the project does not have."""
    cursor.execute(_UNKNOWN_ITEMS, {"project": project.pk})
