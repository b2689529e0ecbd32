"""The label of every item by the recipe's aggregation, ready to be written row by row."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import Q

from annotation.models import GoldLabel, Project
from guidelines.label_schema import PreferenceQuestion, Question, parse_questions
from guidelines.models import GuidelineVersion
from operations.strict_json import canonical_json
from quality.ratings_loader import CodedQuestion, LabelTable
from quality.ratings_loader.questions import CODED_TYPES
from quality.services.aggregation import Aggregated, aggregate

DIGITS = 6  # of soft labels: enough to use, few enough to be the same on every machine


@dataclass(frozen=True)
class Resolved:
    """What is said of one question of one item."""

    label: Any
    soft: dict[str, float]
    method: str
    n_labels: int
    agreement: float | None


NOTHING = Resolved(None, {}, "none", 0, None)
MOST_REMEMBERED = 50_000


@dataclass(frozen=True)
class ResolvedItem:
    """Every question of one item, and the round its labels come from."""

    entries: dict[str, Resolved]
    round: str | None

    @cached_property
    def labels(self) -> dict[str, Any]:
        return {key: entry.label for key, entry in self.entries.items()}

    @cached_property
    def soft_labels(self) -> dict[str, dict[str, float]]:
        return {key: entry.soft for key, entry in self.entries.items()}

    @cached_property
    def resolution(self) -> dict[str, dict[str, Any]]:
        return {
            key: {
                "method": entry.method, "n_labels": entry.n_labels, "agreement": entry.agreement,
                "round": self.round if entry.n_labels else None,
            }
            for key, entry in self.entries.items()
        }  # fmt: skip

    @cached_property
    def texts(self) -> tuple[str, str, str]:
        """labels, resolution and soft labels as canonical JSON."""
        return (_text(self.labels), _text(self.resolution), _text(self.soft_labels))


def _text(value: Any) -> str:
    return canonical_json(value).decode()


class Labels:
    """The labels of a project at an instant: gold first where the recipe says so, then the aggregation.

    Questions with a list of values are aggregated over the whole project; the others (texts, spans, numbers) item by
    item: the commonest answer counts, a tie is no label.
    """

    def __init__(self, table: LabelTable, aggregation: str) -> None:
        method = "dawid_skene" if aggregation == "dawid_skene" else "majority"
        self.table = table
        self.questions = all_questions(table.project, table.as_of)
        self.coded = {q.key: (q, aggregate(table.ratings(q.key), method)) for q in table.questions}
        self.open_keys = [q.key for q in self.questions if q.type not in CODED_TYPES]
        self.gold = _gold(table.project, table.as_of) if aggregation == "adjudicated_first" else {}
        self.round_of = np.full(len(table.item_ids), -1, dtype=np.int16)
        self.round_of[table.item] = table.round
        self.major_of = np.zeros(len(table.item_ids), dtype=np.int32)
        np.maximum.at(self.major_of, table.item, table.major)
        self._remembered: dict[tuple[Any, ...], ResolvedItem] = {}

    def of_item(self, pk: int, code: int, counting: list[dict[str, Any]]) -> ResolvedItem:
        """Each question of an item. `code`: its place in the table (-1: no label); `counting`: its counting answers.

        Most items of a project look like another: the same labels are put together, and written as text, once.
        """
        round_ = self.table.rounds[int(self.round_of[code])].key if code >= 0 else None
        if self.open_keys or pk in self.gold:
            return ResolvedItem(self._entries(pk, code, counting), round_)
        look = (round_, *(_look(found, code) for _, found in self.coded.values())) if code >= 0 else (None,)
        known = self._remembered.get(look)
        if known is None:
            known = ResolvedItem(self._entries(pk, code, counting), round_)
            if len(self._remembered) < MOST_REMEMBERED:
                self._remembered[look] = known
        return known

    def _entries(self, pk: int, code: int, counting: list[dict[str, Any]]) -> dict[str, Resolved]:
        gold = self.gold.get(pk, {})
        found = {}
        for question in self.questions:
            key = question.key
            resolved = NOTHING
            if key in self.coded and code >= 0:
                resolved = _of_coded(*self.coded[key], code)
            elif key in self.open_keys:
                resolved = of_values([answer[key] for answer in counting if answer.get(key) is not None])
            if gold.get(key) is not None:
                resolved = Resolved(gold[key], resolved.soft, "gold", resolved.n_labels, resolved.agreement)
            found[key] = resolved
        return found


def all_questions(project: Project, as_of: datetime) -> tuple[Question, ...]:
    """The questions of the newest version published by the instant, countable or not."""
    newest = GuidelineVersion.objects.filter(guideline_id=project.guideline_id, published_at__lte=as_of)
    content = newest.order_by("-sequence").values_list("content", flat=True).first()
    return parse_questions(content["questions"]) if content else ()


def _look(found: Aggregated, item: int) -> tuple[Any, ...]:
    """Equal for items that are resolved alike."""
    return (found.soft[item].tobytes(), int(found.value[item]), int(found.n[item]), found.agreement[item].tobytes())


def _of_coded(question: CodedQuestion, found: Aggregated, item: int) -> Resolved:
    n = int(found.n[item])
    if not n:
        return NOTHING
    value, agreement = int(found.value[item]), found.agreement[item]
    soft = {key: round(p, DIGITS) for key, p in zip(question.keys, found.soft[item].tolist(), strict=True) if p > 0}
    return Resolved(
        _as_answer(question, value),
        soft,
        found.how(item),
        n,
        None if np.isnan(agreement) else round(float(agreement), DIGITS),
    )


def _as_answer(question: CodedQuestion, value: int) -> Any:
    if value < 0:
        return None
    if isinstance(question.question, PreferenceQuestion):
        return {"choice": question.values[value]}
    return question.values[value]


def of_values(values: list[Any]) -> Resolved:
    """The commonest of some answers, compared by their canonical JSON; None for a tie."""
    if not values:
        return NOTHING
    counts: dict[bytes, int] = {}
    for value in values:
        text = canonical_json(value)
        counts[text] = counts.get(text, 0) + 1
    n, most = len(values), max(counts.values())
    winners = [text for text, count in counts.items() if count == most]
    agreeing = sum(count * (count - 1) for count in counts.values())
    agreement = round(agreeing / (n * (n - 1)), DIGITS) if n > 1 else None
    if len(winners) > 1:
        return Resolved(None, {}, "tie", n, agreement)
    label = next(value for value in values if canonical_json(value) == winners[0])
    return Resolved(label, {}, "majority", n, agreement)


def _gold(project: Project, as_of: datetime) -> dict[int, dict[str, Any]]:
    alive = Q(superseded_at__isnull=True) | Q(superseded_at__gt=as_of)
    gold = GoldLabel.objects.filter(alive, project=project, created_at__lte=as_of)
    return dict(gold.values_list("item_id", "answer"))
