"""Edit one part of a draft: two people on different clauses do not meet, two on the same one are both heard."""

from collections.abc import Callable

from django.db import transaction

from accounts.errors import Conflict, FieldError, InvalidInput, NotFound
from accounts.models import User
from guidelines.content import to_json
from guidelines.models import Guideline, GuidelineDraft
from guidelines.parts import Content, Part, find_part, moved_part, nested_clause, part_digest, with_part, without_part
from guidelines.services.checks import checked_content
from guidelines.services.editing import lock_draft, replace_draft


class PartChanged(Conflict):
    """Somebody changed or removed the part since it was shown; `theirs` is what it says now."""

    code = "part_changed"
    sentence = "Somebody changed this meanwhile."

    def __init__(self, theirs: Part | None) -> None:
        super().__init__()
        self.theirs = theirs


def save_part(*, actor: User, guideline: Guideline, kind: str, part: Part, base: str) -> GuidelineDraft:
    """Put a clause, question or example into the draft in place of the one that was shown.

    `base` is the digest (parts.part_digest) of what was shown. PartChanged if the part is another one now; what
    others did elsewhere in the draft stays. InvalidInput with paths into the whole content.
    """
    with transaction.atomic():
        draft = lock_draft(guideline, None)
        check_base(draft, kind, part["key"], base)
        return apply_change(draft, actor, lambda content: with_part(content, kind, part))


def add_part(*, actor: User, guideline: Guideline, kind: str, part: Part) -> GuidelineDraft:
    """Put a new part at the end; InvalidInput if its key is taken."""
    with transaction.atomic():
        draft = lock_draft(guideline, None)
        if find_part(draft.content, kind, part["key"]) is not None:
            raise InvalidInput(errors=[FieldError("key", "duplicate", f"There is already a {kind} {part['key']}.")])
        return apply_change(draft, actor, lambda content: with_part(content, kind, part))


def move_part(*, actor: User, guideline: Guideline, kind: str, key: str, step: int) -> GuidelineDraft:
    """Move a part one place up (-1) or down (+1); at the end of its list nothing happens."""
    with transaction.atomic():
        draft = lock_draft(guideline, None)
        if find_part(draft.content, kind, key) is None:
            raise NotFound
        return apply_change(draft, actor, lambda content: moved_part(content, kind, key, step))


def nest_clause(*, actor: User, guideline: Guideline, key: str, step: int) -> GuidelineDraft:
    """Put a clause under the one before it (+1), or beside the one it stands under (-1); else nothing happens."""
    with transaction.atomic():
        draft = lock_draft(guideline, None)
        if find_part(draft.content, "clause", key) is None:
            raise NotFound
        return apply_change(draft, actor, lambda content: nested_clause(content, key, step))


def remove_part(*, actor: User, guideline: Guideline, kind: str, key: str, base: str) -> GuidelineDraft:
    """Take a part out of the draft together with what cites it; published versions keep it."""
    with transaction.atomic():
        draft = lock_draft(guideline, None)
        check_base(draft, kind, key, base)
        return apply_change(draft, actor, lambda content: without_part(content, kind, key))


def check_base(draft: GuidelineDraft, kind: str, key: str, base: str) -> None:
    """PartChanged if the part of a locked draft is not the one whose digest was shown."""
    now = find_part(draft.content, kind, key)
    if part_digest(now) != base:
        raise PartChanged(now)


def apply_change(draft: GuidelineDraft, actor: User, change: Callable[[Content], Content]) -> GuidelineDraft:
    """Store the changed content of a locked draft, if it holds together."""
    content = to_json(checked_content(change(draft.content)))
    if content != draft.content:
        replace_draft(draft, content, draft.change_note, actor)
    return draft
