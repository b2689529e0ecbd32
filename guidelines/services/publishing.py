"""Publish a draft: numbered without gaps, frozen and hashed, one at a time."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict, FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from guidelines.content import GuidelineContent, content_sha256, to_json
from guidelines.label_migrations import MigrationError, parse_label_migrations
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from guidelines.services.acknowledgements import request_acknowledgement
from guidelines.services.checks import checked_content, checked_note
from guidelines.services.editing import lock_draft


class NothingToPublish(Conflict):
    code = "nothing_to_publish"
    sentence = "The draft says what the current version says; somebody may have published it already."


class NotPublishable(InvalidInput):
    code = "not_publishable"
    sentence = "The draft lacks something that annotators need; see the errors."


def publish_version(
    *,
    actor: User,
    guideline: Guideline,
    level: str,
    change_note: str,
    label_migrations: Any = (),
    revision: int | None = None,
    acknowledgement: Any = None,
) -> GuidelineVersion:
    """The draft as the next version: 1.0 first, then the next minor (1.1) or major (2.0) number.

    With `revision`, exactly that state of the draft or StaleDraft: nobody publishes text they have not seen.
    An empty `change_note` means the note kept with the draft; one of the two must say something.
    With `acknowledgement` (`{"items": ["E1", ...], "note"?}`) nobody labels on before they have proved those examples.
    """
    with transaction.atomic():
        # Two leads publish at once: the second waits here, then finds its draft published and is told so.
        Guideline.objects.select_for_update(no_key=True).get(pk=guideline.pk)
        draft = lock_draft(guideline, revision)
        last = GuidelineVersion.objects.filter(guideline=guideline).order_by("-sequence").first()
        content = _publishable(draft, last)
        version = store_version(
            actor=actor, guideline=guideline, last=last, content=content, level=level,
            change_note=_needed_note(change_note, draft),
            label_migrations=_checked_migrations(label_migrations, last, content),
        )  # fmt: skip
        if acknowledgement is not None:
            request_acknowledgement(actor=actor, version=version, content=content, wanted=acknowledgement)
        _start_next_draft(draft)
    return version


def store_version(
    *, actor: User, guideline: Guideline, last: GuidelineVersion | None, content: GuidelineContent, level: str,
    change_note: str, label_migrations: Sequence[dict[str, Any]] = (),
) -> GuidelineVersion:  # fmt: skip
    """The version after `last`, for who holds the guideline's row and knows that it may be published."""
    version = GuidelineVersion(
        guideline=guideline, content=to_json(content), sha256=content_sha256(content), change_note=change_note,
        label_migrations=list(label_migrations), published_by=actor, published_at=timezone.now(),
    )  # fmt: skip
    _number(version, last, level)
    version.save(force_insert=True)
    record_event(
        actor=actor, action="guideline.published", scope=f"guideline:{guideline.slug}",
        target=version.number, facts={"level": version.level, "sha256": version.sha256},
    )  # fmt: skip
    return version


def _publishable(draft: GuidelineDraft, last: GuidelineVersion | None) -> GuidelineContent:
    content = checked_content(draft.content)
    if last is not None and last.sha256 == content_sha256(content):
        raise NothingToPublish
    if not content.questions:
        raise NotPublishable(errors=[FieldError("questions", "required", "Annotators need at least one question.")])
    return content


def _needed_note(note: str, draft: GuidelineDraft) -> str:
    wanted = checked_note(note) or draft.change_note
    if not wanted:
        raise InvalidInput(errors=[FieldError("change_note", "required", "Say what changed and why.")])
    return wanted


def _checked_migrations(raw: Any, last: GuidelineVersion | None, new: GuidelineContent) -> list[dict[str, Any]]:
    old = checked_content(last.content) if last and raw else None
    try:
        return parse_label_migrations(list(raw) if isinstance(raw, tuple) else raw, old, new)
    except MigrationError as error:
        raise InvalidInput(errors=[FieldError(path, code, text) for path, code, text in error.errors]) from error


def _number(version: GuidelineVersion, last: GuidelineVersion | None, level: str) -> None:
    """The first version is 1.0 whatever was asked: there is no meaning before it that could have been kept."""
    if level not in GuidelineVersion.Level.values:
        raise InvalidInput(errors=[FieldError("level", "unknown_level", "major or minor.")])
    version.level = level if last else GuidelineVersion.Level.MAJOR
    version.sequence = last.sequence + 1 if last else 1
    if last and level == GuidelineVersion.Level.MINOR:
        version.major, version.minor = last.major, last.minor + 1
    else:
        version.major, version.minor = (last.major + 1 if last else 1), 0


def _start_next_draft(draft: GuidelineDraft) -> None:
    """The note belongs to what was published; whoever still edits on the old revision is told to look again."""
    draft.change_note = ""
    draft.revision += 1
    draft.save(update_fields=["change_note", "revision"])
