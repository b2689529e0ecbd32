"""The API's JSON is what DRF's own renderer would write."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer

from operations.api.renderers import FastJsonRenderer


class Colour(StrEnum):
    RED = "red"


VALUES: list[Any] = [
    {"a": 1, "b": [1.5, -0.0, 1e300, 2**63, -(2**53)], "c": None, "d": True, "e": "\u2028 \U0001f600 \"\\\n"},
    datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    [date(2026, 1, 2), timedelta(hours=1), Decimal("1.50"), UUID(int=7), Colour.RED, ("x", "y")],
    gettext_lazy("Items"),
    ErrorDetail("no", code="x"),
    {1: "a number as a key", None: "nothing as a key"},
    2**70,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_value_is_written_as_before(value: Any) -> None:
    fast = FastJsonRenderer().render(value)

    assert json.loads(fast) == json.loads(JSONRenderer().render(value))


def test_no_data_is_no_body() -> None:
    assert FastJsonRenderer().render(None) == b""


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        FastJsonRenderer().render({"x": object()})
