"""Automatic pause: whose gold accuracy is proven to lie under the project's floor waits for the lead."""

from annotation.models import Project, Routing
from annotation.selectors.served_gold import Judged, judged_by_gold, wrong_on_gold
from annotation.services.members import pause_by_rule
from quality.stats.sequential import anytime

MOST_ITEMS = 20


def pause_below_floor() -> int:
    """Look at every project that has a floor; returns how many people were paused. Twice changes nothing."""
    with_floor = Routing.objects.filter(gold_floor__isnull=False, project__status=Project.Status.ACTIVE)
    return sum(_judge(routing) for routing in with_floor.select_related("project").order_by("project_id"))


def _judge(routing: Routing) -> int:
    floor = routing.gold_floor
    if floor is None:
        return 0
    judged = judged_by_gold(routing.project, least=routing.gold_floor_least)
    return sum(_pause_if_under(floor, entry) for entry in judged)


def _pause_if_under(floor: float, entry: Judged) -> bool:
    """By the upper end of an interval that holds at all looks together: there is one every minute."""
    lower, upper = anytime(entry.share.right, entry.share.n) or (0.0, 1.0)
    return upper < floor and _pause(entry, lower, upper, floor)


def _pause(entry: Judged, lower: float, upper: float, floor: float) -> bool:
    n, right = entry.share.n, entry.share.right
    reason = (
        f"{right} of {n} known answers were right. At best that is an accuracy of {upper:.0%}, and this project asks "
        f"for {floor:.0%}."
    )
    items = wrong_on_gold(entry.member, most=MOST_ITEMS)
    evidence = {
        "n": n, "right": right, "lower": round(lower, 4), "upper": round(upper, 4), "floor": floor, "items": items,
    }  # fmt: skip
    return pause_by_rule(entry.member, reason=reason, evidence=evidence)
