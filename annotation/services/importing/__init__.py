"""Bulk input: items, annotators, labels made elsewhere, gold, predictions.

Streamed, set-based, all or nothing, safe to repeat.
"""

from collections.abc import Iterable

from accounts.models import User
from annotation.formats.rows import Line
from annotation.models import Project
from annotation.services.importing.annotators import AnnotatorImporter
from annotation.services.importing.gold import GoldImporter
from annotation.services.importing.importer import Importer, StagedRow
from annotation.services.importing.items import ItemImporter
from annotation.services.importing.labels import LabelImporter
from annotation.services.importing.predictions import PredictionImporter
from annotation.services.importing.report import ImportRefused, ImportReport, batch_body, error_body, report_body
from annotation.services.importing.running import OnError, Watch, rehearse_import, run_import
from annotation.services.importing.sources import LineFormat, read_lines

__all__ = [
    "AnnotatorImporter",
    "GoldImporter",
    "ImportRefused",
    "ImportReport",
    "Importer",
    "ItemImporter",
    "LabelImporter",
    "LineFormat",
    "OnError",
    "PredictionImporter",
    "StagedRow",
    "Watch",
    "batch_body",
    "error_body",
    "import_annotators",
    "import_gold",
    "import_items",
    "import_labels",
    "import_predictions",
    "read_lines",
    "rehearse_import",
    "report_body",
    "run_import",
]


def import_items(
    *, actor: User, project: Project, lines: Iterable[Line], from_csv: bool = False, on_error: OnError = "abort",
    source: str = "api",
) -> ImportReport:  # fmt: skip
    """The report of items brought in; each new one is opened in the round `initial` with the project's overlap.

    Raises ImportRefused where nothing was stored.
    """
    importer = ItemImporter(actor=actor, project=project)
    return run_import(importer, lines, from_csv=from_csv, on_error=on_error, source=source)


def import_annotators(
    *, actor: User, project: Project, lines: Iterable[Line], from_csv: bool = False, on_error: OnError = "abort",
    source: str = "api",
) -> ImportReport:  # fmt: skip
    """The report of annotators brought in: people and models of this project only, or cohorts of its members."""
    importer = AnnotatorImporter(actor=actor, project=project)
    return run_import(importer, lines, from_csv=from_csv, on_error=on_error, source=source)


def import_labels(
    *, actor: User, project: Project, lines: Iterable[Line], from_csv: bool = False, on_error: OnError = "abort",
    source: str = "api",
) -> ImportReport:  # fmt: skip
    """The report of labels made elsewhere; annotators nobody knows become people of this project.

    Raises NoQuestions where the guideline has neither a published version nor a draft with questions.
    """
    importer = LabelImporter(actor=actor, project=project)
    return run_import(importer, lines, from_csv=from_csv, on_error=on_error, source=source)


def import_gold(
    *, actor: User, project: Project, lines: Iterable[Line], from_csv: bool = False, on_error: OnError = "abort",
    source: str = "api",
) -> ImportReport:  # fmt: skip
    """The report of gold answers brought in. A different answer to an item that has one is a conflict.

    Raises ImportRefused where nothing was stored, NoQuestions where the guideline asks nothing yet.
    """
    importer = GoldImporter(actor=actor, project=project)
    return run_import(importer, lines, from_csv=from_csv, on_error=on_error, source=source)


def import_predictions(
    *, actor: User, project: Project, lines: Iterable[Line], from_csv: bool = False, on_error: OnError = "abort",
    source: str = "api",
) -> ImportReport:  # fmt: skip
    """The report of predictions brought in; models nobody knows become members of this project, of kind model.

    Raises ImportRefused where nothing was stored, NoQuestions where the guideline asks nothing yet.
    """
    importer = PredictionImporter(actor=actor, project=project)
    return run_import(importer, lines, from_csv=from_csv, on_error=on_error, source=source)
