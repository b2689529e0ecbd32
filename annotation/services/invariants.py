"""What must hold in the tables at any quiet moment, as SQL: each query returns the rows that break its rule.

The numbers are those of the reliability bar. Most rules are also constraints, so that they cannot break; they are
asked again here because a restored backup or a dropped index may say otherwise.
"""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Invariant:
    number: str
    sentence: str
    query: str


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold: how many rows break it and the first of them."""

    invariant: Invariant
    rows: int
    first: str


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "I1",
        "No task has more answers that count than it wants.",
        """
        SELECT task.id, count(*) FROM annotation_annotation answer
        JOIN annotation_assignment seat ON seat.id = answer.assignment_id
        JOIN annotation_task task ON task.id = seat.task_id JOIN annotation_round round ON round.id = task.round_id
        WHERE answer.superseded_at IS NULL AND round.kind IN ('initial', 'relabel')
        GROUP BY task.id HAVING count(*) > task.overlap
        """,
    ),
    Invariant(
        "I1b",
        "A task has as many seats as it wants answers, unless the lead has set it aside.",
        """
        SELECT task.id, task.overlap, count(seat.id) FILTER (WHERE seat.state <> 'withdrawn')
        FROM annotation_task task JOIN annotation_assignment seat ON seat.task_id = task.id
        JOIN annotation_round round ON round.id = task.round_id
        WHERE task.state <> 'superseded' AND round.state <> 'closed' AND round.kind IN ('initial', 'relabel')
          AND NOT task.is_set_aside
        GROUP BY task.id HAVING count(seat.id) FILTER (WHERE seat.state <> 'withdrawn') <> task.overlap
        """,
    ),
    Invariant(
        "I3",
        "A person has at most one answer that counts for a task, and a submission made one.",
        """
        SELECT seat.task_id, answer.annotator_id FROM annotation_annotation answer
        JOIN annotation_assignment seat ON seat.id = answer.assignment_id
        WHERE answer.superseded_at IS NULL GROUP BY 1, 2 HAVING count(*) > 1
        UNION ALL
        SELECT min(id), annotator_id FROM annotation_annotation WHERE submission_id IS NOT NULL
        GROUP BY annotator_id, submission_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        "I4",
        "Nobody holds two seats of a task, or more in a project than the item they see and the one after it.",
        """
        SELECT task_id, annotator_id FROM annotation_assignment WHERE annotator_id IS NOT NULL
        GROUP BY 1, 2 HAVING count(*) > 1
        UNION ALL
        SELECT project_id, annotator_id FROM annotation_assignment WHERE state = 'leased'
        GROUP BY project_id, annotator_id, is_ahead HAVING count(*) > 1
        """,
    ),
    Invariant(
        "I5",
        "Seats leased and answered are no more than the task wants, and a leased seat has exactly one live lease.",
        """
        SELECT task.id FROM annotation_task task JOIN annotation_assignment seat ON seat.task_id = task.id
        JOIN annotation_round round ON round.id = task.round_id AND round.kind IN ('initial', 'relabel')
        WHERE seat.state IN ('leased', 'submitted', 'parked') GROUP BY task.id HAVING count(*) > task.overlap
        UNION ALL
        SELECT seat.id FROM annotation_assignment seat
        LEFT JOIN annotation_lease lease ON lease.assignment_id = seat.id AND lease.ended_at IS NULL
        GROUP BY seat.id HAVING count(lease.id) <> CASE WHEN seat.state = 'leased' THEN 1 ELSE 0 END
        UNION ALL
        SELECT seat.id FROM annotation_assignment seat
        JOIN annotation_lease lease ON lease.assignment_id = seat.id AND lease.ended_at IS NULL
        WHERE lease.epoch <> seat.epoch OR lease.annotator_id IS DISTINCT FROM seat.annotator_id
        """,
    ),
    Invariant(
        "I7",
        "An answer that counts came from a lease of the same person, item, round and seat, and the seat is answered.",
        """
        SELECT answer.id FROM annotation_annotation answer
        LEFT JOIN annotation_assignment seat ON seat.id = answer.assignment_id
            AND seat.annotator_id = answer.annotator_id AND seat.round_id = answer.round_id AND seat.state = 'submitted'
        LEFT JOIN annotation_task task ON task.id = seat.task_id AND task.item_id = answer.item_id
        LEFT JOIN annotation_lease lease ON lease.id = answer.lease_id AND lease.assignment_id = seat.id
            AND lease.annotator_id = answer.annotator_id AND lease.ending = 'submitted' AND lease.epoch = seat.epoch
        WHERE answer.assignment_id IS NOT NULL AND answer.superseded_at IS NULL
          AND (task.id IS NULL OR lease.id IS NULL)
        UNION ALL
        SELECT seat.id FROM annotation_assignment seat
        LEFT JOIN annotation_annotation answer ON answer.assignment_id = seat.id AND answer.superseded_at IS NULL
        WHERE seat.state = 'submitted' AND answer.id IS NULL
        """,
    ),
    Invariant(
        "I7b",
        "A task is done exactly when its seats are answered and settle it; what is superseded or closed has none open.",
        """
        SELECT task.id FROM annotation_task task JOIN annotation_assignment seat ON seat.task_id = task.id
        JOIN annotation_round queued ON queued.id = task.round_id AND queued.kind IN ('initial', 'relabel')
        WHERE task.state <> 'superseded' AND task.desk_reason <> 'disagreement' GROUP BY task.id
        HAVING (task.state = 'done') <> (count(*) FILTER (WHERE seat.state IN ('open', 'leased', 'parked')) = 0)
           AND NOT bool_and(seat.state = 'withdrawn')
           AND NOT EXISTS (SELECT 1 FROM annotation_round round
                           WHERE round.id = task.round_id AND round.state = 'closed')
        UNION ALL
        SELECT task.id FROM annotation_task task JOIN annotation_assignment seat ON seat.task_id = task.id
        JOIN annotation_round round ON round.id = task.round_id
        WHERE seat.state = 'open' AND (task.state = 'superseded' OR round.state = 'closed')
        """,
    ),
    Invariant(
        "I8",
        "Revisions of a seat replace one another: at most the newest counts, and none is older than what it replaced.",
        """
        SELECT older.id FROM annotation_annotation older
        JOIN annotation_annotation newer ON newer.assignment_id = older.assignment_id AND newer.id > older.id
        WHERE older.superseded_at IS NULL OR newer.created_at < older.superseded_at
        """,
    ),
    Invariant(
        "I9",
        "An answer names the version that its lease showed, and the major of its task.",
        """
        SELECT answer.id FROM annotation_annotation answer JOIN annotation_lease lease ON lease.id = answer.lease_id
        JOIN annotation_assignment seat ON seat.id = answer.assignment_id
        JOIN annotation_task task ON task.id = seat.task_id
        JOIN guidelines_guidelineversion version ON version.id = lease.guideline_version_id
        WHERE answer.guideline_version_id IS DISTINCT FROM lease.guideline_version_id OR version.major <> task.major
        """,
    ),
    Invariant(
        "I16",
        "Models hold no seat, and an answer says rightly whether a person gave it.",
        """
        SELECT answer.id FROM annotation_annotation answer
        JOIN annotation_member member ON member.id = answer.annotator_id
        WHERE answer.annotator_kind <> member.kind OR (member.kind = 'model' AND answer.assignment_id IS NOT NULL)
        UNION ALL
        SELECT seat.id FROM annotation_assignment seat JOIN annotation_member member ON member.id = seat.annotator_id
        WHERE member.kind <> 'human'
        """,
    ),
    Invariant(
        "I17",
        "What belongs together belongs to one project.",
        """
        SELECT task.id FROM annotation_task task JOIN annotation_item item ON item.id = task.item_id
        JOIN annotation_round round ON round.id = task.round_id
        WHERE task.project_id <> item.project_id OR task.project_id <> round.project_id
        UNION ALL
        SELECT seat.id FROM annotation_assignment seat JOIN annotation_task task ON task.id = seat.task_id
        LEFT JOIN annotation_member member ON member.id = seat.annotator_id
        WHERE seat.project_id <> task.project_id OR seat.round_id <> task.round_id
           OR member.project_id <> seat.project_id
        UNION ALL
        SELECT answer.id FROM annotation_annotation answer JOIN annotation_item item ON item.id = answer.item_id
        JOIN annotation_member member ON member.id = answer.annotator_id
        JOIN annotation_round round ON round.id = answer.round_id
        WHERE answer.project_id <> item.project_id OR answer.project_id <> member.project_id
           OR answer.project_id <> round.project_id
        UNION ALL
        SELECT lease.assignment_id FROM annotation_lease lease
        JOIN annotation_assignment seat ON seat.id = lease.assignment_id WHERE lease.project_id <> seat.project_id
        """,
    ),
    Invariant(
        "I18",
        "The queue's order is the items': rank and lane are the same in every seat of a task.",
        """
        SELECT task_id FROM annotation_assignment WHERE state <> 'withdrawn'
        GROUP BY task_id HAVING min(rank) <> max(rank) OR min(lane) <> max(lane)
        """,
    ),
    Invariant(
        "I18b",
        "What is counted beside the seats is what the seats say: taken seats by person and lane, and pairs' meetings.",
        """
        SELECT coalesce(seats.annotator_id, kept.annotator_id), coalesce(seats.lane, kept.lane), seats.n, kept.taken
        FROM (SELECT seat.annotator_id, seat.lane, count(*) AS n FROM annotation_assignment seat
              JOIN annotation_task task ON task.id = seat.task_id AND task.state <> 'superseded'
              JOIN annotation_round round ON round.id = task.round_id AND round.kind IN ('initial', 'relabel')
              WHERE seat.state IN ('leased', 'submitted', 'parked') GROUP BY 1, 2) seats
        FULL JOIN annotation_lanecount kept ON kept.annotator_id = seats.annotator_id AND kept.lane = seats.lane
        WHERE coalesce(seats.n, 0) <> coalesce(kept.taken, 0)
        UNION ALL
        SELECT kept.first_id, kept.second_id, kept.shared, count(mine.id)
        FROM annotation_pairmeeting kept
        JOIN annotation_project project ON project.id = kept.project_id AND project.overlap ? 'shared_per_pair'
        LEFT JOIN annotation_assignment mine ON mine.annotator_id = kept.first_id AND mine.state = 'submitted'
            AND EXISTS (SELECT 1 FROM annotation_round round WHERE round.id = mine.round_id
                        AND round.kind IN ('initial', 'relabel'))
            AND EXISTS (SELECT 1 FROM annotation_assignment theirs WHERE theirs.task_id = mine.task_id
                        AND theirs.annotator_id = kept.second_id AND theirs.state = 'submitted')
        GROUP BY kept.first_id, kept.second_id, kept.shared HAVING kept.shared <> count(mine.id)
        """,
    ),
    Invariant(
        "I18c",
        "Nothing came into the queue at a tick that its clock has not shown yet.",
        """
        SELECT seat.id FROM annotation_assignment seat
        LEFT JOIN annotation_queueclock clock ON clock.project_id = seat.project_id
        WHERE seat.late > coalesce(clock.ticks, 1)
        """,
    ),
    Invariant(
        "I19",
        "Every job ends: none runs under a lease that ended more than a minute ago.",
        """
        SELECT id FROM operations_job WHERE state = 'running' AND leased_until < clock_timestamp() - interval '60 s'
        """,
    ),
    Invariant(
        "I23",
        "An item still shows what was shown when it was leased.",
        """
        SELECT lease.id FROM annotation_lease lease JOIN annotation_assignment seat ON seat.id = lease.assignment_id
        JOIN annotation_task task ON task.id = seat.task_id JOIN annotation_item item ON item.id = task.item_id
        WHERE lease.item_sha256 <> item.sha256
        """,
    ),
    Invariant(
        "I27",
        "Nobody was given an item under a version that asks for acknowledgement, or a later one, without it.",
        """
        SELECT lease.id FROM annotation_lease lease JOIN annotation_member member ON member.id = lease.annotator_id
        JOIN annotation_project project ON project.id = lease.project_id
        CROSS JOIN LATERAL (
            SELECT request.version_id FROM guidelines_acknowledgementrequest request
            WHERE request.guideline_id = project.guideline_id AND request.version_id <= lease.guideline_version_id
            ORDER BY request.version_id DESC LIMIT 1) asked
        WHERE NOT EXISTS (
            SELECT 1 FROM guidelines_acknowledgement own
            WHERE own.request_id = asked.version_id AND own.user_id = member.user_id
              AND least(own.passed_at, own.waived_at) <= lease.granted_at)
        """,
    ),
    Invariant(
        "I26",
        "Times are sane: nothing ends before it begins, is made in the future or took less than no time.",
        """
        SELECT id::text FROM annotation_lease WHERE ended_at < granted_at OR granted_at > clock_timestamp()
        UNION ALL
        SELECT id::text FROM annotation_annotation
        WHERE created_at > clock_timestamp() OR seconds_spent < 0 OR superseded_at < created_at
        """,
    ),
)


def broken_invariants() -> list[Broken]:
    """The rules that do not hold now. Inside one snapshot of the database if the caller has opened one."""
    return [broken for broken in map(_check, INVARIANTS) if broken is not None]


def _check(invariant: Invariant) -> Broken | None:
    with connection.cursor() as cursor:
        cursor.execute(invariant.query)
        rows = cursor.fetchall()
    return Broken(invariant, len(rows), str(rows[0])) if rows else None
