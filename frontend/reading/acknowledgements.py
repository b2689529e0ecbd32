"""What a person reads and proves before they label under a new version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from frontend.forms.workbench import QuestionField, question_fields
from frontend.reading.guideline_differences import ShownDifference, shown_difference
from frontend.reading.guidelines import ReadClause, Reading, answer_words, read_clause, reading_of
from frontend.reading.payloads import PayloadView, payload_views
from guidelines.content import Example, GuidelineContent
from guidelines.models import AcknowledgementRequest, GuidelineVersion
from guidelines.proof_items import asked_questions, expected_answer, is_about, ready_examples
from guidelines.selectors.acknowledgements import Step, difference_to_read, proof_keys
from guidelines.selectors.differences import Difference
from guidelines.selectors.versions import content_of

MOST_OFFERED = 100


@dataclass(frozen=True)
class ShownReading:
    """The difference from `since`, for who is new the whole guideline; without the examples asked after it."""

    since: str
    difference: ShownDifference | None
    reading: Reading | None


def shown_reading(asked: AcknowledgementRequest, since: GuidelineVersion | None) -> ShownReading:
    if since is not None:
        return ShownReading(since.number, shown_difference(difference_to_read(asked, since)), None)
    content, proof = content_of(asked.version), proof_keys(asked)
    examples = tuple(example for example in content.examples if example.key not in proof)
    return ShownReading("", None, reading_of(replace(content, examples=examples)))


@dataclass(frozen=True)
class ShownProof:
    """A proof item in the widgets of the workbench; after a wrong answer with `said`, its clause and why.

    The widgets are empty again then: Enter pressed once more is no second mistake.
    """

    token: str
    position: int
    n_items: int
    payload: list[PayloadView]
    fields: list[QuestionField]
    is_again: bool
    said: tuple[tuple[str, str], ...]
    rationale: str
    clause: ReadClause | None


def shown_proof(
    project_fields: Sequence[dict[str, Any]], version: GuidelineVersion, step: Step,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> ShownProof:  # fmt: skip
    item, mistake = step.item, step.mistake
    content = content_of(version)
    questions = asked_questions(content.questions, item.answer)
    return ShownProof(
        token=f"{version.pk}.{item.position}", position=item.position, n_items=step.n_items,
        payload=_payload(project_fields, item.text, item.payload),
        fields=question_fields(questions, {}, errors), is_again=mistake is not None,
        said=tuple(answer_words(questions, mistake.answer)) if mistake else (),
        rationale=item.rationale if mistake else "", clause=_clause(content, item.clause) if mistake else None,
    )  # fmt: skip


def _payload(fields: Sequence[dict[str, Any]], text: str, payload: dict[str, Any] | None) -> list[PayloadView]:
    """As the project shows its items; an example with none of its fields, as the guideline has it."""
    if payload is None:
        return [PayloadView("text", "", "text", text=text)]
    return payload_views(fields, payload) or payload_views([{"key": key} for key in payload], payload)


def _clause(content: GuidelineContent, key: str) -> ReadClause | None:
    clause = next((clause for clause in content.clauses if clause.key == key), None)
    return read_clause(clause, 0) if clause else None


@dataclass(frozen=True)
class OfferedItem:
    """An example that the lead may pick, with what it would ask. `is_about`: the change touches it."""

    example: Example
    gist: str
    answers: tuple[tuple[str, str], ...]
    is_about: bool
    is_picked: bool


def offered_items(found: Difference, picked: Sequence[str]) -> list[OfferedItem]:
    """The examples of the new text that can be asked as they are; first those which the change touches."""
    questions = found.after.questions
    offered = [
        OfferedItem(
            example, _gist(example), tuple(answer_words(questions, expected_answer(questions, example))),
            is_about(example, found.diff), example.key in picked,
        )
        for example in ready_examples(found.after)
    ]  # fmt: skip
    return sorted(offered, key=lambda item: not (item.is_about or item.is_picked))[:MOST_OFFERED]


def _gist(example: Example) -> str:
    words = " ".join((example.text or " ".join(map(str, (example.payload or {}).values()))).split())
    return words if len(words) <= 160 else words[:159].rstrip() + "…"
