"""Statements that PostgreSQL plans once a connection instead of at every call.

What signs in, claims and stores takes longer to plan than to run. Django binds values into the text of a query, so
nothing of it could be kept; here the text is prepared under a name and only the values travel. They go straight to
libpq: between the two a cursor costs as much again as the statement. In this, the lowest layer, because the look-up of
a token is one of them.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import OperationalError
from psycopg.abc import Transformer
from psycopg.adapt import PyFormat
from psycopg.adapt import Transformer as Reader
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

_VALUE = re.compile(r"%\((\w+)\)s")
_DONE = {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}
_prepared: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()  # names by connection; they die with it


class Prepared:
    """A statement with `%(name)s` in it, and the SQL type of each name."""

    def __init__(self, name: str, text: str, types: Mapping[str, str]) -> None:
        self.name = name
        self.text = text
        self.order = list(dict.fromkeys(_VALUE.findall(text)))
        places = {value: f"${place}" for place, value in enumerate(self.order, start=1)}
        signature = _listed(types[value] for value in self.order)
        body = _VALUE.sub(lambda found: places[found[1]], text)
        self._raw_name = name.encode()
        self._formats = [PyFormat.TEXT] * len(self.order)  # as text every value fits the type that was declared
        self._prepare = f"PREPARE {name}{signature} AS {body}"
        self._execute = f"EXECUTE {name}{_listed('%s' for _ in self.order)}"

    def run(self, cursor: CursorWrapper, values: Mapping[str, Any]) -> None:
        """Execute by a cursor of the default connection; rows and their number are then the cursor's."""
        names = _prepared.setdefault(connection.connection, set())
        if self.name not in names:
            cursor.execute(self._prepare)
            names.add(self.name)
        cursor.execute(self._execute, [values[name] for name in self.order])

    def send(self, database: BaseDatabaseWrapper, values: Mapping[str, Any]) -> tuple[PGresult, Transformer]:
        """Execute without a cursor: what PostgreSQL answered, and what reads its rows."""
        database.close_if_health_check_failed()
        database.ensure_connection()
        database.validate_no_broken_transaction()
        with database.wrap_database_errors:
            session = database.connection
            server = session.pgconn
            if not session.autocommit and server.transaction_status == TransactionStatus.IDLE:
                _check(server, server.exec_(b"BEGIN"))
            names = _prepared.setdefault(session, set())
            if self.name not in names:
                _check(server, server.exec_(self._prepare.encode()))
                names.add(self.name)
            reader: Transformer = Reader(session)
            sent = reader.dump_sequence([values[name] for name in self.order], self._formats)
            result = server.exec_prepared(self._raw_name, sent)
            _check(server, result)
        return result, reader


def _listed(parts: Iterable[str]) -> str:
    """In brackets, which SQL wants to be absent around nothing."""
    listed = ", ".join(parts)
    return f" ({listed})" if listed else ""


def _check(server: PGconn, result: PGresult) -> None:
    """Raise what a cursor would have raised for this result."""
    if result.status in _DONE:
        return
    if server.status == ConnStatus.BAD:
        raise OperationalError(result.get_error_message())
    raise error_from_result(result)


def _is_watched(database: BaseDatabaseWrapper) -> bool:
    """Somebody counts or explains what is executed, which they can only do with cursors."""
    return bool(database.execute_wrappers or database.queries_logged)


def rows_changed(statement: Prepared, values: Mapping[str, Any]) -> int:
    """Run one prepared statement; returns how many rows it changed, or found if it ends in a SELECT."""
    database = connections[DEFAULT_DB_ALIAS]
    if _is_watched(database):
        with database.cursor() as cursor:
            statement.run(cursor, values)
            rows: int = cursor.rowcount
        return rows
    return statement.send(database, values)[0].command_tuples or 0


def first_row(statement: Prepared, values: Mapping[str, Any]) -> Any:
    """Run one prepared statement; returns its first row as a tuple, or None."""
    database = connections[DEFAULT_DB_ALIAS]
    if _is_watched(database):
        with database.cursor() as cursor:
            statement.run(cursor, values)
            return cursor.fetchone()
    result, reader = statement.send(database, values)
    if result.ntuples == 0:
        return None
    reader.set_pgresult(result)
    return reader.load_row(0, tuple)


class Columns:
    """Columns of a model in the SELECT of such a statement, and the instance that stands in its row.

    Of the fields that are not among `only` the instance knows nothing until it is asked, as after the ORM's `only()`.
    """

    def __init__(self, model: type[models.Model], table: str, only: Sequence[str] | None = None) -> None:
        self.model = model
        fields = [field for field in model._meta.concrete_fields if only is None or field.attname in only]
        self.names = [field.attname for field in fields]
        self.sql = ", ".join(f"{table}.{field.column}" for field in fields)
        self._as_json = [place for place, field in enumerate(fields) if isinstance(field, models.JSONField)]

    def __len__(self) -> int:
        return len(self.names)

    def instance(self, row: Sequence[Any]) -> Any:
        values = list(row)
        for place in self._as_json:
            if values[place] is not None:
                values[place] = json.loads(values[place])
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, values)
