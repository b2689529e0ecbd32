"""The items behind a finding, with what everybody said of them."""

from collections import defaultdict
from dataclasses import dataclass

from annotation.models import Annotation, Item, Project
from annotation.selectors.labels import IS_LABEL, counting_labels
from quality.models import Finding


@dataclass(frozen=True)
class EvidenceItem:
    item: Item
    answers: list[Annotation]


def evidence_of(finding: Finding, *, start: int, size: int) -> list[EvidenceItem]:
    """The items of a finding from place `start` on, in its order, with people's counting answers. Two queries."""
    wanted = finding.evidence[start : start + size]
    items = Item.objects.filter(project_id=finding.project_id, external_id__in=wanted)
    found = {item.external_id: item for item in items}
    return with_answers([found[external_id] for external_id in wanted if external_id in found])


def people_behind(finding: Finding) -> list[str]:
    """The names of everybody whose answer to one of the finding's items counts now. One query."""
    answers = counting_labels().filter(
        item__project_id=finding.project_id, item__external_id__in=finding.evidence
    )  # fmt: skip
    return list(answers.order_by().values_list("annotator__name", flat=True).distinct())


def with_answers(items: list[Item]) -> list[EvidenceItem]:
    """Items with the answers of people that count now, by round and person. One query."""
    answers: dict[int, list[Annotation]] = defaultdict(list)
    counting = counting_labels().filter(item__in=[item.pk for item in items])
    for answer in counting.select_related("annotator", "round").order_by("round_id", "annotator__name"):
        answers[answer.item_id].append(answer)
    return [EvidenceItem(item, answers[item.pk]) for item in items]


def disagreements_of(project: Project, member_id: int, key: str, *, most: int) -> list[Item]:
    """The newest items on which a person's answer to a question is not what somebody else answered in that round.

    One query. Answers compare as stored JSON.
    """
    sql = f"""
        SELECT a.item_id FROM annotation_annotation a
        WHERE a.project_id = %s AND a.annotator_id = %s AND a.superseded_at IS NULL AND a.occurrence = 1
          AND {IS_LABEL} AND a.answer ? %s
          AND EXISTS (
            SELECT 1 FROM annotation_annotation b
            WHERE b.item_id = a.item_id AND b.round_id = a.round_id AND b.annotator_id <> a.annotator_id
              AND b.superseded_at IS NULL AND b.occurrence = 1 AND b.annotator_kind = 'human'
              AND b.answer ? %s AND b.answer->%s <> a.answer->%s)
        ORDER BY a.id DESC LIMIT %s
        """  # noqa: S608  (fixed text)
    return list(
        Item.objects.raw(
            f"SELECT i.* FROM ({sql}) found JOIN annotation_item i ON i.id = found.item_id ORDER BY i.id DESC",  # noqa: S608
            [project.pk, member_id, key, key, key, key, most],
        )
    )
