"""What a published version asks, parsed once per process: a version never changes, so neither does this."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from guidelines.label_schema import BoxesQuestion, Question, SpanQuestion, parse_questions
from guidelines.models import GuidelineVersion


@dataclass(frozen=True)
class Instructions:
    """The questions of one version, as parsed and as JSON, and the keys of its clauses."""

    questions: tuple[Question, ...]
    questions_json: list[dict[str, Any]]
    clause_keys: frozenset[str]

    @property
    def address_the_payload(self) -> bool:
        """True if an answer can only be checked against the item: spans end where the text ends."""
        return any(isinstance(question, SpanQuestion | BoxesQuestion) for question in self.questions)


@lru_cache(maxsize=64)
def instructions_of(version_id: int, sha256: str) -> Instructions:
    """One query the first time. The hash is part of the key, so that no restored database meets an old answer."""
    content: dict[str, Any] = GuidelineVersion.objects.values_list("content", flat=True).get(
        pk=version_id, sha256=sha256
    )
    questions = content["questions"]
    return Instructions(
        parse_questions(questions), questions, frozenset(clause["key"] for clause in content["clauses"])
    )
