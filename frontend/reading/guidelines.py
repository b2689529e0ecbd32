"""A guideline as it is read: clauses in their tree, the label schema, examples with their answers in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.reading.guides import GuidePrecedent, read_precedents
from guidelines.content import Clause, Example, GuidelineContent, Precedent
from guidelines.label_schema import ChoicesQuestion, Option, Question, RatingQuestion, TextQuestion
from guidelines.markdown import render_markdown
from guidelines.parts import clause_tree
from operations.strict_json import canonical_json

DEEPEST_SHOWN = 4


@dataclass(frozen=True)
class ReadExample:
    key: str
    kind: str
    text: str
    payload: str
    answers: tuple[tuple[str, str], ...]
    rationale: str
    clause: str

    @property
    def badge(self) -> str:
        return {"positive": "good", "negative": "bad", "edge": "warn"}.get(self.kind, "")


@dataclass(frozen=True)
class ReadClause:
    """`html` comes from guidelines/markdown.py, which lets nothing executable through."""

    key: str
    title: str
    html: SafeString
    depth: int
    cited_by: tuple[Option, ...]
    examples: tuple[ReadExample, ...]
    precedents: tuple[GuidePrecedent, ...] = ()


@dataclass(frozen=True)
class ReadQuestion:
    question: Question
    type_words: str
    condition: str

    @property
    def points(self) -> list[tuple[int, str]]:
        """The named points of a rating, or its two ends."""
        if not isinstance(self.question, RatingQuestion):
            return []
        return list(self.question.labels) or [(self.question.min, ""), (self.question.max, "")]


@dataclass(frozen=True)
class Reading:
    clauses: tuple[ReadClause, ...]
    questions: tuple[ReadQuestion, ...]
    examples: tuple[ReadExample, ...]

    @property
    def other_examples(self) -> list[ReadExample]:
        """The examples that belong to no clause: they stand at the end."""
        return [example for example in self.examples if not example.clause]


def reading_of(content: GuidelineContent, precedents: Sequence[Precedent] = ()) -> Reading:
    examples = tuple(read_example(example, content.questions) for example in content.examples)
    options = [option for question in content.questions for option in question.options]
    placed = clause_tree([asdict(clause) for clause in content.clauses])
    clauses = tuple(read_clause(Clause(**clause), depth, options, examples, precedents) for clause, depth in placed)
    return Reading(
        clauses, tuple(read_question(question, content.questions) for question in content.questions), examples
    )


def read_clause(
    clause: Clause, depth: int, options: Iterable[Option] = (), examples: Iterable[ReadExample] = (),
    precedents: Iterable[Precedent] = (),
) -> ReadClause:  # fmt: skip
    return ReadClause(
        clause.key,
        clause.title,
        SafeString(render_markdown(clause.body)),
        min(depth, DEEPEST_SHOWN),
        tuple(option for option in options if clause.key in option.clauses),
        tuple(example for example in examples if example.clause == clause.key),
        read_precedents(precedents, clause.key),
    )


def read_question(question: Question, questions: Sequence[Question]) -> ReadQuestion:
    return ReadQuestion(question, _type_words(question), _condition(question, questions))


def _type_words(question: Question) -> str:
    if isinstance(question, ChoicesQuestion):
        return _("%(least)s to %(most)s options") % {"least": question.min, "most": question.max}
    if isinstance(question, RatingQuestion):
        return _("a point from %(least)s to %(most)s") % {"least": question.min, "most": question.max}
    if isinstance(question, TextQuestion):
        return _("text, at most %(most)s characters") % {"most": question.max_length}
    words = {
        "choice": _("one option"), "number": _("a number"), "span": _("marks in the text"),
        "preference": _("which one is better"), "ranking": _("an order"), "boxes": _("boxes in the image"),
    }  # fmt: skip
    return words.get(question.type, question.type)


def _condition(question: Question, questions: Sequence[Question]) -> str:
    if question.visible_if is None:
        return ""
    asked = next((other for other in questions if other.key == question.visible_if.question), None)
    values = [value_words(asked, value) if asked else str(value) for value in question.visible_if.values]
    title = asked.title if asked else question.visible_if.question
    return _("Asked only if “%(question)s” is %(values)s.") % {"question": title, "values": ", ".join(values)}


def read_example(example: Example, questions: Sequence[Question]) -> ReadExample:
    return ReadExample(
        key=example.key,
        kind=example.kind,
        text=example.text or "",
        payload="" if example.payload is None else canonical_json(example.payload).decode(),
        answers=tuple(answer_words(questions, example.answer or {})),
        rationale=example.rationale,
        clause=example.clause or "",
    )


def answer_words(questions: Sequence[Question], answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each answered question with its answer by the labels that annotators see."""
    return [
        (question.title, value_words(question, answer[question.key]))
        for question in questions
        if question.key in answer
    ]


def value_words(question: Question, value: Any) -> str:
    labels = {option.key: option.label for option in question.options}
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(labels.get(str(entry), str(entry)) for entry in value)
    if isinstance(question, RatingQuestion) and isinstance(value, int):
        label = dict(question.labels).get(value, "")
        return f"{value} ({label})" if label else str(value)
    if isinstance(value, str):
        return labels.get(value, value)
    return canonical_json(value).decode()
