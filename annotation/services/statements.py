"""Hand-written SQL for the paths where a statement must be exactly one."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


def rows_changed(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> int:
    """Run one statement; returns how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: int = cursor.rowcount
    return rows
