"""Labels made elsewhere: they lie in the round `imported`, hold no seat and need no guideline version."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from annotation.formats.labels import LabelRow, read_labels
from annotation.formats.rows import Line, Refused
from annotation.models import ImportBatch, Project, Round
from annotation.services.importing.answers import Schemas, refuse_misplaced, reject_unknown_items
from annotation.services.importing.importer import Importer, StagedRow
from guidelines.label_schema import Question
from operations.strict_json import content_sha256

_FUTURE = """
    INSERT INTO import_issues
    SELECT line, 'in_future', 'created_at: lies in the future' FROM import_rows WHERE labeled_at > %(now)s
"""
# Names become ids once, in a table with statistics of its own. Joined by name to a table of labels that was filled a
# moment ago, and that no statistics describe yet, the planner once walked all labels of a person for each line.
_RESOLVE = """
    CREATE TEMP TABLE import_resolved AS
    SELECT line, item.id AS item_id, member.id AS annotator_id, occurrence FROM import_rows
    JOIN annotation_item AS item ON item.project_id = %(project)s AND item.external_id = import_rows.external_id
    LEFT JOIN annotation_member AS member
        ON member.project_id = %(project)s AND member.name = import_rows.annotator
"""
_KNOWN = """
    SELECT line, label.answer = import_rows.answer AS is_same
    FROM import_resolved JOIN import_rows USING (line)
    JOIN annotation_annotation AS label ON label.item_id = import_resolved.item_id AND label.round_id = %(round)s
        AND label.annotator_id = import_resolved.annotator_id AND label.occurrence = import_resolved.occurrence
        AND label.assignment_id IS NULL AND label.superseded_at IS NULL
"""
_ADD_PEOPLE = """
    INSERT INTO annotation_member
        (project_id, name, kind, role, cohorts, skills, is_active, pause_reason, created_at)
    SELECT %(project)s, annotator, 'human', 'annotator', '{}', '[]', true, '', %(now)s
    FROM import_new JOIN import_resolved USING (line) JOIN import_rows USING (line)
    WHERE annotator_id IS NULL GROUP BY annotator ORDER BY min(line)
"""
_STORE = """
    INSERT INTO annotation_annotation
        (public_id, project_id, round_id, item_id, annotator_id, annotator_kind, revision, occurrence, answer,
         answer_sha256, guideline_version_id, source, seconds_spent, comment, clauses, labeled_at, created_at)
    SELECT gen_random_uuid(), %(project)s, %(round)s, item_id, member.id, member.kind, 1, import_rows.occurrence,
           answer, content, version_id, 'import', seconds_spent, '', '[]', coalesce(labeled_at, %(now)s), %(now)s
    FROM import_new JOIN import_resolved USING (line) JOIN import_rows USING (line)
    JOIN annotation_member AS member ON member.project_id = %(project)s AND member.name = import_rows.annotator
    ORDER BY line
"""


class LabelImporter(Importer):
    kind = "labels"
    columns = (
        ("external_id", "text"), ("annotator", "text"), ("occurrence", "smallint"), ("answer", "jsonb"),
        ("labeled_at", "timestamptz"), ("seconds_spent", "float8"), ("version_id", "bigint"),
    )  # fmt: skip
    joined_by = ("external_id", "annotator")
    fills = (("annotation_annotation", "item_id, round_id, annotator_id, project_id, superseded_at"),)
    conflict_detail = "answer: this annotator has another answer to this item stored; it stays as it is"

    def __init__(self, *, actor: User, project: Project) -> None:
        super().__init__(actor=actor, project=project)
        self.schemas = Schemas(project)
        self.round = Round.objects.get(project=project, kind=Round.Kind.IMPORTED)
        self.parameters = {"project": project.pk, "round": self.round.pk}

    def read(self, lines: Iterable[Line], *, from_csv: bool) -> Iterator[StagedRow | Refused]:
        rows = read_labels(
            lines, from_csv=from_csv, questions=self.schemas.newest, questions_of=self.schemas.questions_of
        )
        for row in refuse_misplaced(self.project, rows, self._questions):
            yield row if isinstance(row, Refused) else self._stage(row)

    def _questions(self, row: LabelRow) -> tuple[Question, ...]:
        return self.schemas.questions_of(row.guideline_version) or self.schemas.newest

    def _stage(self, row: LabelRow) -> StagedRow:
        values = (
            row.external_id, row.annotator, row.occurrence, orjson.dumps(row.answer).decode(), row.created_at,
            row.seconds_spent, self.schemas.version_id(row.guideline_version),
        )  # fmt: skip
        key = "\x1f".join((row.external_id, row.annotator, str(row.occurrence)))
        return StagedRow(row.line, key, content_sha256(row.answer), values)

    def reject(self, cursor: CursorWrapper, *, now: datetime) -> None:
        reject_unknown_items(cursor, self.project)
        cursor.execute(_FUTURE, {"now": now})
        cursor.execute("DROP TABLE IF EXISTS import_resolved")
        cursor.execute(_RESOLVE, self.parameters)
        cursor.execute("ANALYZE import_resolved")

    def known(self) -> tuple[str, dict[str, Any]]:
        return _KNOWN, self.parameters

    def store(self, cursor: CursorWrapper, *, batch: ImportBatch, now: datetime) -> None:
        cursor.execute(_ADD_PEOPLE, self.parameters | {"now": now})
        cursor.execute(_STORE, self.parameters | {"now": now})
