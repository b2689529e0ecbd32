from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

_other_kinds = JSONEncoder().default


class FastJsonRenderer(JSONRenderer):
    """The same JSON as DRF's own renderer writes, by orjson; what that cannot say (a key that is no text) by DRF."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> Any:
        if data is None:
            return b""
        try:
            return orjson.dumps(data, default=_other_kinds, option=orjson.OPT_UTC_Z)
        except TypeError:
            return super().render(data, accepted_media_type, renderer_context)
