"""Examples of a guideline as proof items: which ones can be asked, what they ask, what was wished for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guidelines.content import Example, GuidelineContent
from guidelines.diffs import ContentDiff
from guidelines.label_schema import ChoiceQuestion, ChoicesQuestion, NumberQuestion, Question, RatingQuestion
from operations.strict_json.reading import ObjectReader, Problem, ProblemList

MOST_ITEMS = 10
LONGEST_NOTE = 5_000
LONGEST_KEY = 32

# Questions with one right answer that is picked or is a number. Whose words are right, nobody can prove by typing.
_PROVABLE = (ChoiceQuestion, ChoicesQuestion, RatingQuestion, NumberQuestion)


class ProofError(ValueError):
    """A request for acknowledgement that is refused, with every problem by path."""

    def __init__(self, errors: list[Problem]) -> None:
        super().__init__("; ".join(f"{path}: {detail}" for path, _, detail in errors[:5]))
        self.errors = tuple(errors)


@dataclass(frozen=True)
class WantedItem:
    """An example with the answer that is expected: to the questions that can be proved, of those it answers."""

    example: Example
    expected: dict[str, Any]


@dataclass(frozen=True)
class WantedAcknowledgement:
    items: tuple[WantedItem, ...]
    note: str


def parse_acknowledgement(raw: object, content: GuidelineContent) -> WantedAcknowledgement:
    """What is asked with a version that says `content`, from `{"items": ["E1", ...], "note"?}`.

    Raises ProofError with every problem by path below `acknowledgement`: at most ten items, each an example of the
    content that answers a question which a choice, a rating or a number decides.
    """
    problems = ProblemList()
    reader = ObjectReader(raw, "acknowledgement", problems, allowed=("items", "note"))
    examples = {example.key: example for example in content.examples}
    items = []
    for index, key in enumerate(reader.names("items", longest=LONGEST_KEY, most=MOST_ITEMS)):
        example = examples.get(key)
        expected = expected_answer(content.questions, example) if example else {}
        if example is None:
            reader.report(f"items[{index}]", "unknown_example", f"the draft has no example {key!r}")
        elif not expected:
            detail = f"example {key!r} has no answer that a choice, a rating or a number gives"
            reader.report(f"items[{index}]", "nothing_to_prove", detail)
        else:
            items.append(WantedItem(example, expected))
    note = reader.text("note", longest=LONGEST_NOTE).strip()
    if problems:
        raise ProofError(problems.found)
    return WantedAcknowledgement(tuple(items), note)


def expected_answer(questions: Sequence[Question], example: Example) -> dict[str, Any]:
    """The part of the example's answer that can be proved, in the order of the schema; {} where there is none."""
    given = example.answer or {}
    return {
        question.key: given[question.key]
        for question in questions
        if isinstance(question, _PROVABLE) and given.get(question.key) is not None
    }


def asked_questions(questions: Sequence[Question], expected: Mapping[str, Any]) -> tuple[Question, ...]:
    """The questions of a proof item: those with an expected answer, each of them needed.

    A condition on a question that is not asked falls away; one on a question beside it stays.
    """
    asked = [question for question in questions if question.key in expected]
    keys = {question.key for question in asked}
    return tuple(
        replace(
            question,
            required=True,
            visible_if=question.visible_if if question.visible_if and question.visible_if.question in keys else None,
        )
        for question in asked
    )


def ready_examples(content: GuidelineContent) -> tuple[Example, ...]:
    """The examples that can be asked as they are."""
    return tuple(example for example in content.examples if expected_answer(content.questions, example))


def is_about(example: Example, diff: ContentDiff) -> bool:
    """True if the difference touches the example: itself, its clause, or a question that it answers."""
    changed = {change.key for change in diff.clauses} | {change.key for change in diff.examples}
    asked = {change.key for change in diff.questions}
    return example.key in changed or example.clause in changed or not asked.isdisjoint(example.answer or {})
