"""Adaptive overlap: after each answer, drop the seats that are not needed any more, or add one, or call the lead."""

import json
from functools import lru_cache
from typing import Any

from django.db import connection

from annotation.prepared import Prepared
from annotation.resolution import DEFAULT_ACCURACY, Settlement, Vote, least_sure_question, settlement
from annotation.selectors.instructions import instructions_of
from annotation.services.clock import tick
from annotation.services.leases import SeatOfLease
from annotation.services.statements import rows_changed
from annotation.services.turns import Turn
from guidelines.label_schema import ChoiceQuestion, PreferenceQuestion, Question, RatingQuestion
from operations.strict_json import canonical_json

_VOTES = Prepared(
    "concord_votes_of_task",
    """
    SELECT seat.state, answer.answer, member.accuracy
    FROM annotation_assignment seat
    LEFT JOIN annotation_annotation answer ON answer.assignment_id = seat.id AND answer.superseded_at IS NULL
    LEFT JOIN annotation_member member ON member.id = answer.annotator_id
    WHERE seat.task_id = %(task)s AND seat.state <> 'withdrawn'
    """,
    {"task": "bigint"},
)


def settle_task(turn: Turn, seat: SeatOfLease) -> None:
    """Judge the task of an answer that was stored (or changed) in this transaction, which holds the task's lock.

    Tasks without adaptive overlap are looked at all the same and left as they are: an answer must not take longer
    because of what kind of task it was for.
    """
    votes, pending = _votes(seat)
    stop_at = turn.rules.stop_at_posterior
    if seat.most_labels is None or stop_at is None:
        return
    posterior = least_sure_question(votes, _classes(seat.version_id, seat.version_sha256))
    outcome = settlement(posterior, stop_at=stop_at, given=len(votes), pending=pending, most=seat.most_labels)
    if outcome is Settlement.ASK_ONE_MORE:
        _add_seat(seat, tick(turn.project_id))
    elif outcome is Settlement.SURE and pending:
        _withdraw_open(seat)
    _note(seat, posterior, outcome)


def _votes(seat: SeatOfLease) -> tuple[list[Vote], int]:
    """The answers that count, and how many seats are still to be answered."""
    with connection.cursor() as cursor:
        _VOTES.run(cursor, {"task": seat.task_id})
        rows = cursor.fetchall()
    given = [(json.loads(answer), accuracy) for _, answer, accuracy in rows if answer is not None]
    votes = [
        Vote({key: _written(value) for key, value in answer.items()}, accuracy or DEFAULT_ACCURACY)
        for answer, accuracy in given
    ]
    return votes, sum(state in {"open", "leased", "parked"} for state, *_ in rows)


def _written(value: Any) -> str:
    """Values are compared as they are stored; of a preference, which candidate won and not by how much."""
    if isinstance(value, dict) and "choice" in value:
        value = value["choice"]
    return canonical_json(value).decode()


@lru_cache(maxsize=64)
def _classes(version_id: int, sha256: str) -> dict[str, int]:
    """How many values each question can take. The closed ones decide; where there is none, all of them do, a value
    being any that was given."""
    questions = instructions_of(version_id, sha256).questions
    closed = {question.key: n for question in questions if (n := _n_values(question)) is not None}
    return closed or {question.key: 2 for question in questions}


def _n_values(question: Question) -> int | None:
    if isinstance(question, ChoiceQuestion):
        return len(question.options)
    if isinstance(question, RatingQuestion):
        return question.max - question.min + 1
    if isinstance(question, PreferenceQuestion):
        return len(question.candidates) + question.ties
    return None


def _add_seat(seat: SeatOfLease, late: int) -> None:
    rows_changed(
        """
        INSERT INTO annotation_assignment (project_id, round_id, task_id, slot, state, rank, lane, epoch, purpose, late)
        SELECT project_id, round_id, task_id, max(slot) + 1, 'open', min(rank), min(lane), 0, 'adaptive', %s
        FROM annotation_assignment WHERE task_id = %s GROUP BY project_id, round_id, task_id
        """,
        [late, seat.task_id],
    )


def _withdraw_open(seat: SeatOfLease) -> None:
    """What somebody holds or has parked stays: it may be answered and counts. Only open seats go."""
    rows_changed(
        """
        WITH open AS (SELECT id FROM annotation_assignment WHERE task_id = %s AND state = 'open'
                      ORDER BY rank, id FOR NO KEY UPDATE)
        UPDATE annotation_assignment seat SET state = 'withdrawn', reserved_for_id = NULL FROM open
        WHERE seat.id = open.id AND seat.state = 'open'
        """,
        [seat.task_id],
    )


def _note(seat: SeatOfLease, posterior: float, outcome: Settlement) -> None:
    """The task as it stands now: how many seats it has, whether it is done, and how sure it is."""
    rows_changed(
        """
        UPDATE annotation_task SET
            posterior = %s, overlap = seats.present,
            state = CASE WHEN %s THEN 'needs_lead' WHEN seats.pending = 0 THEN 'done' ELSE 'open' END,
            desk_reason = CASE WHEN %s THEN 'disagreement' ELSE '' END
        FROM (SELECT count(*) FILTER (WHERE state <> 'withdrawn') AS present,
                     count(*) FILTER (WHERE state IN ('open', 'leased', 'parked')) AS pending
              FROM annotation_assignment WHERE task_id = %s) seats
        WHERE id = %s AND state <> 'superseded'
        """,
        [posterior, *[outcome is Settlement.TO_THE_LEAD] * 2, seat.task_id, seat.task_id],
    )
