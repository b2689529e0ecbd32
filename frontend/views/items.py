"""Items as leads and engineers look them up: the list with its filters, and all that is known of one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.errors import NotFound
from accounts.permissions import Capability
from annotation.models import Annotation, Item, Lease, Round
from annotation.selectors.access import ProjectAccess
from annotation.selectors.gold import gold_of
from annotation.selectors.items import ItemFilter, answers_of, items_of, tasks_of
from annotation.selectors.lookup import current_answers_of, lease_history, seen_slice_values
from frontend.forms.items import ItemFilterForm
from frontend.guard import project_page
from frontend.paging import keyset_page
from frontend.reading.answers import ShownAnswer, current_questions, label_counts, shown_answers
from frontend.reading.guideline_examples import may_be_example
from frontend.reading.payloads import payload_gist, payload_views
from frontend.reading.why import why_sentence
from guidelines.label_schema import Question
from guidelines.selectors.access import may_edit
from operations.strict_json import canonical_json

PAGE = 50
MOST_COLUMNS = 3  # questions with a column of their own; all of them stand on the item's page
STATE_BADGES = {"open": "accent", "needs_lead": "warn", "done": "good", "unqueued": ""}


@dataclass(frozen=True)
class ItemRow:
    """One row of the list."""

    external_id: str
    gist: str
    slices: list[str]
    state: str
    state_kind: str
    labels: list[ShownAnswer]
    priority: int
    feed_reason: str


@require_GET
@project_page(Capability.VIEW_ITEMS)
def items(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The list. A filter that cannot be understood is refused beside its field and filters nothing out."""
    project = access.project
    questions = current_questions(project)
    columns = questions[:MOST_COLUMNS]
    form = ItemFilterForm(
        request.GET, project=project, questions=questions, seen=seen_slice_values(project)
    )  # fmt: skip
    wanted = form.wanted() if form.is_valid() else ItemFilter()
    order = "urgency" if form.is_by_urgency else "pk"
    page = keyset_page(request, items_of(project, wanted), size=PAGE, key=order)
    rows = _rows(access, page.rows, columns)
    context = {
        "form": form, "page": page, "rows": rows,
        "has_priorities": any(row.priority or row.feed_reason for row in rows),
        "is_filtered": form.is_filtering(),
        "columns": columns, "may_import": access.allows(Capability.IMPORT),
    }  # fmt: skip
    return render(request, "items/page.html", context, status=422 if form.errors else 200)


def _rows(access: ProjectAccess, found: Sequence[Any], questions: Sequence[Question]) -> list[ItemRow]:
    answers: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for item_id, answer in current_answers_of(found):
        answers[item_id].append(answer)
    return [
        ItemRow(
            item.external_id, payload_gist(access.project.fields, item.payload),
            [_plain(item.meta.get(key)) for key in access.project.slices], state_words()[item.state],
            STATE_BADGES[item.state], label_counts(questions, answers[item.pk]),
            item.priority, item.feed_reason,
        )
        for item in found
    ]  # fmt: skip


def state_words() -> dict[str, str]:
    return {
        "open": _("in the queue"), "needs_lead": _("needs a lead"), "done": _("done"),
        "unqueued": _("not in the queue"),
    }  # fmt: skip


@dataclass(frozen=True)
class ShownLabel:
    """One answer of one person with what belongs to it."""

    answer: Annotation
    parts: list[ShownAnswer]

    @property
    def stands(self) -> bool:
        return self.answer.superseded_at is None

    @property
    def counts(self) -> bool:
        """False for gold, hidden repeats and qualification: they measure the person, not the item."""
        return self.answer.round.kind in Round.LABELING


@require_GET
@project_page(Capability.VIEW_ITEMS)
def item(request: HttpRequest, access: ProjectAccess, external_id: str) -> HttpResponse:
    project = access.project
    named = items_of(project, ItemFilter()).filter(external_id=external_id)
    found: Any = None if "\x00" in external_id else named.first()
    if found is None:
        raise NotFound
    questions = current_questions(project)
    answers = [_shown(answer, questions) for answer in answers_of(found)]
    labels = [label for label in answers if label.stands and label.counts]
    gold = [(label, shown_answers(questions, label.answer)) for label in gold_of(found)]
    context = {
        "example_url": _example_url(access, found),
        "item": found, "payload": payload_views(project.fields, found.payload), "hidden": _hidden(access, found),
        "meta": [(key, _plain(value)) for key, value in found.meta.items()],
        "state": state_words()[found.state], "state_kind": STATE_BADGES[found.state],
        "labels": labels, "history": [label for label in answers if not label.stands],
        "control": [label for label in answers if label.stands and not label.counts],
        "gold": next((pair for pair in gold if pair[0].superseded_at is None), None),
        "old_gold": [pair for pair in gold if pair[0].superseded_at is not None],
        "tasks": tasks_of(found), "leases": _reasons(access, found),
        "summary": label_counts(questions, [label.answer.answer for label in labels]),
    }  # fmt: skip
    return render(request, "items/item.html", context)


def _example_url(access: ProjectAccess, found: Item) -> str:
    """Where a lead makes a worked example of the item."""
    guideline = access.project.guideline
    if not may_edit(access.user, guideline) or not may_be_example(found):
        return ""
    query = urlencode({"project": access.project.slug, "item": found.external_id})
    return f"{reverse('guideline-part-new', args=[guideline.slug, 'example'])}?{query}"


def _reasons(access: ProjectAccess, found: Item) -> list[tuple[Lease, str]]:
    """Every hand-out with why; only for those who may know which items are controls."""
    if not access.allows(Capability.VIEW_QUALITY):
        return []
    return [(lease, why_sentence(lease.reason, lease.facts)) for lease in lease_history(found)]


def _shown(answer: Annotation, questions: Sequence[Question]) -> ShownLabel:
    return ShownLabel(answer, shown_answers(questions, answer.answer))


def _hidden(access: ProjectAccess, found: Item) -> str:
    """What the payload holds beyond what annotators see."""
    views = {view.key for view in payload_views(access.project.fields, found.payload)}
    rest = {key: value for key, value in found.payload.items() if key not in views}
    return canonical_json(rest).decode() if rest else ""


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical_json(value).decode()
