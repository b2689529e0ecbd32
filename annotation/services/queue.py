"""Handing out: one open seat to one person, in the order of the queue, exactly as many as there are seats.

A claim is one statement that renews what this person holds or finds the first open seat they may take and leases it.
`SKIP LOCKED` lets fifty people claim at once, each another seat; because it also passes over seats that are locked for
a moment and freed again, an empty result is not believed before a second search that waits for locks and takes over
ended leases.
"""

import uuid

from django.db import transaction

from annotation.models import Member, Project
from annotation.prepared import Prepared, rows_changed
from annotation.selectors.work import LeasedTask, current_task
from annotation.services.leases import (
    expire_leases,
    release_lease,
    renew_lease,
    save_draft,
    skip_task,
)
from annotation.services.refusals import GuidelineNotPublished, NothingOpen, ProjectPaused
from annotation.services.rounds import current_major, open_rounds, reopen_under_new_major
from annotation.services.turns import FIRST_RANK, Start, Turn, take_turn

__all__ = ["claim_next", "expire_leases", "release_lease", "renew_lease", "save_draft", "skip_task"]

EXPIRED_AT_ONCE = 100  # a claim that found nothing takes over this many ended leases before it looks again
MOST_LOOKS = 3  # a new major version may be published while we look; each time the tasks are opened anew

# What a person may take. The three searches are fenced by OFFSET 0: PostgreSQL then probes an index for each seat in
# the order of the queue, instead of joining everything a busy annotator ever did for the sake of one row.
_FOR_THEM = """
    open.project_id = %(project)s AND open.state = 'open'
    AND NOT EXISTS (SELECT 1 FROM annotation_assignment mine
                    WHERE mine.task_id = open.task_id AND mine.annotator_id = %(annotator)s OFFSET 0)
    AND NOT EXISTS (SELECT 1 FROM annotation_skip skipped
                    WHERE skipped.task_id = open.task_id AND skipped.annotator_id = %(annotator)s OFFSET 0)
    AND EXISTS (SELECT 1 FROM annotation_task task JOIN annotation_round round ON round.id = task.round_id
                WHERE task.id = open.task_id AND task.state IN ('open', 'needs_lead') AND round.state = 'open'
                  AND task.major = (SELECT major FROM version) OFFSET 0)
"""
# Seats that were given back lie before the position where the last claim of this person ended; all others after it.
_CLAIM = f"""
    WITH version AS MATERIALIZED (
        SELECT id, major FROM guidelines_guidelineversion WHERE guideline_id = %(guideline)s
        ORDER BY sequence DESC LIMIT 1
    ), held AS (
        UPDATE annotation_assignment SET leased_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
        WHERE project_id = %(project)s AND annotator_id = %(annotator)s AND state = 'leased' RETURNING id
    ), returned AS (
        SELECT open.id FROM annotation_assignment open
        WHERE NOT EXISTS (SELECT 1 FROM held)
          AND open.epoch > 0 AND (open.rank, open.id) < (%(rank)s, %(seat)s) AND {_FOR_THEM}
        ORDER BY open.rank, open.id LIMIT 1
        FOR NO KEY UPDATE OF open {{skip_locked}}
    ), onward AS (
        SELECT open.id FROM annotation_assignment open
        WHERE NOT EXISTS (SELECT 1 FROM held) AND NOT EXISTS (SELECT 1 FROM returned)
          AND (open.rank, open.id) >= (%(rank)s, %(seat)s) AND {_FOR_THEM}
        ORDER BY open.rank, open.id LIMIT 1
        FOR NO KEY UPDATE OF open {{skip_locked}}
    ), seat AS (
        SELECT id FROM returned UNION ALL SELECT id FROM onward
    ), taken AS (
        UPDATE annotation_assignment SET
            state = 'leased', annotator_id = %(annotator)s, annotator_kind = 'human', epoch = epoch + 1,
            leased_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
        FROM seat WHERE annotation_assignment.id = seat.id
        RETURNING annotation_assignment.id, annotation_assignment.task_id, epoch, rank
    ), moved AS (
        INSERT INTO annotation_queueposition (annotator_id, rank, seat, openings)
        SELECT %(annotator)s, taken.rank, taken.id, %(openings)s FROM taken
        WHERE taken.rank > %(rank)s OR (taken.rank = %(rank)s AND taken.id > %(seat)s + {{stride}})
        ON CONFLICT (annotator_id)
        DO UPDATE SET rank = EXCLUDED.rank, seat = EXCLUDED.seat, openings = EXCLUDED.openings
    ), granted AS (
        INSERT INTO annotation_lease (id, project_id, assignment_id, annotator_id, epoch, guideline_version_id, reason,
                                      item_sha256, granted_at, draft, draft_saved_at)
        SELECT %(lease)s, %(project)s, taken.id, %(annotator)s, taken.epoch, (SELECT id FROM version),
               CASE WHEN round.kind <> 'initial' THEN round.kind WHEN taken.rank < 0 THEN 'priority' ELSE 'queue' END,
               item.sha256, clock_timestamp(), earlier.draft, earlier.draft_saved_at
        FROM taken
        JOIN annotation_task task ON task.id = taken.task_id
        JOIN annotation_item item ON item.id = task.item_id
        JOIN annotation_round round ON round.id = task.round_id
        LEFT JOIN LATERAL (
            SELECT lease.draft, lease.draft_saved_at
            FROM annotation_assignment seat JOIN annotation_lease lease ON lease.assignment_id = seat.id
            WHERE seat.task_id = taken.task_id AND lease.annotator_id + 0 = %(annotator)s AND lease.draft IS NOT NULL
            ORDER BY lease.granted_at DESC LIMIT 1
        ) earlier ON true
        RETURNING assignment_id
    )
    SELECT id FROM held UNION ALL SELECT assignment_id FROM granted
"""  # noqa: S608  (our own text)
_STRIDE = 64  # seats; a claim may walk past so many, so that not every one has to write its position
_TYPES = {
    "project": "bigint", "annotator": "bigint", "guideline": "bigint", "lease_seconds": "integer", "lease": "uuid",
    "rank": "integer", "seat": "bigint", "openings": "bigint",
}  # fmt: skip
_CLAIM_PASSING_LOCKS = Prepared("concord_claim", _CLAIM.format(skip_locked="SKIP LOCKED", stride=_STRIDE), _TYPES)
_CLAIM_WAITING_FOR_LOCKS = Prepared("concord_claim_waiting", _CLAIM.format(skip_locked="", stride=_STRIDE), _TYPES)


def claim_next(*, annotator: Member) -> LeasedTask | None:
    """The next task for this person, leased to them; the lease they hold already, renewed; or None.

    None means that at some instant during the call there was no open seat which they may take: never one of a task
    in which they hold a seat or which they skipped. Refuses models, paused people, paused and closed projects.
    """
    for _ in range(MOST_LOOKS):
        task = _lease_one(annotator, _CLAIM_PASSING_LOCKS)
        if task is None:
            expire_leases(project_id=annotator.project_id, limit=EXPIRED_AT_ONCE)
            task = _lease_one(annotator, _CLAIM_WAITING_FOR_LOCKS)
        if task is not None or not _open_what_is_behind(annotator):
            return task
    return None


def _lease_one(annotator: Member, claim: Prepared) -> LeasedTask | None:
    """One search in a transaction of its own.

    A search keeps the locks of seats that were taken under its eyes. If the one that waits began with locks of an
    earlier search, two of them could wait in a circle; and rounds are locked before seats.
    """
    with transaction.atomic():
        turn = take_turn(annotator)
        if turn.status == Project.Status.PAUSED:
            raise ProjectPaused
        start = turn.start if claim is _CLAIM_PASSING_LOCKS else Start(FIRST_RANK, 0, turn.start.openings)
        return current_task(annotator) if _has_lease(claim, turn, start) else None


def _has_lease(claim: Prepared, turn: Turn, start: Start) -> bool:
    values = {
        "project": turn.project_id, "annotator": turn.annotator_id, "guideline": turn.guideline_id,
        "lease_seconds": turn.lease_seconds, "lease": uuid.uuid4(),
        "rank": start.rank, "seat": start.seat, "openings": start.openings,
    }  # fmt: skip
    return rows_changed(claim, values) > 0  # the rows of its last SELECT: one seat, or none


def _open_what_is_behind(annotator: Member) -> bool:
    """Open the tasks of rounds that are still under an older major version. True if there were any."""
    rounds = open_rounds(annotator.project_id)
    if not rounds:
        raise NothingOpen
    major = current_major(rounds[0].project.guideline_id)
    if major is None:
        raise GuidelineNotPublished
    behind = [each for each in rounds if each.major != major]
    for each in behind:
        reopen_under_new_major(each)
    return bool(behind)
