"""The draft of a guideline: made with it, saved on its newest revision only, never merged or overwritten silently."""

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import Conflict, DomainError, FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from guidelines.content import EMPTY_CONTENT, to_json
from guidelines.models import Guideline, GuidelineDraft, GuidelineGrant, GuidelineVersion, PartChange
from guidelines.parts import changed_parts
from guidelines.services.checks import checked_content, checked_note
from guidelines.services.grants import grant_access
from operations.strict_json.reading import is_one_line_text

_SLUG = re.compile(r"[A-Za-z0-9_-]{1,60}\Z")
RESERVED_SLUGS = frozenset({"new", "images"})  # /g/new/ is where one is made, /g/images/ shows theirs


class SlugTaken(Conflict):
    code = "slug_taken"
    sentence = "There is already a guideline of this short name."


class StaleDraft(DomainError):
    """The draft was changed since the revision that the caller saw; `extra["revision"]` is the one it has now."""

    code, status = "precondition_failed", 412
    sentence = "The draft was changed meanwhile; load it and bring your change in again."


def create_guideline(*, actor: User, slug: str, title: str) -> Guideline:
    """A guideline with an empty draft, which its maker may edit. Nothing is published yet."""
    title = title.strip()
    _check_names(slug, title)
    try:
        with transaction.atomic():
            guideline = Guideline.objects.create(slug=slug, title=title, created_by=actor)
            GuidelineDraft.objects.create(guideline=guideline, content=to_json(EMPTY_CONTENT), updated_by=actor)
            grant_access(guideline=guideline, user=actor, level=GuidelineGrant.Level.EDIT, source="creator")
            record_event(actor=actor, action="guideline.created", scope=f"guideline:{slug}", target=slug)
    except IntegrityError as error:
        raise SlugTaken from error
    return guideline


def _check_names(slug: str, title: str) -> None:
    errors = []
    if not _SLUG.match(slug):
        errors.append(FieldError("slug", "slug", "Letters, digits, - and _ only, at most 60."))
    elif slug in RESERVED_SLUGS:
        errors.append(FieldError("slug", "reserved", f"{slug!r} is an address of its own; take another name."))
    if not title or len(title) > 200 or not is_one_line_text(title):
        errors.append(FieldError("title", "length", "One line of 1 to 200 characters."))
    if errors:
        raise InvalidInput(errors=errors)


def save_draft(*, actor: User, guideline: Guideline, content: Any, change_note: str, revision: int) -> GuidelineDraft:
    """Replace the draft that has `revision` and return it with its new one.

    StaleDraft if somebody saved meanwhile, InvalidInput with paths if the content does not parse: the draft
    is then as it was. A draft may still lack what publishing needs. The same content again makes no revision.
    """
    parsed = to_json(checked_content(content))
    note = checked_note(change_note)
    with transaction.atomic():
        draft = lock_draft(guideline, revision)
        if (draft.content, draft.change_note) != (parsed, note):
            replace_draft(draft, parsed, note, actor)
    return draft


def restore_version_as_draft(*, actor: User, guideline: Guideline, version: GuidelineVersion, revision: int) -> None:
    """Make the draft say what `version` says; the version itself, and those after it, stay."""
    with transaction.atomic():
        draft = lock_draft(guideline, revision)
        replace_draft(draft, version.content, f"Back to version {version.number}", actor)


def discard_draft(*, actor: User, guideline: Guideline, revision: int) -> None:
    """Make the draft say what the current version says, or nothing before the first publish."""
    with transaction.atomic():
        draft = lock_draft(guideline, revision)
        current = GuidelineVersion.objects.filter(guideline=guideline).order_by("-sequence").first()
        replace_draft(draft, current.content if current else to_json(EMPTY_CONTENT), "", actor)


def lock_draft(guideline: Guideline, revision: int | None) -> GuidelineDraft:
    """The draft's row, locked until the transaction ends. With a revision: StaleDraft if it has another."""
    draft = GuidelineDraft.objects.select_for_update(no_key=True, of=("self",)).get(guideline=guideline)
    if revision is not None and draft.revision != revision:
        raise StaleDraft(extra={"revision": draft.revision})
    return draft


def replace_draft(draft: GuidelineDraft, content: dict[str, Any], note: str, actor: User) -> None:
    """Write a draft whose row is locked: the next revision, with who changed which parts."""
    changed = changed_parts(draft.content, content)
    draft.content, draft.change_note, draft.updated_by, draft.updated_at = content, note, actor, timezone.now()
    draft.revision += 1
    draft.save(update_fields=["content", "change_note", "updated_by", "updated_at", "revision"])
    _note_changes(draft, changed, actor)


def _note_changes(draft: GuidelineDraft, parts: list[tuple[str, str]], actor: User) -> None:
    changes = [
        PartChange(
            guideline_id=draft.guideline_id, kind=kind, key=key, revision=draft.revision, by=actor, at=draft.updated_at
        )
        for kind, key in parts
    ]
    PartChange.objects.bulk_create(
        changes,
        update_conflicts=True,
        unique_fields=["guideline", "kind", "key"],
        update_fields=["revision", "by", "at"],
    )
