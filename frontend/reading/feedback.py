"""What the gold says beside what somebody answered, question by question, in the words of the label schema."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.models import Annotation, Item
from annotation.selectors.access import ProjectAccess
from annotation.selectors.gold import Feedback
from annotation.selectors.instructions import instructions_of
from annotation.selectors.onboarding import attempt_of, qualification_of, set_of_attempt
from frontend.reading.answers import ShownAnswer, shown_answers
from frontend.reading.payloads import PayloadView, payload_views
from guidelines.label_schema import Question


@dataclass(frozen=True)
class ToldQuestion:
    """One question that the gold answers. `given` is None where it was left open."""

    title: str
    is_right: bool
    given: ShownAnswer | None
    gold: ShownAnswer


@dataclass(frozen=True)
class ToldAnswer:
    questions: tuple[ToldQuestion, ...]
    rationale: str

    @property
    def is_right(self) -> bool:
        return all(question.is_right for question in self.questions)


@dataclass(frozen=True)
class Mistake:
    """An item of a qualification that was not answered as the gold says; skipped ones are told, too."""

    payload: list[PayloadView]
    told: ToldAnswer
    is_skipped: bool


def told_answer(annotation: Annotation, feedback: Feedback) -> ToldAnswer:
    version = annotation.guideline_version
    questions = instructions_of(version.pk, version.sha256).questions if version else ()
    return _told(questions, annotation.answer, feedback.answer, feedback.is_right, feedback.rationale)


def _told(
    questions: Sequence[Question], given: Mapping[str, Any], gold: Mapping[str, Any], is_right: Mapping[str, bool],
    rationale: str,
) -> ToldAnswer:  # fmt: skip
    told = []
    for question in questions:
        if question.key in is_right:
            (said,) = shown_answers([question], {question.key: gold[question.key]})
            mine = shown_answers([question], {question.key: given[question.key]}) if question.key in given else [None]
            told.append(ToldQuestion(question.title, is_right[question.key], mine[0], said))
    return ToldAnswer(tuple(told), rationale)


def mistakes_of(access: ProjectAccess, attempt_id: int) -> Iterator[Mistake]:
    """What went wrong in one's own attempt, item by item; nothing where the qualification does not explain itself."""
    rules = qualification_of(access.project)
    if rules is None or not rules.shows_feedback:
        return
    attempt = attempt_of(access.annotator, attempt_id)
    wrong = [item for item in set_of_attempt(attempt, access.project.pk) if item.is_over and not item.is_right]
    items = Item.objects.in_bulk([item.item_id for item in wrong])
    for item in wrong:
        told = _told(item.questions, item.answer or {}, item.gold, item.right, item.rationale)
        yield Mistake(payload_views(access.project.fields, items[item.item_id].payload), told, item.answer is None)
