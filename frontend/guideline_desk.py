"""The draft under edit with what it is compared with and who else is around it."""

from collections import Counter
from typing import Any, NamedTuple

from django.http import HttpRequest

from frontend.guard import signed_in_user
from frontend.guideline_editor import Around, outline_of
from guidelines.label_schema import Question
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from guidelines.selectors.access import current_version
from guidelines.selectors.comments import open_comments
from guidelines.selectors.presence import presence_at
from guidelines.selectors.versions import content_of, draft_of
from operations.strict_json import content_sha256


class Desk(NamedTuple):
    guideline: Guideline
    draft: GuidelineDraft
    current: GuidelineVersion | None
    around: Around

    @property
    def questions(self) -> tuple[Question, ...]:
        return content_of(self.draft).questions

    @property
    def state(self) -> str:
        """Changes whenever the outline or the line that says who is here would."""
        presence = self.around.presence
        people = [[other.user_id, other.kind, other.key] for other in presence.others]
        changes = [[kind, key, change.revision] for (kind, key), change in (presence.changes or {}).items()]
        comments = sorted([kind, key, count] for (kind, key), count in self.around.comments.items())
        return content_sha256([self.draft.revision, people, changes, comments])[:16]

    def page(self, here: tuple[str, str] | None) -> dict[str, Any]:
        published = self.current.content if self.current else {}
        outline = outline_of(self.guideline, self.draft.content, published, here, self.around)
        return {
            "guideline": self.guideline, "tab": "edit", "is_editor": True, "draft": self.draft,
            "current": self.current, "outline": outline, "here": here, "presence": self.around.presence,
            "state": self.state, "open_comments": sum(self.around.comments.values()),
        }  # fmt: skip


def desk_of(request: HttpRequest, guideline: Guideline) -> Desk:
    comments = Counter(open_comments(guideline).values_list("kind", "key"))
    around = Around(presence_at(guideline, signed_in_user(request)), comments)
    return Desk(guideline, draft_of(guideline), current_version(guideline), around)
