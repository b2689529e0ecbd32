"""Guidelines for tests, written straight into the tables; publishing has tests of its own."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from guidelines.models import Guideline, GuidelineDraft, GuidelineGrant, GuidelineVersion
from operations.strict_json import content_sha256


def option(key: str, label: str, definition: str, hotkey: str, *clauses: str) -> dict[str, Any]:
    return {"key": key, "label": label, "definition": definition, "hotkey": hotkey, "clauses": list(clauses)}


def clause(key: str, title: str, body: str) -> dict[str, Any]:
    return {"key": key, "title": title, "body": body, "parent": None}


INTENT: dict[str, Any] = {
    "clauses": [
        clause("C1", "Read the whole message", "Decide by what the customer **asks for**."),
        clause("C3", "Refund or billing error", "A wrong amount is a billing error."),
    ],
    "questions": [
        {
            "key": "intent", "type": "choice", "title": "What does the customer want?", "required": True,
            "options": [
                option("refund", "Refund", "Wants money back.", "1", "C3"),
                option("billing", "Billing error", "A wrong charge.", "2", "C3"),
                option("other", "Other", "Anything else.", "3"),
            ],
        },
        {"key": "urgency", "type": "rating", "title": "How urgent?", "required": False, "min": 1, "max": 5},
    ],
    "examples": [],
}  # fmt: skip


def make_guideline(author: User, slug: str = "support", content: dict[str, Any] | None = None) -> Guideline:
    """A guideline with a draft and one published version, 1.0."""
    content = content or INTENT
    guideline = Guideline.objects.create(slug=slug, title=slug.capitalize(), created_by=author)
    GuidelineDraft.objects.create(guideline=guideline, content=content, updated_by=author)
    GuidelineGrant.objects.create(guideline=guideline, user=author, level=GuidelineGrant.Level.EDIT, source="creator")
    make_version(guideline, author, content)
    return guideline


def make_version(
    guideline: Guideline,
    author: User,
    content: dict[str, Any] | None = None,
    *,
    level: str = "major",
    label_migrations: Sequence[dict[str, Any]] = (),
) -> GuidelineVersion:
    """The next published version."""
    last = guideline.versions.order_by("-sequence").first()
    sequence = last.sequence + 1 if last else 1
    major, minor = (
        (last.major + 1, 0) if last and level == "major" else (last.major, last.minor + 1) if last else (1, 0)
    )
    content = content or (last.content if last else INTENT)
    return GuidelineVersion.objects.create(
        guideline=guideline, sequence=sequence, major=major, minor=minor, level=level, content=content,
        sha256=content_sha256(content), change_note="test", published_by=author,
        published_at=timezone.now(), label_migrations=list(label_migrations),
    )  # fmt: skip
