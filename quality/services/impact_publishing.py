"""Publish what was looked at, and where wanted ask the labels it may have changed again: all of it, or nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from annotation.models import Item, Project
from guidelines.content import GuidelineContent
from guidelines.label_proposals import lost_options, unmapped
from guidelines.models import Guideline, GuidelineDraft, GuidelineVersion
from guidelines.selectors.access import current_version
from guidelines.selectors.versions import content_of
from guidelines.services.editing import StaleDraft
from guidelines.services.publishing import publish_version
from quality.models import RelabelCampaign
from quality.selectors.stored_labels import count_of_options
from quality.services.campaign_scope import ScopeIsEmpty
from quality.services.campaigns import start_campaign
from quality.services.impact import Impact, impact_of

LARGEST_SCOPE = 100_000


class LabelsUnmapped(InvalidInput):
    code = "labels_unmapped"
    sentence = "Stored labels use options that the draft no longer has. Say what becomes of each."


@dataclass(frozen=True)
class Published:
    version: GuidelineVersion
    campaign: RelabelCampaign


def publish_with_mappings(
    *, actor: User, guideline: Guideline, level: str, change_note: str, label_migrations: Sequence[Any], revision: int,
    acknowledgement: Any = None,
) -> GuidelineVersion:  # fmt: skip
    """`publish_version`; LabelsUnmapped if stored labels use an option that disappears and nothing is said of it."""
    draft = GuidelineDraft.objects.get(guideline=guideline)
    if draft.revision == revision:  # of another one, publishing itself says that it is stale
        _check_mapped(guideline, content_of(draft), label_migrations)
    return publish_version(
        actor=actor, guideline=guideline, level=level, change_note=change_note,
        label_migrations=list(label_migrations), revision=revision, acknowledgement=acknowledgement,
    )  # fmt: skip


def _check_mapped(guideline: Guideline, content: GuidelineContent, migrations: Iterable[Any]) -> None:
    current = current_version(guideline)
    if current is None:
        return
    stated = [migration for migration in migrations if isinstance(migration, dict)]
    missing = unmapped(lost_options(content_of(current), content), stated)
    used = count_of_options(guideline, missing)
    errors = [
        FieldError(
            f"label_migrations.{each.question.key}.{each.option.key}", "unmapped",
            f"{used[each.place]} stored labels are {each.option.label}: say what becomes of them.",
        )
        for each in missing
        if used[each.place]
    ]  # fmt: skip
    if errors:
        raise LabelsUnmapped(errors=errors)


def publish_and_relabel(
    *, actor: User, project: Project, level: str, change_note: str, label_migrations: Sequence[Any], revision: int,
    reason: str, reasons: Sequence[str] | None = None, labels_per_item: int | None = None,
    acknowledgement: Any = None,
) -> Published:  # fmt: skip
    """The draft as the next version, and a re-label campaign under it for the items it may have changed.

    In one transaction: a refusal of either leaves neither. StaleDraft if somebody changed or published the draft since
    `revision`: of two leads at once one wins, the other is told. ScopeIsEmpty if no item is in the set.
    """
    impact = impact_of(project, reasons=reasons, labels_per_item=labels_per_item)
    if impact.draft_revision != revision:
        raise StaleDraft(extra={"revision": impact.draft_revision})
    scope = {"ids": _external_ids(impact)}
    with transaction.atomic():
        version = publish_with_mappings(
            actor=actor, guideline=project.guideline, level=level, change_note=change_note,
            label_migrations=label_migrations, revision=revision, acknowledgement=acknowledgement,
        )  # fmt: skip
        started = start_campaign(
            actor=actor, project=project, scope=scope, reason=reason, labels_per_item=impact.labels_per_item,
            key=f"impact-{version.number}",
        )  # fmt: skip
    return Published(version, started.campaign)


def _external_ids(impact: Impact) -> list[str]:
    if not len(impact.items):
        raise ScopeIsEmpty
    if len(impact.items) > LARGEST_SCOPE:
        text = f"{len(impact.items)} items; a campaign takes at most {LARGEST_SCOPE}. Choose fewer reasons."
        raise InvalidInput(errors=[FieldError("reasons", "too_many", text)])
    names = dict(Item.objects.filter(pk__in=impact.item_ids).values_list("pk", "external_id"))
    return [names[pk] for pk in impact.item_ids]
