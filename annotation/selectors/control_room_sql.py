"""The statements of the control room. `rounds` are the ids of the project's rounds that have a queue.

Each reads a table in one pass, or only its newest rows by an index: a million seats take seconds, not minutes.
"""

NOW = "SELECT clock_timestamp()"

# The queue's narrow table alone: rounds, people and what they hold come from it.
SEATS = """
    SELECT round_id, state, annotator_id, count(*) FROM annotation_assignment WHERE round_id = ANY(%(rounds)s)
    GROUP BY 1, 2, 3
"""

# What a new major version has put aside: no work, but people did it.
SUPERSEDED = """
    SELECT seat.round_id, seat.state, count(*)
    FROM annotation_task task JOIN annotation_assignment seat ON seat.task_id = task.id
    WHERE task.round_id = ANY(%(rounds)s) AND task.state = 'superseded' AND seat.state <> 'withdrawn'
    GROUP BY 1, 2
"""

TASKS = "SELECT round_id, state, count(*) FROM annotation_task WHERE round_id = ANY(%(rounds)s) GROUP BY 1, 2"

# By the quarter of an hour, so that days can be summed in any time zone; and by person.
RECENT = """
    SELECT quarter, annotator_id, count(*), count(*) FILTER (WHERE created_at >= %(today)s),
           count(*) FILTER (WHERE created_at >= %(week)s), max(created_at)
    FROM (
        SELECT date_bin('15 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS quarter, annotator_id,
               created_at
        FROM annotation_annotation
        WHERE project_id = %(project)s AND created_at >= %(since)s AND superseded_at IS NULL
          AND round_id = ANY(%(rounds)s) AND assignment_id IS NOT NULL
    ) answers
    GROUP BY GROUPING SETS ((quarter), (annotator_id))
"""

_SPENT = """
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds_spent),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds_spent),
    count(seconds_spent), count(*) - count(seconds_spent)
"""
# The newest answers only, found by an index: of the project, and of each person.
TIMES = f"""
    SELECT NULL::bigint, {_SPENT} FROM (
        SELECT seconds_spent FROM annotation_annotation
        WHERE project_id = %(project)s AND created_at >= %(week)s AND superseded_at IS NULL
          AND round_id = ANY(%(rounds)s) AND assignment_id IS NOT NULL
        ORDER BY id DESC LIMIT %(newest)s
    ) answers
    UNION ALL
    SELECT member.id, {_SPENT}
    FROM annotation_member member CROSS JOIN LATERAL (
        SELECT seconds_spent FROM annotation_annotation
        WHERE annotator_id = member.id AND created_at >= %(week)s AND superseded_at IS NULL
          AND round_id = ANY(%(rounds)s) AND assignment_id IS NOT NULL
        ORDER BY id DESC LIMIT %(newest_of_one)s
    ) answers
    WHERE member.project_id = %(project)s AND member.kind = 'human' GROUP BY member.id
"""  # noqa: S608  (our own text)

# Leases of a week that did not become an answer.
ENDINGS = """
    SELECT lease.annotator_id, coalesce(lease.ending, 'held'), count(*), max(lease.granted_at)
    FROM annotation_lease lease JOIN annotation_assignment seat ON seat.id = lease.assignment_id
    WHERE lease.project_id = %(project)s AND lease.granted_at >= %(week)s AND seat.round_id = ANY(%(rounds)s)
      AND lease.ending IS DISTINCT FROM 'submitted'
    GROUP BY 1, 2
"""

URGENT = """
    SELECT count(DISTINCT task_id) FROM annotation_assignment
    WHERE project_id = %(project)s AND state = 'open' AND rank < 0 AND round_id = ANY(%(rounds)s)
"""

# A task waits since its item was brought in, or since its round was begun, whichever came later.
AGES = """
    SELECT %(now)s - min(since), %(now)s - percentile_disc(0.5) WITHIN GROUP (ORDER BY since)
    FROM (
        SELECT greatest(item.created_at, round.created_at) AS since
        FROM annotation_task task
        JOIN annotation_round round ON round.id = task.round_id
        JOIN annotation_item item ON item.id = task.item_id
        WHERE task.round_id = ANY(%(rounds)s) AND task.state IN ('open', 'needs_lead') AND round.state <> 'closed'
    ) waiting
"""
