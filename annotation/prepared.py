"""Statements that PostgreSQL plans once a connection instead of at every call.

The queue's statements take longer to plan than to run. Django binds values into the text of a query, so nothing of it
could be kept; here the text is prepared under a name and only the values travel.
"""

import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

_VALUE = re.compile(r"%\((\w+)\)s")
_prepared: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()  # names by connection; they die with it


class Prepared:
    """A statement with `%(name)s` in it, and the SQL type of each name."""

    def __init__(self, name: str, text: str, types: Mapping[str, str]) -> None:
        self.name = name
        self.text = text
        self.order = list(dict.fromkeys(_VALUE.findall(text)))
        places = {value: f"${place}" for place, value in enumerate(self.order, start=1)}
        signature = ", ".join(types[value] for value in self.order)
        body = _VALUE.sub(lambda found: places[found[1]], text)
        self._prepare = f"PREPARE {name} ({signature}) AS {body}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(self.order))})"

    def run(self, cursor: CursorWrapper, values: Mapping[str, Any]) -> None:
        """Execute on the default connection; rows and their number are then the cursor's."""
        names = _prepared.setdefault(connection.connection, set())
        if self.name not in names:
            cursor.execute(self._prepare)
            names.add(self.name)
        cursor.execute(self._execute, [values[name] for name in self.order])


def rows_changed(statement: Prepared, values: Mapping[str, Any]) -> int:
    """Run one prepared statement; returns how many rows it changed, or found if it ends in a SELECT."""
    with connection.cursor() as cursor:
        statement.run(cursor, values)
        rows: int = cursor.rowcount
    return rows


def first_row(statement: Prepared, values: Mapping[str, Any]) -> Any:
    """Run one prepared statement; returns its first row as a tuple, or None."""
    with connection.cursor() as cursor:
        statement.run(cursor, values)
        return cursor.fetchone()
