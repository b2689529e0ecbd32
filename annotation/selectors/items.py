"""Items as leads and engineers look them up, with everybody's answers. Never for annotators: they must stay blind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from accounts.errors import FieldError, InvalidInput
from annotation.models import Annotation, Assignment, Item, Project, Round, Task
from annotation.selectors.labels import standing_answers
from guidelines.label_schema import (
    BoxesQuestion,
    ChoicesQuestion,
    NumberQuestion,
    PreferenceQuestion,
    Question,
    RankingQuestion,
    RatingQuestion,
    SpanQuestion,
)
from operations.strict_json import StrictJsonError, loads_strict

# An item's state over all its rounds: work left, a lead's turn, all done, or in no queue at all.
ITEM_STATES = ("open", "needs_lead", "done", "unqueued")

PRIORITIES = {"raised": Q(priority__gt=0), "ordinary": Q(priority=0), "lowered": Q(priority__lt=0)}
_HIGHEST = 1000  # priority
_IDS = 2**44  # more items than there will ever be


@dataclass(frozen=True)
class ItemFilter:
    slices: Mapping[str, str] = field(default_factory=dict)
    state: str | None = None
    priority: str | None = None  # one of PRIORITIES
    annotator: str | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)  # what `answer` must contain


def items_of(project: Project, wanted: ItemFilter) -> QuerySet[Item]:
    """The project's items with `state`, `n_labels` (labels that stand now) and `urgency`, filtered.

    `urgency` is unique and orders them: the highest priority first, among equals the oldest.

    Annotator and labels speak of one and the same answer: items that this person labeled so.
    """
    items = Item.objects.filter(project=project)
    for key, value in wanted.slices.items():
        items = items.filter(_slice_is(key, value))
    if wanted.annotator is not None or wanted.labels:
        answers = _current_answers()
        if wanted.annotator is not None:
            answers = answers.filter(annotator__name=wanted.annotator)
        if wanted.labels:
            answers = answers.filter(answer__contains=dict(wanted.labels))
        items = items.filter(Exists(answers))
    if wanted.priority:
        items = items.filter(PRIORITIES[wanted.priority])
    items = items.annotate(state=_state(), n_labels=_n_labels(), urgency=_urgency())
    return items.filter(state=wanted.state) if wanted.state else items


def label_value(question: Question, raw: str) -> Any:
    """The value of a question as an answer contains it, from the text of a query parameter.

    One chosen option of `choices`, one marked label of spans or boxes. Raises InvalidInput.
    """
    if isinstance(question, RatingQuestion | NumberQuestion):
        return _number(question, raw)
    if isinstance(question, RankingQuestion):
        raise InvalidInput(errors=[FieldError(f"label.{question.key}", "not_filterable", "A ranking is no filter.")])
    if isinstance(question, ChoicesQuestion):
        return [raw]
    if isinstance(question, PreferenceQuestion):
        return {"choice": raw}
    if isinstance(question, SpanQuestion | BoxesQuestion):
        return [{"label": raw}]
    return raw


def answers_of(item: Item) -> QuerySet[Annotation]:
    """All answers to the item, of every round, superseded ones too, oldest first."""
    answers = Annotation.objects.filter(item=item).select_related("annotator", "round", "guideline_version")
    return answers.order_by("created_at", "id")


def tasks_of(item: Item) -> QuerySet[Task]:
    """The item's tasks with the number of seats in each state."""
    seats = {
        f"n_{state}": Count("assignments", filter=Q(assignments__state=state)) for state in Assignment.State.values
    }
    return Task.objects.filter(item=item).select_related("round").annotate(**seats).order_by("id")


def _slice_is(key: str, value: str) -> Q:
    """A slice value in a URL is text; in meta it may be a number or a boolean."""
    matches = Q(meta__contains={key: value})
    try:
        plain = loads_strict(value, max_bytes=100)
    except StrictJsonError:
        return matches
    return matches | Q(meta__contains={key: plain}) if isinstance(plain, int | float) else matches


def _number(question: Question, raw: str) -> Any:
    try:
        number = loads_strict(raw, max_bytes=100)
    except StrictJsonError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InvalidInput(errors=[FieldError(f"label.{question.key}", "not_a_number", "A number is needed here.")])
    return number


def _current_answers() -> QuerySet[Annotation]:
    return standing_answers().filter(item=OuterRef("pk"))


def _urgency() -> "ExpressionWrapper[Any]":
    place = (Value(_HIGHEST) - F("priority")) * Value(_IDS) + F("id")
    return ExpressionWrapper(place, output_field=BigIntegerField())


def _n_labels() -> Coalesce:
    counted = _current_answers().order_by().values("item").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _state() -> Case:
    def has(state: str) -> Exists:
        return Exists(Task.objects.filter(item=OuterRef("pk"), state=state, round__kind__in=Round.QUEUED))

    return Case(
        When(has(Task.State.OPEN), then=Value("open")),
        When(has(Task.State.NEEDS_LEAD), then=Value("needs_lead")),
        When(has(Task.State.DONE), then=Value("done")),
        default=Value("unqueued"),
        output_field=CharField(),
    )
