"""Predictions: what models say of items. They fill no seat and enter no figure of agreement."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from annotation.formats.predictions import PredictionRow, read_predictions
from annotation.formats.rows import Line, Refused
from annotation.models import ImportBatch, Project
from annotation.services.importing.answers import Schemas, refuse_misplaced, reject_unknown_items
from annotation.services.importing.importer import Importer, StagedRow
from guidelines.label_schema import Question
from operations.strict_json import content_sha256

_PEOPLE = """
    INSERT INTO import_issues
    SELECT line, 'not_a_model', 'model: ' || left(model, 200) || ' is a person in this project'
    FROM import_rows JOIN annotation_member AS member
        ON member.project_id = %(project)s AND member.name = model AND member.kind = 'human'
"""
# As for labels: names become ids once, in a table that has statistics of its own.
_RESOLVE = """
    CREATE TEMP TABLE import_resolved AS
    SELECT line, item.id AS item_id, member.id AS model_id FROM import_rows
    JOIN annotation_item AS item ON item.project_id = %(project)s AND item.external_id = import_rows.external_id
    LEFT JOIN annotation_member AS member ON member.project_id = %(project)s AND member.name = import_rows.model
"""
_KNOWN = """
    SELECT line, stored.answer = import_rows.answer AND stored.score IS NOT DISTINCT FROM import_rows.score
                 AND stored.model_family = import_rows.model_family AS is_same
    FROM import_resolved JOIN import_rows USING (line)
    JOIN annotation_prediction AS stored ON stored.item_id = import_resolved.item_id
        AND stored.model_id = import_resolved.model_id AND stored.model_version = import_rows.model_version
"""
_ADD_MODELS = """
    INSERT INTO annotation_member
        (project_id, name, kind, role, cohorts, skills, is_active, pause_reason, created_at)
    SELECT %(project)s, model, 'model', 'annotator', '{}', '[]', true, '', %(now)s
    FROM import_new JOIN import_resolved USING (line) JOIN import_rows USING (line)
    WHERE model_id IS NULL GROUP BY model ORDER BY min(line)
"""
_STORE = """
    INSERT INTO annotation_prediction
        (project_id, item_id, model_id, model_kind, model_version, model_family, answer, score, batch_id, created_at)
    SELECT %(project)s, item_id, member.id, member.kind, model_version, model_family, answer, score, %(batch)s, %(now)s
    FROM import_new JOIN import_resolved USING (line) JOIN import_rows USING (line)
    JOIN annotation_member AS member ON member.project_id = %(project)s AND member.name = import_rows.model
    ORDER BY line
"""


class PredictionImporter(Importer):
    kind = "predictions"
    columns = (
        ("external_id", "text"), ("model", "text"), ("model_version", "text"), ("model_family", "text"),
        ("answer", "jsonb"), ("score", "float8"),
    )  # fmt: skip
    joined_by = ("external_id", "model")
    fills = (("annotation_prediction", "item_id, model_id, project_id"),)
    conflict_detail = "answer: this version of the model has said something else of this item; that stays as it is"

    def __init__(self, *, actor: User, project: Project) -> None:
        super().__init__(actor=actor, project=project)
        self.schemas = Schemas(project)
        self.parameters = {"project": project.pk}

    def read(self, lines: Iterable[Line], *, from_csv: bool) -> Iterator[StagedRow | Refused]:
        rows = read_predictions(lines, from_csv=from_csv, questions=self.schemas.newest)
        for row in refuse_misplaced(self.project, rows, self._questions):
            yield row if isinstance(row, Refused) else self._stage(row)

    def _questions(self, row: PredictionRow) -> tuple[Question, ...]:
        return self.schemas.newest

    def _stage(self, row: PredictionRow) -> StagedRow:
        key = "\x1f".join((row.external_id, row.model, row.model_version))
        values = (
            row.external_id, row.model, row.model_version, row.model_family, orjson.dumps(row.answer).decode(),
            row.score,
        )  # fmt: skip
        return StagedRow(row.line, key, content_sha256([row.answer, row.model_family, row.score]), values)

    def reject(self, cursor: CursorWrapper, *, now: datetime) -> None:
        reject_unknown_items(cursor, self.project)
        cursor.execute(_PEOPLE, self.parameters)
        cursor.execute("DROP TABLE IF EXISTS import_resolved")
        cursor.execute(_RESOLVE, self.parameters)
        cursor.execute("ANALYZE import_resolved")

    def known(self) -> tuple[str, dict[str, Any]]:
        return _KNOWN, self.parameters

    def store(self, cursor: CursorWrapper, *, batch: ImportBatch, now: datetime) -> None:
        cursor.execute(_ADD_MODELS, self.parameters | {"now": now})
        cursor.execute(_STORE, self.parameters | {"now": now, "batch": batch.pk})
