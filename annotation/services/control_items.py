"""Control items: gold, and items answered before, mixed into the work so that nothing tells them apart."""

import random

from annotation.prepared import Prepared, first_row
from annotation.routing import Found, Reason, due, may_give_way
from annotation.services.granting import OwnItem, own_round
from annotation.services.turns import Turn

_dice = random.SystemRandom()
REPEATED_AFTER = 20  # answers of theirs that lie between an item and its repeat, so that they do not remember it

# A random place in the project's gold, and from there the first item that they never had in any round.
_UNSEEN = """
    SELECT gold.item_id FROM annotation_goldlabel gold
    WHERE gold.project_id = %(project)s AND gold.superseded_at IS NULL AND gold.id {side} (SELECT id FROM start)
      AND NOT EXISTS (SELECT 1 FROM annotation_task asked
                      JOIN annotation_assignment seat ON seat.task_id = asked.id
                      WHERE asked.item_id = gold.item_id AND seat.annotator_id + 0 = %(annotator)s OFFSET 0)
      AND NOT EXISTS (SELECT 1 FROM annotation_task asked JOIN annotation_skip skip ON skip.task_id = asked.id
                      WHERE asked.item_id = gold.item_id AND skip.annotator_id + 0 = %(annotator)s OFFSET 0)
    ORDER BY gold.id LIMIT 1
"""
_PICK_GOLD = Prepared(
    "concord_pick_gold",
    f"""
    WITH start AS MATERIALIZED (
        SELECT floor(ends.low + random() * (ends.high - ends.low + 1))::bigint AS id FROM (
            SELECT (SELECT id FROM annotation_goldlabel WHERE project_id = %(project)s AND superseded_at IS NULL
                    ORDER BY id LIMIT 1) AS low,
                   (SELECT id FROM annotation_goldlabel WHERE project_id = %(project)s AND superseded_at IS NULL
                    ORDER BY id DESC LIMIT 1) AS high
        ) ends
    ), onward AS (
        {_UNSEEN.format(side=">=")}
    ), around AS (
        {_UNSEEN.format(side="<")}
    )
    SELECT item_id FROM onward UNION ALL SELECT item_id FROM around WHERE NOT EXISTS (SELECT 1 FROM onward) LIMIT 1
    """,  # noqa: S608  (our own text)
    {"project": "bigint", "annotator": "bigint"},
)
# A random one of their earlier answers, under the present meaning, whose item was not repeated to them yet.
_PICK_REPEAT = Prepared(
    "concord_pick_repeat",
    f"""
    WITH ends AS MATERIALIZED (
        SELECT (SELECT id FROM annotation_annotation WHERE annotator_id = %(annotator)s ORDER BY id LIMIT 1) AS low,
               (SELECT id FROM annotation_annotation WHERE annotator_id = %(annotator)s
                ORDER BY id DESC OFFSET {REPEATED_AFTER} LIMIT 1) AS high
    ), start AS MATERIALIZED (
        SELECT floor(low + random() * (high - low + 1))::bigint AS id FROM ends
    )
    SELECT answer.item_id, (SELECT id FROM annotation_round WHERE project_id = %(project)s AND key = 'repeats')
    FROM annotation_annotation answer
    JOIN guidelines_guidelineversion version ON version.id = answer.guideline_version_id
    JOIN annotation_round round ON round.id = answer.round_id
    WHERE answer.annotator_id = %(annotator)s AND answer.id <= (SELECT id FROM start)
      AND answer.superseded_at IS NULL AND answer.occurrence = 1 AND answer.assignment_id IS NOT NULL
      AND round.kind IN ('initial', 'relabel') AND version.major = %(major)s
      AND NOT EXISTS (SELECT 1 FROM annotation_task asked JOIN annotation_round again ON again.id = asked.round_id
                      JOIN annotation_assignment seat ON seat.task_id = asked.id
                      WHERE asked.item_id = answer.item_id AND again.kind = 'repeat'
                        AND seat.annotator_id + 0 = %(annotator)s OFFSET 0)
    ORDER BY answer.id DESC LIMIT 1
    """,  # noqa: S608
    {"annotator": "bigint", "major": "integer", "project": "bigint"},
)


def control_item(turn: Turn, found: Found) -> OwnItem | None:
    """The control item that takes the turn of the seat that was found, if one is due and there is one for them.

    Both are looked for at every claim of a project that has such items, due or not: how long a claim takes must not
    tell what it brings.
    """
    rules, today = turn.rules, turn.today
    gold = _gold(turn) if rules.gold_rate > 0 else None
    repeat = _repeat(turn) if rules.repeat_rate > 0 else None
    if not may_give_way(found):
        return None
    if due(rules.gold_rate, served=today.served, given=today.gold, draw=_dice.random()) and gold:
        return OwnItem(gold, rules.gold_round or own_round(turn, "gold", "gold"), "gold", Reason.GOLD)
    if due(rules.repeat_rate, served=today.served, given=today.repeats, draw=_dice.random()) and repeat:
        item_id, round_id = repeat
        return OwnItem(item_id, round_id or own_round(turn, "repeat", "repeats"), "repeat", Reason.REPEAT)
    return None


def _gold(turn: Turn) -> int | None:
    row = first_row(_PICK_GOLD, {"project": turn.project_id, "annotator": turn.annotator_id})
    return row[0] if row else None


def _repeat(turn: Turn) -> tuple[int, int | None] | None:
    """The item, and the round of repeats if there is one already."""
    values = {"annotator": turn.annotator_id, "major": turn.queue.major, "project": turn.project_id}
    return first_row(_PICK_REPEAT, values)  # type: ignore[no-any-return]
