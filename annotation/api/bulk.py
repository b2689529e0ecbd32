"""The bulk calls: one way in for items, annotators, labels, gold and predictions."""

from collections.abc import Iterable
from typing import Any, ClassVar, cast

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import FieldError, InvalidInput
from accounts.models import User
from accounts.permissions import Capability
from annotation.api.base import ProjectView
from annotation.api.bodies import ReceivedBody, received_body
from annotation.formats.rows import Line, lines_from_values
from annotation.services.importing import (
    AnnotatorImporter,
    GoldImporter,
    Importer,
    LabelImporter,
    LineFormat,
    OnError,
    read_lines,
    report_body,
    run_import,
)
from annotation.services.importing.background import queue_import
from annotation.services.importing.sources import MAX_BODY, MAX_LINE, chunks_of
from operations.api.idempotency import answer_once
from operations.api.jobs import job_body
from operations.api.pages import check_parameters
from operations.api.parsers import MAX_BODY as MAX_JSON_BODY
from operations.strict_json import StrictJsonError, loads_strict

MOST_VALUES = 1000
LIMITS = (
    f"A line holds at most {MAX_LINE} bytes, a streamed body {MAX_BODY}, a JSON body {MAX_JSON_BODY} and "
    f"{MOST_VALUES} entries. JSON nests at most 64 deep; integers lie within +/-2^53."
)
REPORT = inline_serializer(
    "ImportReport",
    {
        "received": serializers.IntegerField(),
        "created": serializers.IntegerField(),
        "unchanged": serializers.IntegerField(),
        "conflicts": serializers.IntegerField(),
        "rejected": serializers.IntegerField(),
        "errors": inline_serializer(
            "ImportLineError",
            {"line": serializers.IntegerField(), "code": serializers.CharField(), "detail": serializers.CharField()},
            many=True,
        ),
        "import": serializers.CharField(),
        "errors_url": serializers.CharField(required=False, help_text="all errors, if more than the first 1000"),
    },
)
ON_ERROR = "abort (default): nothing is stored if a line is bad, and the answer is a 400 with the report in it"


def bulk_schema(summary: str, line: str) -> Any:
    """What the OpenAPI document says of a bulk call; `line` names the fields of its lines."""
    return extend_schema(
        summary=summary,
        description=f"A line: {line}. NDJSON, CSV with a header, or JSON; plain or gzip. {LIMITS}",
        request={
            "application/x-ndjson": OpenApiTypes.STR,
            "text/csv": OpenApiTypes.STR,
            "application/json": OpenApiTypes.OBJECT,
        },
        responses={200: REPORT, 202: OpenApiTypes.OBJECT},
        parameters=[
            OpenApiParameter("on_error", enum=["abort", "skip"], description=ON_ERROR),
            OpenApiParameter("async", bool, description="true: answer 202 with a job whose result is the report"),
            OpenApiParameter("Idempotency-Key", location=OpenApiParameter.HEADER),
        ],
    )


class BulkImportView(ProjectView):
    """`POST` of one kind of lines. A subclass names the importer."""

    importer: ClassVar[type[Importer]]
    capabilities: ClassVar[dict[str, Capability]] = {"POST": Capability.IMPORT}

    def post(self, request: Request, slug: str) -> Response:
        check_parameters(request, ["on_error", "async"])
        on_error = cast(OnError, _choice(request, "on_error", ("abort", "skip")))
        is_async = _choice(request, "async", ("false", "true")) == "true"
        importer = self.importer(actor=cast(User, request.user), project=self.access.project)
        with received_body(request, keep=is_async) as body:

            def answer() -> Response:
                return self._queue(importer, body, on_error) if is_async else self._import(importer, body, on_error)

            key = request.headers.get("Idempotency-Key")
            if key is None:
                return answer()
            said = f"{on_error} {is_async} {request.content_type} {body.sha256}"
            response = answer_once(request, key, said.encode(), answer)
            if "Idempotency-Replayed" in response:
                body.path.unlink(missing_ok=True)
            return response

    def _import(self, importer: Importer, body: ReceivedBody, on_error: OnError) -> Response:
        from_csv = body.line_format is not None and body.line_format.from_csv
        report = run_import(importer, self._lines(body), from_csv=from_csv, on_error=on_error, source="api")
        return Response(report_body(report, importer.project.slug))

    def _lines(self, body: ReceivedBody) -> Iterable[Line]:
        if body.line_format is None:
            return lines_from_values(_listed(body, self.importer.kind))
        return read_lines(chunks_of(body.file), body.line_format)

    def _queue(self, importer: Importer, body: ReceivedBody, on_error: OnError) -> Response:
        lines, line_format = body.lines, body.line_format
        if line_format is None:
            values = _listed(body, importer.kind)
            lines, line_format = len(values), LineFormat("ndjson")
            body.path.write_bytes(b"\n".join(orjson.dumps(value) for value in values))
        job = queue_import(
            actor=importer.actor, project=importer.project, job_kind="import", importer=self.importer,
            file=body.path, line_format=line_format, lines=lines, on_error=on_error,
        )  # fmt: skip
        return Response(job_body(job), status=202)


@extend_schema_view(
    post=bulk_schema(
        "Bring in annotators", "`annotator`, `kind` (human or model), every other key or column a cohort attribute"
    )
)
class AnnotatorImportView(BulkImportView):
    importer = AnnotatorImporter


@extend_schema_view(
    post=bulk_schema(
        "Bring in labels made elsewhere",
        "`external_id`, `annotator`, `answer` (in CSV JSON, or a column for each question), `occurrence`?, "
        "`created_at`?, `seconds_spent`?, `guideline_version`?",
    )
)
class LabelImportView(BulkImportView):
    importer = LabelImporter


@extend_schema_view(post=bulk_schema("Bring in gold answers", "`external_id`, `answer`, `rationale`?"))
class GoldImportView(BulkImportView):
    importer = GoldImporter


def _choice(request: Request, name: str, choices: tuple[str, ...]) -> str:
    given = request.query_params.get(name, choices[0])
    if given not in choices:
        raise InvalidInput(errors=[FieldError(name, "unknown_value", f"One of: {', '.join(choices)}.")])
    return given


def _listed(body: ReceivedBody, key: str) -> list[Any]:
    """The values of `{"items": [...]}`."""
    try:
        document = loads_strict(body.file.read(), max_bytes=MAX_JSON_BODY)
    except StrictJsonError as error:
        raise InvalidInput(errors=[FieldError(error.path, error.code, error.detail)]) from error
    values = document.get(key) if isinstance(document, dict) else None
    if not isinstance(values, list) or len(document) != 1:
        raise InvalidInput(errors=[FieldError(key, "required", f'Send {{"{key}": [...]}} and nothing else.')])
    if len(values) > MOST_VALUES:
        raise InvalidInput(errors=[FieldError(key, "too_many", f"At most {MOST_VALUES}; send more as NDJSON.")])
    return values
