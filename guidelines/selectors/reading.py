"""What readers of a guideline ask for: a word in one version, and what each version changed."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from guidelines.change_log import PartChange, changed_parts
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from guidelines.passages import passages_of
from guidelines.searching import Hit, Indexed, index_of, search
from guidelines.selectors.versions import versions_of


@dataclass(frozen=True)
class Logged:
    """A version with the one before it and the parts that differ; the first one brought everything."""

    version: GuidelineVersion
    before: GuidelineVersion | None
    changes: tuple[PartChange, ...]


def search_guideline(text: GuidelineVersion | GuidelineDraft, query: str) -> list[Hit]:
    """The passages of a version or draft that have every word of the query, the best first."""
    if isinstance(text, GuidelineVersion):
        return search(_index_of_version(text.pk, text.sha256), query)
    return search(index_of(passages_of(text.content)), query)


@lru_cache(maxsize=32)
def _index_of_version(version_id: int, sha256: str) -> tuple[Indexed, ...]:
    """A version never changes, so neither does this; the hash is part of the key for a restored database."""
    version = GuidelineVersion.objects.only("content").get(pk=version_id, sha256=sha256)
    return index_of(passages_of(version.content))


def change_log(guideline: Guideline) -> list[Logged]:
    """Every version, the newest first, with what it changed. One query."""
    versions = list(versions_of(guideline).order_by("sequence"))
    if not versions:
        return []
    later = [Logged(new, old, changed_parts(old.content, new.content)) for old, new in pairwise(versions)]
    return [*reversed(later), Logged(versions[0], None, changed_parts({}, versions[0].content))]
