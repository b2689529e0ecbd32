"""Annotators with their cohort attributes: members by name, or people of this project only who cannot sign in."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from annotation.formats.annotators import read_annotators
from annotation.formats.rows import Line, Refused
from annotation.models import ImportBatch
from annotation.services.importing.importer import Importer, StagedRow
from operations.strict_json import content_sha256

# A member who was there without attributes, of the same kind, is not known yet: the attributes are news.
_KNOWN = """
    SELECT line, member.kind = import_rows.kind AND member.cohorts = attributes AS is_same
    FROM import_rows JOIN annotation_member AS member ON member.project_id = %(project)s AND member.name = key
    WHERE NOT (member.kind = import_rows.kind AND member.cohorts = '{}' AND attributes <> '{}')
"""
_FILL = """
    UPDATE annotation_member AS member SET cohorts = attributes
    FROM import_new JOIN import_rows USING (line) WHERE member.project_id = %(project)s AND member.name = key
"""
_ADD = """
    INSERT INTO annotation_member
        (project_id, name, kind, role, cohorts, skills, is_active, pause_reason, created_at)
    SELECT %(project)s, key, kind, 'annotator', attributes, '[]', true, '', %(now)s
    FROM import_new JOIN import_rows USING (line)
    WHERE NOT EXISTS (SELECT 1 FROM annotation_member WHERE project_id = %(project)s AND name = key)
    ORDER BY line
"""


class AnnotatorImporter(Importer):
    kind = "annotators"
    columns = (("kind", "text"), ("attributes", "jsonb"))
    conflict_detail = "annotator: stored with another kind or other attributes; they stay as they are"

    def read(self, lines: Iterable[Line], *, from_csv: bool) -> Iterator[StagedRow | Refused]:
        for row in read_annotators(lines, from_csv=from_csv):
            if isinstance(row, Refused):
                yield row
            else:
                content = content_sha256([row.kind, row.attributes])
                yield StagedRow(row.line, row.annotator, content, (row.kind, json.dumps(row.attributes)))

    def known(self) -> tuple[str, dict[str, Any]]:
        return _KNOWN, {"project": self.project.pk}

    def store(self, cursor: CursorWrapper, *, batch: ImportBatch, now: datetime) -> None:
        cursor.execute(_FILL, {"project": self.project.pk})
        cursor.execute(_ADD, {"project": self.project.pk, "now": now})
