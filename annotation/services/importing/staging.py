"""Temporary tables between the stream and the set-based SQL: a file of any size passes in constant memory.

They belong to the connection, not to a transaction: while rows are read nothing is locked and no old row version is
kept alive, however slowly they come.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

from annotation.formats.rows import READING_STOPPED, Refused
from annotation.services.importing.importer import Importer, StagedRow

ROWS_PER_COPY = 2_000
MOST_BAD_LINES = 100_000
_TABLES = "import_rows, import_issues, import_known, import_new, import_resolved"
_TOO_MANY = f"more than {MOST_BAD_LINES} bad lines; reading stopped here"


class Staged:
    """How many lines were read, and whether reading had to stop before the end of the file."""

    def __init__(self) -> None:
        self.received = 0
        self.rejected = 0
        self.stopped_by = ""


@contextmanager
def staging_tables(importer: Importer) -> Iterator[CursorWrapper]:
    """A cursor on a connection that has the empty tables `import_rows` and `import_issues`."""
    columns = "".join(f", {name} {sql_type}" for name, sql_type in importer.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {_TABLES}")
        cursor.execute(f"CREATE TEMP TABLE import_rows (line bigint, key text, content text{columns})")
        cursor.execute("CREATE TEMP TABLE import_issues (line bigint, code text, detail text)")
        try:
            yield cursor
        finally:
            with suppress(DatabaseError):  # a broken connection takes its tables with it, and is not the news here
                cursor.execute(f"DROP TABLE IF EXISTS {_TABLES}")


def stage_rows(
    cursor: CursorWrapper, importer: Importer, rows: Iterable[StagedRow | Refused], report: Callable[[int], None]
) -> Staged:
    """Copy rows and refusals into their tables, batch by batch; `report` hears how many lines came so far."""
    staged = Staged()
    names = ", ".join(["line", "key", "content", *(name for name, _ in importer.columns)])
    remaining = iter(rows)
    while not staged.stopped_by and (batch := list(islice(remaining, ROWS_PER_COPY))):
        refused = [row for row in batch if isinstance(row, Refused)]
        with cursor.copy(f"COPY import_rows ({names}) FROM STDIN") as copy:
            for row in batch:
                if isinstance(row, StagedRow):
                    copy.write_row((row.line, row.key, row.content, *row.values))
        if refused:
            _stage_refusals(cursor, staged, refused)
        staged.received += len(batch)
        report(staged.received)
    cursor.execute(f"ANALYZE import_rows ({', '.join(['line', 'key', *importer.joined_by])})")
    return staged


def _stage_refusals(cursor: CursorWrapper, staged: Staged, refused: list[Refused]) -> None:
    staged.rejected += len(refused)
    errors = [error for row in refused for error in row.errors]
    staged.stopped_by = next((error.detail for error in errors if error.code in READING_STOPPED), "")
    if staged.rejected > MOST_BAD_LINES:
        staged.stopped_by = _TOO_MANY
    with cursor.copy("COPY import_issues FROM STDIN") as copy:
        for error in errors:
            copy.write_row(error)
