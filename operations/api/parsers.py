from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser

from accounts.errors import FieldError, InvalidInput
from operations.strict_json import StrictJsonError, loads_strict

MAX_BODY = 2 * 1024 * 1024


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = f"A JSON body holds at most {MAX_BODY} bytes; send bulk data as a stream."


class StrictJsonParser(BaseParser):
    """JSON by the rules of operations/strict_json.py: what cannot be stored or is ambiguous is a 400, never a 500."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        data = stream.read(MAX_BODY + 1)
        if len(data) > MAX_BODY:
            raise BodyTooLarge
        if not data.strip():
            return {}
        try:
            return loads_strict(data, max_bytes=MAX_BODY)
        except StrictJsonError as error:
            raise InvalidInput(errors=[FieldError(error.path, error.code, error.detail)]) from error
