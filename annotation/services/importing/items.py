"""Items: brought in once, never changed, and opened for work in the project's first round."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson
from django.db.backends.utils import CursorWrapper

from accounts.errors import Conflict
from accounts.models import User
from annotation.formats.items import ItemRow, read_items
from annotation.formats.rows import Line, Refused
from annotation.lanes import seats_of_item
from annotation.models import ImportBatch, Project, Round
from annotation.overlap import parse_overlap
from annotation.selectors.contracts import lanes_of
from annotation.services.importing.importer import Importer, StagedRow
from annotation.services.priorities import apply_priorities, create_wanted
from annotation.services.rounds import current_major
from annotation.services.tasks import open_tasks_from_table
from operations.strict_json import content_sha256

_STORE = """
    INSERT INTO annotation_item
        (id, project_id, external_id, payload, meta, sha256, priority, feed_reason, batch_id, created_at)
    SELECT item_id, %(project)s, key, payload, meta, content, coalesce(priority, 0), coalesce(reason, ''), %(batch)s,
           %(now)s
    FROM import_rows JOIN import_open USING (line)
"""
# The ids are drawn first, so that the tasks need not ask for them again.
_OPEN = """
    CREATE TEMP TABLE import_open ON COMMIT DROP AS
    SELECT nextval(%s::regclass) AS item_id, line, overlap, -coalesce(priority, 0)::int AS rank
    FROM (SELECT line, overlap, priority FROM import_new JOIN import_rows USING (line) ORDER BY line) AS fresh
"""
# An item that is sent again as it is, with another priority or reason, takes its new place: the last line decides.
_PRIORITIES = """
    INSERT INTO priorities_wanted
    SELECT DISTINCT ON (item.id) item.id, coalesce(import_rows.priority, item.priority),
           coalesce(import_rows.reason, item.feed_reason)
    FROM import_known JOIN import_rows USING (line)
    JOIN annotation_item item ON item.project_id = %(project)s AND item.external_id = import_rows.key
    WHERE import_known.is_same AND (import_rows.priority IS NOT NULL OR import_rows.reason IS NOT NULL)
      AND (item.priority, item.feed_reason)
          <> (coalesce(import_rows.priority, item.priority), coalesce(import_rows.reason, item.feed_reason))
    ORDER BY item.id, import_rows.line DESC
"""


class OverlapChanged(Conflict):
    code = "overlap_changed"
    sentence = (
        "The project's overlap or contracts were changed while the items were read; nothing was stored, "
        "send them again."
    )


class ItemImporter(Importer):
    kind = "items"
    columns = (
        ("payload", "jsonb"), ("meta", "jsonb"), ("priority", "smallint"), ("reason", "text"), ("overlap", "smallint"),
    )  # fmt: skip
    fills = (
        ("annotation_item", "id, project_id, external_id"),
        ("annotation_task", "id, item_id, round_id, project_id, state"),
        ("annotation_assignment", "id, task_id, round_id, project_id, state, rank"),
    )
    conflict_detail = "external_id: an item of this name is stored with other content; it stays as it is"

    def __init__(self, *, actor: User, project: Project) -> None:
        super().__init__(actor=actor, project=project)
        self.round = Round.objects.get(project=project, kind=Round.Kind.INITIAL)
        self.overlap = self.round.overlap or project.overlap
        self.policy = parse_overlap(self.overlap)
        self.lanes = lanes_of(project.pk)

    def read(self, lines: Iterable[Line], *, from_csv: bool) -> Iterator[StagedRow | Refused]:
        fields = [field["key"] for field in self.project.fields]
        for row in read_items(lines, from_csv=from_csv, fields=fields, slices=self.project.slices):
            yield row if isinstance(row, Refused) else self._stage(row)

    def _stage(self, row: ItemRow) -> StagedRow:
        content = {"external_id": row.external_id, "payload": row.payload, "meta": row.meta}
        payload, meta = orjson.dumps(row.payload).decode(), orjson.dumps(row.meta).decode()
        values = (payload, meta, row.priority, row.reason, self._seats(row))
        return StagedRow(row.line, row.external_id, content_sha256(content, is_plain=row.is_plain), values)

    def _seats(self, row: ItemRow) -> int:
        # Seeded by the project's secret: who knows an item's name must not learn whether it is labeled by several.
        return seats_of_item(
            self.policy, self.lanes, item_key=row.external_id, meta=row.meta, seed=self.project.pseudonym_salt
        )

    def known(self) -> tuple[str, dict[str, Any]]:
        return (
            """
            SELECT line, sha256 = content AS is_same FROM import_rows
            JOIN annotation_item AS item ON item.project_id = %(project)s AND item.external_id = key
            """,
            {"project": self.project.pk},
        )

    def store(self, cursor: CursorWrapper, *, batch: ImportBatch, now: datetime) -> None:
        self._reprioritize(cursor)
        round_ = self._locked_round()
        cursor.execute("SELECT pg_get_serial_sequence('annotation_item', 'id')")  # asked for each row it takes longer
        cursor.execute(_OPEN, cursor.fetchone())
        cursor.execute("ANALYZE import_open (line)")  # it is the one to hash: rows pass by as they were staged
        cursor.execute(_STORE, {"project": self.project.pk, "batch": batch.pk, "now": now})
        major = current_major(self.project.guideline_id) or 1  # the first version published will be 1.0
        open_tasks_from_table(cursor, round=round_, major=major, table="import_open")
        cursor.execute("DROP TABLE import_open")

    def _reprioritize(self, cursor: CursorWrapper) -> None:
        create_wanted(cursor)
        cursor.execute(_PRIORITIES, {"project": self.project.pk})
        if cursor.rowcount:
            Project.objects.select_for_update(no_key=True).get(pk=self.project.pk)  # as who starts a campaign does
            apply_priorities(cursor, self.project)
        cursor.execute("DROP TABLE priorities_wanted")

    def _locked_round(self) -> Round:
        """The round as nobody can change it now. Seats were counted by the policy of when the lines were read."""
        rounds = Round.objects.select_for_update(no_key=True, of=("self",)).select_related("project")
        round_ = rounds.get(pk=self.round.pk)
        if (round_.overlap or round_.project.overlap) != self.overlap or lanes_of(self.project.pk) != self.lanes:
            raise OverlapChanged
        return round_
