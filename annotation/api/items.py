"""Items: the bulk way in, and the list. One item with its gold is shown by item.py."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import FieldError, InvalidInput
from accounts.permissions import Capability
from annotation.api.bulk import BulkImportView, bulk_schema
from annotation.models import Project
from annotation.selectors.items import ITEM_STATES, PRIORITIES, ItemFilter, items_of, label_value
from annotation.services.importing import ItemImporter
from annotation.services.importing.answers import NoQuestions, Schemas
from operations.api.pages import check_parameters, page_response


def item_body(item: Any) -> dict[str, Any]:
    """An item from `items_of`, as leads and engineers see it."""
    return {
        "external_id": item.external_id, "payload": item.payload, "meta": item.meta, "priority": item.priority,
        "feed_reason": item.feed_reason, "state": item.state, "n_labels": item.n_labels, "sha256": item.sha256,
        "created_at": item.created_at,
    }  # fmt: skip


@extend_schema_view(
    post=bulk_schema("Bring in items", "`external_id`, `payload`, `meta`?, `priority`? (-1000 to 1000)")
)
class ItemsView(BulkImportView):
    importer = ItemImporter
    capabilities: ClassVar = {"GET": Capability.VIEW_ITEMS, "POST": Capability.IMPORT}

    @extend_schema(
        summary="Items, oldest first or most urgent first",
        parameters=[
            OpenApiParameter("slice.<key>", description="value of one of the project's slices"),
            OpenApiParameter("state", enum=ITEM_STATES),
            OpenApiParameter("priority", enum=tuple(PRIORITIES), description="against the ordinary priority, 0"),
            OpenApiParameter("sort", enum=("age", "priority"), description="oldest first, or most urgent first"),
            OpenApiParameter("annotator", description="items this person or model has labeled"),
            OpenApiParameter("label.<question>", description="items labeled so, by the annotator if one is named"),
        ],
    )
    def get(self, request: Request, slug: str) -> Response:
        items = items_of(self.access.project, _wanted(request, self.access.project))
        is_by_urgency = request.query_params.get("sort") == "priority"
        return page_response(request, items, item_body, key="urgency" if is_by_urgency else "pk")


def _wanted(request: Request, project: Project) -> ItemFilter:
    slices = [f"slice.{key}" for key in project.slices]
    labels = {f"label.{question.key}": question for question in _questions(project)}
    check_parameters(request, ["state", "annotator", "priority", "sort", *slices, *labels])
    given = request.query_params
    for name, known in (("state", ITEM_STATES), ("priority", tuple(PRIORITIES)), ("sort", ("age", "priority"))):
        if given.get(name, known[0]) not in known:
            raise InvalidInput(errors=[FieldError(name, "unknown_value", f"One of: {', '.join(known)}.")])
    return ItemFilter(
        slices={name.removeprefix("slice."): given[name] for name in slices if name in given},
        state=given.get("state"),
        priority=given.get("priority"),
        annotator=given.get("annotator"),
        labels={q.key: label_value(q, given[name]) for name, q in labels.items() if name in given},
    )


def _questions(project: Project) -> Any:
    try:
        return Schemas(project).newest
    except NoQuestions:
        return ()
