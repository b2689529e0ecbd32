"""The versions of a guideline as a chain that answers are carried along (guidelines/label_mapping.py)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.errors import FieldError, InvalidInput
from guidelines.content import GuidelineContent, to_json
from guidelines.label_mapping import LabelChain, VersionLabels, version_labels
from guidelines.label_migrations import MigrationError, parse_label_migrations
from guidelines.models import Guideline, GuidelineVersion
from guidelines.selectors.versions import content_of

DRAFT = "draft"


def chain_to_version(guideline: Guideline, number: str, *, published_by: datetime | None = None) -> LabelChain:
    """The versions up to `number`. InvalidInput if there is none of that number, or not yet at `published_by`."""
    versions = GuidelineVersion.objects.filter(guideline=guideline).order_by("sequence")
    if published_by is not None:
        versions = versions.filter(published_at__lte=published_by)
    found = list(versions)
    places = [place for place, version in enumerate(found) if version.number == number]
    if not places:
        known = ", ".join(version.number for version in found) or "none"
        raise InvalidInput(errors=[FieldError("labels_as_of", "unknown", f"Published then: {known}.")])
    return LabelChain([_labels(version) for version in found[: places[0] + 1]])


def chain_to_draft(guideline: Guideline, draft: GuidelineContent, migrations: Sequence[Any]) -> LabelChain:
    """The published versions and the draft behind them. InvalidInput for mappings that publishing would refuse."""
    found = list(GuidelineVersion.objects.filter(guideline=guideline).order_by("sequence"))
    before = content_of(found[-1]) if found else None
    try:
        stated = parse_label_migrations(list(migrations), before, draft)
    except MigrationError as error:
        raise InvalidInput(errors=[FieldError(path, code, text) for path, code, text in error.errors]) from error
    return LabelChain([*map(_labels, found), version_labels(DRAFT, to_json(draft), stated)])


def _labels(version: GuidelineVersion) -> VersionLabels:
    return version_labels(version.number, version.content, version.label_migrations)
