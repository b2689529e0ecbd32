"""Items in one line each, with what people said of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation.models import Item, Project
from annotation.selectors.labels import counting_labels
from frontend.reading.answers import ShownAnswer, label_counts
from frontend.reading.payloads import payload_gist
from guidelines.label_schema import Question


@dataclass(frozen=True)
class ItemGist:
    external_id: str
    gist: str
    labels: list[ShownAnswer]


def item_gists(project: Project, items: Sequence[Item], questions: Sequence[Question]) -> list[ItemGist]:
    """The rows of a list of items, in their order, with people's counting answers to these questions. One query."""
    answers: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for item_id, answer in counting_labels().filter(item__in=items).order_by("pk").values_list("item_id", "answer"):
        answers[item_id].append(answer)
    return [
        ItemGist(
            item.external_id, payload_gist(project.fields, item.payload), label_counts(questions, answers[item.pk])
        )
        for item in items
    ]
