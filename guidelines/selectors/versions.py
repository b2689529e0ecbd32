"""Guidelines a person may see, and the numbered versions of one."""

import re

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from accounts.errors import NotFound
from accounts.models import User
from guidelines.content import GuidelineContent, parse_content
from guidelines.models import Clarification, Guideline, GuidelineDraft, GuidelineGrant, GuidelineVersion

_NUMBER_COLUMN = Concat("major", Value("."), "minor", output_field=CharField())
_NUMBER = re.compile(r"([1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\Z")


def guidelines_of(user: User) -> QuerySet[Guideline]:
    """Every guideline the user may read, with `current_number`, `published_at` and `is_editable`. One query."""
    newest = GuidelineVersion.objects.filter(guideline=OuterRef("pk")).order_by("-sequence")
    grants = GuidelineGrant.objects.filter(guideline=OuterRef("pk"), user=user)
    guidelines = Guideline.objects.annotate(
        current_number=Subquery(newest.values(number=_NUMBER_COLUMN)[:1]),
        published_at=Subquery(newest.values("published_at")[:1]),
        is_editable=Value(True) if user.is_owner else Exists(grants.filter(level=GuidelineGrant.Level.EDIT)),
    )
    return guidelines.select_related("created_by").filter(Q() if user.is_owner else Exists(grants))


def versions_of(guideline: Guideline) -> QuerySet[GuidelineVersion]:
    return GuidelineVersion.objects.filter(guideline=guideline).select_related("published_by")


def version_by_number(guideline: Guideline, number: str) -> GuidelineVersion:
    """The version numbered like `2.1`; NotFound for another number and for what is no number."""
    match = _NUMBER.match(number)
    version = versions_of(guideline).filter(major=match[1], minor=match[2]).first() if match else None
    if version is None:
        raise NotFound
    return version


def draft_of(guideline: Guideline) -> GuidelineDraft:
    return GuidelineDraft.objects.select_related("updated_by").get(guideline=guideline)


def content_of(text: GuidelineVersion | GuidelineDraft) -> GuidelineContent:
    """The clauses, questions and examples of a version or draft as typed values."""
    return parse_content(text.content)


def used_precedent_keys(guideline: Guideline) -> set[str]:
    """Every number ever given to a precedent, also those that were taken out again or ruled and then forgotten."""
    contents = [draft_of(guideline).content]
    contents += GuidelineVersion.objects.filter(guideline=guideline).values_list("content", flat=True)
    ruled = Clarification.objects.filter(guideline=guideline).exclude(precedent="").values_list("precedent", flat=True)
    return {precedent["key"] for content in contents for precedent in content.get("precedents", [])} | set(ruled)


def used_clause_keys(guideline: Guideline) -> set[str]:
    """Every clause key that the draft or any published version has, retired ones too."""
    contents = [draft_of(guideline).content]
    contents += GuidelineVersion.objects.filter(guideline=guideline).values_list("content", flat=True)
    return {clause["key"] for content in contents for clause in content.get("clauses", [])}
