"""Remarks on the draft: made, answered, resolved, opened again. They stay with the guideline, also when a part goes."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.errors import FieldError, InvalidInput, NotFound
from accounts.models import User
from guidelines.models import DraftComment, Guideline
from guidelines.parts import LISTS, find_part
from guidelines.selectors.versions import draft_of
from operations.strict_json.reading import is_one_line_text, is_text

LONGEST_COMMENT = 5_000


def add_comment(*, actor: User, guideline: Guideline, text: Any, kind: str = "", key: str = "") -> DraftComment:
    """Say something about a part of the draft, or about all of it where no part is named."""
    words = _checked_text(text)
    if (kind or key) and not _is_known_part(guideline, kind, key):
        raise InvalidInput(errors=[FieldError("key", "unknown_part", "The draft has no such part.")])
    return DraftComment.objects.create(guideline=guideline, kind=kind, key=key, text=words, author=actor)


def reply_to_comment(*, actor: User, guideline: Guideline, comment_id: int, text: Any) -> DraftComment:
    """Answer a comment. An answer to an answer stands beside it: threads are flat."""
    words = _checked_text(text)
    with transaction.atomic():
        first = _first_of_thread(guideline, comment_id)
        return DraftComment.objects.create(
            guideline=guideline, kind=first.kind, key=first.key, answers=first, text=words, author=actor
        )


def resolve_comment(*, actor: User, guideline: Guideline, comment_id: int) -> DraftComment:
    """Say that a comment and its answers are dealt with; said twice, the first stands."""
    with transaction.atomic():
        first = _first_of_thread(guideline, comment_id)
        if first.resolved_at is None:
            first.resolved_by, first.resolved_at = actor, timezone.now()
            first.save(update_fields=["resolved_by", "resolved_at"])
    return first


def reopen_comment(*, guideline: Guideline, comment_id: int) -> DraftComment:
    with transaction.atomic():
        first = _first_of_thread(guideline, comment_id)
        first.resolved_by = first.resolved_at = None
        first.save(update_fields=["resolved_by", "resolved_at"])
    return first


def _first_of_thread(guideline: Guideline, comment_id: int) -> DraftComment:
    """The locked comment that the one named stands under, or is."""
    named = DraftComment.objects.filter(guideline=guideline, pk=comment_id).first()
    if named is None:
        raise NotFound
    return DraftComment.objects.select_for_update(no_key=True, of=("self",)).get(pk=named.answers_id or named.pk)


def _is_known_part(guideline: Guideline, kind: str, key: str) -> bool:
    """In the draft now, or commented on before it was removed."""
    if kind not in LISTS or not key or not is_one_line_text(key):
        return False
    is_there = find_part(draft_of(guideline).content, kind, key) is not None
    return is_there or DraftComment.objects.filter(guideline=guideline, kind=kind, key=key).exists()


def _checked_text(text: Any) -> str:
    if not isinstance(text, str) or not is_text(text):
        raise InvalidInput(errors=[FieldError("text", "not_text", "A text is needed here.")])
    words = text.strip()
    if not words:
        raise InvalidInput(errors=[FieldError("text", "required", "Say something.")])
    if len(words) > LONGEST_COMMENT:
        raise InvalidInput(errors=[FieldError("text", "too_long", f"At most {LONGEST_COMMENT} characters.")])
    return words
