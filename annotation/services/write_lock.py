"""The instant at which a project's labels can be read again exactly.

Rows carry `created_at` of the database's clock. A transaction that has taken its time but not yet committed would
appear later with an older time, and a snapshot of that instant would have missed it. So every writer of labels holds
the project's advisory lock, shared, from before it reads the clock until it commits; who wants an instant takes the
lock alone for a moment: everything older is committed, everything newer is later.
"""

import time
from datetime import datetime
from typing import cast

from django.db import connection, transaction

from accounts.errors import DomainError

NAMESPACE = 0x434F4E43  # "CONC": keeps our advisory locks apart from other users of the database


class ProjectBusy(DomainError):
    code, status = "project_busy", 503
    sentence = "A long import is being stored; try again in a moment."


def hold_for_writing(project_id: int) -> datetime:
    """Take the project's lock, shared, until the transaction ends, and return the database's time after that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [NAMESPACE, project_id])
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]


def settled_instant(project_id: int, *, patience: float = 600) -> datetime:
    """An instant before which every label is committed. Waits for writers without making new ones queue behind it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s), clock_timestamp()", [NAMESPACE, project_id])
            is_alone, instant = cursor.fetchone()
            if is_alone:
                return cast(datetime, instant)
        time.sleep(0.005)
    raise ProjectBusy
