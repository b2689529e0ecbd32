"""Take a guideline in as one file: over the draft that was seen, or as a new guideline."""

from typing import Any

from django.db import transaction

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from guidelines.content import to_json
from guidelines.files import FileError, GuidelineFile, read_guideline_file
from guidelines.models import Guideline, GuidelineDraft
from guidelines.services.editing import create_guideline, save_draft


class BadFile(InvalidInput):
    code = "bad_file"
    sentence = "The file is no guideline that can be read; see the errors."


def checked_file(data: bytes) -> GuidelineFile:
    """What the file says, or BadFile with every problem by path, line and rule."""
    try:
        return read_guideline_file(data)
    except FileError as error:
        raise BadFile(errors=[FieldError(*problem) for problem in error.errors]) from error


def replace_draft_by_file(*, actor: User, guideline: Guideline, data: bytes, revision: int) -> GuidelineDraft:
    """Make the draft say what the file says; StaleDraft if it is another one than was seen."""
    file = checked_file(data)
    return _save(actor, guideline, file, revision)


def start_guideline_from_file(*, actor: User, slug: str, title: str, data: bytes) -> Guideline:
    """A new guideline whose draft says what the file says; its title where none is given."""
    file = checked_file(data)
    with transaction.atomic():
        guideline = create_guideline(actor=actor, slug=slug, title=title or file.title)
        _save(actor, guideline, file, revision=1)
    return guideline


def _save(actor: User, guideline: Guideline, file: GuidelineFile, revision: int) -> GuidelineDraft:
    content: dict[str, Any] = to_json(file.content)
    return save_draft(actor=actor, guideline=guideline, content=content, change_note=file.note, revision=revision)
