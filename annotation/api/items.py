"""Items: the bulk way in, and the list. One item with its gold is shown by item.py."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import FieldError, InvalidInput
from accounts.permissions import Capability
from annotation.api.bulk import BulkImportView, bulk_schema
from annotation.models import Project
from annotation.selectors.items import ITEM_STATES, ItemFilter, items_of, label_value
from annotation.services.importing import ItemImporter
from annotation.services.importing.answers import NoQuestions, Schemas
from operations.api.pages import check_parameters, page_response


def item_body(item: Any) -> dict[str, Any]:
    """An item from `items_of`, as leads and engineers see it."""
    return {
        "external_id": item.external_id, "payload": item.payload, "meta": item.meta, "priority": item.priority,
        "state": item.state, "n_labels": item.n_labels, "sha256": item.sha256, "created_at": item.created_at,
    }  # fmt: skip


@extend_schema_view(
    post=bulk_schema("Bring in items", "`external_id`, `payload`, `meta`?, `priority`? (-1000 to 1000)")
)
class ItemsView(BulkImportView):
    importer = ItemImporter
    capabilities: ClassVar = {"GET": Capability.VIEW_ITEMS, "POST": Capability.IMPORT}

    @extend_schema(
        summary="Items, oldest first",
        parameters=[
            OpenApiParameter("slice.<key>", description="value of one of the project's slices"),
            OpenApiParameter("state", enum=ITEM_STATES),
            OpenApiParameter("annotator", description="items this person or model has labeled"),
            OpenApiParameter("label.<question>", description="items labeled so, by the annotator if one is named"),
        ],
    )
    def get(self, request: Request, slug: str) -> Response:
        items = items_of(self.access.project, _wanted(request, self.access.project))
        return page_response(request, items, item_body)


def _wanted(request: Request, project: Project) -> ItemFilter:
    slices = [f"slice.{key}" for key in project.slices]
    labels = {f"label.{question.key}": question for question in _questions(project)}
    check_parameters(request, ["state", "annotator", *slices, *labels])
    given = request.query_params
    state = given.get("state")
    if state is not None and state not in ITEM_STATES:
        raise InvalidInput(errors=[FieldError("state", "unknown_value", f"One of: {', '.join(ITEM_STATES)}.")])
    return ItemFilter(
        slices={name.removeprefix("slice."): given[name] for name in slices if name in given},
        state=state,
        annotator=given.get("annotator"),
        labels={q.key: label_value(q, given[name]) for name, q in labels.items() if name in given},
    )


def _questions(project: Project) -> Any:
    try:
        return Schemas(project).newest
    except NoQuestions:
        return ()
