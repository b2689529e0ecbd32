"""Refusals. A service that will not do something raises one of these; page, API and job turn it into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One rule broken by one place of the input: `path` like `questions[0].options[2].key`."""

    path: str
    code: str
    detail: str


class DomainError(Exception):
    """A refusal with a stable `code`, an HTTP `status` and one sentence for the person who asked."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "This cannot be done."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.detail = detail or self.sentence
        self.errors = tuple(errors)
        self.extra = extra or {}
        super().__init__(self.detail)


class InvalidInput(DomainError):
    code, status = "invalid", 400
    sentence = "The input breaks a rule; see the errors."


class NotFound(DomainError):
    """Not there, or not yours: the answer is the same so that it tells nothing."""

    code, status = "not_found", 404
    sentence = "There is nothing here, or it is not yours to see."


class Forbidden(DomainError):
    code, status = "forbidden", 403
    sentence = "Your role does not allow this."


class Conflict(DomainError):
    code, status = "conflict", 409
    sentence = "Something changed meanwhile; load it again."
