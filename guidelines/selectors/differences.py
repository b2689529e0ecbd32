"""The difference of two published versions, or of a version and the draft."""

from dataclasses import dataclass

from guidelines.content import EMPTY_CONTENT, GuidelineContent
from guidelines.diffs import ContentDiff, Level, diff_content, suggest_level
from guidelines.models import Guideline, GuidelineDraft
from guidelines.selectors.access import current_version
from guidelines.selectors.versions import content_of, version_by_number

DRAFT = "draft"


@dataclass(frozen=True)
class Difference:
    """What `new` says otherwise than `old` (numbers, or "draft"; "" is nothing yet), and the level that fits."""

    old: str
    new: str
    before: GuidelineContent
    after: GuidelineContent
    diff: ContentDiff
    level: Level
    reason: str


def difference(guideline: Guideline, old: str, new: str) -> Difference:
    """From `old` to `new`, each a number or "draft"; NotFound if there is no such version."""
    return _compare(old, new, _content(guideline, old), _content(guideline, new))


def draft_difference(guideline: Guideline, draft: GuidelineDraft) -> Difference:
    """What publishing the draft would change; before the first publish, everything in it is new."""
    current = current_version(guideline)
    before = content_of(current) if current else EMPTY_CONTENT
    return _compare(current.number if current else "", DRAFT, before, content_of(draft))


def draft_to_content(draft: GuidelineDraft, content: GuidelineContent) -> Difference:
    """What would change in the draft if it said `content`, which comes from outside."""
    return _compare(DRAFT, "file", content_of(draft), content)


def _content(guideline: Guideline, name: str) -> GuidelineContent:
    if name == DRAFT:
        return content_of(GuidelineDraft.objects.get(guideline=guideline))
    return content_of(version_by_number(guideline, name))


def _compare(old: str, new: str, before: GuidelineContent, after: GuidelineContent) -> Difference:
    diff = diff_content(before, after)
    level, reason = suggest_level(diff)
    return Difference(old, new, before, after, diff, level, reason)
