"""The claim of somebody who must qualify first: the next item of their attempt, leased to them."""

from annotation.models import Assignment, Member
from annotation.routing import Reason
from annotation.selectors.onboarding import Verdict
from annotation.selectors.work import LeasedTask
from annotation.services.granting import OwnItem, make_seat, take_own_seat
from annotation.services.onboarding import PersonalItem, Waiting, next_qualification_item
from annotation.services.turns import Turn


def lease_for_qualification(
    annotator: Member, turn: Turn, major: int, *, ahead: bool = False
) -> LeasedTask | Waiting | Verdict | None:
    """The next item of the set, leased, inside the transaction that holds `turn`; otherwise what
    `next_qualification_item` says instead. Raises QualificationFailed."""
    step = next_qualification_item(annotator, major)
    if not isinstance(step, PersonalItem):
        return step
    own = OwnItem(step.item_id, step.round_id, Assignment.Purpose.QUALIFICATION, Reason.QUALIFICATION)
    if step.seat_id is None:
        return make_seat(turn, own, ahead=ahead)
    return take_own_seat(turn, own, step.seat_id, ahead=ahead)
