"""Split a clause of the draft, and take the split back while nobody has touched either half."""

from typing import NamedTuple

from django.db import transaction

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from guidelines.models import Guideline
from guidelines.parts import (
    Content,
    Part,
    changed_parts,
    find_part,
    next_clause_key,
    part_digest,
    with_part,
    without_part,
)
from guidelines.selectors.versions import used_clause_keys
from guidelines.services.editing import lock_draft
from guidelines.services.parts import PartChanged, apply_change, check_base
from guidelines.splitting import split_clause


class Split(NamedTuple):
    """What was split, and what is needed to take it back: the clause before, and both halves by digest."""

    before: Part
    base: str
    new_key: str
    new_base: str


def split_part(*, actor: User, guideline: Guideline, key: str, line: int, base: str) -> Split:
    """Make what begins on this line of the clause a clause of its own, with the next key.

    Citations stay with the first half. PartChanged if the clause is not the one that was shown.
    """
    with transaction.atomic():
        draft = lock_draft(guideline, None)
        check_base(draft, "clause", key, base)
        before = find_part(draft.content, "clause", key)
        new_key = next_clause_key(used_clause_keys(guideline))
        content = split_clause(draft.content, key, line, new_key)
        if before is None or content is None:
            raise InvalidInput(errors=[FieldError("line", "no_block", "No paragraph of the clause begins there.")])
        draft = apply_change(draft, actor, lambda _: content)
    halves = [part_digest(find_part(draft.content, "clause", half)) for half in (key, new_key)]
    return Split(before, halves[0], new_key, halves[1])


def undo_split(*, actor: User, guideline: Guideline, split: Split) -> None:
    """Put the clause back as it was before. PartChanged if somebody worked on a half or cites the new one."""

    def rejoined(content: Content) -> Content:
        return with_part(without_part(content, "clause", split.new_key), "clause", split.before)

    with transaction.atomic():
        draft = lock_draft(guideline, None)
        check_base(draft, "clause", split.before["key"], split.base)
        check_base(draft, "clause", split.new_key, split.new_base)
        if len(changed_parts(draft.content, without_part(draft.content, "clause", split.new_key))) > 1:
            raise PartChanged(find_part(draft.content, "clause", split.new_key))
        apply_change(draft, actor, rejoined)
