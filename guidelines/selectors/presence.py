"""Who else is at a draft, and what they changed since one looked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import User
from guidelines.models import DraftEditor, Guideline, PartChange

PRESENT = timedelta(seconds=20)  # a page in view reports every 5 seconds


@dataclass(frozen=True)
class Presence:
    """`changes`: the last change of each part that somebody else made and that this person has not looked at."""

    others: tuple[DraftEditor, ...] = ()
    changes: Mapping[tuple[str, str], PartChange] | None = None

    def at(self, kind: str, key: str) -> list[DraftEditor]:
        return [other for other in self.others if (other.kind, other.key) == (kind, key)]

    def change_of(self, kind: str, key: str) -> PartChange | None:
        return (self.changes or {}).get((kind, key))


def presence_at(guideline: Guideline, user: User) -> Presence:
    at = DraftEditor.objects.filter(guideline=guideline)
    others = at.exclude(user=user).filter(seen_at__gt=Now() - PRESENT).select_related("user").order_by("pk")
    return Presence(tuple(others), _unseen(guideline, user, at.filter(user=user).first()))


def _unseen(guideline: Guideline, user: User, me: DraftEditor | None) -> dict[tuple[str, str], PartChange]:
    if me is None:
        return {}
    changes = PartChange.objects.filter(guideline=guideline, revision__gt=me.looked_at).exclude(by=user)
    return {
        (change.kind, change.key): change
        for change in changes.select_related("by").order_by("pk")
        if change.revision > me.looked_at_parts.get(f"{change.kind}:{change.key}", 0)
    }
