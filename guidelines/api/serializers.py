from typing import Any

from rest_framework import serializers

from accounts.api.serializers import StrictSerializer
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion


class GuidelineInput(StrictSerializer):
    slug = serializers.CharField(max_length=60)
    title = serializers.CharField(max_length=200)


class GuidelineDraftInput(StrictSerializer):
    """The whole draft, as GET shows it. Clauses and questions must be said, so that no empty body empties a draft."""

    clauses = serializers.ListField(child=serializers.JSONField())
    questions = serializers.ListField(child=serializers.JSONField())
    examples = serializers.ListField(child=serializers.JSONField(), default=list)
    precedents = serializers.ListField(child=serializers.JSONField(), required=False)
    change_note = serializers.CharField(default="", allow_blank=True, max_length=5_000)


class PublishInput(StrictSerializer):
    level = serializers.ChoiceField(choices=GuidelineVersion.Level.choices)
    change_note = serializers.CharField(default="", allow_blank=True, max_length=5_000)
    label_migrations = serializers.ListField(child=serializers.JSONField(), default=list)
    acknowledgement = serializers.JSONField(
        default=None, allow_null=True, help_text='`{"items": ["E1", ...], "note": ""}`: asked of everybody who labels'
    )  # fmt: skip


class GuidelineOutput(serializers.Serializer[Any]):
    """For the OpenAPI document; so are the other `...Output`."""

    slug = serializers.CharField()
    title = serializers.CharField()
    current_version = serializers.CharField(allow_null=True)
    is_editable = serializers.BooleanField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()


class GuidelinePageOutput(serializers.Serializer[Any]):
    results = GuidelineOutput(many=True)
    next = serializers.CharField(allow_null=True)


class ContentOutput(serializers.Serializer[Any]):
    clauses = serializers.ListField(child=serializers.JSONField())
    questions = serializers.ListField(child=serializers.JSONField())
    examples = serializers.ListField(child=serializers.JSONField())
    precedents = serializers.ListField(child=serializers.JSONField(), required=False)


class GuidelineDraftOutput(ContentOutput):
    change_note = serializers.CharField()


class VersionOutput(ContentOutput):
    number = serializers.CharField()
    level = serializers.ChoiceField(choices=GuidelineVersion.Level.choices)
    sha256 = serializers.CharField()
    published_at = serializers.DateTimeField()
    published_by = serializers.CharField()
    change_note = serializers.CharField()
    label_migrations = serializers.ListField(child=serializers.JSONField())


class VersionPageOutput(serializers.Serializer[Any]):
    results = VersionOutput(many=True)
    next = serializers.CharField(allow_null=True)


class DifferenceOutput(ContentOutput):
    suggested_level = serializers.ChoiceField(choices=GuidelineVersion.Level.choices)
    reason = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python, so it cannot stand above."""
        return {"from": serializers.CharField(), "to": serializers.CharField()} | super().get_fields()


def guideline_body(guideline: Guideline) -> dict[str, Any]:
    """A row of `guidelines_of`; a new guideline has no version yet."""
    return {
        "slug": guideline.slug,
        "title": guideline.title,
        "current_version": getattr(guideline, "current_number", None),
        "is_editable": getattr(guideline, "is_editable", True),
        "created_by": guideline.created_by.username,
        "created_at": guideline.created_at,
    }


def draft_body(draft: GuidelineDraft) -> dict[str, Any]:
    """Exactly what PUT takes, so that a draft can be read, changed and sent back; its revision is the ETag."""
    return content_body(draft.content) | {"change_note": draft.change_note}


def version_body(version: GuidelineVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "level": version.level,
        "sha256": version.sha256,
        "published_at": version.published_at,
        "published_by": version.published_by.username,
        "change_note": version.change_note,
        "label_migrations": version.label_migrations,
    } | content_body(version.content)


def content_body(content: dict[str, Any]) -> dict[str, Any]:
    """The lists as they are hashed: there is no list of precedents where there are none."""
    lists = {name: content.get(name, []) for name in ("clauses", "questions", "examples")}
    return lists | ({"precedents": content["precedents"]} if content.get("precedents") else {})
