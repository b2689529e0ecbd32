"""Pausing, resuming and closing one pass over the items, by hand."""

from django.db import transaction

from accounts.errors import Conflict
from accounts.models import User
from accounts.services.audit import record_event
from annotation.models import Round
from annotation.services.clock import reorder
from annotation.services.rounds import close_round

STATES = tuple(Round.State.values)


class RoundHasNoQueue(Conflict):
    code = "round_has_no_queue"
    sentence = "Labels made elsewhere lie in this round; it hands nothing out, so there is nothing to pause or close."


class RoundIsOver(Conflict):
    code = "round_is_over"
    sentence = "This round is closed. Its open seats are gone; it is not opened again."


class CampaignClosesIt(Conflict):
    code = "campaign_closes_it"
    sentence = (
        "A re-label campaign runs in this round. Close the campaign: it measures what changed and ends the round."
    )


class MadeOnDemand(Conflict):
    code = "made_on_demand"
    sentence = "This round lasts as long as the project. Pause it, or change the project's routing, to stop it."


def set_round_state(*, actor: User, round: Round, state: str) -> Round:
    """Bring a round to one of STATES; the round as it is then."""
    change = {"open": resume_round, "paused": pause_round, "closed": close_round_by_hand}[state]
    return change(actor=actor, round=round)


def pause_round(*, actor: User, round: Round) -> Round:
    """Hand out nothing more of this round. What is held may still be answered. Twice changes nothing.

    A claim that has begun may still end with an item of it: that one is held, and may be answered.
    """
    return _switch(actor, round, Round.State.PAUSED, "round.paused")


def resume_round(*, actor: User, round: Round) -> Round:
    """Hand it out again. Positions in the queue are void then: people went past its seats meanwhile."""
    return _switch(actor, round, Round.State.OPEN, "round.resumed")


def _switch(actor: User, round: Round, state: Round.State, action: str) -> Round:
    with transaction.atomic():
        round_ = _locked(round)
        if round_.state == Round.State.CLOSED:
            raise RoundIsOver
        if round_.state == state:
            return round_
        round_.state = state
        round_.save(update_fields=["state"])
        if state == Round.State.OPEN:
            reorder(round_.project_id)
        _record(actor, round_, action)
    return round_


def close_round_by_hand(*, actor: User, round: Round) -> Round:
    """End a pass for good: open seats are withdrawn, leases end with their drafts kept, answers stay.

    Refuses a campaign's round, which its campaign closes, and the rounds of control items. Twice changes nothing.
    """
    with transaction.atomic():
        round_ = _locked(round)
        if round_.kind == Round.Kind.RELABEL and round_.state != Round.State.CLOSED:
            raise CampaignClosesIt
        if round_.kind not in Round.QUEUED:
            raise MadeOnDemand
        if round_.state == Round.State.CLOSED:
            return round_
        close_round(round_)
        round_.state = Round.State.CLOSED
        _record(actor, round_, "round.closed")
    return round_


def _locked(round: Round) -> Round:
    """All rounds of the project are locked, by their ids: whoever voids positions writes to the first of them."""
    rounds = Round.objects.filter(project_id=round.project_id).select_related("project").order_by("pk")
    round_ = next(each for each in rounds.select_for_update(no_key=True, of=("self",)) if each.pk == round.pk)
    if round_.kind == Round.Kind.IMPORTED:
        raise RoundHasNoQueue
    return round_


def _record(actor: User, round: Round, action: str) -> None:
    record_event(
        actor=actor, action=action, scope=f"project:{round.project.slug}", target=round.key, facts={"round": round.pk}
    )  # fmt: skip
