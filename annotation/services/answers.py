"""An answer before it is stored: what was sent, whether it fits the version that was shown, and its row."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.errors import FieldError
from annotation.models import Annotation, Item
from annotation.selectors.instructions import instructions_of
from annotation.services.refusals import InvalidAnswer, SubmissionConflict
from guidelines.label_schema import AnswerError, validate_answer
from operations.strict_json import StrictJsonError, check_value, content_sha256

LONGEST_COMMENT = 2000
MOST_CLAUSES = 20


@dataclass(frozen=True)
class Reply:
    """What an annotator sent. `seconds_spent` is no part of its identity: a retry may carry another one."""

    answer: Any
    confidence: float | None
    comment: str
    clauses: tuple[str, ...]

    def fingerprint(self) -> str:
        """Hash of the body, by which a replay is told from a change. Refuses what cannot be stored at all."""
        try:
            check_value(asdict(self) | {"clauses": list(self.clauses)})
        except StrictJsonError as error:
            raise InvalidAnswer(errors=[FieldError(error.path, error.code, error.detail)]) from error
        return content_sha256(asdict(self) | {"clauses": list(self.clauses)})


def replay_of(earlier: Annotation, fingerprint: str) -> Annotation:
    """The annotation that a submission has become already; a conflict if it was another answer then."""
    if earlier.answer_sha256 != fingerprint:
        raise SubmissionConflict
    return earlier


def checked_answer(reply: Reply, *, version_id: int, version_sha256: str, item_id: int) -> dict[str, Any]:
    """The canonical answer, valid under that version for that item; InvalidAnswer names every bad field otherwise."""
    instructions = instructions_of(version_id, version_sha256)
    errors = _errors_beside_the_answer(reply, instructions.clause_keys)
    payload = _payload(item_id) if instructions.address_the_payload else None
    answer: dict[str, Any] = {}
    try:
        answer = validate_answer(instructions.questions, reply.answer, payload=payload)
    except AnswerError as error:
        errors = [FieldError(answer_path(path), code, detail) for path, code, detail in error.errors] + errors
    if errors:
        raise InvalidAnswer(errors=errors)
    return answer


def answer_path(path: str) -> str:
    """The path of a field of the answer as the client sees it: `answer.intent`."""
    return f"answer{path}" if not path or path.startswith("[") else f"answer.{path}"


def _payload(item_id: int) -> dict[str, Any]:
    payload: dict[str, Any] = Item.objects.values_list("payload", flat=True).get(pk=item_id)
    return payload


def _errors_beside_the_answer(reply: Reply, clause_keys: frozenset[str]) -> list[FieldError]:
    errors = []
    if reply.confidence is not None and not 0 <= reply.confidence <= 1:
        errors.append(FieldError("confidence", "range", "Confidence is from 0 to 1."))
    if len(reply.comment) > LONGEST_COMMENT:
        errors.append(FieldError("comment", "too_long", f"A comment has at most {LONGEST_COMMENT} characters."))
    if len(reply.clauses) > MOST_CLAUSES:
        errors.append(FieldError("clauses", "too_many", f"Name at most {MOST_CLAUSES} clauses."))
    for index, key in enumerate(reply.clauses[:MOST_CLAUSES]):
        if key not in clause_keys:
            errors.append(FieldError(f"clauses[{index}]", "unknown", "The version you were shown has no such clause."))
    return errors


SLACK_SECONDS = 5.0  # between the lease's start here and the page's on the way there


def believable_seconds(told: float | None, granted_at: datetime, now: datetime) -> float | None:
    """The time the client counted, never below zero or above what passed on our clock since the lease began."""
    if told is None:
        return None
    return max(0.0, min(told, (now - granted_at).total_seconds() + SLACK_SECONDS))


_COLUMNS = {str(column.column): column for column in Annotation._meta.concrete_fields if not column.primary_key}
COLUMN_TYPES = {name: str(column.db_type(connection)) for name, column in _COLUMNS.items()}
INSERT_ANNOTATION = f"""
    INSERT INTO annotation_annotation ({", ".join(_COLUMNS)})
    VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
    RETURNING id
"""  # noqa: S608  (the names are the model's)


def column_values(annotation: Annotation) -> dict[str, Any]:
    """The parameters of INSERT_ANNOTATION."""
    return {
        name: column.get_db_prep_save(getattr(annotation, column.attname), connection)
        for name, column in _COLUMNS.items()
    }
