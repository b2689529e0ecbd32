"""A published guideline as the workbench shows it beside an item: rendered once per process and version."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.safestring import SafeString

from guidelines.content import Example, GuidelineContent, Precedent
from guidelines.label_schema import Question
from guidelines.markdown import render_markdown
from guidelines.models import GuidelineVersion
from guidelines.passages import precedents_of
from guidelines.selectors.versions import content_of
from operations.strict_json import canonical_json

HEAVY = 60_000  # characters of a guide that comes by itself, so that the first item never waits for a long text


@dataclass(frozen=True)
class GuideExample:
    key: str
    kind: str
    text: str
    rationale: str


@dataclass(frozen=True)
class GuidePrecedent:
    """A question that was asked about a clause; `html` is the ruling."""

    key: str
    question: str
    html: SafeString


@dataclass(frozen=True)
class GuideClause:
    """`html` is rendered from Markdown by guidelines/markdown.py, which lets nothing executable through."""

    key: str
    title: str
    html: SafeString
    examples: tuple[GuideExample, ...]
    precedents: tuple[GuidePrecedent, ...] = ()


@dataclass(frozen=True)
class Guide:
    title: str
    number: str
    clauses: tuple[GuideClause, ...]
    questions: tuple[Question, ...]
    other_examples: tuple[GuideExample, ...] = ()
    sha256: str = ""
    is_heavy: bool = False


@lru_cache(maxsize=64)
def guide_of(title: str, version_id: int, sha256: str) -> Guide:
    """The guide of a version; versions are frozen, so what was rendered once stays right."""
    version = GuidelineVersion.objects.get(pk=version_id, sha256=sha256)
    return make_guide(title, version.number, content_of(version), precedents_of(version.content), sha256)


def make_guide(
    title: str, number: str, content: GuidelineContent, precedents: Iterable[Precedent] = (), sha256: str = ""
) -> Guide:
    precedents = list(precedents)
    clauses = tuple(
        GuideClause(
            clause.key, clause.title, SafeString(render_markdown(clause.body)),
            _examples(content.examples, clause.key), read_precedents(precedents, clause.key),
        )
        for clause in content.clauses
    )  # fmt: skip
    others = _examples(content.examples, None)
    is_heavy = _weight(clauses, content.questions, others) > HEAVY
    return Guide(title, number, clauses, content.questions, others, sha256, is_heavy)


def _examples(examples: Iterable[Example], clause: str | None) -> tuple[GuideExample, ...]:
    return tuple(
        GuideExample(example.key, example.kind, _shown(example), example.rationale)
        for example in examples
        if example.clause == clause
    )


def _shown(example: Example) -> str:
    return example.text or canonical_json(example.payload).decode()


def read_precedents(precedents: Iterable[Precedent], clause: str) -> tuple[GuidePrecedent, ...]:
    """The rulings about a clause, ready to be shown."""
    return tuple(read_precedent(precedent) for precedent in precedents if precedent.clause == clause)


def read_precedent(precedent: Precedent) -> GuidePrecedent:
    return GuidePrecedent(precedent.key, precedent.question, SafeString(render_markdown(precedent.ruling)))


def _weight(
    clauses: Iterable[GuideClause], questions: Iterable[Question], others: Iterable[GuideExample]
) -> int:  # fmt: skip
    examples = [*others, *(example for clause in clauses for example in clause.examples)]
    rulings = [precedent for clause in clauses for precedent in clause.precedents]
    options = [option for question in questions for option in question.options]
    return (
        sum(len(clause.title) + len(clause.html) for clause in clauses)
        + sum(len(example.text) + len(example.rationale) for example in examples)
        + sum(len(ruling.question) + len(ruling.html) for ruling in rulings)
        + sum(len(option.definition) + len(option.use_when) + len(option.avoid_when) for option in options)
    )
