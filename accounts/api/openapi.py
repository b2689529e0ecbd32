"""What the OpenAPI document says of this API where drf-spectacular cannot know: how one signs in, and answers that are
plain dicts rather than serializers. Imported by accounts/apps.py so that the extensions are registered."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers


class ProblemError(serializers.Serializer[Any]):
    path = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """A refusal (RFC 9457): `code` is stable, `detail` a sentence for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment]


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.authentication.ApiTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "`Token <secret>`; made at /me/, by POST /tokens/ or `manage.py create_token`.",
        }  # fmt: skip


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.authentication.BrowserSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class AnyValueField(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "annotation.api.queue.AnyValue"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        return {"description": "Any JSON value; for an answer an object {question key: value}."}


class ConcordSchema(AutoSchema):
    """Answers are JSON objects unless a view says more; operations are named by path and method."""

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        return {"2XX": OpenApiTypes.OBJECT, "4XX": Problem} if self.method != "DELETE" else {204: None, "4XX": Problem}

    def get_operation_id(self) -> str:
        path = self.path.removeprefix("/api/v1/").strip("/")
        words = [part.strip("{}") for part in path.split("/")]
        return "_".join([*words, self.method.lower()]).replace("-", "_")

    def get_tags(self) -> list[str]:
        path = self.path.removeprefix("/api/v1/").strip("/").split("/")
        return [path[2] if path[0] == "projects" and len(path) > 2 else path[0]]
