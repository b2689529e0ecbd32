"""The instant at which a project's labels can be read again exactly.

Rows carry `created_at` of the database's clock. A transaction that has taken its time but not yet committed would
appear later with an older time, and a snapshot of that instant would have missed it. So every writer of labels holds
the project's advisory lock, shared, from before it reads the clock until it commits. Who wants an instant reads the
clock, and waits for the writers that hold the lock just after that: everything older is then committed, and whoever
took the lock later has read a later clock. New writers are not waited for and do not wait.
"""

import time
from datetime import datetime

from django.db import connection

from accounts.errors import DomainError
from annotation.prepared import Prepared, first_row

NAMESPACE = 0x434F4E43  # "CONC": keeps our advisory locks apart from other users of the database


class ProjectBusy(DomainError):
    code, status = "project_busy", 503
    sentence = "A long import is being stored; try again in a moment."


# The clock is read for the row that the lock has given, and so after it.
_HOLD = Prepared(
    "concord_hold_for_writing",
    """
    WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(%(namespace)s, %(project)s))
    SELECT clock_timestamp() FROM held
    """,
    {"namespace": "integer", "project": "integer"},
)


def hold_for_writing(project_id: int) -> datetime:
    """Take the project's lock, shared, until the transaction ends, and return the database's time after that."""
    now: datetime = first_row(_HOLD, {"namespace": NAMESPACE, "project": project_id})[0]
    return now


def settled_instant(project_id: int, *, patience: float = 600) -> datetime:
    """An instant before which every label is committed. Waits for the writers of that moment, however many follow.

    Raises ProjectBusy when one of them still writes after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    waited_for = _writers(project_id)
    while waited_for:
        if time.monotonic() > deadline:
            raise ProjectBusy
        time.sleep(0.005)
        waited_for &= _writers(project_id)
    return instant


def _writers(project_id: int) -> set[str]:
    """The other transactions that hold the project's lock now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s"
            " AND objsubid = 2 AND granted AND pid <> pg_backend_pid()"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [NAMESPACE, project_id],
        )
        return {row[0] for row in cursor.fetchall()}
