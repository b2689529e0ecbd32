"""A version or the draft as the one file that people keep in git."""

from dataclasses import dataclass

from guidelines.content import GuidelineContent, content_sha256
from guidelines.files import write_guideline_file
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from guidelines.selectors.versions import content_of


@dataclass(frozen=True)
class NamedFile:
    name: str
    text: str


def version_file(guideline: Guideline, version: GuidelineVersion) -> NamedFile:
    return _file(guideline, version, content_of(version), version.number, version.sha256)


def draft_file(guideline: Guideline, draft: GuidelineDraft) -> NamedFile:
    content = content_of(draft)
    return _file(guideline, draft, content, "draft", content_sha256(content))


def _file(
    guideline: Guideline, text: GuidelineVersion | GuidelineDraft, content: GuidelineContent, name: str, sha256: str
) -> NamedFile:
    about = f"{guideline.slug} {name}, content SHA-256 {sha256}"
    written = write_guideline_file(content, title=guideline.title, note=text.change_note, about=about)
    return NamedFile(f"{guideline.slug}-{name}.yaml", written)
