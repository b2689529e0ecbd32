"""What a lead decides about the qualification: its set, how well, how often, and one more attempt for somebody."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import GoldLabel, Item, Member, Project, Qualification, QualificationGrant, QualificationItem
from annotation.selectors.onboarding import attempts_left
from annotation.services import clock
from annotation.services.onboarding import needs_qualification
from annotation.services.refusals import AttemptNotNeeded
from annotation.services.rounds import current_major

MOST_ITEMS = 200
MOST_ATTEMPTS = 10


def set_qualification(
    actor: User, project: Project, *, is_required: bool, threshold: float, attempts: int, shows_feedback: bool,
    again_after_major: bool, items: Sequence[str],
) -> Qualification:  # fmt: skip
    """The project's qualification, as given, over the items of these external ids, which all must have gold.

    Attempts that run go on under the threshold they began with, over the new set. Its items stay in ordinary work, and
    somebody who met one there is asked it all the same: better are items that are nowhere else.
    """
    errors = _wrong_figures(threshold, attempts)
    found = _items(project, items, errors)
    if errors:
        raise InvalidInput(errors=errors)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        rules, _ = Qualification.objects.update_or_create(
            project=project,
            defaults={
                "is_required": is_required, "threshold": threshold, "attempts": attempts,
                "shows_feedback": shows_feedback, "again_after_major": again_after_major,
            },
        )  # fmt: skip
        _store_set(project, found)
        facts = {"required": is_required, "threshold": threshold, "attempts": attempts, "items": len(found)}
        _record(actor, project, "qualification.set", project.slug, facts)
        clock.tick(project.pk)  # who was told that there is nothing for them asks again
    return rules


def _wrong_figures(threshold: float, attempts: int) -> list[FieldError]:
    errors = []
    if not 0 < threshold <= 1:
        errors.append(FieldError("threshold", "range", "A share above 0, at most 1."))
    if not 1 <= attempts <= MOST_ATTEMPTS:
        errors.append(FieldError("attempts", "range", f"From 1 to {MOST_ATTEMPTS}."))
    return errors


def _items(project: Project, items: Sequence[str], errors: list[FieldError]) -> list[int]:
    """The ids of the items in their order; what is wrong is added to `errors`, by place and external id."""
    if not 1 <= len(items) <= MOST_ITEMS:
        errors.append(FieldError("items", "length", f"From 1 to {MOST_ITEMS} items with gold."))
        return []
    known = dict(Item.objects.filter(project=project, external_id__in=items).values_list("external_id", "pk"))
    gold = GoldLabel.objects.filter(item__in=known.values(), superseded_at=None)
    with_gold = set(gold.values_list("item_id", flat=True))
    seen: set[str] = set()
    for place, name in enumerate(items):
        if name not in known:
            errors.append(_wrong_item(place, "unknown", name, "is no item of this project"))
        elif known[name] not in with_gold:
            errors.append(_wrong_item(place, "no_gold", name, "has no gold answer"))
        elif name in seen:
            errors.append(_wrong_item(place, "repeated", name, "stands in the list already"))
        seen.add(name)
    return [known[name] for name in items if name in known]


def _wrong_item(place: int, code: str, name: str, why: str) -> FieldError:
    return FieldError(f"items[{place}]", code, f"{name[:200]!r} {why}.")


def _store_set(project: Project, item_ids: list[int]) -> None:
    QualificationItem.objects.filter(project=project).exclude(item__in=item_ids).delete()
    QualificationItem.objects.bulk_create(
        [QualificationItem(project=project, item_id=item_id) for item_id in item_ids], ignore_conflicts=True
    )


def remove_qualification(actor: User, project: Project) -> None:
    """Nobody is asked any more; attempts, and who has passed, stay on record. Done twice it changes nothing."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        gone, _ = Qualification.objects.filter(project=project).delete()
        QualificationItem.objects.filter(project=project).delete()
        if gone:
            _record(actor, project, "qualification.removed", project.slug, {})
            clock.tick(project.pk)


def grant_attempt(actor: User, member: Member) -> QualificationGrant:
    """One more attempt under the current major version for somebody who has used all of theirs without passing.

    AttemptNotNeeded otherwise, so that a second click gives no second one.
    """
    project = member.project
    with transaction.atomic():
        member = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        rules = Qualification.objects.filter(project=project).first()
        major = current_major(project.guideline_id)
        if rules is None or major is None or not _has_used_all(rules, member, major):
            raise AttemptNotNeeded
        grant = QualificationGrant.objects.create(annotator=member, major=major, granted_by=actor, granted_at=Now())
        grant.refresh_from_db(fields=["granted_at"])
        _record(actor, project, "qualification.attempt_granted", member.name, {"major": major})
        clock.forget(member)
    return grant


def _has_used_all(rules: Qualification, member: Member, major: int) -> bool:
    must = needs_qualification(
        is_required=rules.is_required, again_after_major=rules.again_after_major,
        qualified_major=member.qualified_major, current_major=major,
    )  # fmt: skip
    is_running = member.attempts.filter(state="running").exists()
    return must and not is_running and attempts_left(rules, member.pk, major) == 0


def _record(actor: User, project: Project, action: str, target: str, facts: dict[str, Any]) -> None:
    record_event(actor=actor, action=action, scope=f"project:{project.slug}", target=target, facts=facts)
