"""What an import is measured against: COPY of the rows that an import stored, ready to be taken as they are."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ITEMS, TASKS, SEATS = TABLES = ("annotation_item", "annotation_task", "annotation_assignment")
# Ids go on from where they are; project and round are those of the project that is filled.
_MOVED = {
    ITEMS: {"id": ITEMS}, TASKS: {"id": TASKS, "item_id": ITEMS}, SEATS: {"id": SEATS, "task_id": TASKS},
}  # fmt: skip


def copy_rows(source: str, target: str, tables: Sequence[str]) -> dict[str, float]:
    """Seconds that COPY of the source's rows into the empty target took: for each table, and for the commit.

    With all indexes, constraints and foreign keys, most of which are checked at the commit. What is copied was read
    and encoded before.
    """
    with psycopg.connect() as connection:
        ready = {table: _rows(connection, source, target, table) for table in tables}
        connection.commit()
        seconds = {}
        for table, (columns, chunks) in ready.items():
            began = time.perf_counter()
            with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(_name(table), columns)) as copy:
                for chunk in chunks:
                    copy.write(chunk)
            seconds[table] = time.perf_counter() - began
        began = time.perf_counter()
        connection.commit()
        return seconds | {"commit": time.perf_counter() - began}


def _rows(
    connection: psycopg.Connection[Any], source: str, target: str, table: str
) -> tuple[sql.Composable, list[bytes]]:
    """The columns of a table, and its rows of the source in COPY's text as they shall be in the target."""
    named = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )
    columns = [name for (name,) in named]
    here = {
        "project_id": sql.SQL("(SELECT id FROM annotation_project WHERE slug = {})").format(target),
        "round_id": sql.SQL(
            "(SELECT round.id FROM annotation_round round JOIN annotation_project project ON project.id = project_id"
            " WHERE slug = {} AND round.kind = 'initial')"
        ).format(target),
    } | {column: _moved(connection, column, of, source) for column, of in _MOVED[table].items()}
    query = sql.SQL(
        "COPY (SELECT {} FROM {} WHERE project_id = (SELECT id FROM annotation_project WHERE slug = {}) ORDER BY {}.id)"
        " TO STDOUT"
    ).format(
        sql.SQL(", ").join(here.get(column, _name(column)) for column in columns), _name(table), source, _name(table)
    )  # fmt: skip
    with connection.cursor().copy(query) as copy:
        chunks = list(_joined(bytes(row) for row in copy))
    return sql.SQL(", ").join(map(_name, columns)), chunks


def _moved(connection: psycopg.Connection[Any], column: str, table: str, source: str) -> sql.Composable:
    """The id with as much added as brings the source's first one behind all there are. COPY moves no sequence."""
    mine = sql.SQL("FILTER (WHERE project_id = (SELECT id FROM annotation_project WHERE slug = {}))").format(source)
    ids = sql.SQL("SELECT max(id) - min(id) {0} + 1, max(id) {0} FROM {1}").format(mine, _name(table))
    by, last = connection.execute(ids).fetchone() or (0, 0)
    connection.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last + by])
    return sql.SQL("{} + {}").format(_name(column), by)


def _joined(rows: Iterator[bytes], size: int = 256 * 1024) -> Iterator[bytes]:
    piece = bytearray()
    for row in rows:
        piece += row
        if len(piece) >= size:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def settle() -> None:
    """Let the server write out what came before, so that it is not written during what is measured next."""
    with psycopg.connect(autocommit=True) as connection, suppress(psycopg.errors.InsufficientPrivilege):
        connection.execute("CHECKPOINT")


@contextmanager
def backend_memory() -> Iterator[list[float]]:
    """The most memory of its own (MB) that any server process of this database had meanwhile, as the one entry.

    0 where the server's processes cannot be seen from here.
    """
    most, ended = [0.0], threading.Event()

    def watch() -> None:
        with psycopg.connect(autocommit=True) as connection:
            while not ended.wait(0.1):
                backends = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                most[0] = max(most[0], *(_own_mb(pid) for (pid,) in backends), 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()


def _own_mb(pid: int) -> float:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        if lines[0].split()[1] == "postgres":
            return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0) / 1024
    return 0.0
