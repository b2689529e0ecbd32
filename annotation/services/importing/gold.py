"""Gold: known answers to items, with their reason. Kept where no annotator's page or answer can carry them."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from accounts.models import User
from annotation.formats.gold import GoldRow, read_gold
from annotation.formats.rows import Line, Refused
from annotation.models import ImportBatch, Project
from annotation.services.importing.answers import Schemas, refuse_misplaced, reject_unknown_items
from annotation.services.importing.importer import Importer, StagedRow
from guidelines.label_schema import Question
from operations.strict_json import content_sha256

_KNOWN = """
    SELECT line, gold.answer = import_rows.answer AND gold.rationale = import_rows.rationale AS is_same
    FROM import_rows
    JOIN annotation_item AS item ON item.project_id = %(project)s AND item.external_id = import_rows.external_id
    JOIN annotation_goldlabel AS gold ON gold.item_id = item.id AND gold.superseded_at IS NULL
"""
_STORE = """
    INSERT INTO annotation_goldlabel (project_id, item_id, answer, rationale, created_by_id, created_at)
    SELECT %(project)s, item.id, answer, rationale, %(actor)s, %(now)s
    FROM import_new JOIN import_rows USING (line)
    JOIN annotation_item AS item ON item.project_id = %(project)s AND item.external_id = import_rows.external_id
    ORDER BY line
"""


class GoldImporter(Importer):
    kind = "gold"
    columns = (("external_id", "text"), ("answer", "jsonb"), ("rationale", "text"))
    joined_by = ("external_id",)
    conflict_detail = "answer: this item has another gold answer or rationale; it stays as it is"

    def __init__(self, *, actor: User, project: Project) -> None:
        super().__init__(actor=actor, project=project)
        self.schemas = Schemas(project)

    def read(self, lines: Iterable[Line], *, from_csv: bool) -> Iterator[StagedRow | Refused]:
        rows = read_gold(lines, from_csv=from_csv, questions=self.schemas.newest)
        for row in refuse_misplaced(self.project, rows, self._questions):
            yield row if isinstance(row, Refused) else self._stage(row)

    def _questions(self, row: GoldRow) -> tuple[Question, ...]:
        return self.schemas.newest

    def _stage(self, row: GoldRow) -> StagedRow:
        content = content_sha256([row.answer, row.rationale])
        return StagedRow(row.line, row.external_id, content, (row.external_id, json.dumps(row.answer), row.rationale))

    def reject(self, cursor: CursorWrapper, *, now: datetime) -> None:
        reject_unknown_items(cursor, self.project)

    def known(self) -> tuple[str, dict[str, Any]]:
        return _KNOWN, {"project": self.project.pk}

    def store(self, cursor: CursorWrapper, *, batch: ImportBatch, now: datetime) -> None:
        cursor.execute(_STORE, {"project": self.project.pk, "actor": self.actor.pk, "now": now})
