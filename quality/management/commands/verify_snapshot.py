import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quality.models import DatasetSnapshot
from quality.services.snapshot_checks import verify_snapshot


class Command(BaseCommand):
    help = "Recompute the hashes of a snapshot and say what differs. Exit code 1 if anything does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=uuid.UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        snapshot = DatasetSnapshot.objects.select_related("project__guideline").filter(pk=options["id"]).first()
        if snapshot is None:
            raise CommandError("There is no snapshot of this id.")
        found = verify_snapshot(snapshot)
        for file in found["files"]:
            self.stdout.write(f"{'ok ' if not file['problem'] else 'BAD'} {file['name']} {file['expected_sha256']}")
        if found["problems"]:
            raise CommandError("\n".join(found["problems"]))
        self.stdout.write(f"ok  manifest {found['sha256']}")
