"""What workers do for this app. The periodic work is safe to repeat and to run twice at once."""

from annotation.services.by_hand import clear_reservations_of_absent
from annotation.services.clarifications import return_answered_items
from annotation.services.desk import return_what_absent_people_keep
from annotation.services.importing import (
    AnnotatorImporter,
    GoldImporter,
    ItemImporter,
    LabelImporter,
    PredictionImporter,
)
from annotation.services.importing.background import import_from_file
from annotation.services.leases import expire_leases, release_leases_of_absent
from annotation.services.rounds import reopen_rounds_behind
from annotation.services.stuck import flag_stuck_tasks
from operations.jobs import periodic
from operations.services.jobs import JobRun, job_kind

AT_ONCE = 500
_ALL = (ItemImporter, AnnotatorImporter, LabelImporter, GoldImporter, PredictionImporter)
IMPORTERS = {importer.kind: importer for importer in _ALL}


@periodic("expire-leases")
def tidy_queue() -> None:
    """Free what ran out, end what absent people hold and what is kept for them, follow a new major version, hand to
    the lead what is stuck."""
    while expire_leases(limit=AT_ONCE) == AT_ONCE:
        pass  # in batches: a claim waits for one of them at most
    release_leases_of_absent()
    while clear_reservations_of_absent(limit=AT_ONCE) == AT_ONCE:
        pass
    return_what_absent_people_keep()
    return_answered_items()
    reopen_rounds_behind()
    flag_stuck_tasks()


@job_kind("import", queue="import")
def import_lines(run: JobRun) -> None:
    import_from_file(run, IMPORTERS)


@job_kind("import-gold", queue="import")
def import_gold_lines(run: JobRun) -> None:
    """What gold was imported by before it belonged to this app: a job that waited for the upgrade still runs."""
    import_from_file(run, IMPORTERS)
