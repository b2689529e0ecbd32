"""What a worked example takes from a real item: what was shown of it, and the answer that people agree on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.errors import NotFound
from annotation.models import Annotation, Item
from annotation.selectors.access import ProjectAccess
from annotation.selectors.gold import gold_of
from annotation.selectors.labels import counting_labels
from guidelines.label_schema import AnswerError, Question, validate_answer
from guidelines.parts import Part
from operations.strict_json import canonical_json


def may_be_example(item: Item) -> bool:
    """Gold is no example: whoever reads the guideline would know its answer."""
    return not gold_of(item).filter(superseded_at=None).exists()


def example_of_item(access: ProjectAccess, external_id: str, questions: Sequence[Question]) -> Part:
    """The text or shown payload of the item, with one's own answer, else per question what most people said."""
    named = Item.objects.filter(project=access.project, external_id=external_id)
    item = None if "\x00" in external_id else named.first()
    if item is None or not may_be_example(item):
        raise NotFound
    shown = _shown(access, item)
    return shown | {"answer": _fitting(questions, _answer(access, item, questions), shown)}


def _shown(access: ProjectAccess, item: Item) -> Part:
    keys = [field["key"] for field in access.project.fields if field["key"] in item.payload]
    payload = {key: item.payload[key] for key in keys} or item.payload
    only = next(iter(payload.values())) if len(payload) == 1 else None
    return {"text": only} if isinstance(only, str) and only.strip() else {"payload": payload}


def _answer(access: ProjectAccess, item: Item, questions: Sequence[Question]) -> dict[str, Any]:
    labels = list(counting_labels().filter(item=item).order_by("pk"))
    own = next((label.answer for label in labels if access.member and label.annotator_id == access.member.pk), None)
    return dict(own) if own else _most_said(labels, questions)


def _most_said(labels: Sequence[Annotation], questions: Sequence[Question]) -> dict[str, Any]:
    """Per question the answer that more than half of those who answered it gave."""
    answer = {}
    for question in questions:
        given = [label.answer[question.key] for label in labels if question.key in label.answer]
        counted = Counter(canonical_json(value) for value in given)
        if counted and counted.most_common(1)[0][1] * 2 > len(given):
            most = counted.most_common(1)[0][0]
            answer[question.key] = next(value for value in given if canonical_json(value) == most)
    return answer


def _fitting(questions: Sequence[Question], answer: Mapping[str, Any], shown: Part) -> dict[str, Any] | None:
    """Without what the draft's label schema, which may be another one by now, does not take."""
    payload = shown.get("payload", shown)
    kept: dict[str, Any] = {}
    for question in questions:
        if question.key not in answer:
            continue
        try:
            kept = validate_answer(
                tuple(questions), kept | {question.key: answer[question.key]}, partial=True, payload=payload
            )
        except AnswerError:
            continue
    return kept or None
