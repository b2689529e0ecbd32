"""Re-label campaigns: start a round over the items of a scope, and close it with what it changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.errors import Conflict, FieldError, InvalidInput
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Assignment, Item, Project, Round, Task
from annotation.services.rounds import close_round
from annotation.services.tasks import open_tasks
from annotation.services.write_lock import hold_for_writing, settled_instant
from quality.models import Finding, FindingEvent, RelabelCampaign
from quality.services.agreement_rows import agreement_rows
from quality.services.campaign_report import campaign_report
from quality.services.campaign_scope import CampaignPlan, ScopeIsEmpty, check_scope, plan_campaign

AHEAD_OF_THE_QUEUE = 10  # a campaign's items come before others of the same priority


class ProjectIsClosed(Conflict):
    code = "project_closed"
    sentence = "The project is closed; nothing is labelled in it any more."


class CampaignKeyTaken(Conflict):
    code = "idempotency_conflict"
    sentence = "This key started another campaign; choose one of its own."


class CampaignUnfinished(Conflict):
    code = "campaign_unfinished"
    sentence = "Items of this campaign still wait for labels; close it with cut_short to measure what there is."


@dataclass(frozen=True)
class Started:
    campaign: RelabelCampaign
    is_new: bool


def start_campaign(
    *, actor: User, project: Project, scope: dict[str, Any], reason: str, labels_per_item: int | None = None,
    key: str = "",
) -> Started:  # fmt: skip
    """A running campaign: a round of its own, seats under the current version, the agreement before it.

    One key is one campaign: started twice, by two people or again after a crash, it is the same one and each item is in
    it once. Without a key, a scope under one version is one campaign as long as it runs. Old labels stay.
    """
    check_scope(scope)
    if not reason.strip():
        raise InvalidInput(errors=[FieldError("reason", "required", "Say why these items are labelled again.")])
    plan = plan_campaign(project, scope, labels_per_item)
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        key = key or _free_key(plan)
        earlier = RelabelCampaign.objects.filter(project=project, key=key).first()
        if earlier is not None:
            if (earlier.scope, earlier.labels_per_item) != (scope, plan.labels_per_item):
                raise CampaignKeyTaken
            return Started(earlier, False)
        if locked.status == Project.Status.CLOSED:
            raise ProjectIsClosed
        if not plan.item_ids:
            raise ScopeIsEmpty
        campaign = _open(actor, plan, reason, key)
    return Started(campaign, True)


def _free_key(plan: CampaignPlan) -> str:
    """The scope's own key; a number goes behind it for each campaign of it that has been closed."""
    base = plan.key()
    closed = RelabelCampaign.objects.filter(project=plan.project, key__startswith=base, state="closed").count()
    return f"{base}-{closed + 1}"


def _open(actor: User, plan: CampaignPlan, reason: str, key: str) -> RelabelCampaign:
    project = plan.project
    number = Round.objects.filter(project=project, kind=Round.Kind.RELABEL).count() + 1
    round_ = Round.objects.create(
        project=project, key=f"relabel-{number}", kind=Round.Kind.RELABEL, major=plan.version.major,
        overlap={"labels_per_item": plan.labels_per_item},
    )  # fmt: skip
    priorities = dict(Item.objects.filter(pk__in=plan.item_ids).values_list("pk", "priority"))
    ranked = ((pk, plan.labels_per_item, -priorities[pk] - AHEAD_OF_THE_QUEUE) for pk in plan.item_ids)
    open_tasks(round=round_, major=plan.version.major, items=ranked)
    campaign = RelabelCampaign.objects.create(
        project=project, round=round_, finding=plan.finding, key=key, scope=plan.scope, reason=reason,
        guideline_version=plan.version, n_items=len(plan.item_ids), labels_per_item=plan.labels_per_item,
        before=_before(plan), created_by=actor,
    )  # fmt: skip
    record_event(
        actor=actor, action="campaign.started", scope=f"project:{project.slug}", target=round_.key,
        facts={"campaign": campaign.pk, "items": len(plan.item_ids), "labels_per_item": plan.labels_per_item},
    )  # fmt: skip
    return campaign


def _before(plan: CampaignPlan) -> dict[str, Any]:
    """Agreement on the campaign's items as they stand, by question; `as_of` tells which labels."""
    table = plan.table.only_items(plan.item_ids)
    rows = {question.key: agreement_rows(table, question.key, "overall", min_n=1)[0] for question in table.questions}
    return {"as_of": plan.table.as_of.isoformat().replace("+00:00", "Z"), "questions": rows}


def campaign_progress(campaign: RelabelCampaign) -> dict[str, Any]:
    """Counted from the rows: tasks and seats of the round that are not superseded."""
    tasks = Task.objects.filter(round=campaign.round).exclude(state=Task.State.SUPERSEDED)
    states = list(tasks.values_list("state", flat=True))
    seats = Assignment.objects.filter(round=campaign.round)
    return {
        "tasks": len(states), "done": states.count(Task.State.DONE), "open": states.count(Task.State.OPEN),
        "needs_lead": states.count(Task.State.NEEDS_LEAD),
        "labels_wanted": seats.exclude(state=Assignment.State.WITHDRAWN).count(),
        "labels_done": seats.filter(state=Assignment.State.SUBMITTED).count(),
    }  # fmt: skip


def close_campaign(*, actor: User, campaign: RelabelCampaign, cut_short: bool = False) -> RelabelCampaign:
    """The campaign with its report: agreement before and after on the same items, flips, whether the hotspot closed.

    Only when every task is done, or explicitly cut short: open seats are then withdrawn. Closed twice it stays as it
    was; after a crash half way it can be closed again.
    """
    with transaction.atomic():
        round_ = Round.objects.select_for_update(no_key=True).get(pk=campaign.round_id)
        campaign = RelabelCampaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
        if campaign.state == RelabelCampaign.State.CLOSED:
            return campaign
        progress = campaign_progress(campaign)
        unfinished = progress["open"] + progress["needs_lead"]
        if unfinished and round_.state == Round.State.OPEN and not cut_short:
            raise CampaignUnfinished(extra={"unfinished": unfinished, "progress": progress})
        close_round(round_)
    report = campaign_report(campaign, settled_instant(campaign.project_id), is_cut_short=bool(unfinished))
    return _store_report(actor, campaign, report)


def _store_report(actor: User, campaign: RelabelCampaign, report: dict[str, Any]) -> RelabelCampaign:
    with transaction.atomic():
        at = hold_for_writing(campaign.project_id)
        campaign = RelabelCampaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
        if campaign.state == RelabelCampaign.State.CLOSED:
            return campaign
        campaign.report, campaign.state, campaign.closed_at = report, RelabelCampaign.State.CLOSED, timezone.now()
        campaign.save(update_fields=["report", "state", "closed_at"])
        hotspot = report["hotspot"]
        if campaign.finding_id is not None and hotspot and hotspot["is_closed"]:
            _resolve(actor, campaign, campaign.finding_id, hotspot, at)
        record_event(
            actor=actor, action="campaign.closed", scope=f"project:{campaign.project.slug}",
            target=campaign.round.key, facts={"campaign": campaign.pk, "items": report["n_items_relabeled"]},
        )  # fmt: skip
    return campaign


def _resolve(actor: User, campaign: RelabelCampaign, finding_id: int, hotspot: dict[str, Any], at: datetime) -> None:
    finding = Finding.objects.select_for_update(no_key=True).get(pk=finding_id)
    if finding.state not in {Finding.State.OPEN, Finding.State.ACKNOWLEDGED}:
        return
    before, after = hotspot["before"]["share"], hotspot["after"]["share"]
    note = f"Closed by {campaign.round.key}: items that split fell from {before:.0%} to {after:.0%}."
    last = finding.events.order_by("-pk").first()
    finding.state, finding.updated_at = Finding.State.RESOLVED, at
    finding.save(update_fields=["state", "updated_at"])
    FindingEvent.objects.create(
        finding=finding, state=Finding.State.RESOLVED, note=note, figures=last.figures if last else {}, at=at,
        actor=actor,
    )  # fmt: skip
