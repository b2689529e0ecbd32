"""What models say of items: the bulk way in, and the list. For leads and engineers, never for annotators."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Capability
from annotation.api.bulk import BulkImportView, bulk_schema
from annotation.models import Prediction
from annotation.selectors.predictions import predictions_of
from annotation.services.importing import PredictionImporter
from operations.api.pages import check_parameters, page_response


def prediction_body(prediction: Prediction) -> dict[str, Any]:
    return {
        "external_id": prediction.item.external_id, "model": prediction.model.name,
        "model_version": prediction.model_version, "model_family": prediction.model_family,
        "answer": prediction.answer, "score": prediction.score, "created_at": prediction.created_at,
    }  # fmt: skip


@extend_schema_view(
    post=bulk_schema(
        "Bring in predictions of models",
        "`external_id`, `model` (made if there is none of that name), `model_version`, `model_family`?, `answer` (in "
        "CSV JSON, or a column for each question), `score`? (0 to 1)",
    )
)
class PredictionsView(BulkImportView):
    importer = PredictionImporter
    capabilities: ClassVar = {"GET": Capability.VIEW_ITEMS, "POST": Capability.IMPORT}

    @extend_schema(
        summary="Predictions, oldest first",
        responses=OpenApiTypes.OBJECT,
        parameters=[OpenApiParameter("model", str), OpenApiParameter("model_version", str)],
    )
    def get(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["model", "model_version"])
        asked = request.query_params
        found = predictions_of(
            self.access.project, model=asked.get("model"), model_version=asked.get("model_version")
        )  # fmt: skip
        return page_response(request, found, prediction_body)
