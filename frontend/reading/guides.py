"""A published guideline as the workbench shows it beside an item: rendered once per process and version."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString

from guidelines.label_schema import Question
from guidelines.markdown import render_markdown
from guidelines.models import GuidelineVersion
from guidelines.selectors.versions import content_of


@dataclass(frozen=True)
class GuideExample:
    kind: str
    text: str
    rationale: str


@dataclass(frozen=True)
class GuidePrecedent:
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


@lru_cache(maxsize=64)
def guide_of(title: str, version_id: int, sha256: str) -> Guide:
    """The guide of a version; versions are frozen, so what was rendered once stays right."""
    version = GuidelineVersion.objects.get(pk=version_id, sha256=sha256)
    content = content_of(version)
    clauses = tuple(
        GuideClause(
            clause.key,
            clause.title,
            SafeString(render_markdown(clause.body)),
            _examples(content, clause.key),
            _precedents(content, clause.key),
        )
        for clause in content.clauses
    )
    return Guide(title, version.number, clauses, content.questions)


def _examples(content: Any, clause_key: str) -> tuple[GuideExample, ...]:
    return tuple(
        GuideExample(example.kind, example.text or "", example.rationale)
        for example in content.examples
        if example.clause == clause_key and example.text
    )


def _precedents(content: Any, clause_key: str) -> tuple[GuidePrecedent, ...]:
    return tuple(
        GuidePrecedent(precedent.key, precedent.question, SafeString(render_markdown(precedent.ruling)))
        for precedent in content.precedents
        if precedent.clause == clause_key
    )
