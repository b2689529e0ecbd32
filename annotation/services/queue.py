"""Handing out: one open seat to one person, exactly as many as there are seats.

A claim renews what this person holds, or finds the first seat they may take (searching.py) and leases it
(granting.py), now and then putting a control item in its place (control_items.py). Who has been told that there is
nothing is told so again for free until something comes.
"""

from django.db import IntegrityError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

from annotation.models import Member, Project, Round
from annotation.prepared import Prepared, first_row, rows_changed
from annotation.routing import Found, Step
from annotation.selectors.work import LeasedTask, current_task
from annotation.services.control_items import control_item
from annotation.services.granting import make_seat, take_seat
from annotation.services.leases import (
    expire_leases,
    release_lease,
    renew_lease,
    save_draft,
    skip_task,
)
from annotation.services.onboarding import Waiting
from annotation.services.qualifying import lease_for_qualification
from annotation.services.refusals import AcknowledgementNeeded, GuidelineNotPublished, NothingOpen, ProjectPaused
from annotation.services.rounds import current_major, open_rounds, reopen_under_new_major
from annotation.services.searching import Way, end_of_queue
from annotation.services.turns import Turn, take_turn

__all__ = [
    "claim_ahead",
    "claim_next",
    "expire_leases",
    "fast_claim",
    "release_lease",
    "renew_lease",
    "save_draft",
    "skip_task",
]

EXPIRED_AT_ONCE = 100  # a claim that found nothing takes over this many ended leases before it looks again
MOST_LOOKS = 3  # a new major version may be published while we look; each time the tasks are opened anew
MOST_TRIES = 5  # two people of one cohort may reach for the same task's last seat: one of them looks again

_RENEW_HELD = Prepared(
    "concord_renew_held",
    """
    UPDATE annotation_assignment SET
        leased_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s), is_ahead = %(ahead)s
    WHERE id = (SELECT id FROM annotation_assignment
                WHERE annotator_id = %(annotator)s AND state = 'leased' AND (is_ahead OR NOT %(ahead)s)
                ORDER BY is_ahead LIMIT 1)
    """,
    {"annotator": "bigint", "lease_seconds": "integer", "ahead": "boolean"},
)
_REMEMBER_NOTHING = Prepared(
    "concord_remember_nothing",
    """
    WITH remembered AS (
        INSERT INTO annotation_queuememory AS memory
            (annotator_id, day, served, answered, gold, repeats, empty_ticks, empty_openings)
        VALUES (%(annotator)s, %(day)s, 0, 0, 0, 0, %(ticks)s, %(openings)s)
        ON CONFLICT (annotator_id) DO UPDATE SET
            empty_ticks = EXCLUDED.empty_ticks, empty_openings = EXCLUDED.empty_openings
    )
    INSERT INTO annotation_queueposition (annotator_id, lane, rank, seat, late, openings)
    SELECT %(annotator)s, lane, %(rank)s, %(seat)s, %(ticks)s, %(openings)s
    FROM unnest(%(lanes)s) lane
    ON CONFLICT (annotator_id, lane) DO UPDATE SET
        rank = EXCLUDED.rank, seat = EXCLUDED.seat, late = EXCLUDED.late, openings = EXCLUDED.openings
    """,
    {
        "annotator": "bigint", "day": "date", "ticks": "bigint", "openings": "bigint", "rank": "integer",
        "seat": "bigint", "lanes": "integer[]",
    },
)  # fmt: skip
_TAKEN_IN_ALL = Prepared(
    "concord_share_of_the_tasks",
    """
    SELECT (SELECT coalesce(sum(taken), 0) FROM annotation_lanecount WHERE annotator_id = %(annotator)s)
        >= floor(%(share)s * (SELECT coalesce(sum(n_items), 0) FROM annotation_round
                              WHERE project_id = %(project)s AND kind IN ('initial', 'relabel')))
    """,
    {"annotator": "bigint", "project": "bigint", "share": "float8"},
)


def claim_next(*, annotator: Member) -> LeasedTask | None:
    """The next task for this person, leased to them; the lease they hold already, renewed; or None.

    None means that at some instant during the call there was no open seat which they may take: never one of a task
    in which they hold a seat or which they skipped; or that they have had their share (`why_nothing`). Refuses
    models, paused people, paused and closed projects; and, unless they hold a lease, people who have not acknowledged
    the newest version that asks for it (AcknowledgementNeeded).
    """
    return _claim(annotator, ahead=False)


def claim_ahead(*, annotator: Member) -> LeasedTask | None:
    """The task after the one they hold, leased to them too, so that the workbench can show it at once; or None."""
    return _claim(annotator, ahead=True)


def _claim(annotator: Member, *, ahead: bool) -> LeasedTask | None:
    for _ in range(MOST_LOOKS):
        task, is_final = _try_to_lease(annotator, ahead=ahead, waits=False)
        if task is None and not is_final:
            expire_leases(project_id=annotator.project_id, limit=EXPIRED_AT_ONCE)
            task, is_final = _try_to_lease(annotator, ahead=ahead, waits=True)
        if task is not None or is_final or not _open_what_is_behind(annotator):
            return task
    return None


def _try_to_lease(annotator: Member, *, ahead: bool, waits: bool) -> tuple[LeasedTask | None, bool]:
    """One search in a transaction of its own: the task, and whether finding none is final.

    A search keeps the locks of seats that were taken under its eyes. If the one that waits began with locks of an
    earlier search, two of them could wait in a circle; and rounds are locked before seats.
    """
    for left in reversed(range(MOST_TRIES)):
        try:
            with transaction.atomic():
                turn = take_turn(annotator)
                if turn.status == Project.Status.PAUSED:
                    raise ProjectPaused
                return _lease_one(annotator, turn, ahead=ahead, waits=waits)
        except (IntegrityError, OperationalError) as error:
            # Their other tab, or somebody of the same cohort, took a seat in the same moment; or the database ended a
            # circle of people who waited for one another by choosing this one.
            is_deadlock = isinstance(error.__cause__, DeadlockDetected)
            if not left or not (is_deadlock or isinstance(error, IntegrityError)):
                raise
    raise AssertionError("unreachable")


def fast_claim(annotator: Member, turn: Turn) -> LeasedTask | None:
    """What a claim finds without waiting for anybody, inside the caller's transaction, which holds `turn`.

    None says nothing: ask `claim_next` after the transaction.
    """
    if turn.status == Project.Status.PAUSED or turn.refusal is not None or turn.must_qualify or turn.to_acknowledge:
        return None
    if not turn.rules.has_contracts:
        return _lease_one(annotator, turn, ahead=False, waits=False)[0]
    try:
        with transaction.atomic():  # somebody of the same cohort may take a seat of the task in the same moment
            return _lease_one(annotator, turn, ahead=False, waits=False)[0]
    except IntegrityError:
        return None


def _lease_one(annotator: Member, turn: Turn, *, ahead: bool, waits: bool) -> tuple[LeasedTask | None, bool]:
    values = {"annotator": turn.annotator_id, "lease_seconds": turn.lease_seconds, "ahead": ahead}
    if turn.holds_any and rows_changed(_RENEW_HELD, values):
        return current_task(annotator, ahead=ahead), True
    # What they held when a version was published they finish under the old one; this would be a new lease.
    if turn.to_acknowledge is not None:
        raise AcknowledgementNeeded(extra={"version": turn.to_acknowledge})
    if turn.must_qualify:
        step = lease_for_qualification(annotator, turn, turn.queue.major or 1, ahead=ahead)
        if isinstance(step, LeasedTask | Waiting):
            return (step, True) if isinstance(step, LeasedTask) else (None, True)
        if step is not None:
            return None, waits  # an attempt was scored just now: once that is stored, the claim looks again
    if _has_had_their_share(turn, ahead=ahead):
        return None, True
    if turn.knows_nothing_is_left:
        return None, waits  # before it waits, a claim takes over what others have let run out
    way = Way(turn)
    found = _find(way, waits=waits)
    if found is not None:
        return _grant(turn, way, *found, ahead=ahead), True
    if waits and not turn.queue.is_behind:
        _remember_nothing(turn, way)
    return None, False


def _find(way: Way, *, waits: bool) -> tuple[Found, Step] | None:
    found = way.search(waits=waits)
    if found is None or not way.turn.rules.shared_per_pair:
        return found
    seat, _ = found
    is_ordinary = seat.way != "reserved" and seat.rank >= 0
    return (is_ordinary and way.to_meet_somebody()) or found


def _grant(turn: Turn, way: Way, found: Found, step: Step, *, ahead: bool) -> LeasedTask:
    own = control_item(turn, found)
    return make_seat(turn, own, ahead=ahead) if own else take_seat(turn, found, step, way, ahead=ahead)


def _has_had_their_share(turn: Turn, *, ahead: bool) -> bool:
    rules = turn.rules
    if rules.max_per_day is not None and turn.today.answered + ahead >= rules.max_per_day:
        return True
    if rules.max_share is None:
        return False
    values = {"annotator": turn.annotator_id, "project": turn.project_id, "share": rules.max_share}
    return bool(first_row(_TAKEN_IN_ALL, values)[0])


def _remember_nothing(turn: Turn, way: Way) -> None:
    """After a search that waited for every lock and found nothing; what comes later has a later tick or opening."""
    end = end_of_queue(turn)
    rows_changed(
        _REMEMBER_NOTHING,
        {
            "annotator": turn.annotator_id, "day": turn.today.day, "ticks": turn.queue.ticks,
            "openings": turn.queue.openings, "rank": end.rank, "seat": end.seat,
            "lanes": [step.position for step in way.steps],
        },
    )  # fmt: skip


def why_nothing(annotator: Member) -> str:
    """Why a claim found nothing: `daily_cap`, `share_cap` or `done`."""
    with transaction.atomic():
        turn = take_turn(annotator)
        if turn.rules.max_per_day is not None and turn.today.answered >= turn.rules.max_per_day:
            return "daily_cap"
        return "share_cap" if _has_had_their_share(turn, ahead=False) else "done"


def _open_what_is_behind(annotator: Member) -> bool:
    """Open the tasks of rounds that are still under an older major version. True if there were any."""
    rounds = open_rounds(annotator.project_id)
    if not rounds:
        if Round.objects.filter(project_id=annotator.project_id, state=Round.State.PAUSED).exists():
            return False
        raise NothingOpen
    major = current_major(rounds[0].project.guideline_id)
    if major is None:
        raise GuidelineNotPublished
    behind = [each for each in rounds if each.major != major]
    for each in behind:
        reopen_under_new_major(each)
    return bool(behind)
