"""An import that a worker does: the body waits in a file, the job's row says what to do with it.

A worker that is killed leaves nothing behind but its temporary tables, which die with its connection: the next attempt
reads the file again from its start. The rows and the job's success are stored in one transaction, so once.
"""

import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.errors import DomainError
from accounts.models import User
from accounts.permissions import Capability
from annotation.models import Project
from annotation.selectors.access import access_to
from annotation.services.importing.importer import Importer
from annotation.services.importing.report import ImportReport, report_body
from annotation.services.importing.running import OnError, Watch, run_import
from annotation.services.importing.sources import LineFormat, chunks_of, read_lines
from operations.models import Job
from operations.services.jobs import JobCancelled, JobRun, enqueue_job

FORGOTTEN_AFTER = 7 * 24 * 3600


class FileLost(DomainError):
    code, status = "file_lost", 410
    sentence = "The uploaded file is no longer there; send it again."


def imports_dir() -> Path:
    """Where bodies wait; made on first use, readable by this user only."""
    folder = Path(settings.FILES_DIR) / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def new_import_file() -> Path:
    return imports_dir() / uuid.uuid4().hex


def queue_import(
    *, actor: User, project: Project, job_kind: str, importer: type[Importer], file: Path, line_format: LineFormat,
    lines: int, on_error: OnError, source: str = "api",
) -> Job:  # fmt: skip
    """The job that will import a complete file of `imports_dir`, which it removes when it has ended."""
    _remove_forgotten()
    payload = {
        "importer": importer.kind, "project": project.pk, "actor": actor.pk, "file": file.name,
        "bytes": file.stat().st_size, "format": line_format.kind, "charset": line_format.charset,
        "lines": lines, "on_error": on_error, "source": source,
    }  # fmt: skip
    return enqueue_job(actor=actor, kind=job_kind, scope=f"project:{project.slug}", payload=payload)


def import_from_file(run: JobRun, importers: Mapping[str, type[Importer]]) -> None:
    """Do the import a job asks for. A refused one ends the job as failed, with the report as its error."""
    order = run.job.payload
    file = imports_dir() / Path(order["file"]).name
    try:
        _import(run, order, importers[order["importer"]], file)
    except (DomainError, JobCancelled):
        file.unlink(missing_ok=True)
        raise
    file.unlink(missing_ok=True)


def _import(run: JobRun, order: dict[str, Any], importer: type[Importer], file: Path) -> None:
    if not file.exists() or file.stat().st_size != order["bytes"]:
        raise FileLost
    actor, project = User.objects.get(pk=order["actor"]), Project.objects.get(pk=order["project"])
    access_to(actor, project, Capability.IMPORT)  # as of now: the job may have waited
    line_format = LineFormat(order["format"], order["charset"])

    def finish(report: ImportReport) -> None:
        with run.finishing() as finishing:
            finishing(report_body(report, project.slug))

    total = order["lines"]
    watch = Watch(progress=lambda done: run.report(min(done, total), total), storing=run.hold, stored=finish)
    with file.open("rb") as stream:
        run_import(
            importer(actor=actor, project=project), read_lines(chunks_of(stream), line_format),
            from_csv=line_format.from_csv, on_error=order["on_error"], source=order["source"], watch=watch,
        )  # fmt: skip


def _remove_forgotten() -> None:
    """Files whose job never ended properly (its worker was killed three times) go after a week."""
    for entry in os.scandir(imports_dir()):
        if entry.stat().st_mtime < time.time() - FORGOTTEN_AFTER:
            Path(entry.path).unlink(missing_ok=True)
