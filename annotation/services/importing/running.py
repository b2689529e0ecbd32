"""The path of every import: stage the lines, then judge and store them in one transaction."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.services.audit import record_event
from annotation.formats.rows import Line
from annotation.models import ImportBatch, Project
from annotation.services.importing.importer import Importer
from annotation.services.importing.report import ImportReport, refusal_of, report_of
from annotation.services.importing.staging import Staged, stage_rows, staging_tables
from annotation.services.refusals import ProjectClosed
from annotation.services.write_lock import hold_for_writing

OnError = Literal["abort", "skip"]
ATTEMPTS = 3
WORTH_STATISTICS = 1000
_IMPORT_LOCK = 0x434F4E44  # beside the write lock's name space


@dataclass(frozen=True)
class Watch:
    """What a job wants to hear of its import; a request listens to nothing.

    `progress` hears the lines staged so far; `storing` and `stored` are called inside the storing transaction, at its
    start and at its end.
    """

    progress: Callable[[int], None] = lambda lines: None
    storing: Callable[[], None] = lambda: None
    stored: Callable[[ImportReport], None] = lambda report: None


UNWATCHED = Watch()


def run_import(
    importer: Importer,
    lines: Iterable[Line],
    *,
    from_csv: bool,
    on_error: OnError,
    source: str,
    watch: Watch = UNWATCHED,
) -> ImportReport:
    """The report of an import that was stored, whole, in one transaction.

    What is stored already with the same content is left as it is, with other content it is a conflict: reported, and
    never overwritten. Raises ImportRefused, and stores nothing but the report, if a line is bad and `on_error` is
    "abort", or if the file could not be read to its end.
    """
    with _staging(importer, lines, from_csv, watch) as (cursor, staged):
        report = _try_again(lambda: _judge_and_store(cursor, importer, staged, on_error, source, watch))
    if not report.is_stored:
        raise refusal_of(report, importer.project.slug, staged.stopped_by or None)
    if report.created >= WORTH_STATISTICS:
        _leave_statistics(importer, report.created)
    return report


def rehearse_import(
    importer: Importer, lines: Iterable[Line], *, from_csv: bool, on_error: OnError
) -> ImportReport:  # fmt: skip
    """The report that `run_import` would give now, by the same path, rolled back: nothing stays, not even the report.

    `is_stored` says whether it would be stored; `batch_id` is 0.
    """

    def rehearse() -> ImportReport:
        with transaction.atomic():
            report = _judge_and_store(cursor, importer, staged, on_error, "", UNWATCHED)
            transaction.set_rollback(True)
        return replace(report, batch_id=0)

    with _staging(importer, lines, from_csv, UNWATCHED) as (cursor, staged):
        return _try_again(rehearse)


@contextmanager
def _staging(
    importer: Importer, lines: Iterable[Line], from_csv: bool, watch: Watch
) -> Iterator[tuple[CursorWrapper, Staged]]:
    """The lines, staged, while nothing is locked yet."""
    if importer.project.status == Project.Status.CLOSED:
        raise ProjectClosed
    with staging_tables(importer) as cursor:
        yield cursor, stage_rows(cursor, importer, importer.read(lines, from_csv=from_csv), watch.progress)


def _leave_statistics(importer: Importer, created: int) -> None:
    """Tell the planner of tables that grew by a tenth. Autovacuum would, a minute later; until then plans are blind."""
    # The import is stored: whatever happens here must not undo its answer.
    with suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_statistics_target = 10")  # a small sample: enough to tell full from empty
        for table, columns in importer.fills:
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
            if cursor.fetchone()[0] <= 10 * created:
                cursor.execute(f"ANALYZE {table} ({columns})")


def _try_again(attempt: Callable[[], ImportReport]) -> ImportReport:
    """A member or round of the same name may be made meanwhile: judge again."""
    for _ in range(ATTEMPTS - 1):
        with suppress(IntegrityError):
            return attempt()
    return attempt()


def _judge_and_store(
    cursor: CursorWrapper, importer: Importer, staged: Staged, on_error: OnError, source: str, watch: Watch
) -> ImportReport:
    with transaction.atomic():
        watch.storing()  # first: a job must not be taken for dead while it waits for another import
        now = _begin(cursor, importer.project)
        importer.reject(cursor, now=now)
        _judge(cursor, importer)
        counts = _count(cursor, staged)
        is_stored = not staged.stopped_by and (on_error == "skip" or not counts["rejected"])
        batch = ImportBatch.objects.create(
            project=importer.project, kind=importer.kind, source=source[:200], created_by=importer.actor,
            is_stored=is_stored, **(counts if is_stored else counts | {"created": 0}),
        )  # fmt: skip
        if is_stored:
            importer.store(cursor, batch=batch, now=now)
        _keep_issues(cursor, batch)
        _record(importer, batch)
        report = report_of(batch)
        if is_stored:
            watch.stored(report)
        return report


def _begin(cursor: CursorWrapper, project: Project) -> datetime:
    """The database's time, once no other import into the project runs.

    One after the other, so that two of the same file see each other's rows. A long import may take longer than the
    connection's limits for a request.
    """
    cursor.execute("SET LOCAL statement_timeout = '30min'")
    cursor.execute("SET LOCAL lock_timeout = '10min'")
    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '5min'")
    cursor.execute("SET LOCAL work_mem = '64MB'")
    cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_IMPORT_LOCK, project.pk])
    return hold_for_writing(project.pk)


def _judge(cursor: CursorWrapper, importer: Importer) -> None:
    """Split import_rows into import_known, import_new, and repeats inside the file; conflicts become issues."""
    cursor.execute("DROP TABLE IF EXISTS import_known, import_new")
    cursor.execute("DELETE FROM import_rows USING import_issues WHERE import_rows.line = import_issues.line")
    known, parameters = importer.known()
    cursor.execute(f"CREATE TEMP TABLE import_known AS {known}", parameters)
    cursor.execute("ANALYZE import_known")
    cursor.execute(
        """
        CREATE TEMP TABLE import_new AS
        SELECT min(line) AS line FROM import_rows
        WHERE NOT EXISTS (SELECT 1 FROM import_known WHERE import_known.line = import_rows.line) GROUP BY key
        """
    )
    cursor.execute("ANALYZE import_new")
    cursor.execute(
        "INSERT INTO import_issues SELECT line, 'conflict', %s FROM import_known WHERE NOT is_same",
        [importer.conflict_detail],
    )
    _judge_repeats(cursor)


def _judge_repeats(cursor: CursorWrapper) -> None:
    """Lines about the same new thing as an earlier line: unchanged if they say the same, else a conflict."""
    cursor.execute(
        """
        SELECT (SELECT count(*) FROM import_rows)
             > (SELECT count(*) FROM import_known) + (SELECT count(*) FROM import_new)
        """
    )
    if not cursor.fetchone()[0]:
        return  # none: spares a large import the join
    cursor.execute(
        """
        INSERT INTO import_issues
        SELECT later.line, 'conflict', 'stands with other content on line ' || earlier.line
        FROM import_new JOIN import_rows AS earlier USING (line) JOIN import_rows AS later USING (key)
        WHERE later.line > earlier.line AND later.content <> earlier.content
        """
    )


def _count(cursor: CursorWrapper, staged: Staged) -> dict[str, int]:
    cursor.execute(
        """
        SELECT (SELECT count(*) FROM import_new), count(DISTINCT line) FILTER (WHERE code = 'conflict'),
               count(DISTINCT line) FILTER (WHERE code <> 'conflict') FROM import_issues
        """
    )
    created, conflicts, rejected = cursor.fetchone()
    unchanged = staged.received - created - conflicts - rejected
    return {
        "received": staged.received, "created": created, "unchanged": unchanged,
        "conflicts": conflicts, "rejected": rejected,
    }  # fmt: skip


def _keep_issues(cursor: CursorWrapper, batch: ImportBatch) -> None:
    cursor.execute(
        """
        INSERT INTO annotation_importissue (batch_id, line, code, detail)
        SELECT %s, line, left(code, 40), left(detail, 500) FROM import_issues ORDER BY line
        """,
        [batch.pk],
    )


def _record(importer: Importer, batch: ImportBatch) -> None:
    facts: dict[str, Any] = {"kind": batch.kind, "is_stored": batch.is_stored, "received": batch.received}
    facts |= {"created": batch.created, "conflicts": batch.conflicts, "rejected": batch.rejected}
    scope = f"project:{importer.project.slug}"
    record_event(actor=importer.actor, action="project.import", scope=scope, target=str(batch.pk), facts=facts)
