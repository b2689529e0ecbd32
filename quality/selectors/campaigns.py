"""Re-label campaigns with how far they are."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count

from annotation.models import Project, Task
from quality.models import RelabelCampaign


@dataclass(frozen=True)
class CampaignRow:
    """A campaign and its items: all (but superseded ones), and those with all their labels."""

    campaign: RelabelCampaign
    tasks: int
    done: int


def campaigns_of(project: Project) -> list[CampaignRow]:
    """A project's campaigns, newest first. Two queries whatever their number."""
    found = list(
        RelabelCampaign.objects.filter(project=project)
        .select_related("round", "finding", "guideline_version", "created_by")
        .order_by("-pk")
    )
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    rounds = [campaign.round_id for campaign in found]
    states = Task.objects.filter(round__in=rounds).exclude(state=Task.State.SUPERSEDED).values_list("round", "state")
    for round_id, state, n in states.annotate(n=Count("pk")).order_by():
        counts[round_id][state] = n
    return [
        CampaignRow(campaign, sum(counts[campaign.round_id].values()), counts[campaign.round_id].get("done", 0))
        for campaign in found
    ]
