from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from annotation.services.invariants import INVARIANTS, broken_invariants


class Command(BaseCommand):
    help = "Check what must hold in the tables (overlap, leases, provenance, project borders); changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SET LOCAL statement_timeout = '30min'")
            broken = broken_invariants()
        for each in broken:
            self.stderr.write(
                f"{each.invariant.number}: {each.invariant.sentence} {each.rows} rows; first {each.first}"
            )
        if broken:
            raise CommandError(f"{len(broken)} of {len(INVARIANTS)} invariants do not hold.")
        self.stdout.write(f"{len(INVARIANTS)} invariants hold.")
