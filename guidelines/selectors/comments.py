"""Comments on a draft, as threads: the first one with its answers."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from guidelines.models import DraftComment, Guideline
from operations.strict_json.reading import is_one_line_text


@dataclass(frozen=True)
class Thread:
    first: DraftComment
    replies: tuple[DraftComment, ...]

    @property
    def is_open(self) -> bool:
        return self.first.resolved_at is None


def comments_of(guideline: Guideline) -> QuerySet[DraftComment]:
    """Every comment and answer, oldest first."""
    comments = DraftComment.objects.filter(guideline=guideline)
    return comments.select_related("author", "resolved_by").order_by("pk")


def threads_of(guideline: Guideline) -> list[Thread]:
    """Open ones first, each group oldest first. One query."""
    return _threads(comments_of(guideline))


def threads_on(guideline: Guideline, kind: str, key: str) -> list[Thread]:
    if not is_one_line_text(key):
        return []
    return _threads(comments_of(guideline).filter(kind=kind, key=key))


def open_comments(guideline: Guideline) -> QuerySet[DraftComment]:
    """The first comments of threads that nobody resolved."""
    return comments_of(guideline).filter(answers=None, resolved_at=None)


def _threads(comments: QuerySet[DraftComment]) -> list[Thread]:
    replies: dict[int, list[DraftComment]] = defaultdict(list)
    firsts = []
    for comment in comments:
        if comment.answers_id is None:
            firsts.append(comment)
        else:
            replies[comment.answers_id].append(comment)
    threads = [Thread(first, tuple(replies[first.pk])) for first in firsts]
    return sorted(threads, key=lambda thread: not thread.is_open)
