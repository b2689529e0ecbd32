"""Gold that was handed out as gold: a fair sample of a person's work, by which a rule may judge them.

Other answers to items with gold are no such sample: an item often gets its gold because people disagree on it.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotation.models import Member, Project
from annotation.selectors.gold import Share, newest_questions
from guidelines.label_schema import same_answer

# First answers only, and only those given since the person was last resumed: the seat of a gold item is their own.
_FIRST = """
    SELECT a.annotator_id, a.id, item.external_id, a.answer, gold.answer AS gold
    FROM annotation_goldlabel gold
    JOIN annotation_annotation a ON a.item_id = gold.item_id AND a.occurrence = 1 AND a.revision = 1
    JOIN annotation_round round ON round.id = a.round_id AND round.kind = 'gold'
    JOIN annotation_member member ON member.id = a.annotator_id
    JOIN annotation_item item ON item.id = a.item_id
    WHERE gold.project_id = %(project)s AND gold.superseded_at IS NULL
      AND member.role = 'annotator' AND member.is_active AND member.paused_at IS NULL
      AND (member.gold_judged_from IS NULL OR a.created_at > member.gold_judged_from)
"""
_COUNTED = f"SELECT annotator_id, answer::text, gold::text, count(*) FROM ({_FIRST}) first GROUP BY 1, 2, 3"  # noqa: S608
_OF_ONE = f"{_FIRST} AND a.annotator_id = %(member)s ORDER BY a.id DESC"


@dataclass(frozen=True)
class Judged:
    """Somebody who is at work, with how they did on gold since they were last resumed."""

    member: Member
    share: Share


def judged_by_gold(project: Project, *, least: int) -> list[Judged]:
    """Every annotator at work with at least so many answers to gold. Three queries, whatever the size."""
    questions, shares = newest_questions(project, None), dict[int, Share]()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"project": project.pk})
        for annotator_id, answer, gold, n in cursor:
            judged = same_answer(questions, json.loads(answer), json.loads(gold))
            if judged:
                shares.setdefault(annotator_id, Share()).add(n, is_right=all(judged.values()))
    enough = {pk: share for pk, share in shares.items() if share.n >= least}
    members = Member.objects.filter(pk__in=enough).order_by("pk")
    return [Judged(member, enough[member.pk]) for member in members]


def wrong_on_gold(member: Member, *, most: int) -> list[str]:
    """The newest items of gold that they got wrong, by external id."""
    questions, wrong = newest_questions(member.project, None), list[str]()
    for external_id, answer, gold in _answers_of(member):
        judged = same_answer(questions, answer, gold)
        if judged and not all(judged.values()) and len(wrong) < most:
            wrong.append(external_id)
    return wrong


def _answers_of(member: Member) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(_OF_ONE, {"project": member.project_id, "member": member.pk})
        return [(name, json.loads(answer), json.loads(gold)) for _, _, name, answer, gold in cursor]
