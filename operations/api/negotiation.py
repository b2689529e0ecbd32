from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class AlwaysFirstRenderer(DefaultContentNegotiation):
    """The API speaks JSON whatever `Accept` says; a file is its own bytes. No 406 for a client that asks for those."""

    def select_renderer(self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None) -> Any:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
